"""Several aims at once, such as accuracy up and latency down: which points nothing beats, how much they cover."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from leaderboard.numbers import Floats

__all__ = ["hypervolume", "on_front", "pareto_front"]


def pareto_front(points: npt.ArrayLike, maximize: Sequence[bool]) -> list[int]:
    """Indices of the points that no other point dominates; equal points are on the front together, or off it.

    points: N x D; maximize: for each axis whether more is better. A point dominates another when it is at least as
    good on every axis and better on one. ValueError on a wrong shape or NaN.

    >>> pareto_front([(0.5, 1.0), (0.6, 2.0), (0.55, 3.0)], (True, False))
    [0, 1]
    """
    return [int(at) for at in np.flatnonzero(on_front(_gains(points, maximize)))]


def on_front(gains: Floats) -> npt.NDArray[np.bool_]:
    """Which points nothing dominates, more being better on every axis; gains: ... x N x D, ... x N of booleans."""
    mine, other = gains[..., :, None, :], gains[..., None, :, :]
    dominated = (other >= mine).all(axis=-1) & (other > mine).any(axis=-1)
    return np.asarray(~dominated.any(axis=-1))


def hypervolume(points: npt.ArrayLike, reference: Sequence[float], maximize: Sequence[bool]) -> float:
    """The volume that the points dominate above the reference point (Zitzler, Thiele 1998), by slicing.

    points: N x D; reference: a value an axis. Points that are no better than it on every axis add nothing.
    ValueError on a wrong shape or NaN.

    >>> hypervolume([(0.5, 1.0), (0.6, 2.0)], (0.0, 4.0), (True, False))
    1.7
    """
    gains, floor = _gains(points, maximize), _gains([reference], maximize)[0]
    above = gains - floor
    return _volume(above[(above > 0).all(axis=1)])


def _volume(above: Floats) -> float:
    """Volume between 0 and points above 0 on every axis: slabs along the last axis, each cut recursively."""
    if len(above) == 0:
        return 0.0
    if above.shape[1] == 1:
        return float(above.max())
    # From the top down: the slab below each point's height holds all points that reach it.
    order = np.argsort(-above[:, -1], kind="stable")
    heights = np.append(above[order, -1], 0.0)
    total = 0.0
    for count, (top, below) in enumerate(pairwise(heights), 1):
        if top > below:
            total += float(top - below) * _volume(above[order[:count], :-1])
    return total


def _gains(points: npt.ArrayLike, maximize: Sequence[bool]) -> Floats:
    """Points with every axis turned so that more is better."""
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(maximize):
        raise ValueError(f"points: N x {len(maximize)} are needed, one column an axis, got shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError("points: NaN has no place on a front")
    return np.where(np.asarray(maximize), values, -values)
