"""Families of fixed architectures: their shapes, that none is left out, and how many of them race."""

from __future__ import annotations

from itertools import product

import pytest

from baselines import debate, layered_moa, portfolio, release_depth, release_width
from baselines._shapes import line_ups, sinks_like
from bench.architectures import chain, chains, layered, parallel
from bench.keys import generator
from bench.optimizer import History, Problem
from bench.prior import prior_of
from bench.space import Space

SPACE = Space.preset("standard", "math", "medium")
SELECT, VOTE = ("select", "3B"), ("vote", None)
LAYERED = {layered_moa: (SELECT, 1), debate: (VOTE, 2)}


def _layers(graph):
    return [[v for v, level in enumerate(graph.levels) if level == row] for row in range(graph.depth)]


def test_layers_read_all_of_the_layer_before():
    graph = layered(["1B", "3B"], 3, VOTE)

    first, second, third = _layers(graph)
    for row in (first, second, third):
        assert sorted(graph.nodes[v].model for v in row) == ["1B", "3B"]
    assert all(graph.nodes[v].preds == tuple(first) for v in second)
    assert all(graph.nodes[v].preds == tuple(second) for v in third)
    assert graph.reads == tuple(third)
    assert layered(["3B"], 4, VOTE) == chain("3B", 4, VOTE)
    assert layered(["3B"] * 4, 1, VOTE) == parallel("3B", 4, VOTE)


def test_chains_read_only_what_is_before_them():
    graph = chains("1B", [2, 1, 3], VOTE)

    assert sorted(graph.levels) == [0, 0, 0, 1, 1, 2]
    assert len(graph.edges) == 3
    assert sorted(graph.levels[v] for v in graph.reads) == [0, 1, 2]
    assert chains("1B", [3], VOTE) == chain("1B", 3, VOTE)


def test_line_ups_are_pure_or_cycle_through_the_pool():
    pure = {(model,) * 4 for model in ("1B", "3B", "8B")}
    cycles = {("1B", "1B", "3B", "8B"), ("1B", "3B", "3B", "8B"), ("1B", "3B", "8B", "8B")}

    assert set(line_ups(SPACE, 4)) == pure | cycles
    assert len(line_ups(SPACE, 3)) == 4  # all three cycles are the same layer


@pytest.mark.parametrize("family", LAYERED, ids=lambda family: family.__name__)
@pytest.mark.parametrize("budget", ["small", "medium", "large"])
def test_layered_families_have_every_line_up_that_fits(family, budget):
    space, (sink, least) = Space.preset("standard", "math", budget), LAYERED[family]
    members = family.members(space)

    sizes = product(range(2, space.max_nodes + 1), range(least, space.max_nodes + 1))
    shapes = [(width, depth) for width, depth in sizes if width * depth <= space.max_nodes]
    all_ = [layered(layer, depth, sink) for width, depth in shapes for layer in line_ups(space, width)]
    assert {graph.id for graph in members} == {graph.id for graph in all_ if space.contains(graph)}
    assert len(members) == len({graph.id for graph in members}) < len(all_)
    assert all(graph.depth >= least and len(graph.nodes) == graph.depth * graph.width for graph in members)
    assert any(len({node.model for node in graph.nodes}) > 1 for graph in members)


@pytest.mark.parametrize(
    ("family", "depths"),
    [
        (release_depth, lambda nodes: [2] * (nodes // 2) + [1] * (nodes % 2)),
        (release_width, lambda nodes: [(nodes + 1) // 2, nodes // 2]),
    ],
    ids=["chains of two", "two chains"],
)
@pytest.mark.parametrize("budget", ["small", "large"])
def test_the_release_cuts_into_twos_or_deals_to_two(family, depths, budget):
    space = Space.preset("standard", "math", budget)
    sizes = product(space.pool.names, range(2, space.max_nodes + 1))
    graphs = [chains(model, depths(nodes), SELECT) for model, nodes in sizes]

    assert family.members(space) == [graph for graph in graphs if space.contains(graph)]
    assert len(family.members(space)) < len(graphs)


def test_a_family_takes_another_sink_where_its_own_is_missing():
    votes = Space.preset("standard", "math", "small", sinks="vote")

    assert sinks_like(SPACE, "select") == [SELECT]
    assert sinks_like(votes, "select") == [VOTE]
    assert release_depth.members(votes)
    assert debate.members(Space.preset("paper", "math", "medium"))


def test_the_portfolio_has_every_member_once():
    members = portfolio.members(SPACE)
    ids = {graph.id for graph in members}

    assert len(members) == len(ids)
    for family in portfolio.FAMILIES:
        assert {graph.id for graph in family.members(SPACE) if SPACE.contains(graph)} <= ids


def _starters(executions, tier="P0"):
    problem = Problem(
        "math",
        SPACE,
        History(lambda accuracy, _: accuracy),
        30,
        prior=prior_of(SPACE) if tier == "P1" else None,
        afford=lambda graphs: executions // len(graphs),
    )
    return portfolio.Portfolio(problem, generator("portfolio"), None).survivors


def test_only_as_many_start_as_the_budget_can_tell_apart():
    everyone = len(portfolio.members(SPACE))
    few, some, all_ = (len(_starters(executions)) for executions in (30, 1536, 100_000))

    assert all_ == everyone
    assert 1 < few < 8 < some < everyone
    assert 1536 // some // 4 >= 5  # four rounds
    assert 1 <= len(_starters(0)) <= len(_starters(1)) <= 2


def test_in_tier_p1_twice_as_many_are_drawn_and_the_table_halves_them():
    assert len(_starters(1536, "P1")) == len(_starters(1536))
