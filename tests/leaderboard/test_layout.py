"""Layers without needless crossings."""

import random

import pytest

from leaderboard.layout import Layout, layered


def test_two_crossed_pairs_are_untangled():
    found = layered([0, 0, 1, 1], [(0, 3), (1, 2)])

    assert found.crossings() == 0
    assert sorted(map(sorted, found.layers)) == [[0, 1], [2, 3]]


def test_an_edge_over_several_layers_passes_each_by_a_place_of_its_own():
    found = layered([0, 1, 2, 3], [(0, 1), (1, 2), (2, 3), (0, 3)])

    assert found.routes[0, 3] == [0, (0, 3, 1), (0, 3, 2), 3]
    assert [len(layer) for layer in found.layers] == [1, 2, 2, 1]
    assert found.crossings() == 0


def test_crossings_are_counted_once_a_pair():
    assert Layout([[0, 1, 2], [3, 4, 5]], {(a, b): [a, b] for a in range(3) for b in (3, 4, 5)}).crossings() == 9


@pytest.mark.parametrize("key", range(5))
def test_sweeps_never_make_it_worse_and_lose_nothing(key):
    rng = random.Random(key)
    levels = sorted(rng.randrange(4) for _ in range(16))
    levels = [sorted(set(levels)).index(level) for level in levels]
    edges = [(a, b) for a in range(16) for b in range(16) if levels[a] < levels[b] and rng.random() < 0.25]
    found = layered(levels, edges)
    dummies = [item for edge in edges for item in found.routes[edge][1:-1]]
    given = [[v for v in range(16) if levels[v] == at] for at in range(len(found.layers))]
    for dummy in dummies:
        given[dummy[2]].append(dummy)

    assert found.crossings() <= Layout(given, found.routes).crossings()
    assert [v for layer in found.layers for v in sorted(i for i in layer if isinstance(i, int))] == list(range(16))
    assert set(found.routes) == set(edges)
    assert layered(levels, edges) == found
