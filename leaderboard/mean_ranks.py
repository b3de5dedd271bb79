"""Many methods on many blocks by ranks: Friedman, Nemenyi's distance, Kendall's tau.

Ranks within a block depend on who else is ranked, so nothing here decides a verdict (docs/statistics.md).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from leaderboard.numbers import Floats, matrix, probability, vector

__all__ = ["Correlation", "Friedman", "friedman", "kendall_tau", "mean_ranks", "nemenyi_cd"]


class Friedman(NamedTuple):
    """Friedman's chi-square, and Iman and Davenport's F of it (infinite when all blocks agree)."""

    chi2: float
    df: int
    pvalue: float
    iman_davenport_f: float
    df1: int
    df2: int
    f_pvalue: float


class Correlation(NamedTuple):
    """A rank correlation with its p value."""

    statistic: float
    pvalue: float


def mean_ranks(scores: npt.ArrayLike, higher_is_better: bool = True) -> list[float]:
    """Mean rank of each column over the rows (blocks x methods); rank 1 is best, ties share the mean rank.

    Scores are compared at 12 decimals. ValueError on a wrong shape or NaN.
    """
    means: Floats = _ranks(matrix(scores, "scores"), higher_is_better).mean(axis=0)
    return [float(mean) for mean in means]


def friedman(scores: npt.ArrayLike, higher_is_better: bool = True, ties_corrected: bool = False) -> Friedman:
    """Friedman's (1937) test that all methods rank alike; scores: blocks x methods, at least 2 x 2.

    ties_corrected False is Demšar's (2006) formula, True divides by the share of rank variance that ties leave
    (Conover 1999), as scipy does. Iman-Davenport (1980): (N - 1) chi2 / (N (k - 1) - chi2); where all blocks agree
    its denominator is 0, F infinite and p 0. Without any variation in ranks chi2 is 0 and p is 1.
    """
    values = matrix(scores, "scores", 2, 2)
    n, k = values.shape
    ranks = _ranks(values, higher_is_better)
    between = float(((ranks.mean(axis=0) - (k + 1) / 2) ** 2).sum())
    within = float(((ranks - (k + 1) / 2) ** 2).sum()) / (n * (k - 1)) if ties_corrected else k * (k + 1) / 12
    chi2 = 0.0 if within == 0 else n * between / within
    room = n * (k - 1) - chi2
    f = math.inf if math.isclose(room, 0, abs_tol=1e-9) else (n - 1) * chi2 / room
    df1, df2 = k - 1, (k - 1) * (n - 1)
    f_pvalue = 0.0 if math.isinf(f) else float(special.fdtrc(df1, df2, f))
    return Friedman(chi2, k - 1, float(special.chdtrc(k - 1, chi2)), f, df1, df2, f_pvalue)


def nemenyi_cd(k: int, n: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical distance of mean ranks of k methods on n blocks: q sqrt(k (k + 1)/(6 n)) (Demšar 2006).

    q: the studentised range over sqrt 2, computed (Demšar's table 5 has a misprint at k = 9).
    """
    if k < 2 or n < 1:
        raise ValueError(f"k and n: at least two methods and one block, got {k} and {n}")
    q = float(stats.studentized_range.ppf(1 - probability(alpha, "alpha"), k, np.inf)) / math.sqrt(2)
    return q * math.sqrt(k * (k + 1) / (6 * n))


def kendall_tau(x: npt.ArrayLike, y: npt.ArrayLike) -> Correlation:
    """Kendall's (1945) tau-b of two paired orders, values compared at 12 decimals; NaN where one is all ties.

    ValueError on unequal lengths, NaN, fewer than two pairs.
    """
    a, b = (np.round(vector(values, name, 2), 12) for values, name in ((x, "x"), (y, "y")))
    if len(a) != len(b):
        raise ValueError(f"x and y: pairs are needed, got {len(a)} and {len(b)} values")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(math.nan, math.nan)
    found = stats.kendalltau(a, b)
    return Correlation(float(found.statistic), float(found.pvalue))


def _ranks(values: Floats, higher_is_better: bool) -> Floats:
    rounded = np.round(-values if higher_is_better else values, 12)
    return np.asarray(stats.rankdata(rounded, axis=1), dtype=np.float64)
