"""Every check of `statistical_checks` on our own functions, and what they refuse."""

import math
import tracemalloc

import numpy as np
import pytest
import statistical_checks as checks
from statistical_checks import refuses

from leaderboard import anytime, bootstrap, numbers, power, stats
from leaderboard.crossed import crossed_difference
from leaderboard.paired import sampled_permutation

CHECKS = {
    "paired_t": "two_tailed_t blocks_are_paired nan_is_refused_in_pairs one_run_is_refused",
    "paired_permutation": "decimals_tie",
    "wilcoxon_signed_rank": "wilcoxon_published wilcoxon_ties wilcoxon_zeros wilcoxon_asymptotic decimals_tie",
    "mcnemar": "mcnemar_published",
    "bayesian_signed_rank": "bayes_by_loops bayes_sides",
    "clustered_se": "clusters_by_pairs",
    "two_way_clustered_se": "two_way_by_pairs",
    "paired_difference": "paired_difference_se",
    "crossed_difference": "task_errors_match_the_mean seeds_and_items_both_count",
    "power_paired_t": "power_is_cohens",
    "minimum_detectable_effect": "detectable_has_its_power",
    "friedman": "friedman_is_demsars friedman_ties friedman_agreement",
    "mean_ranks": "ranks_are_demsars nan_has_no_rank",
    "nemenyi_cd": "nemenyi_is_demsars",
    "kendall_tau": "tau_by_pairs",
    "adjust_pvalues": "holm_published bh_published probabilities_only",
    "gatekeeping": "gates_by_hand",
    "letter_display": "letters_say_pairs",
    "rank_interval": "rank_intervals_in_any_order",
    "iqm": "iqm_is_the_middle nan_is_not_trimmed",
    "aggregate": "tasks_weigh_the_same",
    "stratified_bootstrap_ci": "runs_are_resampled_within_tasks one_run_has_no_interval "
    "equal_runs_have_no_interval draws_depend_on_the_seed_alone",
    "crossed_bootstrap_ci": "crossed_resampling_covers_both",
    "bootstrap_ci": "bca_is_scipys",
    "probability_of_improvement": "improvement_is_mann_whitney",
    "score_profile": "profile_counts_runs",
    "performance_profile": "profile_keeps_failures",
    "expected_runtime": "ert_counts_failures",
    "best_so_far": "incumbents_never_get_worse",
    "anytime_auc": "area_is_of_steps area_ends_at_the_horizon",
    "normalised_regret": "regret_is_not_clipped",
    "pareto_front": "front_is_undominated duplicates_stay_on_the_front",
    "hypervolume": "volume_is_of_cubes points_outside_add_nothing",
    "sampled_permutation": "sampled_flips",
}


@pytest.mark.parametrize(
    ("name", "check"), [(name, check) for name, found in CHECKS.items() for check in found.split()]
)
def test_check(name, check):
    getattr(checks, check)(getattr(stats, name))


def test_every_check_is_run():
    named = {check for found in CHECKS.values() for check in found.split()}
    there = {
        name for name, value in vars(checks).items() if callable(value) and value.__module__ == checks.__name__
    }

    assert there - named == {"refuses", "_all_flips"}


REFUSED = [
    (lambda: stats.wilcoxon_signed_rank([1.0], [1.0, 2.0]), "x and y"),
    (lambda: stats.wilcoxon_signed_rank([1.0], [math.nan]), "y"),
    (lambda: stats.wilcoxon_signed_rank([], []), "x and y"),
    (lambda: stats.wilcoxon_signed_rank([1.0], [0.0], zero_method="drop"), "zero_method"),
    (lambda: stats.wilcoxon_signed_rank([1.0], [0.0], alternative="two"), "alternative"),
    (lambda: stats.wilcoxon_signed_rank([1.0], [0.0], method="auto"), "method"),
    (lambda: stats.wilcoxon_signed_rank(np.ones(501), np.zeros(501)), "x and y"),
    (lambda: sampled_permutation([], [], 10, 0), "x, y and n_resamples"),
    (lambda: stats.mcnemar(-1, 2), "b"),
    (lambda: stats.mcnemar(1, 2.5), "c"),
    (lambda: stats.mcnemar(1, 2, "chi2"), "method"),
    (lambda: stats.paired_difference([1.0], [0.0]), "x and y"),
    (lambda: stats.paired_difference([1.0, 2.0], [0.0, 1.0], [1, 2, 3]), "clusters"),
    (lambda: stats.clustered_se([1.0, 2.0], [0, 1], "hc1"), "correction"),
    (lambda: stats.two_way_clustered_se([1.0, 2.0], [0, 1], [0, 0]), "cluster_b"),
    (lambda: stats.power_paired_t(0.5, 1), "n"),
    (lambda: stats.power_paired_t(0.5, 10, 1.2), "alpha"),
    (lambda: power.power_t(1.0, 0), "df"),
    (lambda: stats.minimum_detectable_effect(0, 0.1), "n"),
    (lambda: stats.minimum_detectable_effect(10, -0.1), "omega2"),
    (lambda: stats.minimum_detectable_effect(10, 0.1, power=1.5), "power"),
    (lambda: stats.minimum_detectable_effect(10, 0.1, k_b=0), "k_b"),
    (lambda: stats.friedman([[1.0, 2.0]]), "scores"),
    (lambda: stats.nemenyi_cd(1, 10), "k and n"),
    (lambda: stats.nemenyi_cd(3, 10, 0.0), "alpha"),
    (lambda: stats.kendall_tau([1.0, 2.0], [1.0, 2.0, 3.0]), "x and y"),
    (lambda: stats.kendall_tau([1.0], [1.0]), "x"),
    (lambda: stats.adjust_pvalues([0.1], "sidak"), "method"),
    (lambda: stats.gatekeeping([[0.1, 2.0]]), "pvalues"),
    (lambda: stats.bayesian_signed_rank([0.1], [0.0], -1), "rope"),
    (lambda: stats.bayesian_signed_rank([], [], 0.1), "x and y"),
    (lambda: stats.bayesian_signed_rank([0.1], [0.0], 0.01, 0), "n_samples"),
    (lambda: stats.iqm([]), "scores"),
    (lambda: stats.aggregate([[1.0]], "iqm"), "kind"),
    (lambda: stats.probability_of_improvement([[1.0]], [[1.0], [2.0]]), "x and y"),
    (lambda: stats.score_profile([[1.0]], [math.nan]), "taus"),
    (lambda: stats.performance_profile([[1.0, -1.0]], [1]), "costs"),
    (lambda: stats.performance_profile([[1.0, math.nan]], [1]), "costs"),
    (lambda: stats.performance_profile([[1.0, 2.0]], [0.5]), "taus"),
    (lambda: stats.bootstrap_ci([1.0]), "x"),
    (lambda: stats.bootstrap_ci([1.0, 1.0]), "x"),
    (lambda: stats.bootstrap_ci([1.0, 2.0], "mode"), "statistic"),
    (lambda: stats.bootstrap_ci([1.0, 2.0], method="student"), "method"),
    (lambda: stats.bootstrap_ci([1.0, 2.0], level=95), "level"),
    (lambda: stats.bootstrap_ci([1.0, 2.0], n_resamples=0), "n_resamples"),
    (lambda: stats.stratified_bootstrap_ci([[1.0, math.nan]]), "scores"),
    (lambda: stats.stratified_bootstrap_ci([[1.0, 2.0]], "std"), "statistic"),
    (lambda: stats.crossed_bootstrap_ci([[[1.0, 2.0]]]), "matrices"),
    (lambda: stats.expected_runtime([1.0], [True, False]), "evaluations and successes"),
    (lambda: stats.expected_runtime([], []), "evaluations"),
    (lambda: stats.expected_runtime([-1.0], [True]), "evaluations"),
    (lambda: stats.expected_runtime([1.0], [2]), "successes"),
    (lambda: stats.best_so_far([[1.0]]), "values"),
    (lambda: stats.anytime_auc([2, 1], [0.1, 0.2], 3, 0), "times"),
    (lambda: stats.anytime_auc([1], [math.nan], 3, 0), "values"),
    (lambda: stats.anytime_auc([1], [0.1], 0, 0), "horizon"),
    (lambda: stats.anytime_auc([1], [0.1], 3, math.nan), "initial"),
    (lambda: stats.anytime_auc([1, 2], [0.1], 3, 0), "times and values"),
    (lambda: stats.normalised_regret([0.1], 0.5, 0.5), "best and worst"),
    (lambda: stats.pareto_front([[1, 2]], (True,)), "points"),
    (lambda: stats.hypervolume([[1, math.nan]], (0, 0), (True, True)), "points"),
    (lambda: numbers.choice("a", "form", ("b",)), "form"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_bad_input_is_refused_by_name(number):
    refuses(*REFUSED[number])


def test_chunks_change_nothing_and_bound_the_memory(monkeypatch):
    x = np.random.default_rng(1).normal(size=50)
    whole = stats.bootstrap_ci(x, n_resamples=3000, seed=4)
    monkeypatch.setattr(bootstrap, "_CHUNK", 1000)
    assert stats.bootstrap_ci(x, n_resamples=3000, seed=4) == whole
    monkeypatch.undo()
    tracemalloc.start()
    stats.stratified_bootstrap_ci([np.random.default_rng(2).normal(size=5000)], "mean", 0.95, 2000, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 60e6 < 2000 * 5000 * 8


def test_seeds_come_from_values_shapes_and_purpose():
    one = numbers.data_seed("a", [1.0, 2.0])

    assert one == numbers.data_seed("a", np.array([1.0, 2.0 + 1e-15]))
    assert (
        len(
            {
                one,
                numbers.data_seed("b", [1.0, 2.0]),
                numbers.data_seed("a", [[1.0, 2.0]]),
                numbers.data_seed("a", [2.0, 1.0]),
            }
        )
        == 4
    )
    assert numbers.data_seed("a", [-0.0]) == numbers.data_seed("a", [0.0])


def test_detectable_by_t_has_its_power():
    for df, alpha in ((9, 0.05), (4.3, 0.003), (47, 0.05)):
        assert power.power_t(power.detectable_by_t(df, alpha), df, alpha) == pytest.approx(0.8, abs=1e-6)
    assert power.detectable_by_t(9) == pytest.approx(3.15, abs=0.01)


def test_examples_in_docstrings():
    import doctest

    from leaderboard import pareto

    assert [doctest.testmod(module).failed for module in (anytime, power, pareto)] == [0, 0, 0]
    assert crossed_difference([[[0.1, 0.2], [0.3, 0.5]]]).mean_difference == pytest.approx(0.275)
