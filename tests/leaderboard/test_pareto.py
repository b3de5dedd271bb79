"""Fronts and hypervolumes against brute force."""

import doctest

import numpy as np
import pytest

from leaderboard import pareto
from leaderboard.pareto import hypervolume, pareto_front

AXES = (True, False)


@pytest.mark.parametrize("key", range(20))
def test_the_front_is_what_nothing_dominates(key):
    rng = np.random.default_rng(key)
    points = rng.integers(0, 5, (rng.integers(1, 12), 2)).astype(float)

    found = pareto_front(points, AXES)

    for i, (gain, cost) in enumerate(points):
        dominated = any(g >= gain and c <= cost and (g > gain or c < cost) for g, c in points)
        assert (i in found) == (not dominated)


def test_equal_points_share_the_front():
    """A duplicate is not lost: neither of two equal points dominates the other."""
    assert pareto_front([(0.5, 1), (0.5, 1), (0.4, 1)], AXES) == [0, 1]


@pytest.mark.parametrize("key", range(20))
def test_the_area_is_that_of_the_unit_squares_covered(key):
    rng = np.random.default_rng(key)
    points = rng.integers(0, 8, (rng.integers(1, 9), 2))
    covered = {
        (x, y) for gain, cost in points for x in range(1, gain) for y in range(cost, 6)
    }  # squares above gain 1 and below cost 6, the reference point

    assert hypervolume(points, (1, 6), AXES) == pytest.approx(len(covered))


def test_points_outside_the_reference_add_nothing():
    """Planted: an unclipped sweep would subtract area for a point slower than the reference."""
    assert hypervolume([(0.5, 2.0), (0.9, 5.0), (0.0, 1.0)], (0.0, 4.0), AXES) == 1.0
    assert hypervolume(np.empty((0, 2)), (0.0, 1.0), AXES) == 0.0


def test_the_order_of_points_and_dominated_ones_change_nothing():
    points = [(0.5, 1.0), (0.6, 2.0), (0.8, 3.5)]
    more = [(0.55, 2.5), *reversed(points), (0.5, 1.0)]

    assert hypervolume(points, (0.1, 5.0), AXES) == pytest.approx(hypervolume(more, (0.1, 5.0), AXES))


@pytest.mark.parametrize("points", [[1, 2], [[1, 2, 3]], [[np.nan, 1]]])
def test_bad_points_are_refused(points):
    for function in (lambda p: pareto_front(p, AXES), lambda p: hypervolume(p, (0, 1), AXES)):
        with pytest.raises(ValueError, match="points:"):
            function(points)


def test_the_examples_are_true():
    assert doctest.testmod(pareto).failed == 0
