"""Hypothesis strategies for our own types; extended with every feature."""

from __future__ import annotations

from hypothesis import strategies as st

from bench.graph import Graph

MODELS = ("1B", "3B", "8B")


@st.composite
def graphs(draw, max_nodes=7):
    """Any graph of the usual roles: random models, edges and sink."""
    n = draw(st.integers(1, max_nodes))
    edges = [(a, b) for b in range(n) for a in range(b) if draw(st.booleans())]
    fed = {b for _, b in edges}
    nodes = [(draw(st.sampled_from(MODELS)), "fuser" if v in fed else "assistant") for v in range(n)]
    sink = draw(st.sampled_from([("select", "3B"), ("vote", None), None]))
    reads = None if sink is None or draw(st.booleans()) else draw(st.sets(st.integers(0, n - 1), min_size=1))
    return Graph.of(nodes, edges, sink, reads)


@st.composite
def relabellings(draw, graph: Graph):
    """The same graph, its nodes given in another order (sink None keeps the answering node last)."""
    n = len(graph.nodes)
    if graph.sink is None:
        head = [v for v in range(n) if v != graph.reads[0]]
        order = [*draw(st.permutations(head)), graph.reads[0]]
    else:
        order = draw(st.permutations(range(n)))
    place = {v: i for i, v in enumerate(order)}
    nodes = [(graph.nodes[v].model, graph.nodes[v].role) for v in order]
    edges = [(place[a], place[b]) for a, b in graph.edges]
    return Graph.of(nodes, edges, graph.sink, None if graph.sink is None else [place[v] for v in graph.reads])
