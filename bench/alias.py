"""What a method is told that the models are called.

A method that gains from knowing what "8B" means gains from prior knowledge, not from search. So a run may show
the models under other names, and in another order (fairness rule 13): the gain that survives is adaptation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bench.canonical import canonical_order
from bench.errors import unknown
from bench.graph import Graph, Sink
from bench.keys import generator
from bench.pools import Pool
from bench.space import Space

__all__ = ["NAMINGS", "Alias"]

NAMINGS = ("named", "aliased", "permuted")
"""named: as in the pool. aliased: neutral names, smallest model first. permuted: neutral names in any order."""


@dataclass(frozen=True, eq=False)
class Alias:
    """Two views of one space. real: the pool's own names. shown: what the method sees."""

    real: Space
    shown: Space
    called: Mapping[str, str]

    @staticmethod
    def of(space: Space, naming: str, seed: int) -> Alias:
        """The views for one run; the permutation is drawn from its seed."""
        if naming not in NAMINGS:
            raise unknown("naming", naming, NAMINGS)
        if naming == "named":
            return Alias(space, space, {name: name for name in space.pool.names})
        count = len(space.pool.models)
        order = generator("alias", seed).permutation(count) if naming == "permuted" else np.arange(count)
        models = [space.pool.models[int(i)] for i in order]
        called = {model.name: f"model-{chr(ord('a') + i)}" for i, model in enumerate(models)}
        renamed = tuple(replace(model, name=called[model.name]) for model in models)
        shown = space.pool
        pool = Pool(f"{shown.name} ({naming})", renamed, shown.agent, shown.synthetic, called[shown.selector])
        sinks = tuple(Sink(s.kind, None if s.model is None else called[s.model]) for s in space.sinks)
        return Alias(space, replace(space, pool=pool, sinks=sinks), called)

    @property
    def hides(self) -> bool:
        """Whether the method sees other names than the pool's."""
        return self.real is not self.shown

    def to_real(self, graph: Graph) -> Graph:
        """The graph under the pool's own names."""
        return _renamed(graph, self._back)[0] if self.hides else graph

    def to_shown(self, graph: Graph) -> Graph:
        """The graph as the method knows it."""
        return _renamed(graph, tuple(self.called.items()))[0] if self.hides else graph

    def places(self, shown: Graph) -> list[int]:
        """For each node of the shown graph, its place in the real one."""
        if not self.hides:
            return list(range(len(shown.nodes)))
        order = _renamed(shown, self._back)[1]
        place = {v: i for i, v in enumerate(order)}
        return [place[v] for v in range(len(order))]

    @property
    def _back(self) -> tuple[tuple[str, str], ...]:
        return tuple((shown, real) for real, shown in self.called.items())


@lru_cache(maxsize=4096)
def _renamed(graph: Graph, names: tuple[tuple[str, str], ...]) -> tuple[Graph, tuple[int, ...]]:
    """The graph with other names, and which old node each of its nodes is."""
    to = dict(names)
    nodes = [(to[node.model], node.role) for node in graph.nodes]
    preds = [set(node.preds) for node in graph.nodes]
    labels = [(model, role, v in graph.reads) for v, (model, role) in enumerate(nodes)]
    order = canonical_order(labels, preds)
    sink = None if graph.sink is None else (graph.sink.kind, to[graph.sink.model] if graph.sink.model else None)
    if graph.sink is None:
        data = {"nodes": nodes, "edges": graph.edges, "sink": None, "reads": graph.reads}
        return Graph.from_dict(data), tuple(order)
    return Graph.of(nodes, graph.edges, sink, graph.reads), tuple(order)
