"""The probabilistic graph as an agent reads and writes it: a few named rows of numbers.

`sink`, `slot j` and `role j` are one categorical each, a number for each value. `edges i` and `reads` are many
yes-or-no choices, a number each: the probability of yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from baselines._distribution import GraphDistribution
from bench.encoding import layout
from bench.space import Space

__all__ = ["Rows"]


class Rows:
    """The rows of a space. bits: coordinates of a row of choices. wholes: the coordinate of a categorical."""

    def __init__(self, space: Space) -> None:
        where = layout(space)
        self.sizes, n = where.cardinalities, where.slots
        self.wholes = {"sink": 0, **{f"slot {j}": where.slot(j) for j in range(n)}}
        self.bits = {f"edges {i}": [where.pair(i, j) for j in range(i + 1, n)] for i in range(n - 1)}
        if space.free_reads:
            self.bits["reads"] = [where.sink_bit(j) for j in range(n)]
        if space.free_roles:
            self.wholes |= {f"role {j}": where.role(j) for j in range(n)}

    @property
    def kinds(self) -> list[tuple[list[str], int, int]]:
        """(names, fewest numbers, most numbers) of rows that are alike; of choices some may be given."""
        by_size: dict[int, list[str]] = {}
        for name, coordinate in self.wholes.items():
            by_size.setdefault(self.sizes[coordinate], []).append(name)
        alike = [(names, size, size) for size, names in by_size.items()]
        return alike + [(list(self.bits), 1, max(map(len, self.bits.values())))] * bool(self.bits)

    def told(self, distribution: GraphDistribution) -> dict[str, list[float]]:
        """The probabilities now, row by row."""
        table = distribution.table
        return self._by_name(lambda c: table[c, : self.sizes[c]].tolist(), lambda c: float(table[c, 1]))

    def certain(self, point: Sequence[int]) -> dict[str, list[float]]:
        """The rows of a distribution that draws nothing but `point`."""
        return self._by_name(lambda c: np.eye(self.sizes[c])[point[c]].tolist(), lambda c: float(point[c]))

    def changes(self, reply: Sequence[Mapping[str, Any]]) -> dict[int, list[float]]:
        """New probabilities by coordinate; of a row of choices, of those that are given.

        Raises KeyError for an unknown row.
        """
        found: dict[int, list[float]] = {}
        for change in reply:
            name, values = change["name"], [float(value) for value in change["probabilities"]]
            if name in self.wholes:
                found[self.wholes[name]] = values
            else:
                pairs = zip(self.bits[name], values, strict=False)
                found |= {coordinate: [1 - yes, yes] for coordinate, yes in pairs}
        return found

    def _by_name(self, whole: Any, bit: Any) -> dict[str, list[float]]:
        rows = {name: whole(coordinate) for name, coordinate in self.wholes.items()}
        return rows | {name: [bit(c) for c in coordinates] for name, coordinates in self.bits.items()}
