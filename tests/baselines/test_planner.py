"""The planner: what it believes after evaluations, what it proposes, and that no world of its own is the run's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baselines import planner
from bench import run
from bench.alias import Alias
from bench.architectures import chain, parallel
from bench.families.wide import RANGES
from bench.graph import Graph
from bench.keys import generator
from bench.optimizer import History, Outcome, Problem
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe

SPACE = Space.preset("standard", "math", "small")
SINGLES = {model: parallel(model, 1, ("vote", None)) for model in SPACE.pool.names}


def _build(space=SPACE, **values):
    problem = Problem(space.task, space, History(lambda accuracy, seconds: accuracy), 30)
    return type("Planner", (planner.Planner,), values)(problem, generator("planner"), None)


def _add(optimizer, graph, right, asked):
    kinds = ("correct",) * right + ("wrong",) * (asked - right)
    optimizer.history.add(Outcome(graph, asked, np.arange(asked), kinds, 5.0, 2.0, 1.0, 3.0))


def _believed(optimizer, graphs, *worlds):
    """The planner with worlds of these accuracies, graph by graph, in place of its own."""
    optimizer.swarm = optimizer.swarm[: len(worlds)]
    for particle, accuracies in zip(optimizer.swarm, worlds, strict=True):
        particle.accuracy = {graph.id: a for graph, a in zip(graphs, accuracies, strict=True)}


def test_worlds_in_which_the_answers_were_likely_weigh_more():
    optimizer = _build(particles=32)
    for model, right in (("1B", 60), ("3B", 140), ("8B", 90)):
        _add(optimizer, SINGLES[model], right, 200)
    for _ in range(6):
        optimizer.ask_many(1)
    weights = optimizer._weights()
    strength = [
        float(weights @ [p.world.universe.task("math").accuracy[model] for p in optimizer.swarm])
        for model in ("1B", "3B", "8B")
    ]

    assert strength == pytest.approx([0.3, 0.7, 0.45], abs=0.1)


def test_it_proposes_what_is_best_in_its_worlds():
    optimizer = _build(particles=24)
    for model, right in (("1B", 40), ("3B", 150), ("8B", 40)):
        _add(optimizer, SINGLES[model], right, 200)
    proposals = [proposal for _ in range(4) for proposal in optimizer.ask_many(8)]
    models = [node.model for proposal in proposals[-8:] for node in proposal.graph.nodes]

    assert models.count("3B") > 0.7 * len(models)
    assert all(SPACE.contains(proposal.graph) for proposal in proposals)


def test_easy_questions_are_no_evidence_against_a_world():
    """All graphs of a run answer the same questions: a shift of all is likely, a contradiction in order is not."""
    optimizer = _build(particles=4, alive=1.0)
    graphs = [*SINGLES.values(), chain("1B", 2, ("vote", None))]
    _believed(optimizer, graphs, (0.3, 0.4, 0.5, 0.35), (0.5, 0.4, 0.5, 0.45))
    for graph, right in zip(graphs, (24, 30, 36, 27), strict=True):  # the first world's, and 0.1 more
        _add(optimizer, graph, right, 60)

    assert optimizer._weights()[0] > 0.7


def test_several_worlds_stay_in_play():
    weights = planner._tempered(np.array([0.0, -50.0, -60.0, -80.0, -300.0, -400.0]), 2.5)

    assert 2.5 <= 1 / (weights**2).sum() < 4
    assert (np.diff(weights) < 0).all()
    assert planner._tempered(np.array([0.0, -1e9]), 6.0).sum() == pytest.approx(1)
    assert planner._tempered(np.log([0.6, 0.3, 0.1]), 1.0) == pytest.approx([0.6, 0.3, 0.1])


def test_it_recommends_by_its_worlds_and_not_by_luck():
    optimizer = _build(particles=6)
    lucky, good = SINGLES["1B"], SINGLES["8B"]
    _believed(optimizer, [lucky, good], *[(0.3, 0.55)] * 6)
    for graph, right in ((lucky, 9), (good, 8)):
        _add(optimizer, graph, right, 15)
    assert optimizer.recommend() == lucky  # nothing was weighed yet

    optimizer.ask_many(1)
    assert optimizer.recommend() == good


def test_the_worlds_have_items_of_their_own_and_move_within_their_ranges():
    optimizer = _build(particles=12)
    universes = [particle.world.universe for particle in optimizer.swarm]
    rng = generator("near")
    for _ in range(20):
        universes += [planner._near(universes[int(rng.integers(len(universes)))], rng)]
    numbers = {universe.number for universe in universes}

    assert len(numbers) == len(universes)
    assert min(numbers) > 1000 and load_universe("main").number not in numbers
    for universe in universes:
        physics = universe.task("math")
        for name in ("self_trust", "verification", "sway", "pet"):
            low, high = RANGES[name]
            assert low <= getattr(physics, name) <= high
        assert physics.between < physics.within <= 0.95


def test_it_knows_nothing_of_the_run_s_world_before_it_answers():
    """The first round is the same in any world; what follows is not."""
    worlds = [SimulatedWorld(replace(load_universe("main"), number=number)) for number in (1, 2)]
    runs = [run("planner[particles=4]", search="120ex", questions=5, tests=10, world=world) for world in worlds]
    one, other = ([event["graph"] for event in record.rows("search")] for record in runs)

    assert one[:8] == other[:8]
    assert one != other


def test_models_under_other_names_are_simulated_by_rank_of_size():
    shown = Alias.of(SPACE, "permuted", 5).shown
    names = planner._stand_ins(shown)
    graph = Graph.of([(name, "assistant") for name in shown.pool.names], (), shown.sinks[0])
    by_size = sorted(shown.pool.models, key=lambda model: model.params)

    assert [names[model.name] for model in by_size] == ["1B", "3B", "8B"]
    assert str(planner._renamed(graph, names)) == "0:1B 1:3B 2:8B → select 3B reads 0 1 2"
    optimizer = _build(shown, particles=4)
    assert all(shown.contains(proposal.graph) for proposal in optimizer.ask_many(4))


def test_its_row_says_what_it_knows():
    record = run("planner[particles=4]", search="120ex", tests=10, world_options={"universe": "main"})

    assert record.summary["status"] == "ok"
    assert "ceiling of circularity" in record.summary["note"]
