"""Many comparisons at once: Holm's correction, the intervals that agree with it, and what can be detected."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from scipy import stats

from leaderboard.numbers import choice
from leaderboard.paired import PairedTest, t_interval

__all__ = ["adjust_pvalues", "detectable_difference", "gatekeeping", "simultaneous_intervals"]


def adjust_pvalues(pvalues: Sequence[float], method: str = "holm") -> list[float]:
    """Adjusted p values in input order: reject where <= alpha. No other method is used by a table.

    method: holm, the family-wise rate (Holm 1979) | bh, the false discovery rate of independent or positively
    dependent tests, for exploration (Benjamini, Hochberg 1995). ValueError on a p value outside [0, 1] or NaN.
    """
    choice(method, "method", ("holm", "bh"))
    _check_pvalues(pvalues)
    if method == "bh":
        return [float(p) for p in stats.false_discovery_control(pvalues)] if len(pvalues) else []
    adjusted, running = [0.0] * len(pvalues), 0.0
    for step, index in enumerate(_ascending(pvalues)):
        running = max(running, min(1.0, (len(pvalues) - step) * pvalues[index]))
        adjusted[index] = running
    return adjusted


def gatekeeping(pvalues: Sequence[Sequence[float]]) -> list[list[float]]:
    """Adjusted p values of chains of tests: a chain's next test counts only once the one before is rejected.

    pvalues: one chain a row, in the order fixed beforehand, all of the same length. Every chain starts with an
    equal share of the level; a chain that is rejected to its end gives its share to the others (the graphical
    procedure of Bretz et al. 2009, which protects all tests together, family-wise). With chains of one test this
    is Holm's. ValueError on a p value outside [0, 1] or NaN.
    """
    for chain in pvalues:
        _check_pvalues(chain)
    needed = [list(accumulate(chain, max)) for chain in pvalues]
    ends = [chain[-1] for chain in needed]
    # level[r]: the family level at which the r chains with the smallest ends have been rejected whole.
    levels, order = [0.0], _ascending(ends)
    for done, index in enumerate(order):
        levels.append(max(levels[-1], (len(ends) - done) * ends[index]))
    adjusted: list[list[float]] = [[] for _ in needed]
    for place, index in enumerate(order):
        adjusted[index] = [
            min(1.0, *(max(levels[done], (len(ends) - done) * p) for done in range(place + 1)))
            for p in needed[index]
        ]
    return adjusted


def simultaneous_intervals(tests: Sequence[PairedTest], alpha: float = 0.05) -> list[tuple[float, float]]:
    """For each test the interval at the level Holm's step gave it: it excludes 0 exactly when Holm rejects.

    Rejected comparison number i (from 0, smallest p first) of m: 1 - alpha/(m - i). Everything else: the
    level of the step at which Holm stopped. What is protected family-wise is the *signs*: for simultaneous
    coverage of all end points one would widen the rejected ones to Bonferroni's level.
    """
    pvalues = [test.pvalue for test in tests]
    _check_pvalues(pvalues)
    adjusted = adjust_pvalues(pvalues)
    rejected = sum(p <= alpha for p in adjusted)
    intervals = [(0.0, 0.0)] * len(tests)
    for step, index in enumerate(_ascending(pvalues)):
        test = tests[index]
        level = 1 - alpha / (len(tests) - min(step, rejected))
        intervals[index] = t_interval(test.mean_difference, test.standard_error, test.df, level)
    return intervals


def detectable_difference(standard_error: float) -> float:
    """The difference found with 80 % power by one two-sided 5 % test: 2.8 standard errors (Miller 2024).

    2.8 = z(.975) + z(.8): the large-sample figure, before Holm; in the unit of the standard error.
    """
    if not standard_error >= 0:
        raise ValueError(f"standard_error: zero or more, not {standard_error}")
    return 2.8 * standard_error


def _ascending(pvalues: Sequence[float]) -> list[int]:
    return sorted(range(len(pvalues)), key=lambda index: (pvalues[index], index))


def _check_pvalues(pvalues: Sequence[float]) -> None:
    for position, pvalue in enumerate(pvalues):
        if not 0 <= pvalue <= 1:
            raise ValueError(f"pvalues: number {position} is {pvalue}, not a probability")
