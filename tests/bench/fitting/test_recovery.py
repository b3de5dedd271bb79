"""A world with known parameters gives them back: margins, wrong answers, lengths, readers, rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.fitting import calibrate as calibrating
from bench.fitting.calibrate import fit
from bench.fitting.observed import Executed, sighted
from bench.graph import Graph
from bench.keys import generator
from bench.levels import Request
from bench.pools import load_pool
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe

MODELS = ("1B", "3B", "8B")
TRUE = {"verification": 0.6, "verification_slope": 0.5, "reading": -0.1, "sway": 0.6, "anchor": 1.0}


def ids(task, split, question, handle):
    return handle


def executed(graph, questions, task, split="search"):
    number, salt = np.arange(questions), np.full(questions, graph.key, dtype=np.uint64)
    return Executed(task, split, Request(graph, number, np.zeros(questions, np.int64), salt))


@pytest.fixture(scope="module")
def known():
    """A universe unlike the one that fits start from, and what a tape of it would show."""
    main = load_universe("main")
    physics = replace(main.tasks["mmlu"], **TRUE, between=0.5, within=0.8, pet=0.6, token_spread=0.6)
    universe = replace(main, number=77, tasks={"mmlu": physics})
    space, rng = Space.preset("standard", task="mmlu", budget="small"), generator("recovery", 1)
    graphs = [Graph.of([(model, "assistant")] * 3, [], ("vote", None)) for model in MODELS]
    graphs += [Graph.of([(model, "assistant")] * 2, [], ("select", "3B")) for model in MODELS]
    graphs += [space.sample(rng) for _ in range(8)]
    distinct = {graph.id: graph for graph in graphs}.values()
    seen = sighted(SimulatedWorld(universe), [executed(g, 400, "mmlu") for g in distinct], MODELS, ids)
    return universe, seen


@pytest.fixture(scope="module")
def made(known):
    return fit(known[1], load_pool("llama-small"), "main", None, measured=False)


def inside(figure, truth, slack=1.0):
    """Whether the truth lies in the interval, stretched by `slack` around the value."""
    low, high = (figure.value + slack * (end - figure.value) for end in (figure.low, figure.high))
    return low <= truth <= high


def test_margins_come_back(known, made):
    physics = known[0].tasks["mmlu"]

    for name in ("between", "within"):
        assert inside(made.figures["tasks", "mmlu", name], getattr(physics, name), 1.5), name
    for model in MODELS:
        figure = made.figures["tasks", "mmlu", "accuracy", model]
        assert inside(figure, physics.accuracy[model], 1.5), model
        assert figure.high - figure.low < 0.12


def test_wrong_answers_and_lengths_come_back(known, made):
    physics = known[0].tasks["mmlu"]

    for name in ("coincidence", "pet", "token_spread"):
        assert inside(made.figures["tasks", "mmlu", name], getattr(physics, name), 1.5), name
    for model in MODELS:
        assert inside(made.figures["tasks", "mmlu", "no_answer", model], physics.no_answer[model], 2.0)
        assert made.figures["tasks", "mmlu", "lengths", model].value == pytest.approx(1, abs=0.05)
    assert inside(made.figures["common", "wrong_length"], 1.25, 1.5)


def test_readers_come_back(known, made):
    """Most of what the tape tells is within its 95 % interval, all of it within twice that."""
    universe, _ = known
    owners = {"tasks.mmlu": universe.tasks["mmlu"], "common": universe.common}
    owners |= {f"models.{model}": universe.models[model] for model in MODELS}
    told = {
        path: figure
        for path, figure in made.figures.items()
        if figure.fitted and path[-1] in {*TRUE, "plurality", "context", "select_self_trust", "select_anchor"}
    }

    hits = [inside(figure, getattr(owners[".".join(path[:-1])], path[-1])) for path, figure in told.items()]

    assert len(told) >= 7
    assert {("tasks", "mmlu", "verification"), ("tasks", "mmlu", "sway")} <= set(told)
    assert np.mean(hits) >= 0.75
    for path, figure in told.items():
        assert inside(figure, getattr(owners[".".join(path[:-1])], path[-1]), 2.0), path
    trust = made.figures["models", "1B", "self_trust"]
    shift = made.figures["tasks", "mmlu", "self_trust"].value
    assert not made.figures["tasks", "mmlu", "self_trust"].fitted  # the point of reference
    truth = universe.tasks["mmlu"].self_trust + universe.models["1B"].self_trust
    assert inside(trust, truth - shift, 2.0)


def test_rates_come_back(made):
    for model in made.service.pool.models:
        assert model.decode == pytest.approx(load_pool("llama-small")[model.name].decode, rel=0.03)
    assert made.service.source == "charged"
    assert made.service.jitter == pytest.approx(0.05, rel=0.15)


def test_the_fitted_world_predicts_graphs_that_it_has_not_seen(known, made):
    space, rng = Space.preset("standard", task="mmlu", budget="small"), generator("recovery", 2)
    graphs = [space.sample(rng) for _ in range(25)]

    truth = SimulatedWorld(known[0]).accuracies(graphs, "mmlu")
    fitted = SimulatedWorld(made.universe).accuracies(graphs, "mmlu")

    assert np.corrcoef(truth, fitted)[0, 1] > 0.97
    # 400 questions are not all questions, and their accuracies are off by as much.
    assert np.abs(truth - fitted).mean() < 0.025


def test_what_a_tape_does_not_tell_stays_the_bases(known):
    """Answers without readers, one sample each: readers and the correlation of two samples are the base's."""
    calls = known[1]["mmlu"].alone
    single = calls.where(calls.replica == 0)
    _, first = np.unique(single.question * 3 + single.model, return_index=True)
    mask = np.zeros(len(single.model), np.bool_)
    mask[first] = True

    made = fit({"mmlu": single.where(mask)}, load_pool("llama-small"), "main", None, measured=False)

    main = load_universe("main")
    for path in (("tasks", "mmlu", "within"), ("tasks", "mmlu", "verification"), ("models", "1B", "plurality")):
        assert not made.figures[path].fitted
    assert made.universe.tasks["mmlu"].within == pytest.approx(main.tasks["mmlu"].within)
    assert made.universe.models["8B"].context == main.models["8B"].context
    assert made.figures["tasks", "mmlu", "between"].fitted


def test_the_files_load_as_the_fitted_world(made, tmp_path):
    made.save(tmp_path)
    loaded, pool = load_universe(str(tmp_path / "universe.toml")), load_pool(str(tmp_path / "pool.toml"))

    assert loaded.tasks["mmlu"].sway == pytest.approx(made.universe.tasks["mmlu"].sway, rel=1e-5)
    assert loaded.number == made.universe.number
    assert loaded.pool == str(tmp_path / "pool.toml")
    assert pool.names == MODELS
    assert "[fit] 95 %" in (tmp_path / "universe.toml").read_text()
    assert "[assumed]" in (tmp_path / "universe.toml").read_text()
    graph = Graph.of([("8B", "assistant")], sink=("vote", None))
    assert SimulatedWorld(loaded).expected_accuracy(graph, "mmlu") == pytest.approx(
        made.figures["tasks", "mmlu", "accuracy", "8B"].value, abs=0.01
    )


def test_a_task_that_the_base_does_not_know_starts_from_its_first_without_models():
    start = load_universe("main")

    found = calibrating._physics(start, "pocket")

    assert calibrating._physics(start, "math") is start.task("math")
    assert (found.between, found.sway) == (start.task("math").between, start.task("math").sway)
    assert not found.accuracy and not found.no_answer
