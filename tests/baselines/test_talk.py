"""What methods that talk to an agent share: graphs as JSON, the problem in words, records of evaluations."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest

from baselines._talk import calibration, graph_data, graph_format, graph_schema, read_graph, report, setting, told
from bench import run
from bench.graph import Graph
from bench.keys import generator
from bench.optimizer import History, Optimizer, Outcome, Problem, Proposal, method
from bench.prior import prior_of
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
SPACES = [(name, budget) for name in ("standard", "paper", "open") for budget in ("small", "large")]


def _outcome(graph, node_right, node_seconds=None):
    right = np.array(node_right, dtype=bool)
    kinds = tuple("correct" if r else "wrong" for r in right[:, -1])
    return Outcome(graph, len(kinds), np.arange(len(kinds)), kinds, 5.0, 2.0, 1.0, 3.0, right, node_seconds)


@pytest.mark.parametrize(("name", "budget"), SPACES)
def test_a_graph_is_read_as_it_was_written(name, budget):
    space, rng = Space.preset(name, "math", budget), generator("talk")
    for _ in range(30):
        graph = space.sample(rng)
        data = graph_data(space, graph)

        jsonschema.validate(data, graph_schema(space))
        assert read_graph(space, data) == graph


@pytest.mark.parametrize(("name", "budget"), SPACES)
def test_what_does_not_fit_is_repaired(name, budget):
    space, rng = Space.preset(name, "humaneval", budget), generator("repair")
    for _ in range(30):
        n = int(rng.integers(1, space.max_nodes + 1))
        nodes = [
            {"model": str(rng.choice(space.pool.names)), "reads": [p for p in range(v) if rng.random() < 0.5]}
            for v in range(n)
        ]
        roles = [node | {"role": str(rng.choice(["assistant", "reviser", "critic"]))} for node in nodes]
        sink = graph_data(space, space.cheapest())["sink"]

        graph = read_graph(space, {"nodes": roles, "sink": sink, "sink_reads": [0]})

        assert space.contains(graph)


def test_nodes_far_from_the_sink_are_left_out_first():
    nodes = [{"model": "1B", "reads": [v - 1] if v else []} for v in range(30)]
    nodes[-1]["model"] = "3B"

    graph = read_graph(SPACE, {"nodes": nodes, "sink": "vote"})

    assert graph.nodes[-1].model == "3B" and graph.depth == len(graph.nodes) <= SPACE.max_nodes


@pytest.mark.parametrize(
    "data",
    [
        {"nodes": [{"model": "1B", "reads": [0]}], "sink": "vote"},
        {"nodes": [{"model": "1B", "reads": [1]}, {"model": "1B", "reads": [0]}], "sink": "vote"},
        {"nodes": [{"model": "2B", "reads": []}], "sink": "vote"},
        {"nodes": [{"model": "1B", "reads": [7]}], "sink": "vote"},
        {"nodes": [{"model": "1B", "reads": []}], "sink": "oracle"},
        {"nodes": [], "sink": "vote"},
        {"sink": "vote"},
        {"nodes": "1B", "sink": "vote"},
    ],
)
def test_what_is_no_graph_is_refused(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_graph(SPACE, data)


@pytest.mark.parametrize(("name", "budget"), SPACES)
def test_the_problem_is_told_whole(name, budget):
    space = Space.preset(name, "math", budget)
    problem = Problem("math", space, History(lambda accuracy, seconds: accuracy), 10, "joint", prior_of(space))

    words = "\n".join([*setting(problem), *calibration(problem), graph_format(space)])

    for told_of in (
        "select 3B",
        f"{space.cap / space.unit:.2f} units",
        f"{space.max_nodes} nodes",
        "log2",
        "0.54",
    ):
        assert told_of in words
    assert ("must be one of" in words) == (space.nominal is not None)
    assert ("sink_reads" in words) == space.free_reads
    assert ("Roles" in words) == space.free_roles


def test_facts_are_read_off_the_traces():
    """Two answers, one fuser: a right answer is lost on one question, a wrong one repaired on another."""
    graph = Graph.of([("1B", "assistant"), ("3B", "assistant"), ("3B", "fuser")], [(0, 2), (1, 2)], "vote")
    node_right = [  # 1B, 3B, fuser, vote
        [True, False, False, False],
        [False, False, True, True],
        [False, True, True, True],
        [False, True, True, True],
    ]
    node_seconds = np.array([[1.0, 3.0, 2.0, 0.0]] * 3 + [[5.0, 3.0, 2.0, 0.0]])

    facts = report(_outcome(graph, node_right, node_seconds), value=0.6)

    assert facts.node_accuracy == (0.25, 0.5, 0.75, 0.75)
    edges = {(e.source, e.target): (e.lost, e.repaired) for e in facts.edges}
    assert edges == {(0, 2): (0.25, 0.75), (1, 2): (0.0, 0.25), (2, 3): (0.0, 0.0)}
    assert (facts.failed, facts.lost) == ((0,), (0,))
    assert facts.idle == (0,)
    assert facts.critical == (1, 2, 3)
    text = " ".join(told(facts))
    for words in ("0→2 lost 0.25, repaired 0.75", "added nothing: 0.", "path: 1, 2, sink.", "objective 0.600"):
        assert words in text


def test_without_traces_only_the_end_is_told():
    outcome = _outcome(Graph.of([("1B", "assistant")], (), "vote"), [[True, True], [False, False]])

    assert told(report(outcome), traces=False) == ["0.500 right on 2 questions (objective 0.500)."]


def test_traces_follow_the_nodes_when_the_models_are_renamed():
    """Under permuted names the method's own graph has its nodes in another order; service times move along."""
    seen = []

    @method("spy")
    class Spy(Optimizer):
        wants_traces = True

        def ask(self):
            nodes = [(name, "assistant") for name in self.problem.space.pool.names]
            return Proposal(Graph.of(nodes, (), "vote"))

        def tell(self, outcome):
            seen.append((self.problem.space.pool, outcome))

    for seed in range(3):
        run("spy", budget="large", search="40ex", selection="own", tests=5, models="permuted", seed=seed)
    for pool, outcome in seen:
        sizes = [pool[node.model].params for node in outcome.graph.nodes]
        assert np.argsort(sizes).tolist() == np.argsort(outcome.node_seconds[:, :3].mean(axis=0)).tolist()
        assert report(outcome).critical == (int(np.argmax(sizes)), 3)
    assert len({tuple(model.params for model in pool.models) for pool, _ in seen}) > 1
