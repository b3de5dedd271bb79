"""Who is better than whom, with the uncertainty: the frozen analysis plan applied to one board.

Two analyses, one result. *simulated*: the truth is exact, the unit is the block (a seed, or an instance of a
family of worlds), t over blocks. *crossed*: answers to questions, seeds and questions both random
(`leaderboard.crossed`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import NamedTuple

import numpy as np
import pandas as pd

from leaderboard.boards import Board
from leaderboard.crossed import crossed_difference
from leaderboard.multiple import adjust_pvalues, detectable_difference, simultaneous_intervals
from leaderboard.paired import Floats, PairedTest, block_test, paired_permutation, t_test
from leaderboard.proportions import proportion_ci
from leaderboard.samples import Samples, take_samples
from leaderboard.ties import letter_display, rank_interval

__all__ = ["Comparison", "Estimate", "Plan", "Ranking", "Standing", "rank"]


@dataclass(frozen=True)
class Plan:
    """What a suite fixes before its first run.

    reference: method name. rope: a share (0.01 = one point). primary: the variant that is ranked first. traps:
    `ranked`, or `apart`: tasks with nothing to find are no part of the overall rank. budgets: inference budgets,
    the endpoint's first. assumed: whether these are the defaults because the suite's own plan is not at hand.
    unfinished: how many of the places that it names (a task in a world with a seed) no run was at.
    """

    reference: str = "random"
    alpha: float = 0.05
    rope: float = 0.01
    primary: str = ""
    traps: str = "ranked"
    budgets: tuple[str, ...] = ()
    assumed: bool = False
    unfinished: int = 0


class Estimate(NamedTuple):
    """Mean accuracy over cells, a share, with its interval (infinite ends: no interval can be given)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """method minus other, shares. low, high: Holm-adjusted. pvalue_flips: exact sign flips, if asked for."""

    method: str
    other: str
    test: PairedTest
    pvalue_holm: float
    low: float
    high: float
    pvalue_flips: float | None
    separated: bool
    matters: bool


@dataclass(frozen=True)
class Ranking:
    """A board's verdict. order: best first; ranks: best and worst possible; tied: not separated from best.

    detectable: minimum detectable difference, a share, of the median comparison and of the noisiest.
    """

    analysis: str
    order: tuple[str, ...]
    estimates: dict[str, Estimate]
    against_reference: dict[str, Comparison]
    pairs: tuple[Comparison, ...]
    ranks: dict[str, tuple[int, int]]
    letters: dict[str, str]
    tied: frozenset[str]
    detectable: tuple[float, float] | None
    samples: Samples


class Standing(NamedTuple):
    """A board with its verdict."""

    board: Board
    ranking: Ranking


def rank(board: Board, questions: pd.DataFrame | None = None, plan: Plan | None = None) -> Ranking:
    """Estimates, comparisons, letters and rank intervals of a board under a plan.

    Family 1 is the comparison of every method with the reference, family 2 all pairs; each has its own Holm.
    Sorted by estimate, then name. LeaderboardError when the board's cells cannot be compared.
    """
    plan = plan or Plan()
    samples = take_samples(board, questions)
    level = 1 - plan.alpha
    estimates = {method: _estimate(samples, method, level) for method in board.methods}
    order = tuple(sorted(board.methods, key=lambda method: (-round(estimates[method].mean, 12), method)))
    others = [method for method in order if method != plan.reference] if plan.reference in order else []
    family_1 = _compare(samples, [(method, plan.reference) for method in others], plan, flips=True)
    family_2 = _compare(samples, list(combinations(order, 2)), plan)
    return Ranking(
        analysis="simulated" if samples.exact else "crossed",
        order=order,
        estimates=estimates,
        against_reference={found.method: found for found in family_1},
        pairs=family_2,
        ranks=_rank_intervals(order, family_2),
        letters=_letters(order, family_2),
        tied=frozenset(order)
        - {found.other for found in family_2 if found.method == order[0] and found.separated},
        detectable=_detectable(family_1 or family_2),
        samples=samples,
    )


def _estimate(samples: Samples, method: str, level: float) -> Estimate:
    """The mean over cells with its interval; Wilson's where every answer was right, or every one wrong."""
    values = samples.values[method]
    if not samples.exact and (all(v.all() for v in values) or not any(v.any() for v in values)):
        # The seeds repeat the same questions, so only the questions count as trials.
        trials = sum(samples.items.values())
        low, high = proportion_ci(trials * float(values[0].flat[0]), trials, level)
        return Estimate(float(values[0].flat[0]), low, high)
    test = _test(samples, values, level)
    return Estimate(test.mean_difference, test.ci_low, test.ci_high)


def _compare(
    samples: Samples, pairs: Sequence[tuple[str, str]], plan: Plan, flips: bool = False
) -> tuple[Comparison, ...]:
    """One family of comparisons: tests, Holm's p values, the intervals that agree with them, the verdicts."""
    differences = [_differences(samples, *pair) for pair in pairs]
    tests = [_test(samples, difference, 1 - plan.alpha) for difference in differences]
    adjusted = adjust_pvalues([test.pvalue for test in tests])
    intervals = simultaneous_intervals(tests, plan.alpha)
    return tuple(
        Comparison(
            method=method,
            other=other,
            test=test,
            pvalue_holm=pvalue,
            low=low,
            high=high,
            pvalue_flips=_flips(samples, difference) if flips else None,
            separated=low > 0 or high < 0,
            matters=low > plan.rope or high < -plan.rope,
        )
        for (method, other), difference, test, pvalue, (low, high) in zip(
            pairs, differences, tests, adjusted, intervals, strict=True
        )
    )


def _differences(samples: Samples, method: str, other: str) -> list[Floats]:
    return [a - b for a, b in zip(samples.values[method], samples.values[other], strict=True)]


def _test(samples: Samples, values: list[Floats], level: float) -> PairedTest:
    """The analysis' own test of the mean over cells = 0. One run has no variance: p = 1 and no interval."""
    if samples.exact:
        return block_test(_by_block(values), level)
    if min(min(matrix.shape) for matrix in values) == 1:
        return t_test(float(np.mean([matrix.mean() for matrix in values])), 0.0, 0, level)
    return crossed_difference(values, level)


def _by_block(values: list[Floats]) -> Floats:
    """Mean over cells within each block; exact samples only, where all cells have the same blocks."""
    means: Floats = np.mean([matrix[:, 0] for matrix in values], axis=0)
    return means


def _flips(samples: Samples, difference: list[Floats]) -> float | None:
    if not samples.exact or not 2 <= len(difference[0]) <= 40:
        return None
    by_block = _by_block(difference)
    return paired_permutation(by_block, np.zeros_like(by_block)).pvalue


def _rank_intervals(order: Sequence[str], pairs: Sequence[Comparison]) -> dict[str, tuple[int, int]]:
    low, high = np.zeros((len(order), len(order))), np.zeros((len(order), len(order)))
    at = {method: position for position, method in enumerate(order)}
    for found in pairs:
        i, j = at[found.method], at[found.other]
        low[i, j], high[i, j] = found.low, found.high
        low[j, i], high[j, i] = -found.high, -found.low
    return dict(zip(order, rank_interval(low, high), strict=True))


def _letters(order: Sequence[str], pairs: Sequence[Comparison]) -> dict[str, str]:
    at = {method: position for position, method in enumerate(order)}
    significant = [(at[found.method], at[found.other]) for found in pairs if found.separated]
    return dict(zip(order, letter_display(len(order), significant), strict=True))


def _detectable(family: Sequence[Comparison]) -> tuple[float, float] | None:
    """Minimum detectable difference, shares: of the median comparison and of the noisiest."""
    errors = [found.test.standard_error for found in family if math.isfinite(found.low)]
    if not errors or max(errors) == 0:
        return None
    return detectable_difference(median(errors)), detectable_difference(max(errors))
