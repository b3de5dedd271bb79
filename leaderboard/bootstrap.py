"""Intervals by resampling runs, in chunks of bounded memory, from a seed that the caller derives from the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from leaderboard.aggregates import iqm_of_rows
from leaderboard.numbers import Floats, choice, matrix, probability, strata, vector

__all__ = [
    "BootstrapInterval",
    "StratifiedInterval",
    "bootstrap_ci",
    "crossed_bootstrap_ci",
    "percentiles",
    "resampled_counts",
    "stratified_bootstrap_ci",
]

_CHUNK = 1 << 20
"""Numbers that one chunk of replicates may hold: 8 MiB."""


class BootstrapInterval(NamedTuple):
    """The ends of an interval, and the standard deviation of the replicates."""

    low: float
    high: float
    standard_error: float


class StratifiedInterval(NamedTuple):
    """The ends of a percentile interval."""

    low: float
    high: float


def bootstrap_ci(
    x: npt.ArrayLike,
    statistic: str = "mean",
    method: str = "bca",
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> BootstrapInterval:
    """Bootstrap interval of a statistic of one sample (Efron, Tibshirani 1993, chapters 13 and 14).

    statistic: mean | median | std (ddof 1) | iqm. method: percentile | basic | bca (accelerated by the jackknife).
    ValueError on NaN, fewer than two values, and on values that are all equal: resampling them would claim
    certainty.
    """
    values = vector(x, "x", 2)
    choice(statistic, "statistic", tuple(_OF_ROWS))
    choice(method, "method", ("percentile", "basic", "bca"))
    probability(level, "level")
    if np.ptp(values) == 0:
        raise ValueError("x: all values are equal, so a bootstrap has nothing to resample")
    of_rows, rng = _OF_ROWS[statistic], np.random.default_rng(seed)
    parts = [
        of_rows(values[rng.integers(len(values), size=(size, len(values)))])
        for size in _chunks(n_resamples, len(values))
    ]
    replicates, estimate = np.concatenate(parts), float(of_rows(values[None, :])[0])
    tails = ((1 - level) / 2, (1 + level) / 2)
    if method == "bca":
        tails = _bca_tails(estimate, replicates, of_rows(_left_out(values)), level)
    low, high = (float(end) for end in np.quantile(replicates, tails))
    if method == "basic":
        low, high = 2 * estimate - high, 2 * estimate - low
    return BootstrapInterval(low, high, float(replicates.std(ddof=1)))


def stratified_bootstrap_ci(
    scores: Sequence[npt.ArrayLike] | Floats,
    statistic: str = "iqm",
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> StratifiedInterval:
    """Percentile interval when runs are resampled within each task, never across tasks (Agarwal et al. 2021).

    scores: runs x tasks, or one vector of runs a task. statistic: iqm over all runs | mean | median of task means.
    ValueError on NaN, fewer than two runs of a task, and where no task varies: the interval would have no width.
    """
    choice(statistic, "statistic", ("iqm", "mean", "median"))
    probability(level, "level")
    tasks = strata(scores, "scores", 2)
    if all(np.ptp(task) == 0 for task in tasks):
        raise ValueError("scores: all runs of each task are equal, so a bootstrap has nothing to resample")
    rng = np.random.default_rng(seed)
    parts = []
    for size in _chunks(n_resamples, sum(len(task) for task in tasks)):
        drawn = [task[rng.integers(len(task), size=(size, len(task)))] for task in tasks]
        if statistic == "iqm":
            parts.append(iqm_of_rows(np.concatenate(drawn, axis=1)))
        else:
            means = np.stack([runs.mean(axis=1) for runs in drawn])
            parts.append(means.mean(axis=0) if statistic == "mean" else np.median(means, axis=0))
    return percentiles(np.concatenate(parts), level)


def crossed_bootstrap_ci(
    matrices: Sequence[npt.ArrayLike], level: float = 0.95, n_resamples: int = 2000, seed: int = 0
) -> StratifiedInterval:
    """Percentile interval of the mean over tasks when seeds and questions are both resampled (Owen 2007).

    matrices: one a task, seeds x questions, at least 2 x 2. Rows and columns are drawn independently in each task
    ("pigeonhole bootstrap"); it is conservative, since no resampling is exact for crossed factors (McCullagh
    2000). ValueError on a wrong shape or NaN, and where nothing varies.
    """
    probability(level, "level")
    tasks = [matrix(values, "matrices", 2, 2) for values in matrices]
    if not tasks or all(np.ptp(values) == 0 for values in tasks):
        raise ValueError("matrices: nothing varies, so a bootstrap has nothing to resample")
    rng = np.random.default_rng(seed)
    parts = []
    for size in _chunks(n_resamples, sum(sum(values.shape) + values.shape[1] for values in tasks)):
        means = [
            np.einsum("ri,ri->r", _counts(rng, rows, size) @ values, _counts(rng, columns, size)) / values.size
            for values in tasks
            for rows, columns in [values.shape]
        ]
        parts.append(np.mean(means, axis=0))
    return percentiles(np.concatenate(parts), level)


def resampled_counts(sizes: Sequence[int], n_resamples: int, seed: int) -> Iterator[Floats]:
    """How often each block is drawn when the blocks of every stratum are resampled: chunks of replicates x blocks.

    sizes: blocks in each stratum, in the order of the columns.
    """
    rng = np.random.default_rng(seed)
    for size in _chunks(n_resamples, sum(sizes)):
        yield np.concatenate([_counts(rng, n, size) for n in sizes], axis=1)


def percentiles(replicates: Floats, level: float) -> StratifiedInterval:
    """The equal-tailed interval of the replicates, linearly interpolated."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return StratifiedInterval(float(low), float(high))


def _counts(rng: np.random.Generator, n: int, size: int) -> Floats:
    return rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _chunks(n_resamples: int, width: int) -> Iterator[int]:
    """Sizes of chunks of replicates, n_resamples in all; none holds more than `_CHUNK` numbers."""
    if n_resamples < 1:
        raise ValueError(f"n_resamples: at least 1, not {n_resamples}")
    most = max(1, _CHUNK // width)
    for start in range(0, n_resamples, most):
        yield min(most, n_resamples - start)


def _bca_tails(estimate: float, replicates: Floats, jackknife: Floats, level: float) -> tuple[float, float]:
    """The percentiles that correct bias and acceleration (Efron 1987); replicates at the estimate count half."""
    below = (np.count_nonzero(replicates < estimate) + np.count_nonzero(replicates == estimate) / 2) / len(
        replicates
    )
    bias = float(special.ndtri(min(max(below, 1 / len(replicates)), 1 - 1 / len(replicates))))
    centred = jackknife.mean() - jackknife
    spread = float((centred**2).sum())
    acceleration = float((centred**3).sum()) / (6 * spread**1.5) if spread else 0.0
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + float(special.ndtri(tail))
        ends.append(float(special.ndtr(bias + z / (1 - acceleration * z))))
    return ends[0], ends[1]


def _left_out(values: Floats) -> Floats:
    """n x (n - 1): the sample without each value in turn."""
    n = len(values)
    return np.broadcast_to(values, (n, n))[~np.eye(n, dtype=bool)].reshape(n, n - 1)


def _mean(rows: Floats) -> Floats:
    return np.asarray(rows.mean(axis=1))


def _median(rows: Floats) -> Floats:
    return np.asarray(np.median(rows, axis=1))


def _std(rows: Floats) -> Floats:
    return np.asarray(rows.std(axis=1, ddof=1))


_OF_ROWS: dict[str, Callable[[Floats], Floats]] = {
    "mean": _mean,
    "median": _median,
    "std": _std,
    "iqm": iqm_of_rows,
}
