"""Graphs as points of a fixed-dimensional space, for optimizers that think in vectors.

A point has one integer for the sink, one for each node slot (0: empty, else 1 + position in the pool), and one
bit for each pair of slots. Slot j is grown as in `bench.growth`: bit (i, j), i < j, says that slot i reads
slot j. Every point decodes to a feasible graph: what does not fit is repaired by leaving it out, in a fixed
order, never by rejecting the point. Every feasible graph is the image of `encode`'s point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.graph import Graph
from bench.growth import Growth, roles_for
from bench.space import Space

__all__ = ["Layout", "cardinalities", "decode", "encode", "layout"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the coordinates of a point are.

    slots: number of node slots n. cardinalities: coordinate c takes the integers 0 … cardinalities[c] − 1.
    Order: sink; slots; pairs (0,1), (0,2), (1,2), (0,3), …; where the sink may read inner nodes, one bit a
    slot; where roles are free, one role a slot (modulo the number of roles that suit the in-degree).
    """

    slots: int
    cardinalities: tuple[int, ...]

    def slot(self, slot: int) -> int:
        """Coordinate of the slot's model."""
        return 1 + slot

    def pair(self, reader: int, read: int) -> int:
        """Coordinate of the bit that says `reader` reads `read`, reader < read."""
        return 1 + self.slots + read * (read - 1) // 2 + reader

    def sink_bit(self, slot: int) -> int:
        """Coordinate of the bit that says the sink reads the slot too."""
        return 1 + self.slots + self.slots * (self.slots - 1) // 2 + slot

    def role(self, slot: int) -> int:
        """Coordinate of the slot's role."""
        return len(self.cardinalities) - self.slots + slot


@lru_cache
def _layout(sinks: int, models: int, slots: int, free_reads: bool, free_roles: bool) -> Layout:
    pairs = (2,) * (slots * (slots - 1) // 2)
    extra = (2,) * slots * free_reads + (4,) * slots * free_roles
    return Layout(slots, (sinks, *(1 + models,) * slots, *pairs, *extra))


def layout(space: Space) -> Layout:
    """The layout of the points of `space`."""
    return _layout(len(space.sinks), len(space.pool.models), space.max_nodes, space.free_reads, space.free_roles)


def cardinalities(space: Space) -> tuple[int, ...]:
    """Number of values of each coordinate."""
    return layout(space).cardinalities


def decode(space: Space, point: Sequence[int]) -> Graph:
    """The feasible graph at `point`: slots, then the readers of each, are taken in order while they fit."""
    where = layout(space)
    growth = Growth(space, space.sinks[point[0]])
    placed: dict[int, int] = {}
    for slot, model in enumerate(_models(space, point)):
        wanted = [placed[i] for i in range(slot) if point[where.pair(i, slot)] and i in placed]
        also_sink = space.free_reads and bool(point[where.sink_bit(slot)])
        if model >= 0 and _place(growth, model, wanted, also_sink):
            placed[slot] = len(growth.models) - 1
    if not any(growth.by_sink):
        return _unread(space, growth)
    if not space.free_roles:
        return growth.graph()
    slots = list(placed)
    return growth.graph(lambda a, inputs: _role(inputs, point[where.role(slots[a])]))


def encode(space: Space, graph: Graph) -> list[int]:
    """A point that decodes to `graph`, which must be in `space`."""
    where, used = layout(space), len(graph.nodes)
    point = [0] * len(where.cardinalities)
    assert graph.sink is not None
    point[0] = space.sinks.index(graph.sink)
    for v, node in enumerate(graph.nodes):
        slot = used - 1 - v
        point[where.slot(slot)] = 1 + space.pool.names.index(node.model)
        for p in node.preds:
            point[where.pair(slot, used - 1 - p)] = 1
        if space.free_reads and v in graph.reads:
            point[where.sink_bit(slot)] = 1
        if space.free_roles:
            point[where.role(slot)] = roles_for(len(node.preds)).index(node.role)
    return point


def _role(inputs: int, value: int) -> str:
    fitting = roles_for(inputs)
    return fitting[value % len(fitting)]


def _models(space: Space, point: Sequence[int]) -> list[int]:
    """Position in the pool for each slot, −1 for empty; with a nominal budget, of the nearest allowed mix."""
    models = [value - 1 for value in point[1 : 1 + space.max_nodes]]
    if space.nominal is None:
        return models
    counts = [models.count(m) for m in range(len(space.pool.models))]
    mix = min(space.mixes(), key=lambda mix: sum(abs(a - b) for a, b in zip(mix, counts, strict=True)))
    left = list(mix)
    for slot, model in enumerate(models):
        if model >= 0 and left[model]:
            left[model] -= 1
        else:
            models[slot] = -1
    spare = iter([m for m, count in enumerate(left) for _ in range(count)])
    return [next(spare, -1) if model < 0 else model for model in models]


def _place(growth: Growth, model: int, wanted: list[int], also_sink: bool) -> bool:
    """Add the node with the longest prefix of its readers that fits; False when not even one reader does."""
    space = growth.space
    for count in range(len(wanted), -1, -1):
        readers = wanted[:count]
        by_sink = also_sink or not (readers or space.dead_ends)
        for choice in dict.fromkeys((by_sink, not readers and not space.dead_ends)):
            if growth.flops + growth.price(model, readers, choice) <= space.cap:
                growth.add(model, readers, choice)
                return True
    step, cheapest, by_sink = growth.cheapest_placement()
    if growth.flops + space.flops[model][0] + step > space.cap:
        return False
    growth.add(model, cheapest, by_sink)
    return True


def _unread(space: Space, growth: Growth) -> Graph:
    """The graph of a point whose sink reads nothing: it reads the first slot; an empty point is the cheapest."""
    if not growth.models:
        return space.cheapest()
    growth.by_sink[0] = True
    return growth.graph()
