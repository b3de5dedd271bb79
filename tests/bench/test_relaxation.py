"""The continuous relaxation: every point is a feasible graph, every feasible graph has a point."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bench import relaxation
from bench.keys import generator
from bench.relaxation import decode, dimension, embed
from bench.space import Space

CASES = [
    ("standard", "small", 17),
    ("standard", "large", 49),
    ("standard", "1units", 17),
    ("paper", "medium", 49),
    ("open", "small", 33),
    ("open", "large", 97),
]


@pytest.mark.parametrize(("preset", "budget", "coordinates"), CASES)
def test_a_graph_is_what_its_point_decodes_to(preset, budget, coordinates):
    space, rng = Space.preset(preset, "math", budget), generator("embed", preset, budget)

    assert dimension(space) == coordinates
    for _ in range(60):
        graph = space.sample(rng)
        point = embed(space, graph)

        assert len(point) == coordinates
        assert 0 <= min(point) <= max(point) <= 1
        assert decode(space, point) == graph


@pytest.mark.parametrize("preset", ["standard", "open", "paper"])
def test_no_feasible_graph_is_out_of_reach(preset):
    space = Space.preset(preset, "math", "small" if preset == "paper" else 5.0)

    for graph in space.enumerate()[::7]:
        assert decode(space, embed(space, graph)) == graph


@pytest.mark.parametrize(("preset", "budget", "coordinates"), CASES)
def test_every_point_is_a_feasible_graph(preset, budget, coordinates):
    space, rng = Space.preset(preset, "math", budget), generator("points", preset, budget)
    points = [*rng.random((60, coordinates)), *rng.integers(0, 2, (20, coordinates)), [-1.0] * coordinates]

    for point in [*points, np.full(coordinates, 2.0)]:
        assert space.why_not(decode(space, point)) is None


def test_readers_are_ordered_by_how_many_they_are():
    subsets = [s for size in range(6) for s in itertools.combinations(range(5), size)]

    places = [relaxation._rank(subset, 5) for subset in subsets]

    assert places == sorted(places)
    assert [tuple(relaxation._subset(place, 5)) for place in places] == subsets


def test_more_of_the_readers_coordinates_means_more_edges():
    space = Space.preset("standard", "math", "medium")
    point = embed(space, space.cheapest())
    slots = space.max_nodes
    point[1] = 8.5 / slots
    point[2 : 2 + slots] = [0.0] * slots

    edges = [len(decode(space, point[: 2 + slots] + [x] * (slots - 1)).edges) for x in (0.0, 0.3, 0.6, 0.99)]

    assert edges[0] == 0
    assert edges == sorted(set(edges))
