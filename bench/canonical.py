"""The canonical order of a graph's nodes: the same for all relabellings.

Colours are refined by the colours of predecessors and successors until nothing changes. Where nodes of one
colour remain that are not true twins (same predecessors *and* successors), each is individualised in turn
and the smallest adjacency is kept. A candidate whose first leaf equals that of an earlier one lies in the
same orbit, so its subtree is skipped: k equal chains cost k² refinements, not k!.

Source: individualisation-refinement, McKay and Piperno 2014, "Practical graph isomorphism, II".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["canonical_order"]

Leaf = tuple[tuple[tuple[int, ...], ...], list[int]]


def canonical_order(labels: Sequence[Any], preds: Sequence[set[int]]) -> list[int]:
    """Node indices in canonical, topological order.

    labels: one sortable label a node (what must be kept apart); preds: the predecessors of each node in an
    acyclic graph. Nodes are sorted by (topological level, colour).
    """
    n = len(labels)
    if n == 1:
        return [0]
    succs: list[list[int]] = [[] for _ in range(n)]
    for v in range(n):
        for p in preds[v]:
            succs[p].append(v)
    search = _Search([sorted(p) for p in preds], succs)
    colours = _ranks(list(zip(_levels(preds), labels, strict=True)))
    return search.best(search.refine(colours))[1]


def _levels(preds: Sequence[set[int]]) -> list[int]:
    levels = [-1] * len(preds)
    left = list(range(len(preds)))
    while left:  # once, where nodes come after what they read
        waiting = []
        for v in left:
            below = [levels[p] for p in preds[v]]
            if -1 in below:
                waiting.append(v)
            else:
                levels[v] = 1 + max(below, default=-1)
        left = waiting
    return levels


def _ranks(values: Sequence[Any]) -> list[int]:
    """Dense ranks of sortable values: equal values share a rank."""
    rank = {value: i for i, value in enumerate(sorted(set(values)))}
    return [rank[value] for value in values]


class _Search:
    """The tree of refinements of one graph."""

    def __init__(self, preds: list[list[int]], succs: list[list[int]]) -> None:
        self.preds, self.succs, self.n = preds, succs, len(preds)
        self.neighbours = [(tuple(p), tuple(s)) for p, s in zip(preds, succs, strict=True)]

    def refine(self, colours: list[int]) -> list[int]:
        classes = max(colours) + 1
        while classes < self.n:
            colours = _ranks(
                [
                    (
                        colours[v],
                        tuple(sorted([colours[p] for p in self.preds[v]])),
                        tuple(sorted([colours[s] for s in self.succs[v]])),
                    )
                    for v in range(self.n)
                ]
            )
            if max(colours) + 1 == classes:
                break
            classes = max(colours) + 1
        return colours

    def open_cell(self, colours: list[int]) -> list[int]:
        """One node of each twin class in the first colour that is not a single twin class; [] at a leaf."""
        if max(colours) + 1 == self.n:
            return []
        cells: dict[int, dict[Any, int]] = {}
        for v in range(self.n):
            cells.setdefault(colours[v], {}).setdefault(self.neighbours[v], v)
        for colour in sorted(cells):
            if len(cells[colour]) > 1:
                return sorted(cells[colour].values())
        return []

    def individualise(self, colours: list[int], v: int) -> list[int]:
        return self.refine(_ranks([(c, u != v) for u, c in enumerate(colours)]))

    def leaf(self, colours: list[int]) -> Leaf:
        order = sorted(range(self.n), key=colours.__getitem__)
        rank = [0] * self.n
        for i, v in enumerate(order):
            rank[v] = i
        return tuple([tuple(sorted([rank[p] for p in self.preds[v]])) for v in order]), order

    def first_leaf(self, colours: list[int]) -> Leaf:
        while cell := self.open_cell(colours):
            colours = self.individualise(colours, cell[0])
        return self.leaf(colours)

    def best(self, colours: list[int]) -> Leaf:
        cell = self.open_cell(colours)
        if not cell:
            return self.leaf(colours)
        seen, found = set(), []
        for v in cell:
            child = self.individualise(colours, v)
            first = self.first_leaf(child)
            if first[0] not in seen:
                seen.add(first[0])
                found.append(self.best(child))
        return min(found, key=lambda leaf: leaf[0])
