"""Graphs: one object for each isomorphism class."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import MODELS, graphs, relabellings

from bench.cost import graph_cost
from bench.errors import InvalidGraph
from bench.graph import Graph


@given(st.data())
def test_relabelled_graphs_are_the_same_candidate(data):
    graph = data.draw(graphs())

    twin = data.draw(relabellings(graph))

    assert twin == graph
    assert twin.id == graph.id
    assert graph_cost(twin, "math") == graph_cost(graph, "math")


@given(graphs())
def test_plain_data_and_back(graph):
    assert Graph.from_dict(graph.to_dict()) == graph


def _brute_classes(n):
    """All graphs of n nodes over two models under a vote, and their classes by trying all permutations."""
    pairs = [(a, b) for b in range(n) for a in range(b)]
    forms, ids = set(), set()
    for models in itertools.product(MODELS[:2], repeat=n):
        for bits in itertools.product((0, 1), repeat=len(pairs)):
            edges = [pair for pair, bit in zip(pairs, bits, strict=True) if bit]
            fed = {b for _, b in edges}
            roles = ["fuser" if v in fed else "assistant" for v in range(n)]
            forms.add(
                min(
                    (
                        tuple(models[p.index(i)] for i in range(n)),
                        tuple(sorted((p[a], p[b]) for a, b in edges)),
                    )
                    for p in itertools.permutations(range(n))
                )
            )
            ids.add(Graph.of(list(zip(models, roles, strict=True)), edges, "vote").id)
    return forms, ids


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_ids_are_equal_exactly_for_isomorphic_graphs(n):
    forms, ids = _brute_classes(n)

    assert len(ids) == len(forms)


def test_equal_disjoint_chains_pair_their_ranks():
    """Colour refinement alone cannot tell these chains apart; any relabelling must still agree."""
    nodes = [("1B", "assistant")] * 3 + [("1B", "fuser")] * 3
    for targets in itertools.permutations(range(3, 6)):
        graph = Graph.of(nodes, list(enumerate(targets)), "vote")
        assert [node.preds for node in graph.nodes[3:]] == [(0,), (1,), (2,)]


def test_many_equal_chains_do_not_explode():
    nodes = [("1B", "assistant")] * 12 + [("1B", "fuser")] * 12
    started = time.process_time()

    Graph.of(nodes, [(v, v + 12) for v in range(12)], "vote")

    assert time.process_time() - started < 5


def test_replicas_count_equal_model_and_role():
    graph = Graph.of(
        [("3B", "assistant"), ("1B", "assistant"), ("3B", "assistant"), ("3B", "fuser")],
        [(0, 3), (2, 3)],
        "vote",
    )
    expected = {("1B", "assistant"): [0], ("3B", "assistant"): [0, 1], ("3B", "fuser"): [0]}

    found = {}
    for node, replica in zip(graph.nodes, graph.replicas, strict=True):
        found.setdefault((node.model, node.role), []).append(replica)

    assert found == expected


def test_depth_and_width():
    graph = Graph.of(
        [("1B", "assistant")] * 3 + [("3B", "fuser"), ("8B", "fuser")],
        [(0, 3), (1, 3), (3, 4)],
        ("select", "3B"),
    )

    assert (graph.depth, graph.width) == (3, 3)


def test_without_a_sink_the_last_node_answers():
    graph = Graph.of([("1B", "assistant"), ("3B", "assistant")])

    assert graph.nodes[graph.reads[0]].model == "3B"
    assert graph != Graph.of([("3B", "assistant"), ("1B", "assistant")])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([],), "at least one node"),
        (([("1B", "assistant")] * 2, [(0, 1), (1, 0)]), "cycle"),
        (([("1B", "assistant")], [(0, 3)]), "outside"),
        (([("1B", "fuser")],), "at least one predecessor"),
        (([("1B", "oracle")],), "no role 'oracle'"),
        (([("1B", "assistant")], [], ("select", None)), "needs a model"),
        (([("1B", "assistant")], [], "jury"), "no sink 'jury'"),
        (([("1B", "assistant")], [], "vote", []), "at least one of the nodes"),
        (([("1B", "assistant")] * 2 + [("1B", "reviser")], [(0, 2), (1, 2)], "vote"), "exactly one"),
    ],
)
def test_invalid_graphs_say_what_is_wrong(arguments, words):
    with pytest.raises(InvalidGraph, match=words):
        Graph.of(*arguments)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda s: st.lists(s) | st.dictionaries(st.sampled_from(["nodes", "edges", "sink", "reads"]), s),
    )
)
@settings(max_examples=200)
def test_foreign_data_is_refused_with_one_error(data):
    if isinstance(data, dict):
        with pytest.raises(InvalidGraph):
            Graph.from_dict(data)
