"""The statistics the tables use, under one name: `leaderboard.stats`.

Plain functions of sequences or arrays; results are named tuples; bad input is a `ValueError` that names the
argument. docs/statistics.md says which function serves which table, and which is confirmatory.
"""

from __future__ import annotations

from leaderboard.aggregates import (
    aggregate,
    iqm,
    performance_profile,
    probability_of_improvement,
    score_profile,
)
from leaderboard.anytime import anytime_auc, best_so_far, expected_runtime, normalised_regret
from leaderboard.bootstrap import (
    BootstrapInterval,
    StratifiedInterval,
    bootstrap_ci,
    crossed_bootstrap_ci,
    stratified_bootstrap_ci,
)
from leaderboard.clusters import PairedDifference, clustered_se, paired_difference, two_way_clustered_se
from leaderboard.crossed import CrossedAnova, crossed_anova, crossed_difference
from leaderboard.mean_ranks import Correlation, Friedman, friedman, kendall_tau, mean_ranks, nemenyi_cd
from leaderboard.multiple import adjust_pvalues, detectable_difference, gatekeeping, simultaneous_intervals
from leaderboard.paired import (
    PairedTest,
    Permutation,
    paired_permutation,
    paired_t,
    sampled_permutation,
    t_interval,
    t_test,
)
from leaderboard.pareto import hypervolume, pareto_front
from leaderboard.power import minimum_detectable_effect, power_paired_t
from leaderboard.proportions import McNemar, ProportionInterval, mcnemar, proportion_ci
from leaderboard.signed_ranks import BayesianSignedRank, SignedRank, bayesian_signed_rank, wilcoxon_signed_rank
from leaderboard.ties import letter_display, rank_interval

__all__ = [
    "BayesianSignedRank",
    "BootstrapInterval",
    "Correlation",
    "CrossedAnova",
    "Friedman",
    "McNemar",
    "PairedDifference",
    "PairedTest",
    "Permutation",
    "ProportionInterval",
    "SignedRank",
    "StratifiedInterval",
    "adjust_pvalues",
    "aggregate",
    "anytime_auc",
    "bayesian_signed_rank",
    "best_so_far",
    "bootstrap_ci",
    "clustered_se",
    "crossed_anova",
    "crossed_bootstrap_ci",
    "crossed_difference",
    "detectable_difference",
    "expected_runtime",
    "friedman",
    "gatekeeping",
    "hypervolume",
    "iqm",
    "kendall_tau",
    "letter_display",
    "mcnemar",
    "mean_ranks",
    "minimum_detectable_effect",
    "nemenyi_cd",
    "normalised_regret",
    "paired_difference",
    "paired_permutation",
    "paired_t",
    "pareto_front",
    "performance_profile",
    "power_paired_t",
    "probability_of_improvement",
    "proportion_ci",
    "rank_interval",
    "sampled_permutation",
    "score_profile",
    "simultaneous_intervals",
    "stratified_bootstrap_ci",
    "t_interval",
    "t_test",
    "two_way_clustered_se",
    "wilcoxon_signed_rank",
]
