"""Methods in other processes, as a user meets them: `run`, `test`, workers, resuming, one line for a mistake."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import contract, load_records, run
from bench.app.cli import main
from bench.contract import check_method
from bench.registry import add_command
from tasks.grading import _bwrap

ROOT = Path(__file__).parents[3]
SHORT = "-t math --seed 0-1 --search 120ex".split()


def _call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def climber(node):
    return f"{node} {ROOT / 'examples' / 'hill_climber.js'}"


def test_the_example_keeps_the_contract(climber, monkeypatch):
    """In the settings that ask most of it; `isobudget test --method-cmd` has the others."""
    monkeypatch.setattr(contract, "SETTINGS", (contract.SETTINGS[0], contract.SETTINGS[5], contract.SETTINGS[8]))

    verdicts = list(check_method(add_command(climber)))

    assert [verdict for verdict in verdicts if not verdict.passed] == []
    assert len(verdicts) == 7 * 4 + 1


def test_the_example_finds_more_than_its_first_draws(climber):
    record = run(add_command(climber), "math", budget="small", search="1500ex", tests=5)

    rows = record.rows("search")
    assert len({row["graph"] for row in rows}) < len(rows)  # it looks again
    assert len({row["graph"] for row in rows}) > 15  # and goes on looking
    truth = record.summary["truth"]
    assert truth["accuracy"] > truth["random_mean"] + 0.05


def test_a_suite_with_a_command_in_two_processes_and_jailed(climber, tmp_path, bubblewrap):
    arguments = [
        "run",
        "quick",
        "-m",
        "random",
        "--method-cmd",
        climber,
        "--method-name",
        "mine[starts=3]",
        *SHORT,
    ]

    here = _call(*arguments, "-j", 1, "-o", tmp_path / "here")
    there = _call(*arguments, "-j", 2, "-o", tmp_path / "there", "--sandbox-methods")
    again = _call(*arguments, "-o", tmp_path / "here")

    assert (here.exit_code, there.exit_code, again.exit_code) == (0, 0, 0), here.output + there.output
    assert "nothing to do" in again.output
    records = load_records(tmp_path / "here")
    assert sorted({record.spec.method for record in records}) == ["mine[starts=3]", "random"]
    assert [record.summary["error"] for record in records] == [""] * 4
    assert records.digest() == load_records(tmp_path / "there").digest()
    assert "Hill climber (JavaScript)" in here.output


def test_a_blind_suite_is_another_plan(tmp_path):
    done = _call("run", "quick", "-m", "random", *SHORT, "--blind", "-j", 1, "-o", tmp_path / "blind")
    plain = _call("run", "quick", "-m", "random", *SHORT, "-j", 1, "-o", tmp_path / "plain")

    assert (done.exit_code, plain.exit_code) == (0, 0), done.output
    blind, seen = (next(iter(load_records(tmp_path / name))).spec for name in ("blind", "plain"))
    assert (blind.blind, blind.models) == (True, "aliased")
    assert (seen.blind, seen.models) == (False, "named")
    assert blind.plan != seen.plan


def test_the_contract_by_command(climber, monkeypatch):
    monkeypatch.setattr(contract, "SETTINGS", contract.SETTINGS[7:8])
    monkeypatch.setattr(contract, "_learns", lambda method: "")

    done = _call("test", "--method-cmd", climber)

    assert done.exit_code == 0, done.output
    assert "ok   hill-climber: 15 of 15 checks" in done.output


def test_a_faulty_command_fails_the_contract(talker, monkeypatch):
    monkeypatch.setattr(contract, "SETTINGS", contract.SETTINGS[7:8])
    monkeypatch.setattr(contract, "_learns", lambda method: "")

    done = _call("test", "--method-cmd", talker("begin(); get(); sys.exit(7)"))

    assert done.exit_code == 1
    assert "ended with exit code 7 instead of answering" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "quick", "--method-cmd", "no-such-program"], "no program 'no-such-program'"),
        (["run", "quick", "--method-cmd", f"{sys.executable} -c 'import nowhere'"], "No module named 'nowhere'"),
        (["run", "quick", "--method-name", "mine"], "--method-name mine has no --method-cmd"),
        (["test", "--method-cmd", "cat"], "'cat' sent a malformed message: hello: 'name' is a required property"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = _call(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("isobudget:")]) == 1
    assert list(tmp_path.iterdir()) == []


def test_without_bubblewrap_a_sandboxed_run_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_bwrap, "_bwrap", lambda: None)
    _bwrap.require.cache_clear()
    try:
        done = _call("run", "quick", "-m", "random", *SHORT, "-o", tmp_path / "out", "--sandbox-methods")
    finally:
        _bwrap.require.cache_clear()

    assert done.exit_code == 2
    assert "running methods in a sandbox needs bubblewrap" in done.stderr
    assert not (tmp_path / "out").exists()
