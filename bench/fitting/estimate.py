"""One fitted figure with its interval, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "assumed", "clustered_ratio", "through"]

F64 = npt.NDArray[np.float64]
_WIDE = 1.959963984540054


class Estimate(NamedTuple):
    """A value with its 95 % interval.

    fitted: False where the tape tells too little: the base's figure, or hardly moved from the prior around it.
    """

    value: float
    low: float
    high: float
    fitted: bool = True

    @property
    def note(self) -> str:
        """For a file's comment."""
        return (
            f"[fit] 95 % {self.low:.3g} to {self.high:.3g}"
            if self.fitted
            else "[assumed] the tape tells too little"
        )


def assumed(value: float) -> Estimate:
    """A figure taken over from the base."""
    return Estimate(value, -math.inf, math.inf, False)


def through(value: float, error: float, back: Callable[[float], float]) -> Estimate:
    """An estimate made on another scale, with its error there. back: increasing, to the figure's own scale."""
    return Estimate(back(value), back(value - _WIDE * error), back(value + _WIDE * error))


def clustered_ratio(top: F64, bottom: F64) -> tuple[float, float]:
    """Σ top / Σ bottom over clusters (one entry each) and its standard error, clusters being independent."""
    total = float(bottom.sum())
    if total <= 0:
        return math.nan, math.inf
    ratio = float(top.sum()) / total
    used = bottom > 0
    count = int(used.sum())
    spread = float(((top - ratio * bottom)[used] ** 2).sum()) * count / max(count - 1, 1)
    return ratio, math.sqrt(spread) / total
