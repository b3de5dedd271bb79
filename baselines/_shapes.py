"""What families of fixed architectures have in common."""

from __future__ import annotations

from collections.abc import Sequence

from bench.architectures import layered
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
