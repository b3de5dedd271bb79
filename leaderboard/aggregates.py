"""Many runs in one number or one curve: interquartile mean, profiles, probability of improvement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from leaderboard.numbers import Floats, choice, matrix, strata, vector

__all__ = [
    "aggregate",
    "beats",
    "iqm",
    "iqm_of_rows",
    "performance_profile",
    "probability_of_improvement",
    "score_profile",
]

Scores = Sequence[npt.ArrayLike] | Floats


def iqm(scores: Scores) -> float:
    """Interquartile mean: the mean of the middle half of all runs of all tasks (Agarwal et al. 2021).

    scores: runs x tasks, or one vector of runs a task. A quarter of the runs, rounded down, goes at each end.
    ValueError on NaN and on no run.
    """
    return float(iqm_of_rows(np.concatenate(strata(scores, "scores"))[None, :])[0])


def iqm_of_rows(values: Floats) -> Floats:
    """The interquartile mean of each row."""
    cut = values.shape[1] // 4
    return np.asarray(np.sort(values, axis=1)[:, cut : values.shape[1] - cut].mean(axis=1))


def aggregate(scores: Scores, kind: str = "mean") -> float:
    """The mean or the median of the tasks' means, so that every task has the same weight.

    scores: runs x tasks, or one vector of runs a task. ValueError on NaN, no run, another kind.
    """
    choice(kind, "kind", ("mean", "median"))
    means = [float(task.mean()) for task in strata(scores, "scores")]
    return float(np.mean(means) if kind == "mean" else np.median(means))


def probability_of_improvement(x: Scores, y: Scores) -> float:
    """Mean over tasks of P(X > Y) + P(X = Y)/2, runs of a task all against all (Mann, Whitney 1947).

    x, y: runs x tasks, or one vector of runs a task; runs are not paired. ValueError on NaN, no run, or unequal
    numbers of tasks.
    """
    of_x, of_y = strata(x, "x"), strata(y, "y")
    if len(of_x) != len(of_y):
        raise ValueError(f"x and y: the same tasks are needed, got {len(of_x)} and {len(of_y)}")
    return float(np.mean([beats(a, b).mean() for a, b in zip(of_x, of_y, strict=True)]))


def beats(x: Floats, y: Floats) -> Floats:
    """Runs of x by runs of y: 1 where x is better, 1/2 where they tie at 12 decimals."""
    difference = np.round(x[:, None] - y[None, :], 12)
    return np.asarray((difference > 0) + 0.5 * (difference == 0), dtype=np.float64)


def score_profile(scores: Scores, taus: Sequence[float] | Floats) -> list[float]:
    """The share of runs, over all tasks, that score above each tau (Agarwal et al. 2021; Dolan, Moré 2002).

    ValueError on NaN and on no run.
    """
    runs = np.sort(np.concatenate(strata(scores, "scores")))
    above = len(runs) - np.searchsorted(runs, vector(taus, "taus"), side="right")
    return [float(count) / len(runs) for count in above]


def performance_profile(costs: npt.ArrayLike, taus: Sequence[float] | Floats) -> Floats:
    """Share of problems that each solver solves within tau times the cheapest solver's cost (Dolan, Moré 2002).

    costs: problems x solvers, inf where a solver failed; taus: factors, at least 1. Solvers x taus. A problem that
    nobody solved counts in the denominator, for nobody. ValueError on NaN, negative costs, a wrong shape.
    """
    values, factors = matrix(costs, "costs", infinite=True), vector(taus, "taus")
    if (values < 0).any():
        raise ValueError("costs: zero or more are needed")
    if (factors < 1).any():
        raise ValueError("taus: factors of the cheapest cost are at least 1")
    best = values.min(axis=1, keepdims=True)
    # Rounded: 3 x 0.1 is within a factor of 3 of 0.1.
    allowed = best[:, :, None] * factors * (1 + 1e-12)
    return np.asarray(((values[:, :, None] <= allowed) & np.isfinite(values)[:, :, None]).mean(axis=0))
