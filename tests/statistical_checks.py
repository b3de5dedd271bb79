"""What each statistic must do, as functions of the statistic: right ones pass, and planted mistakes must not.

Each check takes the function under test, and compares with a published example or an oracle that shares nothing
with our code: brute force over all cases, or scipy where we do not call it. test_statistics.py runs every check on
our functions, test_planted.py on mistaken ones.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats as oracle

# Darwin's maize in eighths of an inch; Fisher (1935), The Design of Experiments, section 21.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Hollander, Wolfe (1973), table 3.1: Hamilton depression factor of nine patients at two visits.
VISIT_1 = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
VISIT_2 = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Fourteen blocks with the mean ranks of Demšar (2006), section 3.2.2: 3.143, 2.000, 2.893 and 1.964. His statistic
# depends on nothing else, so it must come out as he printed it. Lower is better here: these are the ranks.
DEMSAR = [
    [4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5], [3, 2, 4, 1],
    [2.5, 2.5, 4, 1], [4, 3, 1.5, 1.5], [2.5, 2.5, 2.5, 2.5], [4, 2.5, 1, 2.5], [3, 2, 4, 1], [4, 1, 2.5, 2.5],
    [3, 1, 4, 2],
]  # fmt: skip


def refuses(call, name):
    """The call is a ValueError that begins with the argument's name."""
    try:
        found = call()
    except ValueError as error:
        assert str(error).startswith(name), f"{error} does not name {name}"
    else:
        raise AssertionError(f"{name}: accepted, result {found}")


# --- paired tests -------------------------------------------------------------------------------------------


def wilcoxon_published(wilcoxon):
    found = wilcoxon(VISIT_1, VISIT_2, alternative="greater")
    assert (found.statistic, found.pvalue) == (40, pytest.approx(0.01953125))
    found = wilcoxon(MAIZE, [0] * 15)
    assert (found.statistic, found.pvalue) == (24, pytest.approx(0.041259765625))


def _all_flips(d, zero_method, alternative):
    """Brute force over all signs, written from the definition."""
    d = [v for v in d if v] if zero_method == "wilcox" else list(d)
    rank = [sum(abs(w) < abs(v) for w in d) + (sum(abs(w) == abs(v) for w in d) + 1) / 2 for v in d]
    nonzero = [(v, r) for v, r in zip(d, rank, strict=True) if v]
    observed = sum(r for v, r in nonzero if v > 0)
    middle = sum(r for _, r in nonzero) / 2
    sums = [
        sum(r for (_, r), up in zip(nonzero, ups, strict=True) if up)
        for ups in itertools.product([0, 1], repeat=len(nonzero))
    ]
    extreme = {
        "two-sided": [abs(s - middle) >= abs(observed - middle) for s in sums],
        "greater": [s >= observed for s in sums],
        "less": [s <= observed for s in sums],
    }[alternative]
    return sum(extreme) / len(sums)


def wilcoxon_ties(wilcoxon):
    """All sign flips of the observed mid-ranks, also where differences tie (ANALYSIS: 1/32, not .0234)."""
    assert wilcoxon([1, 1, 2, 3, 3, -1, 4, 5], [0] * 8).pvalue == 0.03125
    rng = np.random.default_rng(5)
    for _ in range(12):
        d = rng.integers(1, 4, 7) * rng.choice([-1, 1], 7)
        for alternative in ("two-sided", "greater", "less"):
            expected = _all_flips(d.tolist(), "wilcox", alternative)
            assert wilcoxon(d, np.zeros(7), alternative=alternative).pvalue == pytest.approx(expected)


def wilcoxon_zeros(wilcoxon):
    rng = np.random.default_rng(6)
    for _ in range(10):
        d = rng.integers(-2, 4, 8)
        for zero_method in ("wilcox", "pratt", "zsplit"):
            found = wilcoxon(d, np.zeros(8), zero_method=zero_method)
            assert found.pvalue == pytest.approx(_all_flips(d.tolist(), zero_method, "two-sided"))
            if zero_method == "zsplit":
                assert found.r_plus + found.r_minus == 36
    assert wilcoxon([0.0] * 4, [0.0] * 4).pvalue == 1.0


def wilcoxon_asymptotic(wilcoxon):
    rng = np.random.default_rng(7)
    for zero_method, correction in itertools.product(("wilcox", "pratt", "zsplit"), (False, True)):
        x, y = rng.integers(0, 9, (2, 40)).astype(float)
        expected = oracle.wilcoxon(x, y, zero_method=zero_method, correction=correction, method="asymptotic")
        found = wilcoxon(x, y, zero_method=zero_method, correction=correction, method="asymptotic")
        assert (found.statistic, found.pvalue) == (expected.statistic, pytest.approx(expected.pvalue))


def decimals_tie(test):
    """0.3 - 0.1 and 0.9 - 0.7 are equal: p must not move when a shift changes the last bits."""
    x, y = np.array([0.3, 0.7, 0.5, 0.45, 0.6]), np.array([0.1, 0.9, 0.3, 0.5, 0.8])
    grid = test(np.rint(x * 100), np.rint(y * 100)).pvalue
    for shift in (0.0, 0.1, 1000.3):
        assert test(x + shift, y + shift).pvalue == grid


def sampled_flips(sampled):
    """The share of random flips is that of all flips, never 0, and the same on every call."""
    exact = 2 * 863 / 2**15
    found = sampled(MAIZE, [0] * 15, 20_000, 1).pvalue
    assert abs(found - exact) < 4 * math.sqrt(exact / 20_000)
    assert sampled([1.0] * 60, [0.0] * 60, 999, 3).pvalue == 1 / 1000
    assert found == sampled(MAIZE, [0] * 15, 20_000, 1).pvalue


def mcnemar_published(mcnemar):
    """Bentur et al. in Fagerland et al. (2013), table 1, and Agresti (2013), section 11.1."""
    values = {method: mcnemar(1, 7, method).pvalue for method in ("exact", "mid-p", "asymptotic", "corrected")}
    assert {method: round(p, 4) for method, p in values.items()} == {
        "exact": 0.0703, "mid-p": 0.0391, "asymptotic": 0.0339, "corrected": 0.0771,
    }  # fmt: skip
    assert mcnemar(86, 150, "asymptotic").statistic == pytest.approx(17.36, abs=0.005)
    assert mcnemar(150, 86).pvalue == pytest.approx(oracle.binomtest(86, 236).pvalue)
    assert mcnemar(0, 0).pvalue == 1.0 and mcnemar(5, 5, "mid-p").pvalue == pytest.approx(1.0)


def bayes_by_loops(bayes):
    """The shares by explicit loops over all pairs of each draw, prior point at 0 with weight 1/2."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(0.02, 0.03, 6), np.zeros(6)
    found = bayes(x, y, 0.01, 400, 9)
    z = [0.0, *x]
    wins = np.zeros(3)
    for weights in np.random.default_rng(9).dirichlet([0.5] + [1.0] * 6, 400):
        share = [0.0, 0.0, 0.0]
        for (a, wa), (b, wb) in itertools.product(zip(z, weights, strict=True), repeat=2):
            share[0 if a + b > 0.02 else 2 if a + b < -0.02 else 1] += wa * wb
        wins[int(np.argmax(share))] += 1
    assert list(found) == pytest.approx((wins / 400).tolist())


def bayes_sides(bayes):
    """left: x is better; all within the ROPE: equal; a swap turns it round."""
    better = bayes([0.5] * 12, [0.4] * 12, 0.01, 500, 1)
    assert better.left > 0.99 and bayes([0.4] * 12, [0.5] * 12, 0.01, 500, 1).right > 0.99
    assert bayes([0.501] * 12, [0.5] * 12, 0.01, 500, 1).rope > 0.99
    assert sum(better) == pytest.approx(1)


# --- clusters and power -------------------------------------------------------------------------------------


def two_tailed_t(paired):
    """Student's t with n - 1 degrees of freedom, both tails, as scipy has it: not z, not one tail."""
    x, y = np.array([0.52, 0.61, 0.55, 0.70, 0.58]), np.array([0.50, 0.55, 0.56, 0.61, 0.55])
    expected = oracle.ttest_rel(x, y)
    found = paired(x, y)
    assert found.pvalue == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))


def blocks_are_paired(paired):
    """Blocks far apart, like differences: only the differences' spread counts."""
    blocks = np.linspace(0.1, 0.9, 10)
    found = paired(blocks + [0.02, 0.03] * 5, blocks)
    assert found.standard_error == pytest.approx(np.std([0.02, 0.03] * 5, ddof=1) / math.sqrt(10))


def nan_is_refused_in_pairs(paired):
    refuses(lambda: paired([0.1, math.nan, 0.3], [0.0, 0.1, 0.2]), "x")


def one_run_is_refused(paired):
    refuses(lambda: paired([0.1], [0.0]), "x")


def clusters_by_pairs(clustered):
    """Miller's double sum over pairs in one cluster."""
    rng = np.random.default_rng(8)
    x, groups = rng.normal(size=30), rng.integers(0, 7, 30)
    e = x - x.mean()
    total = sum(e[i] * e[j] for i in range(30) for j in range(30) if groups[i] == groups[j])
    many = len(set(groups.tolist()))
    assert clustered(x, groups) == pytest.approx(math.sqrt(total) / 30)
    assert clustered(x, groups, "g") == pytest.approx(math.sqrt(total * many / (many - 1)) / 30)
    alone = clustered(x, range(30))
    assert alone == pytest.approx(np.std(x) / math.sqrt(30))
    refuses(lambda: clustered(x, [0] * 30), "clusters")


def two_way_by_pairs(two_way):
    """The double sum over pairs that share a cluster on either side (Cameron, Gelbach, Miller 2011)."""
    rng = np.random.default_rng(9)
    effects = rng.normal(0, 1, (6, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 0.5, (6, 8))
    a, b = (labels.ravel() for labels in np.indices(effects.shape))
    x = effects.ravel()
    e = x - x.mean()
    total = sum(e[i] * e[j] for i in range(48) for j in range(48) if a[i] == a[j] or b[i] == b[j])
    assert two_way(x, a, b) == pytest.approx(math.sqrt(total) / 48)


def paired_difference_se(paired_difference):
    rng = np.random.default_rng(10)
    x, groups = rng.normal(size=24), np.repeat(np.arange(6), 4)
    y = x - 0.1 + rng.normal(0, 0.01, 24)
    found = paired_difference(x, y)
    assert found.se == pytest.approx(oracle.sem(x - y)) and found.mean == pytest.approx((x - y).mean())
    e = (x - y - (x - y).mean()).reshape(6, 4).sum(axis=1)
    assert paired_difference(x, y, groups).se == pytest.approx(math.sqrt((e**2).sum()) / 24)


def task_errors_match_the_mean(crossed):
    """Tasks weigh the same in the mean, so they must in its error, whatever their sizes."""
    rng = np.random.default_rng(11)
    small, large = rng.normal(0, 1, (4, 5)), rng.normal(0, 0.1, (4, 500))

    def variance(d):
        s, i = d.shape
        seed = i * d.mean(axis=1).var(ddof=1)
        item = s * d.mean(axis=0).var(ddof=1)
        rest = d - d.mean(axis=1, keepdims=True) - d.mean(axis=0) + d.mean()
        rest = (rest**2).sum() / ((s - 1) * (i - 1))
        return max(seed + item - rest, seed, item) / d.size

    found = crossed([small, large])
    assert found.mean_difference == pytest.approx((small.mean() + large.mean()) / 2)
    assert found.standard_error == pytest.approx(math.sqrt(variance(small) + variance(large)) / 2)


def seeds_and_items_both_count(crossed):
    """One item effect, no seed effect: the error must be that of the items; and the other way round."""
    rng = np.random.default_rng(12)
    item = np.tile(rng.normal(0, 1, 40), (5, 1)) + rng.normal(0, 0.01, (5, 40))
    seed = np.tile(rng.normal(0, 1, (5, 1)), (1, 40)) + rng.normal(0, 0.01, (5, 40))
    assert crossed([item]).standard_error == pytest.approx(oracle.sem(item.mean(axis=0)), rel=0.05)
    assert crossed([seed]).standard_error == pytest.approx(oracle.sem(seed.mean(axis=1)), rel=0.05)


def power_is_cohens(power):
    """G*Power and Cohen (1988): dz .5 needs 34 pairs for 80 %; everywhere else scipy's noncentral t."""
    assert power(0.5, 34) == pytest.approx(0.8078, abs=5e-5) and power(0.5, 33) < 0.8
    for dz, n, alpha in itertools.product((0.1, 0.8), (3, 20), (0.05, 0.003)):
        bound = oracle.t.ppf(1 - alpha / 2, n - 1)
        shift = dz * math.sqrt(n)
        expected = oracle.nct.sf(bound, n - 1, shift) + oracle.nct.cdf(-bound, n - 1, shift)
        assert power(dz, n, alpha) == pytest.approx(expected, abs=1e-7)


def detectable_has_its_power(detectable):
    """At the effect it names the z test has the power it names."""
    for n, omega2, power in ((969, 1 / 9, 0.8), (100, 0.2, 0.9)):
        effect = detectable(n, omega2, 0.15, 0.1, 10, 5, 0.05, power)
        error = math.sqrt((omega2 + 0.15 / 10 + 0.1 / 5) / n)
        assert oracle.norm.sf(1.959963985 - effect / error) == pytest.approx(power, abs=1e-6)
    assert round(detectable(969, 1 / 9), 3) == 0.03


# --- many methods, many comparisons -------------------------------------------------------------------------


def friedman_is_demsars(friedman):
    """Demšar (2006), section 3.2.2: chi-square 9.28, F 3.69 with 3 and 39 degrees of freedom."""
    found = friedman(DEMSAR, higher_is_better=False)
    assert (round(found.chi2, 2), found.df) == (9.28, 3)
    assert (round(found.iman_davenport_f, 2), found.df1, found.df2) == (3.69, 3, 39)


def friedman_ties(friedman):
    """With correction it is scipy's; without, larger ties make it smaller."""
    scores = np.random.default_rng(13).integers(0, 3, (9, 4)).astype(float)
    expected = oracle.friedmanchisquare(*scores.T)
    found = friedman(scores, ties_corrected=True)
    assert (found.chi2, found.pvalue) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert friedman(scores).chi2 < found.chi2


def friedman_agreement(friedman):
    """All blocks agree: F has no denominator; nothing varies: no evidence."""
    found = friedman([[3, 2, 1]] * 5)
    assert math.isinf(found.iman_davenport_f) and found.f_pvalue == 0.0
    assert friedman([[1, 1, 1]] * 5, ties_corrected=True).pvalue == 1.0


def ranks_are_demsars(mean_ranks):
    assert [round(r, 3) for r in mean_ranks(DEMSAR, higher_is_better=False)] == [3.143, 2.0, 2.893, 1.964]
    assert mean_ranks([[0.1, 0.3, 0.3]]) == [3.0, 1.5, 1.5]
    assert mean_ranks([[0.1, 0.3, 0.3]], higher_is_better=False) == [1.0, 2.5, 2.5]


def nan_has_no_rank(mean_ranks):
    refuses(lambda: mean_ranks([[0.5, math.nan], [0.4, 0.3]]), "scores")


def nemenyi_is_demsars(nemenyi_cd):
    """Demšar (2006): q .05 = 2.569 and q .10 = 2.291 for four; 9 classifiers .10: 2.855, .05: 3.102."""
    assert round(nemenyi_cd(4, 14), 2) == 1.25 and round(nemenyi_cd(4, 14, 0.1), 2) == 1.12
    assert nemenyi_cd(9, 1) / math.sqrt(15) == pytest.approx(3.102, abs=6e-4)


def tau_by_pairs(tau):
    rng = np.random.default_rng(14)
    for _ in range(10):
        x, y = rng.integers(0, 5, (2, 9))
        pairs = list(itertools.combinations(range(9), 2))
        signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in pairs]
        untied = [sum(s[side] != 0 for s in signs) for side in (0, 1)]
        expected = sum(a * b for a, b in signs) / math.sqrt(untied[0] * untied[1])
        assert tau(x, y).statistic == pytest.approx(expected)
    assert math.isnan(tau([1, 1, 1], [1, 2, 3]).statistic)


def probabilities_only(adjust):
    for p in (1.2, -0.1, math.nan):
        refuses(lambda p=p: adjust([0.5, p]), "pvalues")


def holm_published(adjust):
    """Holm (1979) stepwise: .01, .04, .03, .005 become .03, .06, .06, .02 (R's p.adjust)."""
    assert adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def bh_published(adjust):
    """Benjamini, Hochberg (1995), table 1: fifteen p values, four rejected at .05 (Bonferroni: three)."""
    low = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p = [*low, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    q = adjust(p, "bh")
    assert sum(value <= 0.05 for value in q) == 4
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


def gates_by_hand(gatekeeping):
    """The graphical procedure carried out step by step at many levels agrees with the adjusted p values."""
    rng = np.random.default_rng(15)
    for _ in range(30):
        pvalues = rng.choice([0.001, 0.004, 0.009, 0.02, 0.03, 0.2], (3, 3))
        adjusted = gatekeeping(pvalues.tolist())
        for alpha in (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3):
            done = [0, 0, 0]
            moved = True
            while moved:
                moved = False
                share = alpha / max(1, sum(d < 3 for d in done))
                for chain in range(3):
                    if done[chain] < 3 and pvalues[chain, done[chain]] <= share * (1 + 1e-12):
                        done[chain] += 1
                        moved = True
                        break
            found = [sum(p <= alpha * (1 + 1e-12) for p in chain) for chain in adjusted]
            assert found == done
    assert gatekeeping([[0.01], [0.04], [0.03], [0.005]]) == [[pytest.approx(p)] for p in (0.03, 0.06, 0.06, 0.02)]


def letters_say_pairs(letters):
    """Two share a letter exactly when their pair is not significant, for any pattern, transitive or not."""
    assert letters(3, [(0, 2)]) == ["a", "ab", "b"]
    rng = np.random.default_rng(16)
    for _ in range(40):
        n = 6
        significant = [pair for pair in itertools.combinations(range(n), 2) if rng.random() < 0.4]
        found = letters(n, significant)
        for pair in itertools.combinations(range(n), 2):
            assert bool(set(found[pair[0]]) & set(found[pair[1]])) == (pair not in significant)


def rank_intervals_in_any_order(rank_interval):
    """Methods may come in any order: the intervals go with them."""
    score = np.array([0.2, 0.9, 0.5, 0.52])
    difference = score[:, None] - score[None, :]
    expected = [(4, 4), (1, 1), (2, 3), (2, 3)]
    for order in itertools.permutations(range(4)):
        d = difference[np.ix_(order, order)]
        assert rank_interval(d - 0.1, d + 0.1) == [expected[at] for at in order]


# --- aggregates and the bootstrap ---------------------------------------------------------------------------


def iqm_is_the_middle(iqm):
    scores = np.arange(12.0).reshape(6, 2) ** 2
    assert iqm(scores) == pytest.approx(oracle.trim_mean(scores, 0.25, axis=None))
    assert iqm([[0, 1, 2, 100]]) == 1.5


def nan_is_not_trimmed(iqm):
    refuses(lambda: iqm([[0.1, 0.2, 0.3, math.nan]]), "scores")


def tasks_weigh_the_same(aggregate):
    scores = [[1.0, 1.0, 1.0, 1.0], [0.0], [0.2, 0.4]]
    assert aggregate(scores, "mean") == pytest.approx(1.3 / 3)
    assert aggregate(scores, "median") == pytest.approx(0.3)


def runs_are_resampled_within_tasks(stratified):
    """The spread of the mean is that within tasks: tasks that differ do not widen it."""
    scores = [np.array([0.1, 0.2, 0.3, 0.2]), np.array([0.8, 0.9, 0.7, 0.8])]
    low, high = stratified(scores, "mean", 0.95, 20_000, 1)
    error = math.sqrt(sum(task.var() / 4 for task in scores)) / 2
    assert (high - low) / (2 * 1.96) == pytest.approx(error, rel=0.1)


def one_run_has_no_interval(stratified):
    refuses(lambda: stratified([np.array([0.5]), np.array([0.7])], "mean", 0.95, 100, 0), "scores")


def equal_runs_have_no_interval(stratified):
    refuses(lambda: stratified([np.full(5, 0.5)], "mean", 0.95, 100, 0), "scores")


def draws_depend_on_the_seed_alone(bootstrap):
    """The global generator is neither read nor moved."""
    scores = [np.array([0.1, 0.4, 0.3, 0.9]), np.array([0.8, 0.2, 0.7, 0.5])]
    np.random.seed(1)  # noqa: NPY002 -- what a careless user does
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    one = bootstrap(scores, "mean", 0.95, 200, 5)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert bootstrap(scores, "mean", 0.95, 200, 5) == one


def crossed_resampling_covers_both(crossed_bootstrap):
    """Five seeds that differ, many answers each: the interval must not shrink with the answers."""
    rng = np.random.default_rng(17)
    d = np.tile(rng.normal(0, 1, (5, 1)), (1, 200)) + rng.normal(0, 1, (5, 200))
    low, high = crossed_bootstrap([d], 0.95, 2000, 1)
    assert (high - low) / (2 * 1.96) > 0.8 * d.mean(axis=1).std() / math.sqrt(5)


def bca_is_scipys(bootstrap):
    x = np.random.default_rng(18).lognormal(0, 1, 30)
    for statistic, function in (
        ("mean", np.mean),
        ("median", np.median),
        ("std", lambda v, axis: v.std(axis, ddof=1)),
    ):
        for method in ("percentile", "basic", "bca"):
            if (statistic, method) == ("median", "bca"):
                continue  # scipy's jackknife of a median has too few values to compare
            found = bootstrap(x, statistic, method, 0.9, 20_000, 3)
            scipys = oracle.bootstrap(
                (x,), function, method=method, confidence_level=0.9, n_resamples=20_000, rng=1, vectorized=True
            )
            width = scipys.confidence_interval.high - scipys.confidence_interval.low
            assert abs(found.low - scipys.confidence_interval.low) < 0.06 * width
            assert abs(found.high - scipys.confidence_interval.high) < 0.06 * width
            assert found.standard_error == pytest.approx(scipys.standard_error, rel=0.05)


def improvement_is_mann_whitney(improvement):
    rng = np.random.default_rng(19)
    x, y = rng.integers(0, 5, (7, 3)).astype(float), rng.integers(0, 5, (6, 3)).astype(float)
    expected = np.mean([oracle.mannwhitneyu(x[:, t], y[:, t]).statistic / 42 for t in range(3)])
    assert improvement(x, y) == pytest.approx(expected)
    assert improvement(x, x) == pytest.approx(0.5)


def profile_counts_runs(score_profile):
    scores = [[0.1, 0.5, 0.5], [0.9]]
    assert score_profile(scores, [0.0, 0.1, 0.5, 0.9]) == [1.0, 0.75, 0.25, 0.0]


# --- searches -----------------------------------------------------------------------------------------------


def ert_counts_failures(ert):
    """COCO: all evaluations over successes; 1300 spent, two successes."""
    assert ert([100, 200, 1000], [True, True, False]) == 650
    assert ert([100, 200], [False, False]) == math.inf


def profile_keeps_failures(profile):
    """Four problems, one that only one solver solves and one that nobody does: the denominator stays four."""
    inf = math.inf
    found = profile([[1, 2], [4, 1], [3, inf], [inf, inf]], [1, 2, 4])
    assert np.asarray(found).tolist() == [[0.5, 0.5, 0.75], [0.25, 0.5, 0.5]]
    assert profile([[0, 1], [0.1, 0.3]], [1, 3]).tolist() == [[1, 1], [0, 0.5]]


def incumbents_never_get_worse(best):
    found = best([math.nan, 0.2, math.nan, 0.1, 0.4])
    assert math.isnan(found[0]) and found[1:] == [0.2, 0.2, 0.2, 0.4]
    assert best([3, 5, 2], maximize=False) == [3, 3, 2]


def area_is_of_steps(area):
    """By a fine grid: a value counts from its own time on."""
    times, values = [1.0, 3.0, 3.5], [0.5, 0.7, 0.9]
    grid = (np.arange(40_000) + 0.5) / 10_000
    steps = np.array([0.1, *values])[np.searchsorted(times, grid, side="right")]
    assert area(times, values, 4.0, 0.1) == pytest.approx(steps.mean(), abs=1e-6)


def area_ends_at_the_horizon(area):
    assert area([1, 6], [0.5, 9.0], 4, 0.0) == pytest.approx(0.375)
    assert area([5], [1.0], 4, 0.2) == pytest.approx(0.2)


def regret_is_not_clipped(regret):
    assert regret([0.6, 0.2, 0.7, 0.1], 0.6, 0.2) == pytest.approx([0, 1, -0.25, 1.25])


def front_is_undominated(front):
    rng = np.random.default_rng(20)
    for _ in range(30):
        points = rng.integers(0, 4, (rng.integers(1, 12), 3)).astype(float)
        turned = points * [1, -1, -1]
        expected = [i for i, p in enumerate(turned) if not any((q >= p).all() and (q > p).any() for q in turned)]
        assert list(front(points, (True, False, False))) == expected


def duplicates_stay_on_the_front(front):
    assert list(front([(0.5, 1), (0.5, 1), (0.4, 1)], (True, False))) == [0, 1]


def volume_is_of_cubes(volume):
    """Unit cubes counted one by one, reference inside the cloud."""
    rng = np.random.default_rng(21)
    for _ in range(15):
        points = rng.integers(0, 6, (rng.integers(1, 7), 3))
        cubes = {
            cube for gain, a, b in points for cube in itertools.product(range(1, gain), range(a, 4), range(b, 5))
        }
        assert volume(points, (1, 4, 5), (True, False, False)) == pytest.approx(len(cubes))


def points_outside_add_nothing(volume):
    assert volume([(0.5, 2.0), (0.9, 5.0), (0.0, 1.0)], (0.0, 4.0), (True, False)) == 1.0
    assert volume([(-0.5, 5.0)], (0.0, 4.0), (True, False)) == 0.0
