"""Universes: which there are, what a variant changes, and what a bad file is told."""

from dataclasses import asdict

import pytest

from bench.errors import IsobudgetError, UnknownName
from bench.pools import load_pool
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import list_universes, load_universe

MAIN = load_universe("main")
NAMES = ["main", "correlated", "even", "flat-depth", "independent", "no-synergy", "specialists", "strong-verifier"]


def differences(one, other, path=""):
    """Paths of the leaves at which two nested dictionaries differ."""
    found = set()
    for key in one:
        if isinstance(one[key], dict):
            found |= differences(one[key], other[key], f"{path}{key}.")
        elif one[key] != other[key]:
            found.add(f"{path}{key}")
    return found


def test_these_universes_come_with_the_package():
    assert list_universes() == NAMES


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("flat-depth", {"common.length_inflation"}),
        ("no-synergy", {f"tasks.{t}.verification{s}" for t in MAIN.tasks for s in ("", "_slope")}),
        ("strong-verifier", {f"tasks.{t}.verification" for t in MAIN.tasks}),
        ("independent", {f"tasks.{t}.within" for t in MAIN.tasks}),
        ("correlated", {f"tasks.{t}.within" for t in MAIN.tasks}),
    ],
)
def test_a_variant_changes_only_what_it_names(name, changed):
    assert differences(asdict(MAIN), asdict(load_universe(name))) == changed | {"name"}


@pytest.mark.parametrize("task", list(MAIN.tasks))
def test_variants_are_measured_from_main(task):
    physics = {name: load_universe(name).tasks[task] for name in NAMES}

    assert physics["strong-verifier"].verification == pytest.approx(physics["main"].verification + 1)
    assert physics["independent"].within == pytest.approx(physics["main"].between + 0.05)
    assert physics["no-synergy"].verification == physics["no-synergy"].verification_slope == 0


def test_specialists_answer_for_their_pool_alone():
    universe = load_universe("specialists")

    assert load_pool(universe.pool).synthetic
    assert all(universe.task_models(task) == load_pool("specialists").names for task in MAIN.tasks)
    assert differences(asdict(MAIN)["common"], asdict(universe)["common"]) == set()


def test_an_unknown_universe_is_one_line():
    with pytest.raises(UnknownName, match="no world 'mian': did you mean 'main'"):
        SimulatedWorld("mian")


def test_a_users_file_overlays_its_base(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "main"\nuniverse = 7\n[tasks.math]\nsway = 0.1\n', encoding="utf-8")
    mine = load_universe(str(path))

    assert differences(asdict(MAIN), asdict(mine)) == {"name", "number", "tasks.math.sway"}
    assert SimulatedWorld(mine).provenance == "simulated (universe mine)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base = ", "is not TOML"),
        ("universe = 1", "'pool'"),
        ('base = "main"\n[tasks.math]\nswai = 1', "swai"),
        ('base = "main"\n[tasks.math]\nsway = "much"', "'sway' must be a number"),
        ('base = "main"\n[tasks.math]\nwithin = 0.3', "between <= within"),
        ('base = "main"\n[tasks.math]\nacross = 0.6', "across <= between"),
        ('base = "main"\n[tasks.math.strengths]\n1B = [1, 0]\n3B = [1]', "same number of subjects"),
        ('base = "main"\n[tasks.math.strengths]\n1B = ["much"]', "must be a number"),
        ('base = "main"\n[tasks.math]\nwrong_options = 4', "wrong_options must be 3"),
        ('base = "main"\n[tasks.math.accuracy]\n1B = 31', "between 0 and 1"),
        ('base = "main"\n[tasks.math.accuracy]\n14B = 0.5', "no_answer lacks 14B"),
    ],
)
def test_a_bad_file_is_told_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(IsobudgetError, match=message) as caught:
        load_universe(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line():
    with pytest.raises(IsobudgetError, match=r"no universe file at nowhere\.toml"):
        load_universe("nowhere.toml")
