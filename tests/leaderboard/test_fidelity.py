"""Fidelity: a rightly specified world correlates, a wrongly specified one does not, and noise is told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench import Graph, Space
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
    """Predictions equal the truth; with 50 questions each the plain correlation is far from 1."""
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


def test_the_same_world_agrees_with_itself_on_methods(frames, runs):
    nothing = frames.questions(runs).iloc[:0]
    found = method_fidelity((runs, nothing), (frames.runs(key=5), nothing))

    assert len(found.pairs) == 3 * 15  # tasks × pairs of six methods
    assert found.separated > 15
    assert found.same_sign.value == 1
    assert 0.8 < found.same_sign.low < 1
    assert found.slope.low < 1 < found.slope.high
    assert found.slope.high - found.slope.low < 0.5
    assert 0.9 < found.agreement.value < 1


def test_a_contrary_world_has_the_other_sign(frames, runs):
    nothing = frames.questions(runs).iloc[:0]
    found = method_fidelity((runs, nothing), (runs.assign(accuracy=1 - runs["accuracy"]), nothing))

    assert found.same_sign.value == 0
    assert found.slope.value == pytest.approx(-1)
    assert found.agreement.value == pytest.approx(-1)


def test_a_world_with_half_the_differences_has_slope_two(frames, runs):
    nothing = frames.questions(runs).iloc[:0]
    flat = runs.assign(accuracy=0.5 + (runs["accuracy"] - 0.5) / 2)
    found = method_fidelity((runs, nothing), (flat, nothing))

    assert found.slope.value == pytest.approx(2)


def test_on_one_task_the_agreement_is_the_correlation_of_the_methods_means(frames, runs):
    one, other = (part[part["task"] == "math"] for part in (runs, frames.runs(key=5)))
    nothing = frames.questions(runs).iloc[:0]
    found = method_fidelity((one, nothing), (other, nothing))

    means = [part.groupby("method")["accuracy"].mean().sort_index().to_numpy() for part in (one, other)]
    assert found.agreement.value == pytest.approx(np.corrcoef(*means)[0, 1])
    assert found.agreement.low < found.agreement.value < found.agreement.high


def test_graded_live_runs_are_compared_with_exact_simulated_ones(frames, live):
    simulated = frames.runs(methods=("agent-reinforce", "random", "single", "tpe"), seeds=4)
    found = method_fidelity(live, (simulated, live[1].iloc[:0]))

    assert len(found.pairs) == 3 * 6
    both = [pair for pair in found.pairs if pair.separated_live and pair.separated_simulated]
    assert found.separated == len(both)
    first = found.pairs[0]
    questions = live[1]
    graded = questions[questions["task"] == first.task].groupby("method")["correct"].mean()
    assert first.live == pytest.approx(graded[first.method] - graded[first.other])
    assert {(pair.method < pair.other) for pair in found.pairs} == {True}


def test_nothing_separated_gives_no_figure(frames):
    alike = frames.runs(methods=("random", "random-agent"), seeds=3)
    nothing = frames.questions(alike).iloc[:0]
    found = method_fidelity((alike, nothing), (alike, nothing))

    assert found.separated == 0
    assert math.isnan(found.same_sign.value) and math.isnan(found.slope.value)


def test_boards_of_unvalidated_fusers_say_so(frames, runs):
    from leaderboard import leaderboard_tables, render

    def caption(fuser):
        return " ".join(render(next(iter(leaderboard_tables(runs.assign(fuser=fuser))))).split())

    assert "FUSER UNVALIDATED" in caption("unvalidated")
    assert "FUSER UNVALIDATED" not in caption("validated")
    assert "FUSER UNVALIDATED" not in " ".join(render(next(iter(leaderboard_tables(runs)))).split())
