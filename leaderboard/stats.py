"""The statistics the tables use, under one name: `leaderboard.stats`.

Plain functions of sequences or arrays; results are named tuples; bad input is a `ValueError` that names the
argument. docs/statistics.md says which test is used where, and why.
"""

from __future__ import annotations

from leaderboard.crossed import CrossedAnova, crossed_anova, crossed_difference
from leaderboard.multiple import adjust_pvalues, detectable_difference, simultaneous_intervals
from leaderboard.paired import PairedTest, Permutation, paired_permutation, paired_t, t_interval, t_test
from leaderboard.proportions import ProportionInterval, proportion_ci
from leaderboard.ties import letter_display, rank_interval

__all__ = [
    "CrossedAnova",
    "PairedTest",
    "Permutation",
    "ProportionInterval",
    "adjust_pvalues",
    "crossed_anova",
    "crossed_difference",
    "detectable_difference",
    "letter_display",
    "paired_permutation",
    "paired_t",
    "proportion_ci",
    "rank_interval",
    "simultaneous_intervals",
    "t_interval",
    "t_test",
]
