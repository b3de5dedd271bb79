"""Paired t and sign flips against published examples, scipy, and brute force."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats as oracle

from leaderboard.paired import paired_permutation, paired_t, t_interval, t_test

# Student (1908), Biometrika 6: hours of sleep gained with two drugs by ten patients.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
# Darwin's maize in eighths of an inch; Fisher (1935), The Design of Experiments, section 21.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_paired_t_gives_students_own_example():
    found = paired_t(SLEEP_2, SLEEP_1)

    assert (found.df, round(found.mean_difference, 2)) == (9, 1.58)
    assert found.statistic == pytest.approx(4.0621, abs=5e-5)
    assert found.pvalue == pytest.approx(0.002833, abs=5e-7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.7001142, 2.4598858), abs=5e-7)


def test_paired_t_equals_scipy_on_five_seeds():
    rng = np.random.default_rng(3)
    x, y = rng.normal(0.5, 0.1, 5), rng.normal(0.4, 0.1, 5)
    expected = oracle.ttest_rel(x, y)
    interval = expected.confidence_interval(0.9)

    found = paired_t(x, y, 0.9)

    assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_pairing_is_used():
    """Blocks far apart, like differences within them: an unpaired standard error would be far larger."""
    blocks = np.linspace(0.1, 0.9, 10)

    found = paired_t(blocks + [0.02, 0.03] * 5, blocks)

    assert found.standard_error == pytest.approx(np.std([0.02, 0.03] * 5, ddof=1) / math.sqrt(10))
    assert found.pvalue < 1e-6


def test_fisher_counted_863_of_the_sign_flips():
    found = paired_permutation(MAIZE, [0] * 15, "greater")

    assert found.pvalue == 863 / 2**15
    assert found.statistic == pytest.approx(314 / 15)
    assert paired_permutation(MAIZE, [0] * 15).pvalue == 2 * 863 / 2**15


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("n", [1, 2, 7, 10])
def test_sign_flips_equal_brute_force_with_ties(n, alternative):
    x, y = np.random.default_rng(n).integers(-3, 5, (2, n)).astype(float)
    d = x - y
    sums = np.array([np.dot(signs, d) for signs in itertools.product([-1, 1], repeat=n)])
    extreme = {
        "two-sided": np.abs(sums) >= abs(d.sum()), "greater": sums >= d.sum(), "less": sums <= d.sum(),
    }  # fmt: skip

    assert paired_permutation(x, y, alternative).pvalue == extreme[alternative].mean()


def test_differences_that_are_equal_in_decimals_tie():
    """0.3 - 0.1 and 0.9 - 0.7 differ in the last bit: unrounded, the flips that tie would be lost."""
    x, y = [0.3, 0.7], [0.1, 0.9]

    assert paired_permutation(x, y).pvalue == 1.0
    assert paired_t(x, y).mean_difference == 0.0
    assert paired_t([0.3, 0.9], [0.1, 0.7]).standard_error == 0.0
    assert paired_t([1e6 + 0.3, 1e6 + 0.7], [1e6 + 0.1, 1e6 + 0.5]).standard_error == 0.0


@pytest.mark.parametrize("shift", [0.1, 1000.3, 1e6 + 0.1])
def test_a_common_shift_moves_no_p_value(shift):
    x, y = np.array([0.3, 0.7, 0.5, 0.45]), np.array([0.1, 0.9, 0.3, 0.5])

    assert paired_permutation(x + shift, y + shift).pvalue == paired_permutation(x, y).pvalue


def test_equal_differences_of_zero_are_no_evidence():
    found = paired_t([0.4] * 10, [0.4] * 10)

    assert (found.statistic, found.pvalue, found.mean_difference) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("n", [3, 10])
def test_equal_differences_take_their_p_value_from_the_flips(n):
    x, y = [0.45] * n, [0.4] * n

    found = paired_t(x, y)

    assert found.pvalue == paired_permutation(x, y).pvalue == 2.0 ** (1 - n)
    assert found.statistic == math.inf


def test_the_interval_of_equal_differences_agrees_with_its_p_value():
    assert paired_t([0.5] * 6, [0.4] * 6)[4:6] == (0.1, 0.1)
    assert paired_t([0.5] * 5, [0.4] * 5)[4:6] == (-math.inf, math.inf)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_the_interval_excludes_zero_exactly_when_p_is_small(level):
    for estimate in np.linspace(-4, 4, 41):
        found = t_test(estimate, 1.0, 6, level)
        low, high = t_interval(estimate, 1.0, 6, level)

        assert (found.ci_low, found.ci_high) == (low, high)
        assert (low > 0 or high < 0) == (found.pvalue < 1 - level)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([1.0, 2.0], [1.0], "x and y: pairs"),
        ([1.0, math.nan], [1.0, 2.0], "x: NaN"),
        ([1.0, 2.0], [math.inf, 2.0], "y: NaN and infinity"),
        ([[1.0, 2.0]], [1.0, 2.0], "x: one dimension"),
        ([1.0], [2.0], "at least two pairs"),
    ],
)
def test_bad_pairs_are_refused_by_name(x, y, words):
    with pytest.raises(ValueError, match=words):
        paired_t(x, y)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="level"):
        paired_t([1.0, 2.0], [0.0, 0.0], level=95)
    with pytest.raises(ValueError, match="alternative"):
        paired_permutation([1.0], [2.0], "bigger")
    with pytest.raises(ValueError, match="1 to 40 pairs"):
        paired_permutation([1.0] * 41, [0.0] * 41)


def test_forty_pairs_are_still_exact():
    assert paired_permutation([1.0] * 40, [0.0] * 40).pvalue == 2.0**-39
