"""`isobudget audit` as a user meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bench.app.cli import main

SMALL = "audit published -m random -m best-of-n -t math --bank 2 --replications 20 -j 1 -q".split()


def _call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    assert _call(*SMALL, "-o", folder).exit_code == 0
    return folder


def test_one_table_and_one_sentence(bank):
    done = _call(*SMALL, "-o", bank)

    assert done.exit_code == 0
    for words in (
        "two copies of Random search",
        "Simulated (universe main)",
        "of 20 experiments",
        "With 1 run of each",
    ):
        assert words in done.stdout.replace("\n", " ")
    assert _call(*SMALL, "-o", bank).stdout == done.stdout


def test_the_bank_is_used_again_and_grows(bank):
    before = {path.name for path in bank.glob("*.parquet")}
    arguments = [*SMALL[:-1], "-o", bank, "--items", "60", "--analysis", "two-proportions"]
    done = _call(*arguments)

    assert f"{len(before)} already in" in done.stderr
    assert {path.name for path in bank.glob("*.parquet")} == before
    assert "60 test questions a task" in done.stdout


def test_raw_values_in_json(bank):
    data = json.loads(_call(*SMALL, "-o", bank, "--format", "json").stdout)

    assert {"about", "asked", "rate", "rate_low", "rate_high"} <= set(data["rows"][0])


def test_a_dry_run_writes_nothing(tmp_path):
    done = _call("audit", "published", "--dry-run", "-o", tmp_path / "out")

    assert done.exit_code == 0
    assert "3300 runs, of which 3300 are missing" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["publishd"], "did you mean 'published'?"),
        (["published", "--analysis", "crossed"], "crossed needs at least 2 seeds"),
        (["published", "--search", "30"], "'30' is no search budget"),
        (["published", "-t", "maths"], "did you mean 'math'?"),
        (["published", "--universe", "mian"], "did you mean 'main'?"),
        (["published", "--budget", "tiny"], "'tiny' is no inference budget"),
    ],
)
def test_a_mistake_is_one_clear_line_and_leaves_nothing(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = _call("audit", *arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []
