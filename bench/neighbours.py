"""The feasible graphs one edit away: what local methods and the reference search walk on."""

from __future__ import annotations

from collections.abc import Iterator

from bench.graph import Graph, Sink
from bench.space import Space

__all__ = ["neighbours"]

Draft = tuple[list[str], set[tuple[int, int]], Sink]


def neighbours(space: Space, graph: Graph) -> list[Graph]:
    """Distinct feasible graphs one edit from `graph`, sorted by id.

    Edits: another model at a node, one edge more or less, one node less, one node more (without inputs, read
    by one node or the sink), another sink. Only for spaces whose sink reads exactly what nobody else reads.
    """
    found = {g.id: g for draft in _edits(space, graph) if space.contains(g := _build(draft))}
    found.pop(graph.id, None)
    return [found[key] for key in sorted(found)]


def _build(draft: Draft) -> Graph:
    models, edges, sink = draft
    fed = {b for _, b in edges}
    return Graph.of([(m, "fuser" if v in fed else "assistant") for v, m in enumerate(models)], edges, sink)


def _edits(space: Space, graph: Graph) -> Iterator[Draft]:
    models, edges = [node.model for node in graph.nodes], set(graph.edges)
    sink, n = graph.sink, len(graph.nodes)
    assert sink is not None
    yield from ((models, edges, other) for other in space.sinks if other != sink)
    for v in range(n):
        for name in space.pool.names:
            yield [*models[:v], name, *models[v + 1 :]], edges, sink
    yield from ((models, edges ^ {(a, b)}, sink) for b in range(n) for a in range(b))
    if n > 1:
        yield from ((models[:v] + models[v + 1 :], _without(edges, v), sink) for v in range(n))
    if n < space.max_nodes:
        for name in space.pool.names:
            shifted = {(a + 1, b + 1) for a, b in edges}
            yield [name, *models], shifted, sink
            yield from (([name, *models], shifted | {(0, v + 1)}, sink) for v in range(n))


def _without(edges: set[tuple[int, int]], v: int) -> set[tuple[int, int]]:
    kept = {(a, b) for a, b in edges if v not in (a, b)}
    return {(a - (a > v), b - (b > v)) for a, b in kept}
