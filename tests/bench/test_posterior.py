"""The family `posterior`: the calibrated world meets the evidence, most draws do not, and the table says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from bench.app.cli import main
from bench.families.posterior import effective_size, evidence, misfit
from bench.families.wide import wide
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe


def _calibrated(task):
    universe = load_universe("main")
    return SimulatedWorld(replace(universe, tasks={task: universe.tasks[task]}))


@pytest.mark.parametrize(("task", "figures"), [("math", 16), ("mmlu", 13), ("humaneval", 11)])
def test_the_calibrated_world_meets_its_evidence_better_than_draws_do(task, figures):
    known = _calibrated(task)
    draws = [
        SimulatedWorld(wide("test", "1.0", index))
        for index in range(12)
        if task in wide("test", "1.0", index).tasks
    ]

    assert len(evidence(known)) == figures
    assert misfit(known) < 1.5 * figures
    assert misfit(known) < min(map(misfit, draws))


def test_reading_tables_are_those_of_the_calibration():
    """How often the 70B is right when it reads j right answers of five, in the calibrated MATH."""
    found = {entry.what: entry.found for entry in evidence(_calibrated("math"))}

    expected = [0.18, 0.59, 0.93, 1.0]
    assert [found[f"{j} of 5 right"] for j in (1, 2, 3, 4)] == pytest.approx(expected, abs=0.03)


def test_a_misfit_is_the_same_again():
    assert misfit(SimulatedWorld(wide("test", "1.0", 2))) == misfit(SimulatedWorld(wide("test", "1.0", 2)))


@pytest.mark.parametrize(
    ("misfits", "size"), [([], 0.0), ([7.0], 1.0), ([3.0] * 5, 5.0), ([0.0, 1000.0], 1.0), ([9e4, 9e4], 2.0)]
)
def test_effective_size_counts_equal_weights_and_ignores_lost_ones(misfits, size):
    assert effective_size(misfits) == pytest.approx(size)


def test_the_command_prints_the_effective_size():
    done = CliRunner().invoke(main, ["season", "evidence", "dev", "--draws", "2"])

    assert done.exit_code == 0, done.output
    assert "effective" in done.output
    assert "simulated" in done.output.lower()


def test_the_evidence_of_no_season_is_one_line_and_exit_code_2():
    done = CliRunner().invoke(main, ["season", "evidence", "nope"])

    assert (done.exit_code, "no season 'nope'" in done.output) == (2, True)
