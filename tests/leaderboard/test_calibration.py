"""A/A: two copies of one method, different luck. How often does each analysis call them different?

The band is the binomial one at 99.9 %. The same draws go through the analyses that papers use, which must
fall out of the band: a check that cannot fail would be decoration.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats as oracle

from leaderboard.boards import split_boards
from leaderboard.crossed import crossed_difference
from leaderboard.ranks import rank

TASKS, SEEDS, ITEMS = 3, 10, 200


def band(n, alpha=0.05):
    half = 3.29 * math.sqrt(alpha * (1 - alpha) / n)
    return alpha - half, alpha + half


def answers(rng):
    """Two methods x tasks x seeds x items of 0 and 1, as in docs/statistics.md: sds in logits 2.0, .5, .2."""
    logit = 0.3 + rng.normal(0, 2.0, (1, TASKS, 1, ITEMS)) + rng.normal(0, 0.5, (2, TASKS, 1, ITEMS))
    logit = logit + rng.normal(0, 0.2, (2, TASKS, SEEDS, 1))
    return (rng.random((2, TASKS, SEEDS, ITEMS)) < 1 / (1 + np.exp(-logit))).astype(float)


def mcnemar(one, two):
    """Exact McNemar on the first seed's answers, all tasks pooled: what is usually published."""
    b = int(((one > two)[:, 0]).sum())
    c = int(((one < two)[:, 0]).sum())
    return oracle.binomtest(b, b + c).pvalue


def over_items(one, two):
    """Paired t over items with seeds averaged: the seeds are taken for the whole population."""
    return oracle.ttest_1samp((one - two).mean(axis=1).ravel(), 0).pvalue


def test_the_crossed_analysis_is_calibrated_and_the_usual_ones_are_not():
    rng = np.random.default_rng(2024)
    n = 600
    rejected = np.zeros(3)
    for _ in range(n):
        one, two = answers(rng)
        pvalues = [crossed_difference(list(one - two)).pvalue, mcnemar(one, two), over_items(one, two)]
        rejected += np.array(pvalues) < 0.05
    low, high = band(n)

    assert low <= rejected[0] / n <= high
    assert rejected[1] / n > high and rejected[2] / n > high


def test_the_simulated_analysis_is_calibrated_from_frame_to_verdict(frames):
    """Common luck by seed, own luck by method: the whole path, one comparison a replication."""
    rng = np.random.default_rng(7)
    n, seeds = 300, 10
    base = pd.DataFrame(
        [frames.run(m, t, s, 0.5) for m in ("random", "tpe") for t in frames.tasks for s in range(seeds)]
    )
    (board,) = split_boards(base)
    separated = unpaired = 0
    for _ in range(n):
        shared = np.tile(rng.normal(0, 0.03, (1, 3, seeds)), (2, 1, 1))
        accuracy = 0.5 + shared + rng.normal(0, 0.01, (2, 3, seeds))
        drawn = replace(board, runs=board.runs.assign(accuracy=accuracy.ravel()))
        separated += rank(drawn).against_reference["tpe"].separated
        unpaired += oracle.ttest_ind(*accuracy.reshape(2, -1)).pvalue < 0.05
    low, high = band(n)

    assert low <= separated / n <= high
    assert unpaired / n < low


def test_the_family_of_all_pairs_is_protected(frames):
    """Five equal methods, ten pairs: any separation at all in at most about five of a hundred suites."""
    rng = np.random.default_rng(11)
    n, names = 150, ("a", "b", "c", "d", "random")
    base = pd.DataFrame([frames.run(m, "math", s, 0.5) for m in names for s in range(10)])
    (board,) = split_boards(base)
    wrong = alone = 0
    for _ in range(n):
        drawn = replace(board, runs=board.runs.assign(accuracy=0.5 + rng.normal(0, 0.01, len(base))))
        pairs = rank(drawn).pairs
        wrong += any(c.separated for c in pairs)
        alone += any(c.test.pvalue < 0.05 for c in pairs)
    _, high = band(n)

    assert wrong / n <= high < alone / n
