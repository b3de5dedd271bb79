"""What the simulated world predicts, beside the figures its parameters were fitted to or first gave.

Means over 20,000 items and two trials: standard error about .35 points against an unlimited bank, much less
against an earlier measurement on the same items. A figure that moves is a change of physics.
"""

from functools import cache

import numpy as np
import pytest

from bench.graph import Graph
from bench.levels import Request, run_graphs
from bench.worlds.simulated import SimulatedWorld

MODELS = ("1B", "3B", "8B", "70B")
TASKS = ("math", "mmlu", "humaneval")
POINTS = 0.8
ITEMS = 20_000


@cache
def world(universe="main"):
    return SimulatedWorld(universe)


def wide(model, width, sink=("select", "3B")):
    return Graph.of([(model, "assistant")] * width, sink=sink)


def layered(model, width, depth):
    """Layers that read all of the layer below, under a 3B that selects from the last."""
    nodes = [(model, "fuser" if layer else "assistant") for layer in range(depth) for _ in range(width)]
    ranks = range(width)
    edges = [((k - 1) * width + i, k * width + j) for k in range(1, depth) for i in ranks for j in ranks]
    return Graph.of(nodes, edges, ("select", "3B"), [(depth - 1) * width + i for i in ranks])


def points(graphs, task, universe="main"):
    return 100 * world(universe).accuracies(graphs, task)


def answers(graph, task):
    """Answer ids (N, Q) of all nodes on the reference items at trial 0."""
    request = Request(graph, np.arange(ITEMS), np.zeros(ITEMS, dtype=np.int64), np.uint64(0))
    return run_graphs(world(), [request], task, "reference", MODELS)[0].handle


@pytest.mark.parametrize(
    ("task", "given"),
    [("math", (31, 40, 49, 68)), ("mmlu", (31, 43, 64, 84)), ("humaneval", (31, 48, 60, 68))],
)
def test_single_models_are_as_accurate_as_given(task, given):
    assert points([Graph.of([(model, "assistant")]) for model in MODELS], task) == pytest.approx(given, abs=1)


WIDTHS = (1, 2, 3, 4, 6, 8, 12)
WIDTH = {
    ("math", "1B"): (32.7, 38.6, 41.2, 42.3, 42.0, 40.8, 37.4),
    ("math", "3B"): (40.7, 47.9, 50.5, 51.6, 51.0, 49.9, 46.2),
    ("math", "8B"): (49.4, 55.2, 57.0, 57.8, 57.8, 56.6, 53.1),
    ("mmlu", "3B"): (43.2, 44.9, 45.5, 45.7, 45.7, 45.0, 43.2),
    ("humaneval", "8B"): (61.2, 63.1, 63.9, 64.2, 64.9, 65.0, 64.0),
}


@pytest.mark.parametrize(("task", "model"), WIDTH)
def test_width_under_a_selecting_sink(task, model):
    assert points([wide(model, w) for w in WIDTHS], task) == pytest.approx(WIDTH[task, model], abs=POINTS)


@pytest.mark.parametrize("model", ["1B", "3B", "8B"])
def test_best_width_on_math_is_inside(model):
    curve = points([wide(model, w) for w in range(1, 16)], "math")
    best = int(curve.argmax()) + 1

    assert 3 <= best <= 6
    assert curve[0] < curve[best - 1] - 2 and curve[-1] < curve[best - 1] - 5


VOTE = {
    ("math", "3B"): (40.4, 41.1, 43.5, 44.6, 45.7, 45.9, 46.1),
    ("mmlu", "8B"): (63.8, 63.8, 65.5, 65.6, 66.1, 66.3, 66.5),
    ("humaneval", "1B"): (31.2, 31.7, 32.6, 33.0, 33.4, 33.7, 33.6),
}


@pytest.mark.parametrize(("task", "model"), VOTE)
def test_width_under_a_vote(task, model):
    assert points([wide(model, w, "vote") for w in WIDTHS], task) == pytest.approx(VOTE[task, model], abs=POINTS)


DEPTHS = (1, 2, 3, 5, 8, 12)
DEPTH = {
    ("math", "1B"): (32.7, 32.8, 33.1, 33.4, 32.4, 30.0),
    ("math", "8B"): (49.4, 50.5, 51.2, 51.3, 50.7, 49.6),
    ("mmlu", "3B"): (43.2, 41.4, 40.4, 38.9, 37.5, 36.5),
    ("humaneval", "8B"): (61.2, 59.2, 58.0, 56.9, 56.5, 56.1),
}


@pytest.mark.parametrize(("task", "model"), DEPTH)
def test_depth_of_a_chain(task, model):
    assert points([layered(model, 1, k) for k in DEPTHS], task) == pytest.approx(DEPTH[task, model], abs=POINTS)


@pytest.mark.parametrize(("width", "deepest"), [(1, 5), (3, 3), (4, 3), (8, 2)])
def test_best_depth_falls_with_width_on_math(width, deepest):
    depths = (1, 2, 3, 5, 7)
    curve = points([layered("3B", width, k) for k in depths], "math")

    assert depths[curve.argmax()] == deepest


@pytest.mark.parametrize(
    ("universe", "expected"),
    [
        ("main", (53.4, 50.5, 49.4, 57.8)),
        ("flat-depth", (53.4, 50.5, 49.4, 57.8)),
        ("no-synergy", (43.9, 39.7, 48.7, 47.0)),
        ("strong-verifier", (57.2, 54.6, 50.1, 63.2)),
        ("independent", (53.4, 51.7, 49.3, 58.8)),
        ("correlated", (53.1, 44.2, 50.0, 53.0)),
    ],
)
def test_variants_on_math(universe, expected):
    pair = Graph.of([("8B", "assistant"), ("3B", "assistant")], sink=("select", "3B"))
    graphs = [pair, wide("3B", 3), wide("8B", 1), wide("8B", 4)]

    assert points(graphs, "math", universe) == pytest.approx(expected, abs=POINTS)


def after(read, answer):
    """Shares of right answers where the answer read was right, and where it was not."""
    return [np.mean(answer[read == 0] == 0), np.mean(answer[read != 0] == 0)]


REFINE = {
    "math": ((0.965, 0.042), (0.963, 0.062)),
    "mmlu": ((0.938, 0.015), (0.953, 0.035)),
    "humaneval": ((0.949, 0.030), (0.945, 0.039)),
}


@pytest.mark.parametrize("task", TASKS)
def test_refining_keeps_right_answers_and_rarely_mends_wrong_ones(task):
    for model, expected in zip(("3B", "8B"), REFINE[task], strict=True):
        chain = Graph.of([(model, "assistant"), (model, "fuser")], [(0, 1)])

        assert after(*answers(chain, task)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("task", "expected"), [("math", (0.995, 0.014)), ("mmlu", (0.988, 0.016)), ("humaneval", (0.994, 0.023))]
)
def test_a_selecting_sink_returns_a_single_answer(task, expected):
    assert after(*answers(wide("8B", 1), task)) == pytest.approx(expected, abs=0.006)


FUSER = {  # shares right with 1 to 4 of 5 right inputs from the same model
    ("math", "70B"): (0.18, 0.59, 0.93, 1.0),
    ("mmlu", "70B"): (0.07, 0.34, 0.72, 0.98),
    ("humaneval", "70B"): (0.09, 0.33, 0.72, 0.97),
    ("math", "3B"): (0.37, 0.66, 0.86, 0.94),
    ("mmlu", "3B"): (0.20, 0.43, 0.70, 0.89),
    ("humaneval", "3B"): (0.19, 0.43, 0.66, 0.86),
}


@pytest.mark.parametrize(("task", "model"), FUSER)
def test_a_fuser_of_five_follows_the_right_ones(task, model):
    nodes = [(model, "assistant")] * 5 + [(model, "fuser")]
    ids = answers(Graph.of(nodes, [(i, 5) for i in range(5)]), task)
    right = (ids[:5] == 0).sum(axis=0)
    shares = [np.mean(ids[5][right == j] == 0) for j in range(1, 5)]

    assert shares == pytest.approx(FUSER[task, model], abs=0.05)


def coincidence(one, other):
    both = (one > 0) & (other > 0)
    return np.mean(one[both] == other[both])


@pytest.mark.parametrize(
    ("task", "within", "between"), [("math", 0.48, 0.12), ("mmlu", 0.60, 0.48), ("humaneval", 0.47, 0.16)]
)
def test_wrong_answers_coincide(task, within, between):
    pair = answers(wide("3B", 2, "vote"), task)
    other = answers(wide("8B", 1, "vote"), task)

    assert coincidence(pair[0], pair[1]) == pytest.approx(within, abs=0.02)
    assert coincidence(pair[0], other[0]) == pytest.approx(between, abs=0.02)
