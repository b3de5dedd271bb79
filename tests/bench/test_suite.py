"""Suites: the same digest with one process or two, and after being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from bench import load_records
from bench.errors import IsobudgetError, UnknownName
from bench.optimizer import REGISTRY
from bench.registry import list_methods
from bench.suite import list_suites, load_suite, missing, parse_seeds, run_suite

SMALL = [
    "-m",
    "random",
    "-m",
    "agent-reinforce",
    "-m",
    "single-model",
    "-m",
    "tpe",
    "--search",
    "400ex",
    "--seed",
    "0-1",
]


def _command(folder, jobs):
    return [
        sys.executable,
        "-m",
        "bench.app.cli",
        "run",
        "quick",
        *SMALL,
        "-j",
        str(jobs),
        "-o",
        str(folder),
        "-q",
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The records of an undisturbed run on one process, and its digest."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run(_command(folder, 1), check=True, capture_output=True)
    return load_records(folder)


def test_two_processes_give_the_same_digest(whole, tmp_path):
    done = subprocess.run(_command(tmp_path, 2), check=True, capture_output=True, text=True)

    assert load_records(tmp_path).digest() == whole.digest()
    assert f"digest {whole.digest()}" in done.stdout


def test_killed_and_resumed_gives_the_same_digest(whole, tmp_path):
    started = subprocess.Popen(_command(tmp_path, 2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("*.parquet"))) < 5 and started.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    kept = len(list(tmp_path.glob("[!.]*.parquet")))
    time.sleep(1.5)  # the workers notice that their parent is gone

    again = subprocess.run(_command(tmp_path, 2), check=True, capture_output=True, text=True)

    assert 5 <= kept < len(whole)
    assert load_records(tmp_path).digest() == whole.digest()
    assert f"digest {whole.digest()}" in again.stdout


def test_a_finished_suite_has_nothing_to_do(whole, tmp_path):
    specs = load_suite("quick").with_plan(search="30ex").specs(["math"], [0])[:2]
    assert [done.spec for done in run_suite(specs, tmp_path)] == specs

    assert missing(specs, tmp_path) == []


def test_half_a_file_counts_as_missing(tmp_path):
    specs = load_suite("quick").with_plan(search="30ex").specs(["math"], [0])[:1]
    list(run_suite(specs, tmp_path))
    path = tmp_path / specs[0].filename
    path.write_bytes(path.read_bytes()[:200])

    assert missing(specs, tmp_path) == specs


def test_the_plans_hash_covers_the_plan_and_not_the_methods():
    from dataclasses import replace

    suite = load_suite("quick")

    assert replace(suite, methods=("random",)).plan_hash == suite.plan_hash
    assert suite.with_plan(search="30ex").plan_hash != suite.plan_hash
    assert suite.with_plan(search=None).plan_hash == suite.plan_hash


@pytest.mark.parametrize("name", list_suites())
def test_every_shipped_suite_loads_and_names_known_methods(name):
    suite = load_suite(name)

    specs = suite.specs()

    assert len({spec.id for spec in specs}) == len(specs)
    assert {spec.method for spec in specs} == {name for _, _, names in suite.settings() for name in names}


@pytest.mark.parametrize(
    ("text", "seeds"), [("0", [0]), ("0-3", [0, 1, 2, 3]), ("5,1-2", [5, 1, 2]), ("2,2", [2])]
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-", "-1", "5-2"])
def test_what_is_no_seed(text):
    with pytest.raises(IsobudgetError):
        parse_seeds(text)


def test_unknown_suites_suggest_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'quick'"):
        load_suite("quik")


def test_a_suite_file_with_a_missing_field_says_which(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "t"\nversion = "1"\nmethods = ["random"]\n[plan]\ntasks = ["math"]\n')

    with pytest.raises(IsobudgetError, match="budgets"):
        load_suite(str(path))


def test_the_extended_suite_has_every_method():
    """All that come with the package and need no extra; a new method is added to it."""
    named = {name.partition("[")[0] for name in load_suite("extended").methods}

    assert named == {name for name in list_methods() if not REGISTRY[name].requires}


def test_variants_are_settings_of_one_plan():
    suite = load_suite("standard")
    specs = suite.only(["time"]).specs(seeds=[0], plan_hash=suite.plan_hash)

    assert {spec.variant for spec in specs} == {"time"}
    assert {spec.plan for spec in specs} == {suite.plan_hash}
    assert len({spec.world_options for spec in specs}) == 1
    by_budget = [spec for spec in specs if spec.method == "portfolio"]
    assert [spec.search for spec in by_budget] == ["20s", "80s", "320s", "1280s"]
    assert all(not spec.checkpoints for spec in by_budget)
    assert all(len(spec.checkpoints) == 3 for spec in specs if spec.method == "random")


def test_what_the_command_line_changes_is_changed_in_every_variant():
    suite = load_suite("standard").with_plan(search="300ex")

    assert {spec.search for spec in suite.specs(seeds=[0])} == {"300ex"}
    assert not any(spec.checkpoints for spec in suite.specs(seeds=[0]))
    assert suite.plan_hash != load_suite("standard").plan_hash


def test_a_variant_with_an_odd_field_is_refused(tmp_path):
    from importlib import resources

    quick = (resources.files("bench") / "data" / "suites" / "quick.toml").read_text(encoding="utf-8")
    (tmp_path / "odd.toml").write_text(f"{quick}\n[variants.a]\nsesrch = '1ex'\n")

    with pytest.raises(IsobudgetError, match="unknown fields: sesrch"):
        load_suite(str(tmp_path / "odd.toml"))


@pytest.mark.parametrize("name", ["quick", "standard"])
def test_places_are_where_the_runs_take_place(name):
    suite = load_suite(name)
    primary = suite.plan.get("primary", "")
    runs = {
        (spec.task, " ".join([spec.world, *(value for _, value in spec.world_options)]), spec.seed)
        for spec in suite.specs()
        if spec.variant == primary
    }

    assert suite.places(primary) == runs
