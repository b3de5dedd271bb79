"""Places for the nodes of a layered graph: few crossings, no two nodes on one spot.

Source: Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system structures":
dummy nodes where an edge passes a layer, then barycentre sweeps up and down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

__all__ = ["Layout", "layered"]

_SWEEPS = 12

Item = int | tuple[int, int, int]
"""A node, or the dummy (from, to, layer) of an edge that passes a layer."""


class Layout(NamedTuple):
    """layers: what stands in each, in order. routes: by edge its items from the first node to the last."""

    layers: list[list[Item]]
    routes: dict[tuple[int, int], list[Item]]

    def crossings(self) -> int:
        """How many pairs of edge pieces cross."""
        at = {item: place for layer in self.layers for place, item in enumerate(layer)}
        pieces: dict[int, set[tuple[int, int]]] = {}
        layer_of = {item: number for number, layer in enumerate(self.layers) for item in layer}
        for route in self.routes.values():
            for a, b in pairwise(route):
                pieces.setdefault(layer_of[a], set()).add((at[a], at[b]))
        return sum(
            (a[0] - b[0]) * (a[1] - b[1]) < 0 for own in pieces.values() for a, b in combinations(sorted(own), 2)
        )


def layered(levels: Sequence[int], edges: Iterable[tuple[int, int]]) -> Layout:
    """An ordering of every layer that a few sweeps find; the same for the same input.

    levels: of each node; every edge (from, to) leads to a higher one.
    """
    layers: list[list[Item]] = [[] for _ in range(max(levels) + 1)]
    for node, level in enumerate(levels):
        layers[level].append(node)
    routes: dict[tuple[int, int], list[Item]] = {}
    for a, b in edges:
        passed: list[Item] = [(a, b, level) for level in range(levels[a] + 1, levels[b])]
        for level, dummy in enumerate(passed, levels[a] + 1):
            layers[level].append(dummy)
        routes[a, b] = [a, *passed, b]
    before, after = _neighbours(routes.values())
    found = Layout(layers, routes)
    best, fewest = found, found.crossings()
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        found = Layout(_swept(found.layers, *((before, 1) if sweep % 2 == 0 else (after, -1))), routes)
        if (many := found.crossings()) < fewest:
            best, fewest = found, many
    return best


def _neighbours(routes: Iterable[list[Item]]) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    before: dict[Item, list[Item]] = {}
    after: dict[Item, list[Item]] = {}
    for route in routes:
        for a, b in pairwise(route):
            before.setdefault(b, []).append(a)
            after.setdefault(a, []).append(b)
    return before, after


def _swept(layers: Sequence[Sequence[Item]], beside: Mapping[Item, Sequence[Item]], step: int) -> list[list[Item]]:
    """Every layer by the mean place of its items' neighbours in the one before; without any, where it was."""
    numbers = list(range(len(layers)))[::step]
    place = {item: _share(at, layers[numbers[0]]) for at, item in enumerate(layers[numbers[0]])}
    found = {numbers[0]: list(layers[numbers[0]])}
    for number in numbers[1:]:
        wanted = {
            item: sum(place[other] for other in others) / len(others)
            if (others := beside.get(item, ()))
            else _share(at, layers[number])
            for at, item in enumerate(layers[number])
        }
        order = sorted(layers[number], key=lambda item: round(wanted[item], 9))
        found[number] = order
        place |= {item: _share(at, order) for at, item in enumerate(order)}
    return [found[number] for number in range(len(layers))]


def _share(at: int, layer: Sequence[Item]) -> float:
    """A place within its layer, from 0 to 1."""
    return (at + 0.5) / len(layer)
