"""The command line as a user meets it: help, listings, stories, one clear line for each mistake."""

from __future__ import annotations

import csv
import io
import json

import click
import pytest
from click.testing import CliRunner

from bench.app.cli import KINDS, main

QUICK = "run quick -m random -m best-of-n -t mmlu --seed 0-1 --search 200ex -j 1 -q".split()


def _call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    assert _call(*QUICK, "-o", folder).exit_code == 0
    return folder


@pytest.mark.parametrize("command", ["", *sorted(main.commands)])
def test_everything_has_help(command):
    done = _call(*filter(None, [command]), "--help")

    assert done.exit_code == 0
    for option in main.commands[command].params if command else []:
        assert isinstance(option, click.Argument) or option.help, f"{command}: {option.name} has no help"


def test_a_bare_command_prints_help():
    assert "run" in _call().output


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["table", "csv", "json", "md", "latex"])
def test_listings(kind, form):
    done = _call("list", kind, "--format", form)

    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 2
    if form == "json":
        assert json.loads(done.output)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "quik"], "no suite 'quik': did you mean 'quick'?"),
        (["runn", "quick"], "no command 'runn': did you mean 'run'?"),
        (["run", "quick", "-m", "randon"], "no method 'randon': did you mean 'random'?"),
        (["run", "quick", "-t", "maths"], "did you mean 'math'?"),
        (["run", "quick", "-m", "random[k=3]"], "has no parameter 'k=3'"),
        (["run", "quick", "-m", "tpe[startup=x]"], "startup takes a value of type int"),
        (["run", "quick", "-m", "nowhere.py"], "no method file at nowhere.py"),
        (["run", "quick", "--budget", "0.3units"], "the cheapest, 0:1B → vote reads 0, costs 0.998 units"),
        (["run", "quick", "--budget", "tiny"], "'tiny' is no inference budget"),
        (["run", "quick", "--search", "3000"], "'3000' is no search budget"),
        (["run", "quick", "--seed", "x"], "'x' are no seeds"),
        (["run", "quick", "--shard", "5/4"], "'5/4' is no shard"),
        (["run", "quick", "--shard", "1/64"], "'1/64' is too fine: there are 30 places"),
        (["run", "quick", "--objective", "speed"], "'speed' is no objective"),
        (["run", "quick", "--universe", "mian"], "did you mean 'main'?"),
        (["run", "quick", "--world", "simulatd"], "did you mean 'simulated'?"),
        (["run", "quick", "--pool", "lama"], "did you mean 'llama'?"),
        (["run", "real", "-t", "mmlu"], "needs a server: give --base-url"),
        (["leaderboard", "nowhere"], "no records at nowhere"),
        (["show", "nowhere.parquet"], "no record file at nowhere.parquet"),
        (["test", "randon"], "did you mean 'random'?"),
        (["test"], "name a method or a file"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = _call(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("isobudget:")]) == 1
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_missing_questions_say_both_ways_to_get_them(tmp_path):
    arguments = ["run", "real", "--world", "served", "--data-dir", tmp_path, "-t", "math", "-o", tmp_path / "out"]

    done = _call(*arguments)

    assert done.exit_code == 2
    assert "--data-dir" in done.stderr
    assert "network" in done.stderr


def test_an_unreachable_server_is_named(tmp_path):
    url = "http://127.0.0.1:9/v1"

    done = _call("run", "real", "--base-url", url, "-t", "mmlu", "-o", tmp_path)

    assert done.exit_code == 2
    assert url in done.stderr


def test_a_dry_run_prints_the_bill_and_writes_nothing(tmp_path):
    done = _call("run", "quick", "--dry-run", "-o", tmp_path / "out")

    assert "330 are missing" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["table", "csv", "json", "md", "latex"])
def test_the_leaderboard_in_every_format(results, form):
    done = _call("leaderboard", results, "--format", form)

    assert done.exit_code == 0
    assert "Random search" in done.output
    assert "Traceback" not in done.output


def test_the_same_records_give_the_same_bytes_to_a_file(results, tmp_path):
    for name in ("a.csv", "b.csv"):
        assert _call("leaderboard", results, "--format", "csv", "-o", tmp_path / name).exit_code == 0

    text = (tmp_path / "a.csv").read_text()
    assert text == (tmp_path / "b.csv").read_text()
    assert any("Random search" in row for row in csv.reader(io.StringIO(text)))


def test_a_broken_record_is_named_and_left_out(results, tmp_path):
    for path in results.glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:300])

    done = _call("leaderboard", tmp_path)

    assert done.exit_code == 0
    assert "cut.parquet" in done.stderr
    assert "Random search" in done.stdout


def test_the_story_of_a_run(results):
    done = _call("show", next(results.glob("best-of-n*.parquet")))

    assert done.exit_code == 0
    for words in ("recommended", "select by 3B", "charged to", "true accuracy", "regret", "simulated"):
        assert words in done.output


def test_shards_are_a_partition(tmp_path):
    from bench import load_records

    for i in (1, 2):
        done = _call(*QUICK, "--shard", f"{i}/2", "-o", tmp_path / "shards")
        assert done.exit_code == 0
        assert "Leaderboard" not in done.output  # a part of the places would look like a ranking
        part = load_records(tmp_path / "shards").runs_df()
        assert part.groupby("seed")["method"].nunique().eq(2).all()  # what is compared stays together
    assert _call(*QUICK, "-o", tmp_path / "whole").exit_code == 0

    assert load_records(tmp_path / "shards").digest() == load_records(tmp_path / "whole").digest()


def test_a_method_in_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from bench import Optimizer, Proposal, method\n\n\n"
        '@method("mine", label="My method")\n'
        "class Mine(Optimizer):\n"
        "    def ask(self):\n"
        "        return Proposal(self.problem.space.sample(self.rng))\n"
    )

    short = "-m random -t math --seed 0-1 --search 100ex -o".split()
    done = _call("run", "quick", "-m", path, *short, tmp_path / "out")

    assert done.exit_code == 0
    assert "My method" in done.output
