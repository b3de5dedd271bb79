"""Graphs as points of a box [0, 1]^D, for optimizers that think in real numbers.

A continuous relaxation of `bench.encoding` with about two coordinates a node slot instead of one a pair:

- the sink; the number of slots in use;
- the model of each slot, the pool's models in equal intervals, smallest first;
- the readers of each slot but the first: the interval of 1/(j + 1) says how many of the j slots before it read
  slot j, the place within the interval which ones, by their rank among the subsets of that size in
  lexicographic order (so density is one direction of the box, and near points share most readers);
- where the sink may read inner nodes, one a slot (above ½: it does); where roles are free, one a slot.

Every point decodes to a feasible graph, and every feasible graph is decoded from its embedding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.encoding import decode as decode_integers
from bench.encoding import encode, layout
from bench.graph import Graph
from bench.space import Space

__all__ = ["decode", "dimension", "embed"]

_ROLES = 4
"""Intervals of a role's coordinate, as many as values in the encoding."""


def dimension(space: Space) -> int:
    """D: the number of coordinates of a point."""
    slots = space.max_nodes
    return 1 + 2 * slots + slots * (space.free_reads + space.free_roles)


def decode(space: Space, point: Sequence[float]) -> Graph:
    """The feasible graph at a point; coordinates outside [0, 1] count as its ends."""
    where, slots = layout(space), space.max_nodes
    sink, size, *rest = (min(max(float(x), 0.0), 1.0) for x in point)
    integers = [0] * len(where.cardinalities)
    integers[0] = _interval(sink, len(space.sinks))
    used = 1 + _interval(size, slots)
    for slot, x in enumerate(rest[:used]):
        integers[where.slot(slot)] = 1 + _interval(x, len(space.pool.models))
    for slot in range(1, used):
        for reader in _subset(rest[slots - 1 + slot], slot):
            integers[where.pair(reader, slot)] = 1
    extra = rest[2 * slots - 1 :]
    if space.free_reads:
        for slot in range(used):
            integers[where.sink_bit(slot)] = _interval(extra[slot], 2)
    if space.free_roles:
        for slot, x in enumerate(extra[-slots:]):
            integers[where.role(slot)] = _interval(x, _ROLES)
    return decode_integers(space, integers)


def embed(space: Space, graph: Graph) -> list[float]:
    """A point that decodes to `graph`, which must be in `space`; slots not in use are in the middle."""
    where, slots, used = layout(space), space.max_nodes, len(graph.nodes)
    integers = encode(space, graph)
    models = [_middle(integers[where.slot(s)] - 1, len(space.pool.models)) for s in range(used)]
    readers = [_rank([r for r in range(s) if integers[where.pair(r, s)]], s) for s in range(1, used)]
    point = [_middle(integers[0], len(space.sinks)), _middle(used - 1, slots)]
    point += models + [0.5] * (slots - used)
    point += readers + [0.5] * (slots - max(1, used))
    if space.free_reads:
        point += [_middle(integers[where.sink_bit(s)], 2) if s < used else 0.5 for s in range(slots)]
    if space.free_roles:
        point += [_middle(integers[where.role(s)], _ROLES) if s < used else 0.5 for s in range(slots)]
    return point


def _interval(x: float, count: int) -> int:
    """Which of `count` equal intervals of [0, 1] holds x."""
    return min(count - 1, int(x * count))


def _middle(index: int, count: int) -> float:
    return (index + 0.5) / count


def _subset(x: float, n: int) -> list[int]:
    """The subset of 0 … n − 1 at x in [0, 1]: first by size, then by lexicographic rank."""
    size = _interval(x, n + 1)
    rank = _interval(max(0.0, x * (n + 1) - size), math.comb(n, size))
    chosen: list[int] = []
    for element in range(n):
        with_it = math.comb(n - element - 1, size - len(chosen) - 1) if size > len(chosen) else 0
        if rank < with_it:
            chosen.append(element)
        else:
            rank -= with_it
    return chosen


def _rank(subset: Sequence[int], n: int) -> float:
    """The middle of the interval that `_subset` maps to `subset`, whose elements ascend."""
    size, rank, left = len(subset), 0, len(subset)
    members = set(subset)
    for element in range(n):
        if element in members:
            left -= 1
        elif left:
            rank += math.comb(n - element - 1, left - 1)
    return (size + _middle(rank, math.comb(n, size))) / (n + 1)
