"""Ways to say that two methods differ: the leaderboard's own two, and the usual ones it is compared with.

Each takes the answers of two methods, one seeds x items array a task (with exact accuracies one column), and gives
the difference and a two-sided p value. docs/protocols.md shows how often each calls equal methods different.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from leaderboard.crossed import crossed_difference
from leaderboard.paired import Floats, PairedTest, block_test, paired_t
from leaderboard.proportions import mcnemar
from leaderboard.signed_ranks import wilcoxon_signed_rank

__all__ = ["ANALYSES", "EXACT", "Analysis", "Verdict"]

EXACT = "exact"
"""The analysis that takes exact accuracies instead of answers."""

Answers = Sequence[Floats]


class Verdict(NamedTuple):
    """The first method minus the second, a share, and the p value of no difference."""

    difference: float
    pvalue: float


@dataclass(frozen=True)
class Analysis:
    """A test of two methods. says: what it does, for readers. least_seeds: with fewer it cannot be computed."""

    says: str
    test: Callable[[Answers, Answers], Verdict]
    least_seeds: int = 1


def _mean(answers: Answers) -> float:
    return float(np.mean([matrix.mean() for matrix in answers]))


def _two_proportions(one: Answers, two: Answers) -> Verdict:
    """Pooled z test on all answers of all runs, as if each were a trial of its own."""
    right = [sum(float(matrix.sum()) for matrix in answers) for answers in (one, two)]
    n = sum(matrix.size for matrix in one)
    pooled = sum(right) / (2 * n)
    variance = 2 * pooled * (1 - pooled) / n
    difference = (right[0] - right[1]) / n
    if variance == 0:
        return Verdict(difference, 1.0)
    return Verdict(difference, 2 * float(special.ndtr(-abs(difference) / math.sqrt(variance))))


def _mcnemar(one: Answers, two: Answers) -> Verdict:
    """Exact McNemar test on the first run's answers, tasks pooled."""
    first = [(a[0], b[0]) for a, b in zip(one, two, strict=True)]
    only_one = sum(int((a > b).sum()) for a, b in first)
    only_two = sum(int((a < b).sum()) for a, b in first)
    n = sum(len(a) for a, _ in first)
    return Verdict((only_one - only_two) / n, mcnemar(only_one, only_two).pvalue)


def _paired_items(one: Answers, two: Answers) -> Verdict:
    """Paired t over items, each averaged over its seeds: the seeds are taken for all there are."""
    x, y = (np.concatenate([matrix.mean(axis=0) for matrix in answers]) for answers in (one, two))
    return _of(paired_t(x, y))


def _paired_seeds(one: Answers, two: Answers) -> Verdict:
    """Paired t over seeds of the mean over tasks: the items are taken for all there are."""
    x, y = (np.mean([matrix.mean(axis=1) for matrix in answers], axis=0) for answers in (one, two))
    return _of(block_test(x - y))


def _wilcoxon(one: Answers, two: Answers) -> Verdict:
    """Wilcoxon's exact signed-rank test over all tasks and seeds, as if they were alike and independent."""
    x, y = (np.concatenate([matrix.mean(axis=1) for matrix in answers]) for answers in (one, two))
    return Verdict(float((x - y).mean()), wilcoxon_signed_rank(x, y).pvalue)


def _crossed(one: Answers, two: Answers) -> Verdict:
    return _of(crossed_difference([a - b for a, b in zip(one, two, strict=True)]))


def _highest(one: Answers, two: Answers) -> Verdict:
    """No test at all: the higher mean is the better method."""
    difference = _mean(one) - _mean(two)
    return Verdict(difference, 0.0 if difference else 1.0)


def _of(found: PairedTest) -> Verdict:
    return Verdict(found.mean_difference, found.pvalue)


ANALYSES: Mapping[str, Analysis] = {
    "crossed": Analysis("seeds crossed with items, Satterthwaite t", _crossed, 2),
    EXACT: Analysis("paired t over blocks, exact accuracies", _paired_seeds, 2),
    "two-proportions": Analysis("two proportions, all answers pooled", _two_proportions),
    "mcnemar": Analysis("McNemar's exact test on one run", _mcnemar),
    "paired-items": Analysis("paired t over items, seeds averaged", _paired_items),
    "paired-seeds": Analysis("paired t over seeds, items taken as fixed", _paired_seeds, 2),
    "wilcoxon": Analysis("Wilcoxon over tasks and seeds", _wilcoxon, 2),
    "highest": Analysis("no test: the higher mean", _highest),
}
"""By name. `crossed` and `exact` are the leaderboard's own."""
