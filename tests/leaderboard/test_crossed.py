"""Crossed analysis of variance against a published table and a second formula."""

import math

import numpy as np
import pytest

from leaderboard.crossed import crossed_anova, crossed_difference

# Shrout & Fleiss (1979), Psychological Bulletin 86, tables 2 and 3: six targets rated by four judges.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_mean_squares_are_those_of_shrout_and_fleiss():
    found = crossed_anova(RATINGS)

    assert [round(value, 2) for value in (found.ms_row, found.ms_column, found.ms_residual)] == [
        11.24,
        32.49,
        1.02,
    ]
    assert found.grand_mean == pytest.approx(127 / 24)
    assert found.row == pytest.approx((found.ms_row - found.ms_residual) / 4)
    assert found.column == pytest.approx((found.ms_column - found.ms_residual) / 6)


def test_components_are_not_cut_off_at_zero():
    assert crossed_anova([[1, 0], [0, 1]]).row < 0


def test_components_recover_the_truth_on_average():
    rng = np.random.default_rng(0)
    found = [
        crossed_anova(rng.normal(0, 1.0, (8, 1)) + rng.normal(0, 2.0, (1, 12)) + rng.normal(0, 0.5, (8, 12)))
        for _ in range(600)
    ]

    assert np.mean([f.row for f in found]) == pytest.approx(1.0, abs=0.1)
    assert np.mean([f.column for f in found]) == pytest.approx(4.0, abs=0.3)
    assert np.mean([f.residual for f in found]) == pytest.approx(0.25, abs=0.01)


def test_variance_and_degrees_of_freedom_of_one_task():
    """The plan's formula written out: MS_seed + MS_item - MS_resid, Satterthwaite over the three."""
    a = crossed_anova(RATINGS)
    total = a.ms_row + a.ms_column - a.ms_residual
    df = total**2 / (a.ms_row**2 / 5 + a.ms_column**2 / 3 + a.ms_residual**2 / 15)

    found = crossed_difference([RATINGS])

    assert found.standard_error == pytest.approx(math.sqrt(total / 24))
    assert found.df == pytest.approx(df)
    assert found.statistic == pytest.approx(a.grand_mean / math.sqrt(total / 24))


def test_a_negative_component_never_shrinks_the_variance():
    """Rows without an effect of their own: the sum would fall below MS_item, which then stands alone."""
    matrix = np.array([[1.1, 0.0, 1.0, -0.1], [0.9, 0.2, 1.1, -0.2], [1.0, -0.2, 0.9, 0.3]])
    a = crossed_anova(matrix)
    assert a.ms_row < a.ms_residual

    found = crossed_difference([matrix])

    assert found.standard_error == pytest.approx(math.sqrt(a.ms_column / 12))
    assert found.df == pytest.approx(3)


def test_tasks_weigh_the_same_whatever_their_number_of_questions():
    rng = np.random.default_rng(1)
    small, large = rng.normal(1, 0.1, (4, 5)), rng.normal(0, 0.1, (4, 500))
    one, two = crossed_difference([small]), crossed_difference([large])

    found = crossed_difference([small, large])

    assert found.mean_difference == pytest.approx((one.mean_difference + two.mean_difference) / 2)
    assert found.standard_error == pytest.approx(math.hypot(one.standard_error, two.standard_error) / 2)


def test_few_seeds_are_not_treated_as_normal():
    """All variance between three seeds: two degrees of freedom, not infinity."""
    matrix = np.repeat([[0.0], [1.0], [5.0]], 200, axis=1) + np.random.default_rng(0).normal(0, 1e-3, (3, 200))

    found = crossed_difference([matrix])

    assert found.df == pytest.approx(2, rel=1e-3)
    assert found.ci_high - found.mean_difference == pytest.approx(4.303 * found.standard_error, rel=1e-3)


def test_questions_count_as_a_sample():
    """No seed effect at all: an analysis over seeds alone would see no variance."""
    matrix = np.tile(np.random.default_rng(0).integers(-1, 2, 50), (4, 1)).astype(float)

    found = crossed_difference([matrix])

    assert found.standard_error == pytest.approx(matrix[0].std(ddof=1) / math.sqrt(50))


@pytest.mark.parametrize(("value", "pvalue"), [(0.0, 1.0), (1.0, 0.25)])
def test_a_matrix_without_variance_takes_its_p_value_from_the_seeds(value, pvalue):
    assert crossed_difference([np.full((3, 20), value)]).pvalue == pvalue


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1.0, 2.0]], "two rows"),
        ([[1.0], [2.0]], "two columns"),
        ([1.0, 2.0], "shape"),
        ([[1.0, math.nan]] * 2, "NaN"),
    ],
)
def test_bad_matrices_are_refused(matrix, words):
    with pytest.raises(ValueError, match=words):
        crossed_anova(matrix)
    with pytest.raises(ValueError, match=words):
        crossed_difference([matrix])


def test_no_task_is_no_test():
    with pytest.raises(ValueError, match="at least one task"):
        crossed_difference([])
