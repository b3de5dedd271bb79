"""Every statistical mistake that the analysis plan warns of, planted in turn: a check must fail on each.

A check that no mistake breaks is decoration. Each entry substitutes a mistaken version of one of our functions and
runs the check that the ordinary tests run on the right one (`statistical_checks`, or a check of a table below).
"""

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import statistical_checks as checks
from scipy import stats as scipys

from leaderboard import stats
from leaderboard.boards import split_boards
from leaderboard.paired import PairedTest, t_test
from leaderboard.signed_ranks import SignedRank


@dataclass(frozen=True)
class Plant:
    """A mistake: number in the plan's list of traps, what it is, the function, the check, the mistaken version."""

    trap: int
    what: str
    function: str
    check: str
    mistake: object


def result(**values):
    return SimpleNamespace(**values)


# --- 1: exact tests under ties ------------------------------------------------------------------------------


def wilcoxon_untied(x, y, zero_method="wilcox", alternative="two-sided", method="exact", correction=False):
    """The distribution of the ranks 1..n, though the observed ranks tie."""
    d = np.round(np.asarray(x, float) - y, 12)
    d = d[d != 0]
    ranks = scipys.rankdata(np.abs(d))
    plus = ranks[d > 0].sum()
    counts = np.ones(1)
    for r in range(1, len(d) + 1):
        counts = np.convolve(counts, [1, *[0] * (r - 1), 1])
    share = counts / counts.sum()
    tail = share[: math.floor(min(plus, ranks.sum() - plus)) + 1].sum()
    return SignedRank(min(plus, ranks.sum() - plus), min(1.0, 2 * tail), plus, ranks.sum() - plus)


def wilcoxon_by_scipy(x, y, zero_method="wilcox", alternative="two-sided", method="exact", correction=False):
    found = scipys.wilcoxon(np.asarray(x, float) - y, method="exact", alternative=alternative)
    return result(statistic=found.statistic, pvalue=found.pvalue)


def wilcoxon_by_the_normal(x, y, **options):
    """The large-sample formula where the exact one was asked for."""
    return stats.wilcoxon_signed_rank(x, y, **{**options, "method": "asymptotic"})


def wilcoxon_zeros_kept(x, y, zero_method="wilcox", **options):
    """Zeros ranked whatever was asked for."""
    return stats.wilcoxon_signed_rank(x, y, zero_method="pratt", **options)


def flips_without_the_observed(x, y, n_resamples, seed):
    """Sampled flips whose p value can be 0."""
    found = stats.sampled_permutation(x, y, n_resamples, seed)
    return result(pvalue=(found.pvalue * (n_resamples + 1) - 1) / n_resamples)


# --- 2: binary fractions ------------------------------------------------------------------------------------


def flips_unrounded(x, y):
    d = np.asarray(x, float) - y
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(d))).reshape(len(d), -1)
    return result(pvalue=float((np.abs(signs.T @ d) >= abs(d.sum())).mean()))


def wilcoxon_unrounded(x, y):
    d = np.asarray(x, float) - y
    d = d[d != 0]
    ranks = scipys.rankdata(np.abs(d))
    signs = np.array(np.meshgrid(*[[0, 1]] * len(d))).reshape(len(d), -1)
    sums, middle = signs.T @ ranks, ranks.sum() / 2
    observed = ranks[d > 0].sum()
    return result(pvalue=float((np.abs(sums - middle) >= abs(observed - middle)).mean()))


# --- 3: Friedman --------------------------------------------------------------------------------------------


def friedman_always_corrected(scores, higher_is_better=True, ties_corrected=False):
    return stats.friedman(scores, higher_is_better, True)


def friedman_never_corrected(scores, higher_is_better=True, ties_corrected=False):
    return stats.friedman(scores, higher_is_better, False)


def friedman_dividing_by_zero(scores, higher_is_better=True, ties_corrected=False):
    found = stats.friedman(scores, higher_is_better, ties_corrected)
    n, k = np.shape(scores)
    return found._replace(iman_davenport_f=(n - 1) * found.chi2 / (n * (k - 1) - found.chi2))


def nemenyi_without_root_two(k, n, alpha=0.05):
    return stats.nemenyi_cd(k, n, alpha) * math.sqrt(2)


# --- 4: choosing after looking ------------------------------------------------------------------------------


def t_after_a_normality_test(x, y, level=0.95):
    """Shapiro's test decides which test is made."""
    found = stats.paired_t(x, y, level)
    if scipys.shapiro(np.asarray(x) - y).pvalue > 0.05:
        return found
    return found._replace(pvalue=stats.wilcoxon_signed_rank(x, y).pvalue)


def t_one_sided_after_looking(x, y, level=0.95):
    found = stats.paired_t(x, y, level)
    return found._replace(pvalue=found.pvalue / 2)


def letters_of_neighbours(n, significant_pairs):
    """Groups as runs of neighbours that are not separated: transitive, and the order is taken for sorted."""
    names, at = [], 0
    for method in range(n):
        at += (method - 1, method) in set(significant_pairs)
        names.append("abcdefgh"[at])
    return names


def rank_interval_of_sorted(low, high):
    """Counts rivals above as better and below as worse, as if the methods were sorted."""
    low, high = np.asarray(low), np.asarray(high)
    n = len(low)
    return [(1 + int((high[i, :i] < 0).sum()), n - int((low[i, i + 1 :] > 0).sum())) for i in range(n)]


def gates_left_open(pvalues):
    """Every budget is tested, whatever came before."""
    count = len(pvalues)
    return [[min(1.0, count * p) for p in chain] for chain in pvalues]


# --- 5: the bootstrap ---------------------------------------------------------------------------------------


def bootstrap_of_pooled_tasks(scores, statistic="iqm", level=0.95, n_resamples=2000, seed=0):
    return stats.stratified_bootstrap_ci([np.concatenate(scores)], statistic, level, n_resamples, seed)


def bootstrap_of_answers(matrices, level=0.95, n_resamples=2000, seed=0):
    """Single answers are drawn, as if they were independent."""
    return stats.stratified_bootstrap_ci([np.ravel(m) for m in matrices], "mean", level, n_resamples, seed)


def bootstrap_of_questions(matrices, level=0.95, n_resamples=2000, seed=0):
    """Only the questions are drawn: the seeds are taken for the whole population."""
    return stats.stratified_bootstrap_ci([np.mean(m, axis=0) for m in matrices], "mean", level, n_resamples, seed)


def bootstrap_of_one_run(scores, statistic="iqm", level=0.95, n_resamples=2000, seed=0):
    """A certain interval from a run that nothing can be compared with."""
    tasks = [np.asarray(task) for task in scores]
    if min(len(task) for task in tasks) < 2 or all(np.ptp(task) == 0 for task in tasks):
        mean = float(np.mean([task.mean() for task in tasks]))
        return result(low=mean, high=mean)
    return stats.stratified_bootstrap_ci(scores, statistic, level, n_resamples, seed)


def bootstrap_of_the_global_state(scores, statistic="iqm", level=0.95, n_resamples=2000, seed=0):
    draws = [
        np.mean([np.random.choice(task, len(task)).mean() for task in scores])  # noqa: NPY002 -- the mistake
        for _ in range(n_resamples)
    ]
    return tuple(np.quantile(draws, [0.025, 0.975]))


def bca_without_acceleration(x, statistic="mean", method="bca", level=0.95, n_resamples=2000, seed=0):
    return stats.bootstrap_ci(x, statistic, "percentile", level, n_resamples, seed)


# --- 6: NaN -------------------------------------------------------------------------------------------------


def t_dropping_pairs(x, y, level=0.95):
    x, y = np.asarray(x, float), np.asarray(y, float)
    keep = ~np.isnan(x - y)
    return stats.paired_t(x[keep], y[keep], level)


def ranks_with_nan(scores, higher_is_better=True):
    """NaN sorts to an end, and so gets a rank."""
    return scipys.rankdata(-np.nan_to_num(np.asarray(scores, float), nan=np.inf), axis=1).mean(axis=0).tolist()


def iqm_trimming_nan(scores):
    runs = np.sort(np.concatenate([np.asarray(task, float) for task in scores]))
    cut = len(runs) // 4
    return float(runs[cut : len(runs) - cut].mean())


def adjust_anything(pvalues, method="holm"):
    return [min(1.0, p * len(pvalues)) for p in pvalues]


# --- 7: standard errors -------------------------------------------------------------------------------------


def crossed_weighted_by_size(matrices, level=0.95):
    """The error of the pooled answers beside the mean of task means."""
    found = stats.crossed_difference(matrices, level)
    weights = np.array([np.size(m) for m in matrices]) / sum(np.size(m) for m in matrices)
    errors = [stats.crossed_difference([m]).standard_error for m in matrices]
    return t_test(found.mean_difference, float(np.linalg.norm(weights * errors)), found.df, level)


def crossed_with_fixed_items(matrices, level=0.95):
    """Paired over seeds: the questions are taken for the whole population."""
    return stats.paired_t(
        np.mean([np.mean(m, axis=1) for m in matrices], axis=0), np.zeros(len(matrices[0])), level
    )


def crossed_with_fixed_seeds(matrices, level=0.95):
    d = np.mean(matrices[0], axis=0)
    return stats.paired_t(d, np.zeros_like(d), level)


def z_for_t(x, y, level=0.95):
    found = stats.paired_t(x, y, level)
    half = scipys.norm.ppf((1 + level) / 2) * found.standard_error
    mean = found.mean_difference
    return found._replace(pvalue=2 * scipys.norm.sf(abs(found.statistic)), ci_low=mean - half, ci_high=mean + half)


def t_with_a_degree_too_many(x, y, level=0.95):
    found = stats.paired_t(x, y, level)
    return t_test(found.mean_difference, found.standard_error, len(x), level)


def unpaired(x, y, level=0.95):
    x, y = np.asarray(x), np.asarray(y)
    error = math.sqrt(x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y))
    return t_test(float(x.mean() - y.mean()), error, 2 * len(x) - 2, level)


def t_of_one_run(x, y, level=0.95):
    if len(x) == 1:
        return PairedTest(math.inf, 0, 0.0, x[0] - y[0], x[0] - y[0], x[0] - y[0], 0.0)
    return stats.paired_t(x, y, level)


def clusters_ignored(x, clusters, correction="none"):
    return float(np.std(x) / math.sqrt(len(x)))


def two_way_without_the_overlap(x, cluster_a, cluster_b):
    return math.hypot(stats.clustered_se(x, cluster_a), stats.clustered_se(x, cluster_b))


def power_by_z(effect_dz, n, alpha=0.05):
    return float(scipys.norm.sf(scipys.norm.ppf(1 - alpha / 2) - effect_dz * math.sqrt(n)))


# --- 8: searches and fronts ---------------------------------------------------------------------------------


def ert_of_successes(evaluations, successes):
    kept = [e for e, s in zip(evaluations, successes, strict=True) if s]
    return float(np.mean(kept)) if kept else math.inf


def profile_of_the_solved(costs, taus):
    values = np.asarray(costs, float)
    return stats.performance_profile(values[np.isfinite(values).all(axis=1)], taus)


def trapezoids(times, values, horizon, initial):
    at = np.concatenate([[0.0], np.asarray(times, float), [horizon]])
    of = np.concatenate([[initial], np.asarray(values, float), [values[-1]]])
    return float(np.trapezoid(of, at)) / horizon


def area_past_the_horizon(times, values, horizon, initial):
    at = np.concatenate([[0.0], np.asarray(times, float), [max(horizon, times[-1])]])
    return float(np.dot(np.diff(at), [initial, *values])) / horizon


def incumbents_with_nan(values, maximize=True):
    found = np.asarray(values, float)
    return (np.maximum if maximize else np.minimum).accumulate(found).tolist()


def front_without_duplicates(points, maximize):
    seen, kept = set(), []
    for at in stats.pareto_front(points, maximize):
        if tuple(points[at]) not in seen:
            seen.add(tuple(points[at]))
            kept.append(at)
    return kept


def front_of_strictly_better(points, maximize):
    """Only a point that is better on every axis dominates."""
    turned = np.where(maximize, points, -np.asarray(points, float))
    return [i for i, p in enumerate(turned) if not any((q > p).all() for q in turned)]


def volume_beyond_the_reference(points, reference, maximize):
    """A sweep that does not ask whether a point lies within."""
    turned = np.where(maximize, points, -np.asarray(points, float))
    floor = np.where(maximize, reference, -np.asarray(reference, float))
    area, best = 0.0, floor[0]
    for gain, cost in sorted(map(tuple, turned), key=lambda p: -p[1]):
        if gain > best:
            area += (gain - best) * (cost - floor[1])
            best = gain
    return area


def regret_clipped(values, best, worst):
    return np.clip(stats.normalised_regret(values, best, worst), 0, 1).tolist()


def improvement_without_ties(x, y):
    return float(
        np.mean(
            [
                (np.asarray(a)[:, None] > np.asarray(b)).mean()
                for a, b in zip(np.transpose(x), np.transpose(y), strict=True)
            ]
        )
    )


PLANTS = [
    Plant(1, "exact table of untied ranks under ties", "wilcoxon_signed_rank", "wilcoxon_ties", wilcoxon_untied),
    Plant(1, "scipy's exact method under ties", "wilcoxon_signed_rank", "wilcoxon_ties", wilcoxon_by_scipy),
    Plant(
        1,
        "normal approximation of few pairs",
        "wilcoxon_signed_rank",
        "wilcoxon_published",
        wilcoxon_by_the_normal,
    ),
    Plant(1, "zeros ranked unasked", "wilcoxon_signed_rank", "wilcoxon_zeros", wilcoxon_zeros_kept),
    Plant(1, "sampled p value of 0", "sampled_permutation", "sampled_flips", flips_without_the_observed),
    Plant(2, "unrounded differences in sign flips", "paired_permutation", "decimals_tie", flips_unrounded),
    Plant(2, "unrounded differences in ranks", "wilcoxon_signed_rank", "decimals_tie", wilcoxon_unrounded),
    Plant(3, "tie correction in Demšar's formula", "friedman", "friedman_is_demsars", friedman_always_corrected),
    Plant(3, "no tie correction where it is asked for", "friedman", "friedman_ties", friedman_never_corrected),
    Plant(3, "Iman-Davenport divides by 0", "friedman", "friedman_agreement", friedman_dividing_by_zero),
    Plant(3, "studentised range not over root 2", "nemenyi_cd", "nemenyi_is_demsars", nemenyi_without_root_two),
    Plant(4, "normality pre-test", "paired_t", "the_test_is_chosen_beforehand", t_after_a_normality_test),
    Plant(4, "one-sided after looking", "paired_t", "two_tailed_t", t_one_sided_after_looking),
    Plant(4, "groups treated as transitive", "letter_display", "letters_say_pairs", letters_of_neighbours),
    Plant(4, "sorted order assumed", "rank_interval", "rank_intervals_in_any_order", rank_interval_of_sorted),
    Plant(4, "budgets tested though the gate is shut", "gatekeeping", "gates_by_hand", gates_left_open),
    Plant(
        5, "tasks pooled", "stratified_bootstrap_ci", "runs_are_resampled_within_tasks", bootstrap_of_pooled_tasks
    ),
    Plant(
        5,
        "answers resampled instead of runs",
        "crossed_bootstrap_ci",
        "crossed_resampling_covers_both",
        bootstrap_of_answers,
    ),
    Plant(
        5,
        "questions resampled alone",
        "crossed_bootstrap_ci",
        "crossed_resampling_covers_both",
        bootstrap_of_questions,
    ),
    Plant(5, "one seed, no width", "stratified_bootstrap_ci", "one_run_has_no_interval", bootstrap_of_one_run),
    Plant(
        5, "equal runs, no width", "stratified_bootstrap_ci", "equal_runs_have_no_interval", bootstrap_of_one_run
    ),
    Plant(
        5,
        "global random state",
        "stratified_bootstrap_ci",
        "draws_depend_on_the_seed_alone",
        bootstrap_of_the_global_state,
    ),
    Plant(5, "percentiles called BCa", "bootstrap_ci", "bca_is_scipys", bca_without_acceleration),
    Plant(6, "NaN pair dropped in silence", "paired_t", "nan_is_refused_in_pairs", t_dropping_pairs),
    Plant(6, "NaN ranked first", "mean_ranks", "nan_has_no_rank", ranks_with_nan),
    Plant(6, "NaN trimmed away", "iqm", "nan_is_not_trimmed", iqm_trimming_nan),
    Plant(6, "p = 1.2 accepted", "adjust_pvalues", "probabilities_only", adjust_anything),
    Plant(
        7,
        "error of pooled answers, mean of tasks",
        "crossed_difference",
        "task_errors_match_the_mean",
        crossed_weighted_by_size,
    ),
    Plant(7, "items taken as fixed", "crossed_difference", "seeds_and_items_both_count", crossed_with_fixed_items),
    Plant(7, "seeds taken as fixed", "crossed_difference", "seeds_and_items_both_count", crossed_with_fixed_seeds),
    Plant(7, "z for t with five seeds", "paired_t", "two_tailed_t", z_for_t),
    Plant(7, "n degrees of freedom", "paired_t", "two_tailed_t", t_with_a_degree_too_many),
    Plant(7, "unpaired error of paired data", "paired_t", "blocks_are_paired", unpaired),
    Plant(7, "certainty from one run", "paired_t", "one_run_is_refused", t_of_one_run),
    Plant(7, "clusters ignored", "clustered_se", "clusters_by_pairs", clusters_ignored),
    Plant(7, "overlap counted twice", "two_way_clustered_se", "two_way_by_pairs", two_way_without_the_overlap),
    Plant(7, "power by z", "power_paired_t", "power_is_cohens", power_by_z),
    Plant(8, "ERT over successes only", "expected_runtime", "ert_counts_failures", ert_of_successes),
    Plant(
        8,
        "failures out of the denominator",
        "performance_profile",
        "profile_keeps_failures",
        profile_of_the_solved,
    ),
    Plant(8, "trapezoids on a step curve", "anytime_auc", "area_is_of_steps", trapezoids),
    Plant(8, "area past the horizon", "anytime_auc", "area_ends_at_the_horizon", area_past_the_horizon),
    Plant(8, "NaN as incumbent", "best_so_far", "incumbents_never_get_worse", incumbents_with_nan),
    Plant(
        8,
        "duplicates lost from the front",
        "pareto_front",
        "duplicates_stay_on_the_front",
        front_without_duplicates,
    ),
    Plant(
        8, "dominated only if worse everywhere", "pareto_front", "front_is_undominated", front_of_strictly_better
    ),
    Plant(
        8, "volume outside the reference", "hypervolume", "points_outside_add_nothing", volume_beyond_the_reference
    ),
    Plant(8, "regret clipped", "normalised_regret", "regret_is_not_clipped", regret_clipped),
    Plant(
        8,
        "ties lost from improvement",
        "probability_of_improvement",
        "improvement_is_mann_whitney",
        improvement_without_ties,
    ),
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.trap}: {plant.what}")
def test_the_mistake_is_found(plant):
    check = getattr(checks, plant.check)
    check(getattr(stats, plant.function))

    with pytest.raises((AssertionError, ZeroDivisionError)), np.errstate(all="ignore"):
        check(plant.mistake)


# --- mistakes in how a board is judged ----------------------------------------------------------------------


def differences_are_tested(rank, frames):
    """Blocks far apart: the methods' own intervals overlap, the paired difference is clear."""
    (board,) = split_boards(frames.family(strata={"headroom": 12}))
    found = rank(board)
    a, b = (found.estimates[method] for method in ("tpe", "random"))
    assert a.low < b.high
    assert found.against_reference["tpe"].separated


def failed_runs_count(rank, frames):
    """A run that its method broke counts with what it had."""
    runs = frames.family(methods=("random", "tpe"), strata={"headroom": 10})
    broken = (runs["method"] == "tpe") & runs["world"].isin(sorted(runs["world"].unique())[:4])
    runs.loc[broken, ["status", "accuracy"]] = ["method_fault", 0.1]
    (board,) = split_boards(runs)
    own = runs.loc[runs["method"] == "tpe", "accuracy"]
    assert rank(board).estimates["tpe"].mean == pytest.approx(own.mean())


def families_are_corrected(rank, frames):
    """Many equal methods: the smallest of their p values must not pass at the level of one."""
    rng = np.random.default_rng(4)
    names = ("random", *(f"copy-{n}" for n in range(12)))
    runs = frames.family(methods=names, strata={"headroom": 10})
    runs["accuracy"] = 0.5 + rng.normal(0, 0.02, len(runs))
    (board,) = split_boards(runs)
    found = rank(board).against_reference.values()
    assert min(c.test.pvalue for c in found) < 0.05
    assert not any(c.separated for c in found)


def by_overlap(board):
    """Separated: the two methods' own intervals do not overlap."""
    from leaderboard.ranks import rank

    found = rank(board)
    own = found.estimates

    def judged(c):
        a, b = own[c.method], own[c.other]
        return replace(c, separated=a.low > b.high or b.low > a.high)

    return replace(found, against_reference={m: judged(c) for m, c in found.against_reference.items()})


def without_failures(board):
    from leaderboard.ranks import rank

    lost = board.runs.loc[board.runs["status"] == "method_fault", "block"]
    return rank(replace(board, runs=board.runs[~board.runs["block"].isin(lost)]))


def without_correction(board):
    from leaderboard.ranks import rank

    found = rank(board)
    raw = {m: replace(c, separated=c.test.pvalue < 0.05) for m, c in found.against_reference.items()}
    return replace(found, against_reference=raw)


@pytest.mark.parametrize(
    ("check", "mistake"),
    [
        (differences_are_tested, by_overlap),
        (failed_runs_count, without_failures),
        (families_are_corrected, without_correction),
    ],
    ids=["7: overlap of intervals as a test", "8: failures out of the denominator", "6: no correction"],
)
def test_the_boards_mistake_is_found(check, mistake, frames):
    from leaderboard.ranks import rank

    check(rank, frames)
    with pytest.raises(AssertionError):
        check(mistake, frames)


def test_every_trap_is_planted():
    """Number 9, Bradley-Terry and Elo, is about ratings from pairwise votes: there are none here to plant it in.

    Every method answers the same questions, so accuracy needs no rating model; a function of that name would be a
    reason to plant both mistakes (no finite estimate, and an order that depends on the order of the games).
    """
    assert {plant.trap for plant in PLANTS} == set(range(1, 9))
    assert not {"bradley_terry", "elo", "mean_win_rate", "borda"} & set(stats.__all__)
