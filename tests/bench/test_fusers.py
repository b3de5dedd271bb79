"""The plan of the open call: every number of right inputs that occurs is read by every reader, once."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import IsobudgetError
from bench.fusers import FuserPlan, is_fuser_plan, load_fuser_plan, record_fusers
from bench.pools import load_pool
from bench.worlds.simulated import SimulatedWorld


class Noting(SimulatedWorld):
    """A simulated world that notes which graphs it is asked, as a recorder does."""

    def __init__(self):
        super().__init__("main")
        self.chosen, self.noted = False, []

    def note(self, task, split, requests):
        self.noted += [(self.chosen, *request) for request in requests]


PLAN = FuserPlan(
    name="few",
    tasks=("math",),
    questions=30,
    trials=6,
    inputs=(1, 3),
    readers=("1B", "8B"),
    roles=("fuser", "select"),
    pool=load_pool("llama-small"),
    teams={1: (("3B",),), 3: (("1B", "3B", "8B"),)},
)


def test_every_number_of_right_inputs_is_read_by_every_reader():
    world = Noting()

    rows = record_fusers(world, PLAN)

    readings = {(row["inputs"], row["right"]): row["readings"] for row in rows}
    assert set(readings) == {(1, 0), (1, 1), (3, 0), (3, 1), (3, 2), (3, 3)}
    assert all(1 <= count <= 30 for count in readings.values())
    teams = [entry for entry in world.noted if not entry[0]]
    readers = [entry for entry in world.noted if entry[0]]
    assert len(teams) == 2
    assert len(readers) == 2 * 4
    for _, graph, question, trial, salt in readers:
        size = len([node for node in graph.nodes if not node.preds])
        assert len(question) == sum(count for (inputs, _), count in readings.items() if inputs == size)
        assert len(set(zip(question.tolist(), trial.tolist(), strict=True))) == len(question)
        assert not np.any(salt)


def test_the_plan_that_comes_along_covers_the_open_call():
    plan = load_fuser_plan("fusers")

    assert is_fuser_plan("fusers") and not is_fuser_plan("quick")
    assert plan.inputs == (1, 3, 5)
    assert plan.readers == ("1B", "3B", "8B")
    assert plan.questions == 300
    assert all(len(team) == size for size in plan.inputs for team in plan.teams[size])
    assert plan.most_calls == 396


def test_a_bad_plan_is_named(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text("[fusers]\ntasks = ['math']\n")

    assert is_fuser_plan(str(path))
    with pytest.raises(IsobudgetError, match=r"plan\.toml is no plan of fusers: KeyError"):
        load_fuser_plan(str(path))
