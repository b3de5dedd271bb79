"""The family `wide`: every draw is a pure function of (public value, version, number), within its ranges."""

from __future__ import annotations

import math

import pytest

from bench.families.strata import QUOTAS, Measured, choose
from bench.families.wide import PROFILES, RANGES, profile, wide
from bench.graph import Graph
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe

DRAWS = range(300)


@pytest.fixture(scope="module")
def worlds():
    return [wide("test", "1.0", j) for j in DRAWS]


def test_a_draw_is_the_same_everywhere():
    """A fixed vector: whoever derives a season must get these figures."""
    found = wide("isobudget dev", "1.0", 17)
    physics = found.tasks["humaneval"]

    assert (found.number, physics.between, physics.within) == (223433778520589, 0.517483, 0.868889)
    assert [physics.accuracy[model] for model in ("1B", "3B", "8B")] == [0.360387, 0.608533, 0.697732]


@pytest.mark.parametrize("other", [("test", "1.0", 1), ("test", "1.1", 0), ("other", "1.0", 0)])
def test_another_value_version_or_number_is_another_world(other):
    assert wide(*other).number != wide("test", "1.0", 0).number


def test_parameters_lie_in_their_ranges_and_fill_them(worlds):
    for name in (
        "between",
        "pet",
        "self_trust",
        "verification",
        "verification_slope",
        "reading",
        "sway",
        "anchor",
    ):
        values = [getattr(physics, name) for world in worlds for physics in world.tasks.values()]
        low, high = RANGES[name]
        assert low <= min(values) < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < max(values) <= high


def test_within_is_never_below_between_and_options_keep_their_coincidence(worlds):
    for j, world in zip(DRAWS, worlds, strict=True):
        physics = world.tasks[profile(j)]
        assert physics.between < physics.within <= 0.95
        low, high = RANGES["coincidence of options" if profile(j) == "mmlu" else "coincidence"]
        assert low <= physics.coincidence <= high


def test_the_smallest_model_has_from_a_fifth_to_a_half_before_strengths_are_dealt(worlds):
    lowest = [min(world.tasks[profile(j)].accuracy.values()) for j, world in zip(DRAWS, worlds, strict=True)]

    assert 0.15 < min(lowest) < 0.25
    assert max(lowest) <= 0.5


def test_strength_follows_size_in_most_worlds_and_not_in_all(worlds):
    ordered = 0
    for j, world in zip(DRAWS, worlds, strict=True):
        accuracy = world.tasks[profile(j)].accuracy
        ordered += accuracy["1B"] <= accuracy["3B"] <= accuracy["8B"]
    assert 0.5 < ordered / len(worlds) < 0.95


def test_each_draw_has_one_task_and_they_take_turns(worlds):
    assert [list(world.tasks) for world in worlds[:6]] == [[task] for task in PROFILES * 2]


def test_single_models_have_their_accuracy_by_construction():
    world = SimulatedWorld(wide("test", "1.0", 3))
    for model, accuracy in world.universe.tasks["math"].accuracy.items():
        if model != "70B":
            graph = Graph.of([(model, "assistant")], (), "vote")
            assert world.expected_accuracy(graph, "math") == pytest.approx(accuracy, abs=0.012)


def test_costs_and_options_stay_the_tasks_own(worlds):
    main = load_universe("main")

    assert {world.pool for world in worlds} == {main.pool}
    for j, world in enumerate(worlds):
        assert world.tasks[profile(j)].wrong_options == main.tasks[profile(j)].wrong_options


def _draw(index, over_fixed, over_random=math.nan):
    return Measured(index, 0.5, "graph", 0.5 - over_fixed, "fixed", 0.5 - over_random)


def test_draws_are_taken_as_they_come_then_by_what_they_are_good_for():
    first = [_draw(j, 0.01) for j in range(24)]
    dull, trap = [_draw(j, 0.01) for j in range(24, 27)], [_draw(j, 0.001) for j in range(27, 30)]
    half, good = [_draw(j, 0.05, 0.01) for j in range(30, 33)], [_draw(j, 0.03, 0.04) for j in range(33, 36)]

    chosen, rooms = choose(iter([*first, *dull, *trap, *half, *good]), most=100)

    assert [stratum for stratum, _ in chosen] == ["raw"] * 24 + ["trap"] * 3 + ["headroom"] * 3
    assert {task: len(values) for task, values in rooms.items()} == dict.fromkeys(PROFILES, 12)


def test_full_strata_and_the_cap_end_the_search():
    def endless():
        index = 0
        while True:
            yield _draw(index, 0.03, 0.03)
            index += 1

    chosen, rooms = choose(endless(), most=40)

    assert [stratum for stratum, _ in chosen].count("headroom") == 3 * QUOTAS["headroom"]
    assert [len(values) for values in rooms.values()] == [40, 40, 40]  # no trap ever came
