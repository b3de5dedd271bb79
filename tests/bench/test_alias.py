"""Model names that methods see: other names and orders, the same graphs, costs and answers."""

from __future__ import annotations

import numpy as np
import pytest

from bench import run
from bench.alias import NAMINGS, Alias
from bench.errors import UnknownName
from bench.optimizer import Optimizer, Proposal
from bench.space import Space


def _space():
    return Space.preset("standard", "math", "small")


@pytest.mark.parametrize("naming", NAMINGS)
def test_every_graph_goes_there_and_back(naming):
    alias = Alias.of(_space(), naming, seed=5)
    rng = np.random.Generator(np.random.Philox(1))

    for _ in range(200):
        shown = alias.shown.sample(rng)
        real = alias.to_real(shown)
        assert alias.to_shown(real) == shown
        assert alias.real.contains(real)
        assert alias.real.cost(real) == alias.shown.cost(shown)


def test_places_say_which_node_is_which():
    alias = Alias.of(_space(), "permuted", seed=2)
    back = {shown: real for real, shown in alias.called.items()}
    rng = np.random.Generator(np.random.Philox(1))

    for _ in range(200):
        shown = alias.shown.sample(rng)
        real, places = alias.to_real(shown), alias.places(shown)
        assert sorted(places) == list(range(len(shown.nodes)))
        for v, node in enumerate(shown.nodes):
            assert real.nodes[places[v]].model == back[node.model]
            assert set(real.nodes[places[v]].preds) == {places[p] for p in node.preds}


def test_permuted_orders_depend_on_the_seed_and_hide_the_sizes():
    orders = {tuple(Alias.of(_space(), "permuted", seed).called.items()) for seed in range(20)}

    assert len(orders) > 2
    assert not any("B" in shown for order in orders for _, shown in order)


def test_an_unknown_naming_is_refused():
    with pytest.raises(UnknownName, match="permuted"):
        Alias.of(_space(), "permute", 0)


def test_a_permuted_run_records_real_models_and_shows_others(world, temporary_method):
    seen = []

    class Looks(Optimizer):
        wants_traces = True

        def ask(self):
            return Proposal(self.draw())

        def tell(self, outcome):
            seen.append((outcome.graph, outcome.node_right.shape[1]))

    temporary_method(Looks)
    record = run("temporary", search="300ex", world=world, models="permuted", world_options={"universe": "main"})

    assert {node.model for graph, _ in seen for node in graph.nodes} <= {"model-a", "model-b", "model-c"}
    assert all(width == len(graph.nodes) + (graph.sink is not None) for graph, width in seen)
    assert {m for data in record.summary["graphs"].values() for m, _ in data["nodes"]} <= {"1B", "3B", "8B"}


def test_a_method_that_knows_no_names_does_the_same_under_aliases(world):
    options = {"search": "300ex", "world": world, "world_options": {"universe": "main"}}
    plain, aliased = (run("random", models=models, **options) for models in ("named", "aliased"))

    assert plain.recommended == aliased.recommended
    assert [row["code"] for row in plain.rows()] == [row["code"] for row in aliased.rows()]
