"""A deterministic policy in place of the LLM: it reads the same briefing and gives the same structured reply.

It makes the method runnable and testable without a model. It is no evidence about LLM-driven results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from baselines._distribution import coordinate_names
from baselines.agent_reinforce.feedback import Briefing
from bench.encoding import encode
from bench.graph import Graph
from bench.space import Space

__all__ = ["propose_mixes", "update"]

_MANY_INPUTS = 3
"""From this in-degree on a node is given the largest model that fits: larger models bear more predecessors."""


def propose_mixes(space: Space, count: int) -> dict[str, Any]:
    """Mixes that differ as much as they can: each model alone as often as fits, then pairs of neighbours."""
    names = space.pool.names
    alone = [{name: _most(space, name)} for name in reversed(names)]
    pairs = [{small: 1, large: 1} for small, large in pairwise(names)]
    return {"mixes": [*alone, *reversed(pairs)][:count], "reason": "one of each kind before any is refined"}


def update(briefing: Briefing, eta: float, window: int, insights: bool) -> dict[str, Any]:
    """Move every probability by eta towards the best graph, then towards it grown by one node."""
    names = coordinate_names(briefing.space)
    current = [np.array(briefing.probabilities[name]) for name in names]
    moved = _moved(current, encode(briefing.space, briefing.best), eta)
    reason = f"towards {briefing.best}"
    if insights and (grown := _grown(briefing, window)) is not None:
        moved = _moved(moved, encode(briefing.space, grown[0]), eta)
        reason += f", and {grown[1]}"
    changes = {
        name: [round(float(p), 4) for p in after]
        for name, before, after in zip(names, current, moved, strict=True)
        if np.abs(before - after).max() > 0.005
    }
    return {"changes": changes, "reason": reason}


def _most(space: Space, name: str) -> int:
    """How many parallel answers of a model the budget allows under some sink."""
    row = space.flops[space.pool.names.index(name)]
    return max(1, min(space.max_nodes, space.cap // row[0]))


def _moved(probabilities: list[np.ndarray], point: list[int], eta: float) -> list[np.ndarray]:
    return [(1 - eta) * p + eta * np.eye(len(p))[value] for p, value in zip(probabilities, point, strict=True)]


def _recent(briefing: Briefing, window: int, features: Callable[[Graph], Iterator[Any]]) -> dict[Any, float]:
    """For each feature the mean posterior of the last `window` graphs that had it."""
    seen: dict[Any, list[float]] = defaultdict(list)
    for graph in {entry.graph.id: entry.graph for entry in briefing.reports}.values():
        for feature in set(features(graph)):
            seen[feature].append(briefing.scores[graph.id])
    return {feature: float(np.mean(scores[-window:])) for feature, scores in seen.items()}


def _grown(briefing: Briefing, window: int) -> tuple[Graph, str] | None:
    """The best graph one node wider or one deeper, whichever was tried less and fits."""
    ways = [(briefing.wider, "one wider", _wider), (briefing.deeper, "one deeper", _deeper)]
    for _, name, way in sorted(ways, key=lambda entry: entry[0]):
        for graph in way(briefing, window):
            if briefing.space.contains(graph):
                return graph, name
    return None


def _preferred(briefing: Briefing, window: int, inputs: int) -> list[str]:
    """Models in the order in which a new node should try them."""
    names = list(briefing.space.pool.names)
    if inputs >= _MANY_INPUTS:
        return names[::-1]
    means = _recent(briefing, window, lambda graph: (node.model for node in graph.nodes))
    return sorted(names, key=lambda name: -means.get(name, 0.0))


def _wider(briefing: Briefing, window: int) -> Iterator[Graph]:
    """One more answer in parallel, read by whoever reads the answers there are."""
    best = briefing.best
    n = len(best.nodes)
    readers = max(range(n), key=lambda v: len(best.nodes[v].preds)) if best.depth > 1 else None
    for model in _preferred(briefing, window, 0):
        edges = set(best.edges) | (set() if readers is None else {(n, readers)})
        yield _graph(briefing.space, [*(node.model for node in best.nodes), model], edges, best)


def _deeper(briefing: Briefing, window: int) -> Iterator[Graph]:
    """One more node that merges answers the sink reads now; how many, as worked best lately."""
    best = briefing.best
    n = len(best.nodes)
    means = _recent(briefing, window, lambda graph: (len(node.preds) for node in graph.nodes if node.preds))
    wanted = max(means, key=lambda d: (means[d], -d), default=len(best.reads))
    inputs = best.reads[: max(1, wanted)]
    for model in _preferred(briefing, window, len(inputs)):
        edges = set(best.edges) | {(v, n) for v in inputs}
        yield _graph(briefing.space, [*(node.model for node in best.nodes), model], edges, best)


def _graph(space: Space, models: list[str], edges: set[tuple[int, int]], like: Graph) -> Graph:
    fed = {b for _, b in edges}
    nodes = [(model, "fuser" if v in fed else "assistant") for v, model in enumerate(models)]
    reads = None if not space.free_reads else {*like.reads, len(models) - 1}
    return Graph.of(nodes, edges, like.sink, reads)
