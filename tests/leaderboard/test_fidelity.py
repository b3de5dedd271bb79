"""Fidelity: a rightly specified world correlates, a wrongly specified one does not, and noise is told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench import Space, run
from bench.frames import Records
from bench.keys import generator
from bench.worlds.simulated import SimulatedWorld
from leaderboard.fidelity import graph_fidelity, method_fidelity

QUESTIONS = 200


@pytest.fixture(scope="module")
def graphs():
    rng = generator("fidelity", 3)
    return [Space.preset("standard", task="math", budget="small").sample(rng) for _ in range(40)]


@pytest.fixture(scope="module")
def observed(graphs):
    """Simulated as if live: the same 200 questions for all graphs."""
    return SimulatedWorld("main").accuracies(graphs, "math", slice(0, QUESTIONS), (3,), "search")


def _fidelity(predicted, observed):
    return graph_fidelity(["math"] * len(observed), predicted, observed, [QUESTIONS] * len(observed))


def test_the_right_world_correlates(graphs, observed):
    found = _fidelity(SimulatedWorld("main").accuracies(graphs, "math"), observed)

    assert found.graphs == 40
    assert found.correlation.value > 0.9
    assert found.correlation.low > 0.8
    assert found.correlation.low <= found.correlation.value <= found.correlation.high
    assert found.corrected.value >= found.correlation.value
    assert found.error < 2 * found.noise


def test_a_wrong_world_does_not(graphs, observed):
    """The models' names permuted: what is good there is bad here."""
    swap = {"1B": "8B", "3B": "3B", "8B": "1B"}
    from bench import Graph

    wrong = [
        Graph.of(
            [(swap[n.model], n.role) for n in g.nodes],
            [(p, i) for i, n in enumerate(g.nodes) for p in n.preds],
            (g.sink.kind, g.sink.model),
            list(g.reads),
        )
        for g in graphs
    ]
    found = _fidelity(SimulatedWorld("main").accuracies(wrong, "math"), observed)

    assert found.correlation.high < 0.5
    assert found.error > 3 * found.noise


def test_an_easier_task_is_no_agreement():
    rng = np.random.default_rng(1)
    task = ["easy"] * 30 + ["hard"] * 30
    level = np.repeat([0.8, 0.3], 30)
    found = graph_fidelity(task, level + rng.normal(0, 0.02, 60), level + rng.normal(0, 0.02, 60), [500] * 60)

    assert abs(found.correlation.value) < 0.4


def test_noise_is_taken_out():
    """Predictions equal the truth; with 50 questions each the plain correlation is far from 1, the corrected near."""
    rng = np.random.default_rng(2)
    truth = rng.normal(0.5, 0.08, 400)
    seen = rng.binomial(50, truth) / 50
    found = graph_fidelity(["t"] * 400, truth, seen, [50] * 400)

    assert found.correlation.value < 0.85
    assert found.corrected.value == pytest.approx(1, abs=0.08)
    assert found.corrected.low < 1 < found.corrected.high + 0.05


def test_few_graphs_give_no_figure():
    found = graph_fidelity(["t"] * 2, [0.1, 0.2], [0.1, 0.2], [50, 50])

    assert math.isnan(found.correlation.value)
    with pytest.raises(ValueError, match="one entry a graph"):
        graph_fidelity(["t"], [0.1, 0.2], [0.1], [5])


@pytest.fixture(scope="module")
def frames():
    """Runs of three methods, ten seeds, in three worlds: two universes of equal physics, and one of other physics."""

    def made(universe):
        records = Records.of(
            run(method, "math", search="300ex", seed=seed, tests=5, world=SimulatedWorld(universe))
            for method in ("random", "single-model", "self-consistency")
            for seed in range(10)
        )
        return records.runs_df(), records.questions_df()

    return {name: made(name) for name in ("main", "correlated")}


def test_the_same_world_agrees_with_itself_on_methods(frames):
    found = method_fidelity(frames["main"], frames["main"])

    assert len(found.pairs) == 3
    assert found.separated >= 1
    assert found.same_sign.value == 1
    assert found.slope.value == pytest.approx(1)
    assert found.same_sign.low < 1  # few pairs, and the interval says so


def test_a_contrary_world_has_the_other_sign(frames):
    runs, questions = frames["main"]
    contrary = runs.assign(accuracy=1 - runs["accuracy"])
    found = method_fidelity((runs, questions), (contrary, questions))

    assert found.separated >= 1
    assert found.same_sign.value == 0
    assert found.slope.value == pytest.approx(-1)


def test_pairs_are_compared_whatever_is_separated(frames):
    found = method_fidelity(frames["main"], frames["correlated"])

    assert {(pair.method, pair.other) for pair in found.pairs} == {
        ("random", "self-consistency"),
        ("random", "single-model"),
        ("self-consistency", "single-model"),
    }
    both = [pair for pair in found.pairs if pair.separated_live and pair.separated_simulated]
    assert found.separated == len(both)
