"""The level loop, in the simulated world: a batch of graphs gives each what its calls give one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import InvalidGraph, WorldError
from bench.graph import Graph
from bench.levels import Block, Request, final_handles, merged_plans, run_graphs
from bench.worlds.base import ABSENT, ROLE_KEYS, Calls
from bench.worlds.simulated import SimulatedWorld

MODELS = ("1B", "3B", "8B")
WORLD = SimulatedWorld()


@st.composite
def graphs(draw):
    """Any graph of up to six nodes: free roles, any sink that reads any nodes, unread branches."""
    n = draw(st.integers(1, 6))
    edges = [(a, b) for b in range(n) for a in range(b) if draw(st.booleans())]
    nodes = []
    for v in range(n):
        degree = sum(b == v for _, b in edges)
        roles = ["assistant"] + ["fuser", "critic"] * (degree > 0) + ["reviser"] * (degree == 1)
        nodes.append((draw(st.sampled_from(MODELS)), draw(st.sampled_from(roles))))
    sink = draw(st.sampled_from([None, "vote", ("select", "3B"), ("select", "8B")]))
    reads = None if sink is None else draw(st.sets(st.integers(0, n - 1), min_size=1))
    return Graph.of(nodes, edges, sink, reads)


def request(graph, questions, salt=7):
    rows = np.asarray(questions)
    return Request(graph, rows, rows % 3, np.full(len(rows), salt, dtype=np.uint64))


def one_by_one(asked):
    """Handles, tokens of all nodes of one request, each node on each question a batch of its own."""
    graph = asked.graph
    stages = [(ROLE_KEYS[node.role], node.model, node.preds) for node in graph.nodes]
    if graph.sink is not None:
        stages.append((ROLE_KEYS[graph.sink.kind], graph.sink.model, graph.reads))
    handle = np.zeros((len(stages), len(asked.question)), dtype=np.int64)
    tokens = np.zeros_like(handle)
    for q in range(len(asked.question)):
        for v, (role, model, preds) in enumerate(stages):
            read = list(preds)
            node = [graph.nodes[p] for p in preds]
            calls = Calls(
                task="math",
                split="search",
                models=MODELS,
                question=asked.question[[q]],
                trial=asked.trial[[q]],
                salt=asked.salt[[q]],
                model=np.array([-1 if model is None else MODELS.index(model)]),
                role=np.array([role]),
                replica=np.array([graph.replicas[v] if v < len(graph.nodes) else 0]),
                inputs=handle[None, read, q],
                input_level=np.array([[graph.levels[p] for p in preds]], dtype=np.int64),
                input_tokens=tokens[None, read, q],
                input_role=np.array([[ROLE_KEYS[n.role] for n in node]], dtype=np.int64),
                input_model=np.array([[MODELS.index(n.model) for n in node]], dtype=np.int64),
            )
            answers = WORLD.answer(calls)
            handle[v, q], tokens[v, q] = answers.handle[0], answers.completion_tokens[0]
    return handle, tokens


@settings(max_examples=30, deadline=None)
@given(batch=st.lists(st.tuples(graphs(), st.integers(1, 4)), min_size=1, max_size=4))
def test_a_batch_of_graphs_is_its_calls_one_by_one(batch):
    asked = [request(graph, np.arange(start, 2 * start + 1), salt=start) for graph, start in batch]

    for one, trace in zip(asked, run_graphs(WORLD, asked, "math", "search", MODELS), strict=True):
        handle, tokens = one_by_one(one)

        assert trace.handle.tolist() == handle.tolist()
        assert trace.completion_tokens.tolist() == tokens.tolist()
        place = len(one.graph.nodes) if one.graph.sink is not None else one.graph.reads[0]
        assert trace.final.tolist() == handle[place].tolist()


@settings(max_examples=30, deadline=None)
@given(batch=st.lists(graphs(), min_size=1, max_size=6), max_rows=st.sampled_from([1, 20, 10_000]))
def test_merged_plans_change_nothing(batch, max_rows):
    question, trial = np.arange(12), np.arange(12) % 2
    traces = run_graphs(WORLD, [Request(g, question, trial, np.uint64(0)) for g in batch], "math", "test", MODELS)
    (plan,) = merged_plans(batch, MODELS, len(question))
    merged = final_handles(WORLD.handles, plan, Block.of(question, trial), "math", "test", max_rows)

    assert merged.tolist() == [trace.final.tolist() for trace in traces]


def test_merged_plans_answer_equal_nodes_once_and_end_when_full():
    batch = [Graph.of([("1B", "assistant")] * n, sink="vote") for n in range(1, 9)]
    (plan,) = merged_plans(batch, MODELS, 100)
    split = list(merged_plans(batch, MODELS, 1_000_000))

    assert len(plan.model) == 8 + 8  # eight assistants, and a vote for each graph
    assert len(split) > 1 and sum(len(part.final) for part in split) == len(batch)


def test_a_level_is_one_batch():
    seen = []

    class Watched(SimulatedWorld):
        def answer(self, calls):
            seen.append((len(calls.question), calls.inputs.shape[1]))
            return super().answer(calls)

    two = Graph.of([("1B", "assistant")] * 2, sink=("select", "3B"))
    chain = Graph.of([("3B", "assistant"), ("3B", "fuser")], [(0, 1)])
    run_graphs(Watched(), [request(two, range(5)), request(chain, range(3))], "math", "search", MODELS)

    assert seen == [(2 * 5 + 3, 0), (5 + 3, 2)]


class Overlapping(SimulatedWorld):
    """Says what was begun and ended, in order; its n-th batch fails where it is told so."""

    def __init__(self, fails=None):
        super().__init__()
        self.said, self.fails = [], fails

    def begin(self, calls):
        number = sum(what == "begun" for what, _ in self.said)
        self.said.append(("begun", number))
        outer = self

        class Batch:
            def result(self):
                outer.said.append(("awaited", number))
                if number == outer.fails:
                    raise WorldError("gone")
                return outer.answer(calls)

            def cancel(self):
                outer.said.append(("cancelled", number))

        return Batch()


@settings(max_examples=30, deadline=None)
@given(batch=st.lists(st.tuples(graphs(), st.integers(1, 5)), min_size=1, max_size=4))
def test_halves_that_take_turns_change_nothing(batch):
    asked = [request(graph, np.arange(count), salt=count) for graph, count in batch]

    there, overlapped = (run_graphs(world, asked, "math", "search", MODELS) for world in (WORLD, Overlapping()))

    for one, other in zip(there, overlapped, strict=True):
        assert [field.tolist() for field in one] == [field.tolist() for field in other]


CHAIN = Graph.of([("3B", "assistant"), ("3B", "fuser")], [(0, 1)])


def test_the_other_half_is_under_way_while_one_is_awaited():
    world = Overlapping()

    run_graphs(world, [request(CHAIN, range(6))], "math", "search", MODELS)

    assert world.said == [
        *(("begun", 0), ("begun", 1), ("awaited", 0), ("begun", 2)),
        *(("awaited", 1), ("begun", 3), ("awaited", 2), ("awaited", 3)),
    ]


def test_a_batch_that_fails_ends_what_is_under_way():
    world = Overlapping(fails=1)

    with pytest.raises(WorldError, match="gone"):
        run_graphs(world, [request(CHAIN, range(6))], "math", "search", MODELS)

    assert world.said[-2:] == [("awaited", 1), ("cancelled", 2)]


def test_what_is_not_read_is_absent():
    seen = []

    class Watched(SimulatedWorld):
        def answer(self, calls):
            seen.append(calls.inputs)
            return super().answer(calls)

    wide = Graph.of([("1B", "assistant")] * 3, sink="vote")
    single = Graph.of([("1B", "assistant")], sink="vote")
    run_graphs(Watched(), [request(wide, [0]), request(single, [0])], "math", "search", MODELS)

    assert sorted((row == ABSENT).sum() for row in seen[1]) == [0, 2]


def test_a_graph_of_other_models_is_refused():
    with pytest.raises(InvalidGraph, match="'70B', which is not among 1B, 3B, 8B"):
        run_graphs(WORLD, [request(Graph.of([("70B", "assistant")]), [0])], "math", "search", MODELS)


def test_no_requests_no_traces():
    assert run_graphs(WORLD, [], "math", "search", MODELS) == []
