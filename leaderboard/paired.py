"""Two methods on the same blocks: the paired t test and its exact check by sign flips.

A *block* is what both methods share (a seed, an instance), so only the differences carry information.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from leaderboard.numbers import Floats, probability, vector

__all__ = [
    "Floats",
    "PairedTest",
    "Permutation",
    "block_test",
    "paired_permutation",
    "paired_t",
    "sampled_permutation",
    "t_interval",
    "t_test",
]

# Meeting in the middle holds 2^(n/2) sums: 8 MiB at 40 pairs, beyond which nobody waits for it.
_MOST_PAIRS = 40


class PairedTest(NamedTuple):
    """A two-sided t test of a mean difference, in the unit of the data."""

    statistic: float
    df: float
    pvalue: float
    mean_difference: float
    ci_low: float
    ci_high: float
    standard_error: float


class Permutation(NamedTuple):
    """A sign-flip test: the observed mean difference and the share of flips at least as extreme."""

    statistic: float
    pvalue: float


def t_interval(estimate: float, standard_error: float, df: float, level: float) -> tuple[float, float]:
    """The confidence interval that belongs to `t_test`, in the unit of the estimate.

    Without variance (standard_error 0: all df + 1 values are equal) Student's t has nothing to divide by. The
    interval then inverts the sign-flip test, whose p value is 2^-df for every other centre: the single point
    where 2^-df <= 1 - level, the whole line where the runs are too few to say anything.

    >>> t_interval(0.25, 0.0, 9, 0.95), t_interval(0.25, 0.0, 1, 0.95)
    ((0.25, 0.25), (-inf, inf))
    """
    if standard_error == 0:
        known = 2.0**-df <= 1 - level
        return (estimate, estimate) if known else (-math.inf, math.inf)
    half = float(special.stdtrit(df, (1 + level) / 2)) * standard_error
    return estimate - half, estimate + half


def t_test(estimate: float, standard_error: float, df: float, level: float = 0.95) -> PairedTest:
    """The two-sided t test of estimate = 0, with the interval at `level`.

    Without variance: p = 1 when the estimate is 0 too, else 2^-df, the exact sign-flip p value of df + 1
    equal differences; never 0, and never NaN.
    """
    probability(level, "level")
    if standard_error == 0:
        statistic = math.copysign(math.inf, estimate) if estimate else 0.0
        pvalue = 2.0**-df if estimate else 1.0
    else:
        statistic = estimate / standard_error
        pvalue = float(2 * special.stdtr(df, -abs(statistic)))
    low, high = t_interval(estimate, standard_error, df, level)
    return PairedTest(statistic, df, pvalue, estimate, low, high, standard_error)


def paired_t(x: Sequence[float] | Floats, y: Sequence[float] | Floats, level: float = 0.95) -> PairedTest:
    """Student's paired t test of mean(x - y) = 0 (Student 1908), two-sided, n - 1 degrees of freedom.

    x, y: n values, x[i] and y[i] from the same block. For equal differences see `t_test`. ValueError on
    unequal lengths, NaN, fewer than two pairs.
    """
    differences, _ = rounded_differences(x, y)
    n = len(differences)
    if n < 2:
        raise ValueError(f"x and y: a variance needs at least two pairs, got {n}")
    # A constant column can leave a dust of 1e-17 in the standard deviation.
    spread = 0.0 if np.ptp(differences) == 0 else float(differences.std(ddof=1))
    mean = float(differences[0]) if spread == 0 else math.fsum(differences) / n
    return t_test(mean, spread / math.sqrt(n), n - 1, level)


def block_test(differences: Floats, level: float = 0.95) -> PairedTest:
    """`paired_t` of one difference a block against 0. One block has no variance: p = 1 and no interval."""
    if len(differences) == 1:
        return t_test(float(differences[0]), 0.0, 0, level)
    return paired_t(differences, np.zeros_like(differences), level)


def paired_permutation(
    x: Sequence[float] | Floats, y: Sequence[float] | Floats, alternative: str = "two-sided"
) -> Permutation:
    """Exact test of symmetry of x - y about 0 over all 2^n sign flips of the differences (Fisher 1935).

    alternative: two-sided | greater | less. ValueError beyond 40 pairs, on unequal lengths or NaN. Sums are
    integers on the grid of the rounding, so ties with the observed sum count exactly.
    """
    differences, grid = rounded_differences(x, y)
    if not 1 <= len(differences) <= _MOST_PAIRS:
        raise ValueError(f"x and y: all sign flips need 1 to {_MOST_PAIRS} pairs, got {len(differences)}")
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative: two-sided, greater or less, not {alternative!r}")
    steps = np.rint(differences / grid).astype(np.int64)
    observed = int(steps.sum())
    at_least = {"two-sided": abs(observed), "greater": observed, "less": -observed}[alternative]
    # The flips are symmetric about 0, so the two tails are equal; they overlap only at 0.
    tails = 2 if alternative == "two-sided" else 1
    pvalue = min(1.0, tails * _flips_reaching(steps, at_least) / 2 ** len(steps))
    return Permutation(math.fsum(differences) / len(differences), pvalue)


def sampled_permutation(
    x: Sequence[float] | Floats, y: Sequence[float] | Floats, n_resamples: int, seed: int
) -> Permutation:
    """`paired_permutation`, two-sided, from random sign flips where there are too many to take all.

    p = (1 + flips at least as extreme)/(1 + n_resamples): never 0, and valid at any n_resamples (Phipson, Smyth
    2010). ValueError on no pair, unequal lengths or NaN.
    """
    differences, grid = rounded_differences(x, y)
    if len(differences) == 0 or n_resamples < 1:
        raise ValueError(f"x, y and n_resamples: at least one each, got {len(differences)} and {n_resamples}")
    steps = np.rint(differences / grid)
    rng = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, n_resamples, 1000):
        signs = rng.integers(2, size=(min(1000, n_resamples - start), len(steps))) * 2 - 1
        extreme += int((np.abs(signs @ steps) >= abs(steps.sum())).sum())
    return Permutation(math.fsum(differences) / len(differences), (1 + extreme) / (1 + n_resamples))


def rounded_differences(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> tuple[Floats, float]:
    """x - y rounded to 12 significant decimals of the largest input, and the grid it was rounded to.

    In binary 0.3 - 0.1 is not 0.9 - 0.7: without rounding ties vanish and p values move under a shift.
    """
    a, b = vector(x, "x"), vector(y, "y")
    if len(a) != len(b):
        raise ValueError(f"x and y: pairs are needed, got {len(a)} and {len(b)} values")
    largest = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    digits = 12 - max(0, math.ceil(math.log10(largest))) if largest > 0 else 12
    return np.round(a - b, digits) + 0.0, 10.0**-digits


def _flips_reaching(steps: npt.NDArray[np.int64], at_least: int) -> int:
    """How many of the 2^n signed sums are >= at_least, from the sorted sums of two halves."""
    half = len(steps) // 2
    left, right = _signed_sums(steps[:half]), np.sort(_signed_sums(steps[half:]))
    return int((len(right) - np.searchsorted(right, at_least - left, side="left")).sum())


def _signed_sums(steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    sums = np.zeros(1, dtype=np.int64)
    for step in steps:
        sums = np.concatenate([sums + step, sums - step])
    return sums
