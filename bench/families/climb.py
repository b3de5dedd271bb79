"""The reference search of an instance: frozen, some seconds of one core.

An evolution of graphs by `bench.families.edits`, started from the fixed architectures that fit and from draws
of the published sampler. Each generation is measured on few items and its better part on more. The search
measures on items of the range `search` alone: no item of the range `reference`, where truth is defined, is
ever used to choose, so the accuracy of what it finds carries no winner's curse.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement

from bench.families.edits import edited
from bench.graph import Graph
from bench.keys import generator
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

__all__ = ["FEW", "FINAL", "MANY", "Climb"]

FEW, MANY, FINAL = 500, 4_000, 16_000
"""Items of a first look, of a second look, and of the choice among the last."""

_DRAWS = 300
_PARENTS = 8  # of each sink
_CHILDREN = 100
_SECOND = 16  # of a generation's children that get a second look
_FINALISTS = 10


class Climb:
    """One search. fixed: graphs to start from, whose best is the mark to beat."""

    def __init__(self, world: SimulatedWorld, space: Space, fixed: Sequence[Graph]) -> None:
        self.world, self.space = world, space
        self.rng = generator("climb", world.universe.number, space.name, space.task, space.budget)
        self.seen: set[str] = set()
        self.score: dict[Graph, float] = {}  # of every graph that got a second look
        self.fixed = self._looked_at(fixed, 2 * _SECOND)
        self._looked_at([*mixtures(space), *(space.sample(self.rng) for _ in range(_DRAWS))], 2 * _SECOND)

    @property
    def gain(self) -> float:
        """How much better the best graph so far is than the best fixed one, on the items of the second look."""
        return max(self.score.values()) - max(self.score[graph] for graph in self.fixed)

    def generations(self, count: int) -> None:
        """Go on for so many generations."""
        for _ in range(count):
            parents = self._parents()
            chosen = self.rng.integers(len(parents), size=_CHILDREN)
            # the better half of the parents twice as often
            children = [edited(self.space, parents[int(i) // (1 + int(i) % 2)], self.rng) for i in chosen]
            self._looked_at(children, _SECOND)

    def best(self) -> Graph:
        """The best of the finalists on fresh-enough many items; ties go to the smaller id."""
        return self._ranked(self._best(_FINALISTS), FINAL)[0][0]

    def best_fixed(self, count: int) -> list[Graph]:
        """The best fixed graphs on the items of the second look."""
        return sorted(self.fixed, key=lambda g: (-self.score[g], g.id))[:count]

    def _parents(self) -> list[Graph]:
        kinds = [[g for g in self.score if g.sink == sink] for sink in self.space.sinks]
        ranked = [sorted(kind, key=lambda g: (-self.score[g], g.id))[:_PARENTS] for kind in kinds]
        return sorted((g for kind in ranked for g in kind), key=lambda g: (-self.score[g], g.id))

    def _best(self, count: int) -> list[Graph]:
        return sorted(self.score, key=lambda g: (-self.score[g], g.id))[:count]

    def _looked_at(self, graphs: Sequence[Graph], kept: int) -> list[Graph]:
        """The new ones among `graphs` that pass the first look, scored by the second."""
        fresh = [g for g in {g.id: g for g in graphs}.values() if g.id not in self.seen]
        self.seen.update(graph.id for graph in fresh)
        if not fresh:
            return []
        first = [graph for graph, _ in self._ranked(fresh, FEW)[:kept]]
        second = self._ranked(first, MANY)
        self.score.update(second)
        return [graph for graph, _ in second]

    def _ranked(self, graphs: Sequence[Graph], items: int) -> list[tuple[Graph, float]]:
        found = self.world.accuracies(graphs, self.space.task, slice(items), (0,), "search").tolist()
        return sorted(zip(graphs, found, strict=True), key=lambda pair: (-pair[1], pair[0].id))


@cache
def mixtures(space: Space) -> list[Graph]:
    """Every mix of models that fits, in parallel under every sink."""
    names, nodes = space.pool.names, range(1, space.max_nodes + 1)
    mixes = [mix for n in nodes for mix in combinations_with_replacement(names, n)]
    price = {name: row[0] for name, row in zip(names, space.flops, strict=True)}
    graphs = [
        Graph.of([(model, "assistant") for model in mix], (), sink)
        for sink in space.sinks
        for mix in mixes
        if sum(price[model] for model in mix) <= space.cap
    ]
    return [graph for graph in graphs if space.contains(graph)]
