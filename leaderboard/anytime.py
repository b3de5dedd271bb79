"""A search as it goes on: the incumbent, the area under its step curve, regret, the expected time to a target."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from leaderboard.numbers import Floats, vector

__all__ = ["anytime_auc", "best_so_far", "expected_runtime", "normalised_regret"]


def best_so_far(values: npt.ArrayLike, maximize: bool = True) -> list[float]:
    """The best value up to each step; NaN never improves the incumbent, and stands until there is one.

    >>> best_so_far([math.nan, 0.2, math.nan, 0.1, 0.4])
    [nan, 0.2, 0.2, 0.2, 0.4]
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"values: one dimension is needed, got shape {found.shape}")
    best: Floats = (np.fmax if maximize else np.fmin).accumulate(found)
    return [float(value) for value in best]


def anytime_auc(times: npt.ArrayLike, values: npt.ArrayLike, horizon: float, initial: float) -> float:
    """Time average over [0, horizon] of the step curve: `initial` at first, then each value from its time on.

    times: when each value becomes the incumbent, ascending, zero or more. What comes at or after the horizon
    counts for nothing. ValueError on NaN, unequal lengths, times that go back, a horizon that is not above 0.

    >>> anytime_auc([1, 3], [0.5, 0.7], 4, 0.1)
    0.45
    """
    at, of = vector(times, "times"), vector(values, "values")
    if len(at) != len(of):
        raise ValueError(f"times and values: pairs are needed, got {len(at)} and {len(of)}")
    if (np.diff(at) < 0).any() or (at < 0).any():
        raise ValueError("times: ascending and zero or more are needed")
    if not (horizon > 0 and math.isfinite(horizon)):
        raise ValueError(f"horizon: above 0, not {horizon}")
    if not math.isfinite(initial):
        raise ValueError(f"initial: a finite value, not {initial}")
    edges = np.concatenate([[0.0], np.minimum(at, horizon), [horizon]])
    return float(np.dot(np.diff(edges), np.concatenate([[initial], of]))) / horizon


def normalised_regret(values: npt.ArrayLike, best: float, worst: float) -> list[float]:
    """(best - value)/(best - worst), not clipped: 0 at the best, 1 at the worst, beyond either outside.

    ValueError on NaN and where best and worst are equal.
    """
    if not (math.isfinite(best) and math.isfinite(worst)) or best == worst:
        raise ValueError(f"best and worst: two different values are needed, got {best} and {worst}")
    return [float(regret) for regret in (best - vector(values, "values")) / (best - worst)]


def expected_runtime(evaluations: npt.ArrayLike, successes: npt.ArrayLike) -> float:
    """ERT: all evaluations, those of failed runs included, per success (Hansen et al. 2021, COCO); inf if none.

    evaluations: what each run spent, until its target or in all; successes: for each run whether it got there.
    ValueError on NaN, negative numbers, unequal lengths, no run, successes other than true and false.
    """
    spent, reached = vector(evaluations, "evaluations", 1), vector(successes, "successes")
    if len(spent) != len(reached):
        raise ValueError(f"evaluations and successes: pairs are needed, got {len(spent)} and {len(reached)}")
    if (spent < 0).any():
        raise ValueError("evaluations: zero or more are needed")
    if not np.isin(reached, (0, 1)).all():
        raise ValueError("successes: one true or false a run")
    return float(spent.sum() / reached.sum()) if reached.any() else math.inf
