"""Letters and rank intervals against brute force."""

import itertools

import numpy as np
import pytest

from leaderboard.ties import letter_display, rank_interval


@pytest.mark.parametrize("key", range(40))
def test_two_methods_share_a_letter_iff_their_pair_is_not_significant(key):
    rng = np.random.default_rng(key)
    n = int(rng.integers(1, 9))
    pairs = {pair for pair in itertools.combinations(range(n), 2) if rng.random() < 0.4}

    letters = letter_display(n, pairs)

    for i, j in itertools.combinations(range(n), 2):
        assert (not set(letters[i]) & set(letters[j])) == ((i, j) in pairs)
    assert all(letters)


def test_not_separated_is_not_transitive():
    """1 ties with 0 and with 2, which do not tie: two groups, not one and not three."""
    assert letter_display(3, [(0, 2)]) == ["a", "ab", "b"]


def test_groups_need_not_be_neighbours():
    assert letter_display(3, [(0, 1)]) == ["a", "b", "ab"]
    assert letter_display(4, [(0, 1), (1, 2)]) == ["a", "b", "a", "ab"]


def test_letters_do_not_depend_on_the_order_of_pairs():
    pairs = [(0, 2), (1, 3), (0, 3)]

    assert {tuple(letter_display(4, order)) for order in itertools.permutations(pairs)} == {("a", "ab", "bc", "c")}
    assert letter_display(4, [(j, i) for i, j in pairs]) == ["a", "ab", "bc", "c"]


@pytest.mark.parametrize("pair", [(0, 3), (1, 1), (-1, 0)])
def test_pairs_outside_the_methods_are_refused(pair):
    with pytest.raises(ValueError, match="no pair of 3 methods"):
        letter_display(3, [pair])


def test_rank_intervals_count_who_is_certainly_better_and_worse():
    """Differences row minus column of three scores: 0 beats 2 for certain, nothing else is certain."""
    low = [[0, -1, 1], [-2, 0, -1], [-3, -2, 0]]
    high = [[0, 2, 3], [1, 0, 2], [-1, 1, 0]]

    assert rank_interval(low, high) == [(1, 2), (1, 3), (2, 3)]


def test_rank_intervals_hold_every_order_the_differences_allow():
    """Brute force: scores at grid points that satisfy all intervals have their ranks inside."""
    scores = np.array([0.0, 1.0, 1.5, 4.0])
    low = scores[:, None] - scores[None, :] - 1.2
    high = low + 2.4
    found = rank_interval(low, high)
    for moves in itertools.product((-0.55, 0.0, 0.55), repeat=4):
        moved = scores + moves
        for i, (best, worst) in enumerate(found):
            assert best <= 1 + (moved > moved[i]).sum() and 4 - (moved < moved[i]).sum() <= worst


def test_overlap_of_two_intervals_is_no_test():
    """10 ± 1.2 and 12 ± 1.2 overlap; the paired difference 2 ± 0.5 does not hold 0, and decides."""
    assert rank_interval([[0, -2.5], [1.5, 0]], [[0, -1.5], [2.5, 0]]) == [(2, 2), (1, 1)]


def test_bad_matrices_are_refused():
    with pytest.raises(ValueError, match="M x M"):
        rank_interval([[0, 1]], [[0, 1]])
    with pytest.raises(ValueError, match="NaN"):
        rank_interval([[0, np.nan], [0, 0]], [[0, 1], [1, 0]])
