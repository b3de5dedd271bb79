"""Each analysis against scipy or by hand, on real answers."""

from __future__ import annotations

import numpy as np
import pytest
from aa_bank import stored
from scipy import stats as oracle

from leaderboard.analyses import ANALYSES, EXACT
from leaderboard.experiments import draw


@pytest.fixture(scope="module")
def pair():
    cells = draw(stored()[1], 6, 80, np.random.default_rng(1))
    return [cell[0] for cell in cells], [cell[1] for cell in cells]


def test_two_proportions_is_the_chi_square_test_of_the_pooled_table(pair):
    one, two = pair
    right = [sum(int(matrix.sum()) for matrix in answers) for answers in pair]
    n = sum(matrix.size for matrix in one)
    expected = oracle.chi2_contingency([[right[0], n - right[0]], [right[1], n - right[1]]], correction=False)

    found = ANALYSES["two-proportions"].test(one, two)

    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.difference == pytest.approx((right[0] - right[1]) / n)


def test_mcnemar_sees_the_first_run_alone(pair):
    one, two = pair
    first = [np.concatenate([matrix[0] for matrix in answers]) for answers in pair]
    only_one, only_two = int((first[0] > first[1]).sum()), int((first[0] < first[1]).sum())

    found = ANALYSES["mcnemar"].test(one, two)

    assert found.pvalue == pytest.approx(oracle.binomtest(only_one, only_one + only_two).pvalue)
    assert found == ANALYSES["mcnemar"].test([m[:1] for m in one], [m[:1] for m in two])


def test_pairs_of_items_and_of_seeds(pair):
    one, two = pair
    over_items = oracle.ttest_1samp(
        np.concatenate([(a - b).mean(axis=0) for a, b in zip(one, two, strict=True)]), 0
    )
    over_seeds = oracle.ttest_1samp(
        np.mean([(a - b).mean(axis=1) for a, b in zip(one, two, strict=True)], axis=0), 0
    )

    assert ANALYSES["paired-items"].test(one, two).pvalue == pytest.approx(over_items.pvalue)
    assert ANALYSES["paired-seeds"].test(one, two).pvalue == pytest.approx(over_seeds.pvalue)
    assert ANALYSES[EXACT].test(one, two) == ANALYSES["paired-seeds"].test(one, two)


def test_wilcoxon_over_tasks_and_seeds(pair):
    one, two = pair
    differences = np.concatenate([(a[:4] - b[:4]).mean(axis=1) for a, b in zip(one, two, strict=True)])
    flips = oracle.PermutationMethod(n_resamples=np.inf)
    expected = oracle.wilcoxon(np.round(differences, 12), method=flips)

    found = ANALYSES["wilcoxon"].test([m[:4] for m in one], [m[:4] for m in two])

    assert found.pvalue == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("name", ANALYSES)
def test_a_method_does_not_differ_from_itself(name, pair):
    assert ANALYSES[name].test(pair[0], pair[0]) == (0.0, 1.0)


@pytest.mark.parametrize("name", ANALYSES)
def test_the_sign_follows_the_order(name, pair):
    there, back = ANALYSES[name].test(*pair), ANALYSES[name].test(*pair[::-1])

    assert there.difference == pytest.approx(-back.difference)
    assert there.pvalue == pytest.approx(back.pvalue)
