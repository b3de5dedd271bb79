"""A probabilistic graph: independent categoricals over the coordinates of the shared encoding.

One categorical over sinks, one over {empty, models} for each node slot, a Bernoulli for each possible edge
(slots are ordered, so every sample is acyclic), and, where the space frees them, roles. Whatever is sampled
decodes to a feasible graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bench.encoding import layout
from bench.space import Space

F64 = npt.NDArray[np.float64]


class GraphDistribution:
    """Independent categoricals. floor: no probability is below it.

    table: float64 (coordinates, most values); row c holds the probabilities of coordinate c, then zeros.
    """

    def __init__(self, space: Space, floor: float = 0.02) -> None:
        self.layout, self.floor = layout(space), floor
        self.sizes = np.array(self.layout.cardinalities)
        self.mask = np.arange(self.sizes.max()) < self.sizes[:, None]
        self.table: F64 = self.mask / self.sizes[:, None]

    @property
    def probabilities(self) -> list[F64]:
        """One vector a coordinate."""
        return [row[:size] for row, size in zip(self.table, self.sizes, strict=True)]

    def set(self, changes: Mapping[int, Sequence[float] | F64]) -> None:
        """Set some categoricals, by coordinate; they are clipped to the floor and renormalised.

        Raises ValueError, and sets none, when the number of probabilities is wrong or one is no number.
        """
        rows = np.array(list(changes), dtype=np.int64)
        weights = np.zeros((len(rows), self.table.shape[1]))
        for row, (coordinate, probabilities) in enumerate(changes.items()):
            size = self.layout.cardinalities[coordinate]
            if len(probabilities) != size or not all(map(math.isfinite, probabilities)):
                raise ValueError(f"coordinate {coordinate} takes {size} finite probabilities, not {probabilities}")
            weights[row, :size] = probabilities
        self.table[rows] = self._floored(weights, rows)

    def set_all(self, weights: F64) -> None:
        """Set all categoricals at once from weights shaped like `table`; clipped and renormalised alike."""
        self.table = self._floored(weights, np.arange(len(weights)))

    def move(self, coordinate: int, value: int, step: float) -> None:
        """Move one categorical by `step` in (0, 1) towards certainty of `value`."""
        target = np.eye(self.layout.cardinalities[coordinate])[value]
        self.set({coordinate: (1 - step) * self.probabilities[coordinate] + step * target})

    def sample(self, rng: np.random.Generator) -> list[int]:
        """A point of the encoding."""
        draws = rng.random(len(self.table))
        below = (np.cumsum(self.table, axis=1) <= draws[:, None]) & self.mask
        return [int(value) for value in np.minimum(below.sum(axis=1), self.sizes - 1)]

    def frequencies(self, points: Sequence[Sequence[int]]) -> F64:
        """How often each coordinate has each value among `points`: shares, shaped like `table`."""
        values = np.array(points)[:, :, None]
        return np.asarray((values == np.arange(self.mask.shape[1])).mean(axis=0))

    def _floored(self, weights: F64, rows: npt.NDArray[np.int64]) -> F64:
        """Probabilities that sum to 1 in each row, none below the floor (below 1 over their number)."""
        mask, sizes = self.mask[rows], self.sizes[rows][:, None]
        positive = np.where(mask, np.clip(weights, 0.0, None), 0.0)
        total = positive.sum(axis=1, keepdims=True)
        shares = np.where(total > 0, positive / np.where(total > 0, total, 1.0), mask / sizes)
        return np.where(mask, self.floor + (1.0 - self.floor * sizes) * shares, 0.0)
