"""What families of fixed architectures have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.architectures import chains, layered
from bench.graph import Graph, Sink
from bench.space import Space


def sinks_like(space: Space, kind: str) -> list[Sink]:
    """The space's sinks of this kind; all that it has where there is none."""
    return [sink for sink in space.sinks if sink.kind == kind] or list(space.sinks)


def line_ups(space: Space, width: int) -> list[tuple[str, ...]]:
    """Layers of one model each, then those that cycle through the pool, begun at each of its models."""
    names = space.pool.names
    cycles = [tuple(sorted(names[(first + i) % len(names)] for i in range(width))) for first in range(len(names))]
    return list(dict.fromkeys([(name,) * width for name in names] + cycles))


def in_chains(space: Space, lengths: Callable[[int], list[int]], least: int) -> list[Graph]:
    """Every model at every number of nodes from `least` on that fits, cut into chains, under a selecting sink.

    lengths: of the chains that so many nodes are cut into.
    """
    graphs = (
        chains(model, lengths(nodes), sink)
        for model in space.pool.names
        for nodes in range(least, space.max_nodes + 1)
        for sink in sinks_like(space, "select")
    )
    return [graph for graph in graphs if space.contains(graph)]


def layerings(space: Space, sinks: Sequence[Sink], least: int) -> list[Graph]:
    """Every line-up, two or more wide and `least` or more deep, that fits the inference budget, under `sinks`."""
    graphs = (
        layered(layer, depth, sink)
        for width in range(2, space.max_nodes // least + 1)
        for depth in range(least, space.max_nodes // width + 1)
        for layer in line_ups(space, width)
        for sink in sinks
    )
    return [graph for graph in graphs if space.contains(graph)]
