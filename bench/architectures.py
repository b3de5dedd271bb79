"""The usual fixed shapes of test-time scaling, as graphs."""

from __future__ import annotations

from bench.graph import Graph

__all__ = ["Answering", "chain", "layered", "parallel", "parallel_then_fuse"]

Answering = tuple[str, str | None]
"""A sink: `("select", model)` or `("vote", None)`."""


def parallel(model: str, width: int, sink: Answering) -> Graph:
    """`width` independent answers of one model under a sink: self-consistency, or best-of-N under `select`."""
    return Graph.of([(model, "assistant")] * width, (), sink)


def chain(model: str, depth: int, sink: Answering) -> Graph:
    """Sequential refinement: an answer, revised `depth` − 1 times, each time reading the one before."""
    nodes = [(model, "assistant")] + [(model, "fuser")] * (depth - 1)
    return Graph.of(nodes, [(v, v + 1) for v in range(depth - 1)], sink)


def parallel_then_fuse(model: str, width: int, fuser: str, sink: Answering) -> Graph:
    """`width` independent answers, merged by one fuser."""
    nodes = [(model, "assistant")] * width + [(fuser, "fuser")]
    return Graph.of(nodes, [(v, width) for v in range(width)], sink)


def layered(model: str, width: int, depth: int, sink: Answering) -> Graph:
    """`depth` layers of `width` nodes, each reading the whole layer before (mixture of agents, debate rounds)."""
    nodes = [(model, "assistant")] * width + [(model, "fuser")] * (width * (depth - 1))
    edges = [
        ((layer - 1) * width + a, layer * width + b)
        for layer in range(1, depth)
        for a in range(width)
        for b in range(width)
    ]
    return Graph.of(nodes, edges, sink)
