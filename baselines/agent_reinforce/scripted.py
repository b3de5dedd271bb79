"""A deterministic policy in place of the LLM: it reads the same briefing and gives the same structured reply.

It makes the method runnable and testable without a model. It is no evidence about LLM-driven results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from baselines.agent_reinforce.feedback import Briefing
from bench.encoding import encode
from bench.graph import Graph
from bench.optimizer import Problem
from bench.space import Space

__all__ = ["propose_mixes", "update"]

_MANY_INPUTS = 3
"""From this in-degree on a node is given the largest model that fits: larger models bear more predecessors."""

_NEGLIGIBLE = 0.005
"""Rows that would change by less are left out of the reply: its tokens are charged."""


def propose_mixes(problem: Problem, count: int, inverted: bool) -> dict[str, Any]:
    """Mixes to pre-test, best first as far as one can know.

    With the calibration table of tier P1, its mixes by their accuracy; then mixes that differ as much as they
    can: each model alone as often as fits, then pairs of neighbours in size. inverted: even mixes of all models,
    and the table from its worst end.
    """
    space, prior = problem.space, problem.prior
    names = _by_size(space)
    alone = [{name: _most(space, name)} for name in reversed(names)]
    pairs = [{small: 1, large: 1} for small, large in pairwise(names)]
    mixes = [*alone, *reversed(pairs)]
    if inverted:
        mixes = [dict.fromkeys(names, n) for n in range(1, count + 1)]
    if prior is not None:
        fitting = [entry for entry in prior.mixes if sum(entry[0].values()) <= space.max_nodes]
        ranked = sorted(fitting, key=lambda entry: entry[1] if inverted else -entry[1])
        mixes = [*(dict(mix) for mix, _ in ranked), *mixes]
    counts = [{name: mix.get(name, 0) for name in space.pool.names} for mix in mixes]
    distinct = list({tuple(mix.values()): mix for mix in counts}.values())
    return {"mixes": distinct[:count], "reason": "one of each kind before any is refined"}


def update(briefing: Briefing, eta: float, window: int, insights: bool, inverted: bool) -> dict[str, Any]:
    """Move every probability by eta towards the best graph, then towards it grown by one node.

    insights: whether it takes the second step. inverted: it grows again in the way that was tried more, and puts
    the smallest model where many answers are read.
    """
    moved = _moved(briefing, briefing.probabilities, briefing.best, eta)
    reason = f"towards {briefing.best}"
    if insights and (grown := _Growing(briefing, window, inverted).step()) is not None:
        moved = _moved(briefing, moved, grown[0], eta)
        reason += f", and {grown[1]}"
    changes = [
        {"name": name, "probabilities": [round(p, 3) for p in moved[name]]}
        for name, before in briefing.probabilities.items()
        if max(abs(p - q) for p, q in zip(before, moved[name], strict=True)) > _NEGLIGIBLE
    ]
    return {"changes": changes, "reason": reason}


def _by_size(space: Space) -> list[str]:
    """The models' names, the smallest first: a pool may list them in any order."""
    cost = {name: row[0] for name, row in zip(space.pool.names, space.flops, strict=True)}
    return sorted(cost, key=cost.__getitem__)


def _most(space: Space, name: str) -> int:
    """How many parallel answers of a model the budget allows, the sink not counted."""
    row = space.flops[space.pool.names.index(name)]
    return max(1, min(space.max_nodes, space.cap // row[0]))


def _moved(
    briefing: Briefing, probabilities: dict[str, list[float]], graph: Graph, eta: float
) -> dict[str, list[float]]:
    """All probabilities moved by eta towards drawing the graph."""
    target = briefing.rows.certain(encode(briefing.problem.space, graph))
    return {
        name: [(1 - eta) * p + eta * t for p, t in zip(row, target[name], strict=True)]
        for name, row in probabilities.items()
    }


class _Growing:
    """The insight step: the best graph one node wider or one deeper.

    models, edges (pairs of models) and inputs (in-degrees): mean score of the last `window` graphs that had it.
    """

    def __init__(self, briefing: Briefing, window: int, inverted: bool) -> None:
        self.briefing, self.inverted = briefing, inverted
        self.space, self.best = briefing.problem.space, briefing.best
        graphs = list({entry.graph.id: entry.graph for entry in briefing.reports}.values())
        self.seen = [(graph, briefing.scores[graph.id]) for graph in graphs]
        self.window = window
        self.models = self._recent(lambda graph: [node.model for node in graph.nodes])
        self.edges = self._recent(lambda g: [(g.nodes[a].model, g.nodes[b].model) for a, b in g.edges])
        self.inputs = self._recent(lambda graph: [len(node.preds) for node in graph.nodes if node.preds])

    def step(self) -> tuple[Graph, str] | None:
        """The first growth that fits, of the way that was tried less before the other."""
        ways = [
            (self.briefing.wider, "one wider", self._wider),
            (self.briefing.deeper, "one deeper", self._deeper),
        ]
        for _, name, way in sorted(ways, key=lambda entry: -entry[0] if self.inverted else entry[0]):
            for graph in way():
                if self.space.contains(graph):
                    return graph, name
        return None

    def _recent(self, features: Callable[[Graph], Iterable[Any]]) -> dict[Any, float]:
        found: dict[Any, list[float]] = defaultdict(list)
        for graph, score in self.seen:
            for feature in set(features(graph)):
                found[feature].append(score)
        return {feature: float(np.mean(scores[-self.window :])) for feature, scores in found.items()}

    def _preferred(self, inputs: int) -> list[str]:
        """Models in the order in which a node that reads so many answers should try them."""
        names = _by_size(self.space)
        if inputs >= _MANY_INPUTS:
            return names if self.inverted else names[::-1]
        return sorted(names, key=lambda name: -self.models.get(name, -np.inf))

    def _wider(self) -> Iterator[Graph]:
        """One more answer in parallel, read by the node that takes such answers best, or by the sink."""
        best = self.best
        n, models = len(best.nodes), [node.model for node in best.nodes]
        fusers = [v for v in range(n) if best.nodes[v].preds]
        for model in self._preferred(0):
            if not fusers:
                yield self._graph([*models, model], set())
                continue
            pair = {v: self.edges.get((model, models[v]), -np.inf) for v in fusers}
            reader = max(fusers, key=lambda v: (pair[v], len(best.nodes[v].preds)))
            inputs = len(best.nodes[reader].preds) + 1
            bearers = self._preferred(inputs) if inputs >= _MANY_INPUTS else []
            for bearer in dict.fromkeys([*bearers, models[reader]]):
                changed = [*models[:reader], bearer, *models[reader + 1 :], model]
                yield self._graph(changed, {(n, reader)})

    def _deeper(self) -> Iterator[Graph]:
        """One more node that merges the best answers the sink reads, as many as worked best lately."""
        best = self.best
        n, models = len(best.nodes), [node.model for node in best.nodes]
        wanted = max(self.inputs, key=lambda d: (self.inputs[d], -d), default=len(best.reads))
        count = max(1, min(wanted, len(best.reads)))
        for model in self._preferred(count):
            pair = {v: self.edges.get((models[v], model), -np.inf) for v in best.reads}
            chosen = sorted(best.reads, key=lambda v: -pair[v])[:count]
            yield self._graph([*models, model], {(v, n) for v in chosen})

    def _graph(self, models: list[str], edges: set[tuple[int, int]]) -> Graph:
        """The best graph with these models and more edges; a node that reads more than before is a fuser."""
        roles = [node.role for node in self.best.nodes] + ["assistant"]
        for _, target in edges:
            roles[target] = "fuser"
        edges |= set(self.best.edges)
        reads = {*self.best.reads, len(models) - 1} if self.space.free_reads else None
        return Graph.of(list(zip(models, roles, strict=True)), edges, self.best.sink, reads)
