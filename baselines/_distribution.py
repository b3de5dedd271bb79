"""A probabilistic graph: independent categoricals over the coordinates of the shared encoding.

One categorical over sinks, one over {empty, models} for each node slot, a Bernoulli for each possible edge
(slots are ordered, so every sample is acyclic), and, where the space frees them, roles. Whatever is sampled
decodes to a feasible graph.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.encoding import layout
from bench.space import Space

F64 = npt.NDArray[np.float64]


class GraphDistribution:
    """probabilities: one float64 vector a coordinate, each summing to 1. floor: no probability is below it."""

    def __init__(self, space: Space, floor: float = 0.02) -> None:
        self.layout, self.floor = layout(space), floor
        self.probabilities: list[F64] = [np.full(size, 1.0 / size) for size in self.layout.cardinalities]

    def set(self, coordinate: int, probabilities: Sequence[float] | F64) -> None:
        """Set one categorical; it is clipped to the floor and renormalised.

        Raises ValueError when the number of probabilities is wrong or one is no number.
        """
        values = np.asarray(probabilities, dtype=np.float64)
        size = self.layout.cardinalities[coordinate]
        if values.shape != (size,) or not np.isfinite(values).all():
            raise ValueError(f"coordinate {coordinate} takes {size} finite probabilities, not {probabilities}")
        self.probabilities[coordinate] = _floored(values, self.floor)

    def move(self, coordinate: int, value: int, step: float) -> None:
        """Move one categorical by `step` in (0, 1) towards certainty of `value`."""
        target = np.eye(self.layout.cardinalities[coordinate])[value]
        self.set(coordinate, (1 - step) * self.probabilities[coordinate] + step * target)

    def sample(self, rng: np.random.Generator) -> list[int]:
        """A point of the encoding."""
        draws = rng.random(len(self.probabilities))
        return [
            min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
            for p, u in zip(self.probabilities, draws, strict=True)
        ]


def _floored(values: F64, floor: float) -> F64:
    """Probabilities that sum to 1, none below `floor` (which must be below 1 over their number)."""
    positive = np.clip(values, 0.0, None)
    total = positive.sum()
    shares = positive / total if total > 0 else np.full(len(values), 1.0 / len(values))
    return np.asarray(floor + (1.0 - floor * len(values)) * shares)


def coordinate_names(space: Space) -> list[str]:
    """A readable name for each coordinate: `sink`, `slot 3`, `edge 0<-3`, `read 3`, `role 3`."""
    where = layout(space)
    names = [""] * len(where.cardinalities)
    names[0] = "sink"
    for slot in range(where.slots):
        names[where.slot(slot)] = f"slot {slot}"
        for reader in range(slot):
            names[where.pair(reader, slot)] = f"edge {reader}<-{slot}"
        if space.free_reads:
            names[where.sink_bit(slot)] = f"read {slot}"
        if space.free_roles:
            names[where.role(slot)] = f"role {slot}"
    return names
