"""Every graph of a small space, once.

Breadth first by node count. Removing a node without predecessors from a feasible graph leaves a feasible one,
so the graphs of n + 1 nodes are those of n nodes with one more, each readers' set tried while its price fits;
what is isomorphic is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from bench.graph import Graph
from bench.growth import Growth, roles_for
from bench.space import Space

__all__ = ["enumerate_space", "enumerate_up_to"]


def enumerate_space(space: Space, max_nodes: int) -> list[Graph]:
    """All graphs of `space` with at most `max_nodes` nodes, sorted by (nodes, cost, id)."""
    return sorted(_graphs(space, max_nodes), key=lambda g: (len(g.nodes), space.cost(g), g.id))


@lru_cache(maxsize=4)
def enumerate_up_to(space: Space, limit: int) -> list[Graph] | None:
    """All graphs of `space` in no documented order, or None as soon as more than `limit` are seen."""
    graphs = list(islice(_graphs(space, space.max_nodes), limit + 1))
    return None if len(graphs) > limit else graphs


def _graphs(space: Space, max_nodes: int) -> Iterator[Graph]:
    for sink in space.sinks:
        layer: list[Growth] = [Growth(space, sink)]
        for _ in range(max_nodes):
            grown: list[Growth] = []
            for growth, graph in _next_layer(space, layer):
                grown.append(growth)
                if graph is not None:
                    yield from _finished(space, graph)
            layer = grown


def _next_layer(space: Space, layer: list[Growth]) -> Iterator[tuple[Growth, Graph | None]]:
    """Every growth with one node more, and its graph; None as long as the sink reads nothing."""
    seen: set[tuple[bool, Graph]] = set()
    for growth in layer:
        for model in range(len(space.pool.models)):
            for readers, by_sink in _placements(space, growth, model):
                child = growth.copy()
                child.add(model, readers, by_sink)
                finished = any(child.by_sink)
                graph = child.graph() if finished else _all_read(child)
                if (finished, graph) not in seen:
                    seen.add((finished, graph))
                    yield child, graph if finished else None


def _completable(space: Space, models: list[int]) -> bool:
    """Whether a nominal mix of the space has at least these models; always true without one."""
    counts = [models.count(m) for m in range(len(space.pool.models))]
    return space.nominal is None or any(
        all(have <= allowed for have, allowed in zip(counts, mix, strict=True)) for mix in space.mixes()
    )


def _placements(space: Space, growth: Growth, model: int) -> Iterator[tuple[list[int], bool]]:
    """All (readers, by_sink) that fit; prices only grow, so a branch ends where it stops fitting."""
    steps = [growth.step(v) for v in range(len(growth.models))]
    left = space.cap - growth.flops - space.flops[model][0]

    def extend(start: int, readers: list[int], spare: int) -> Iterator[list[int]]:
        yield readers
        for v in range(start, len(steps)):
            if steps[v] <= spare:
                yield from extend(v + 1, [*readers, v], spare - steps[v])

    if left < 0 or not _completable(space, [*growth.models, model]):
        return
    for readers in extend(0, [], left):
        spare = left - sum(steps[v] for v in readers)
        if growth.sink_step <= spare and (space.free_reads or not readers):
            yield readers, True
        if readers or space.dead_ends:
            yield readers, False


def _all_read(growth: Growth) -> Graph:
    """The canonical graph of a growth whose nodes the sink does not read yet, as if it read them all."""
    twin = growth.copy()
    twin.by_sink = [True] * len(twin.models)
    return twin.graph()


def _finished(space: Space, graph: Graph) -> Iterator[Graph]:
    """The graph in every choice of roles that the space allows."""
    if not space.free_roles:
        if space.nominal is None or space.contains(graph):
            yield graph
        return
    seen: set[str] = set()
    for roles in product(*(roles_for(len(node.preds)) for node in graph.nodes)):
        variant = _with_roles(graph, roles)
        if variant.id not in seen:
            seen.add(variant.id)
            yield variant


def _with_roles(graph: Graph, roles: tuple[str, ...]) -> Graph:
    nodes = [(node.model, role) for node, role in zip(graph.nodes, roles, strict=True)]
    return Graph.of(nodes, graph.edges, graph.sink, graph.reads)
