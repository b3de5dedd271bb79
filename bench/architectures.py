"""The usual fixed shapes of test-time scaling, as graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.graph import Graph

__all__ = ["Answering", "chain", "chains", "layered", "mixed", "parallel", "parallel_then_fuse"]

Answering = tuple[str, str | None]
"""A sink: `("select", model)` or `("vote", None)`."""


def parallel(model: str, width: int, sink: Answering) -> Graph:
    """`width` independent answers of one model under a sink: self-consistency, or best-of-N under `select`."""
    return Graph.of([(model, "assistant")] * width, (), sink)


def mixed(counts: Mapping[str, int], sink: Answering) -> Graph:
    """Independent answers of several models, so many of each, under a sink."""
    return Graph.of([(model, "assistant") for model, n in counts.items() for _ in range(n)], (), sink)


def chain(model: str, depth: int, sink: Answering) -> Graph:
    """Sequential refinement: an answer, revised `depth` − 1 times, each time reading the one before."""
    nodes = [(model, "assistant")] + [(model, "fuser")] * (depth - 1)
    return Graph.of(nodes, [(v, v + 1) for v in range(depth - 1)], sink)


def parallel_then_fuse(model: str, width: int, fuser: str, sink: Answering) -> Graph:
    """`width` independent answers, merged by one fuser."""
    nodes = [(model, "assistant")] * width + [(fuser, "fuser")]
    return Graph.of(nodes, [(v, width) for v in range(width)], sink)


def layered(layer: Sequence[str], depth: int, sink: Answering) -> Graph:
    """`depth` layers of these models, each node reading the whole layer before (mixture of agents, debate)."""
    width = len(layer)
    nodes = [(model, "fuser" if row else "assistant") for row in range(depth) for model in layer]
    edges = [
        (row * width + a, (row + 1) * width + b)
        for row in range(depth - 1)
        for a in range(width)
        for b in range(width)
    ]
    return Graph.of(nodes, edges, sink)


def chains(model: str, depths: Sequence[int], sink: Answering) -> Graph:
    """Independent chains of one model, so deep each; the sink reads the last answer of every one."""
    starts = [sum(depths[:i]) for i in range(len(depths))]
    nodes = [(model, "fuser" if place else "assistant") for depth in depths for place in range(depth)]
    edges = [
        (v, v + 1) for start, depth in zip(starts, depths, strict=True) for v in range(start, start + depth - 1)
    ]
    return Graph.of(nodes, edges, sink)
