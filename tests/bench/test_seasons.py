"""Seasons: the packaged one is what its public value derives, and the command line refuses what is wrong."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bench import run
from bench.app.cli import main
from bench.errors import IsobudgetError
from bench.families.strata import HEADROOM, QUOTAS
from bench.families.wide import PROFILES, wide
from bench.seasons import load_season
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe

DEV = load_season("dev")


def test_the_strata_are_what_they_are_called():
    for found in DEV.instances:
        if found.stratum == "headroom":
            assert min(found.over_fixed, found.over_random) >= HEADROOM
        if found.stratum == "trap":
            assert found.over_fixed <= 0.003
        assert 0 < found.random_mean < found.accuracy < 1


def test_every_task_has_its_share():
    for task in PROFILES:
        for stratum, quota in QUOTAS.items():
            assert len([i for i in DEV.instances if (i.task, i.stratum) == (task, stratum)]) == quota


def test_an_instance_is_a_universe():
    found = DEV.instances[0]

    assert load_universe(found.name) == wide(DEV.public, DEV.version, found.index, found.name)


def test_a_run_in_an_instance_knows_its_reference_and_stratum():
    found = DEV.instances[-1]
    where = {"universe": found.name}
    world = SimulatedWorld(found.name)
    truth = run("random", found.task, "medium", "120ex", 0, world, world_options=where, tests=20).summary["truth"]

    assert (truth["reference"], truth["stratum"]) == (found.accuracy, found.stratum)
    other = run("random", found.task, "small", "60ex", 0, world, world_options=where, tests=20).summary["truth"]
    assert "reference" not in other


def test_some_stored_worlds_are_derived_again_bit_for_bit():
    done = CliRunner().invoke(main, ["season", "reproduce", "dev", "--sample", "1"])

    assert done.exit_code == 0, done.output
    assert "1 of 1 instances reproduced bit for bit" in done.output


def test_a_season_is_frozen_before_its_value_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("a method")
    runner = CliRunner()

    done = runner.invoke(main, ["season", "freeze", "mine.py", "--beacon", "round 7", "-o", "s1.toml"])
    assert done.exit_code == 0, done.output
    season = load_season("s1.toml")
    assert (season.beacon, season.public, season.instances) == ("round 7", "", ())
    assert list(season.entries) == ["mine.py"]
    with pytest.raises(IsobudgetError, match="no public value yet"):
        load_universe("s1-000")
    again = runner.invoke(main, ["season", "freeze", "mine.py", "--beacon", "round 8", "-o", "s1.toml"])
    assert (again.exit_code, "frozen once" in again.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nope"], "no season 'nope'"),
        (["reproduce", "nope.toml"], "no season file at nope.toml"),
        (["derive", "nope.toml", "--public", "x"], "no season file at nope.toml"),
        (["freeze", "nope.py", "--beacon", "b", "-o", "s.toml"], "no method file at nope.py"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["season", *arguments])

    assert done.exit_code == 2
    assert words in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_season_that_has_its_worlds_is_not_derived_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dev2.toml").write_text(_packaged())
    done = CliRunner().invoke(main, ["season", "derive", "dev2.toml", "--public", "x"])

    assert done.exit_code == 2
    assert "has its worlds" in done.output


def _packaged():
    from importlib import resources

    return (resources.files("bench") / "data" / "seasons" / "dev.toml").read_text(encoding="utf-8")
