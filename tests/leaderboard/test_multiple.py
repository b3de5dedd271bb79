"""Holm against published values and closed testing; intervals that agree with it."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats as oracle

from leaderboard.multiple import adjust_pvalues, detectable_difference, simultaneous_intervals
from leaderboard.paired import t_test


def test_holm_gives_the_published_example():
    """Holm (1979) as worked through in the usual textbooks: .01, .04, .03, .005."""
    assert adjust_pvalues([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_is_closed_testing_with_bonferroni():
    """Reject a hypothesis iff every intersection with it is rejected: all subsets, by brute force."""
    for p in np.random.default_rng(0).uniform(0, 0.3, (20, 5)):
        subsets = [s for size in range(1, 6) for s in itertools.combinations(range(5), size)]
        expected = [max(min(1, len(s) * min(p[list(s)])) for s in subsets if i in s) for i in range(5)]

        assert adjust_pvalues(list(p)) == pytest.approx(expected)


@pytest.mark.parametrize("bad", [1.2, -0.1, math.nan])
def test_what_is_no_probability_is_refused(bad):
    with pytest.raises(ValueError, match="pvalues: number 1"):
        adjust_pvalues([0.5, bad])


def test_only_the_correction_of_the_tables_exists():
    with pytest.raises(ValueError, match="holm"):
        adjust_pvalues([0.5], "bonferroni")


def test_no_comparisons_no_p_values():
    assert adjust_pvalues([]) == []
    assert simultaneous_intervals([]) == []


def test_an_interval_excludes_zero_exactly_when_holm_rejects():
    rng = np.random.default_rng(5)
    for _ in range(100):
        tests = [t_test(rng.normal(0, 3), rng.uniform(0.5, 1.5), rng.integers(2, 30)) for _ in range(6)]
        rejected = [p <= 0.05 for p in adjust_pvalues([t.pvalue for t in tests])]

        assert [low > 0 or high < 0 for low, high in simultaneous_intervals(tests)] == rejected


def test_with_nothing_rejected_the_intervals_are_bonferronis():
    tests = [t_test(estimate, 1.0, 9) for estimate in (0.1, 0.2, -0.3)]
    half = oracle.t.ppf(1 - 0.05 / 6, 9)

    for (low, high), test in zip(simultaneous_intervals(tests), tests, strict=True):
        assert (low, high) == pytest.approx((test.mean_difference - half, test.mean_difference + half))


def test_equal_differences_keep_interval_and_verdict_together():
    """Ten equal differences, p = 2^-9: separated among 5 comparisons, not among 50."""
    constant, dull = t_test(0.1, 0.0, 9), t_test(0.0, 1.0, 9)

    assert simultaneous_intervals([constant] + [dull] * 4)[0] == (0.1, 0.1)
    assert simultaneous_intervals([constant] + [dull] * 49)[0] == (-math.inf, math.inf)


def test_a_difference_of_the_detectable_size_is_found_four_times_in_five():
    assert detectable_difference(1.0) == pytest.approx(oracle.norm.ppf(0.975) + oracle.norm.ppf(0.8), abs=0.002)
    assert detectable_difference(0.5) == 1.4
    with pytest.raises(ValueError, match="standard_error"):
        detectable_difference(math.nan)
