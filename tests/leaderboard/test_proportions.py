"""Wilson's interval against Newcombe's published table and scipy."""

import math

import pytest
from scipy import stats as oracle

from leaderboard.proportions import proportion_ci


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_table(successes, n, low, high):
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert [round(end, 4) for end in proportion_ci(successes, n)] == [low, high]


def test_wilson_equals_scipy():
    expected = oracle.binomtest(7, 40).proportion_ci(0.9, "wilson")

    assert proportion_ci(7, 40, 0.9) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("successes", [0, 30])
def test_none_and_all_have_a_width(successes):
    low, high = proportion_ci(successes, 30)

    assert 0 <= low < high <= 1 and high - low > 0.1


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, 0), (math.nan, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="successes and n"):
        proportion_ci(successes, n)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="wilson"):
        proportion_ci(1, 5, method="wald")
    with pytest.raises(ValueError, match="level"):
        proportion_ci(1, 5, 95)
