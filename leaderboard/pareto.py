"""Two aims at once, accuracy up and latency down: which points nothing beats, and how much they cover."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["hypervolume", "pareto_front"]


def pareto_front(points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points no other point dominates; equal points are on the front together, or off it.

    points: N x 2, (gain, cost). A point dominates another when it is at least as good in both and better in one.
    ValueError on a wrong shape or NaN.

    >>> pareto_front([(0.5, 1.0), (0.6, 2.0), (0.55, 3.0)]).tolist()
    [True, True, False]
    """
    gain, cost = _columns(points)
    as_good = (gain[None, :] >= gain[:, None]) & (cost[None, :] <= cost[:, None])
    better = (gain[None, :] > gain[:, None]) | (cost[None, :] < cost[:, None])
    return np.asarray(~(as_good & better).any(axis=1))


def hypervolume(points: npt.ArrayLike, reference: tuple[float, float]) -> float:
    """The area that the points dominate within the reference point, in gain times cost (Zitzler, Thiele 1998).

    points: N x 2, (gain, cost); reference: (least gain, largest cost). Points that are no better than it in both
    add nothing. ValueError on a wrong shape or NaN.

    >>> hypervolume([(0.5, 1.0), (0.6, 2.0)], (0.0, 4.0))
    1.7
    """
    gain, cost = _columns(points)
    inside = (gain > reference[0]) & (cost < reference[1])
    # From cheap to dear: a point adds the strip above the best gain so far, up to the reference's cost.
    area, best = 0.0, reference[0]
    for at in np.lexsort((-gain, cost)):
        if inside[at] and gain[at] > best:
            area += float(gain[at] - best) * float(reference[1] - cost[at])
            best = float(gain[at])
    return area


def _columns(points: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(f"points: N x 2 (gain, cost) are needed, got shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError("points: NaN has no place on a front")
    return values[:, 0], values[:, 1]
