"""Prior tier P1: the published table as starting graphs and as an expectation, the same for every method."""

from __future__ import annotations

import pytest

from bench import run
from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.prior import prior_of
from bench.space import Space

OPTIONS = {"budget": "medium", "search": "600ex", "world_options": {"universe": "main"}}
SPACE = Space.preset("standard", "math", "medium")


def test_starts_are_the_tables_graphs_that_fit_best_first():
    prior = prior_of(SPACE)

    assert prior.starts[0].nodes == Graph.of([("3B", "assistant")] * 3, (), ("select", "3B")).nodes
    assert all(SPACE.contains(graph) for graph in prior.starts)
    assert len({graph.id for graph in prior.starts}) == len(prior.starts)


def test_the_mean_is_near_the_table_at_its_own_mixes():
    prior = prior_of(SPACE)

    assert prior.mean(Graph.of([("8B", "assistant")], (), "vote")) == pytest.approx(0.49, abs=0.03)
    assert prior.mean(Graph.of([("1B", "assistant")], (), "vote")) < 0.36
    assert prior.mean(Graph.of([("1B", "assistant")] * 9, (), "vote")) == pytest.approx(0.39, abs=0.03)


def test_a_table_without_the_pools_models_is_refused():
    with pytest.raises(IsobudgetError, match="use --prior P0"):
        prior_of(SPACE, {"70B": "other"})


def test_random_search_starts_with_it(world):
    record = run(
        "random", budget="medium", tier="P1", search="600ex", world=world, world_options={"universe": "main"}
    )
    first = [row["graph"] for row in record.rows("search")][: len(prior_of(SPACE).starts)]

    assert first == [graph.id for graph in prior_of(SPACE).starts]


def test_under_other_names_it_says_the_same(world):
    settings = {"budget": "medium", "search": "600ex", "world": world, "world_options": {"universe": "main"}}
    named, permuted = (run("random", tier="P1", models=models, **settings) for models in ("named", "permuted"))
    starts = len(prior_of(SPACE).starts)

    assert {r["graph"] for r in named.rows("search")[:starts]} == {
        r["graph"] for r in permuted.rows("search")[:starts]
    }
