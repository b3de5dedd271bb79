"""Optuna's samplers on the relaxation and the surrogates on features: what each does with what it is told."""

from __future__ import annotations

import numpy as np
import pytest
from told import evaluated, tell

from baselines import _surrogate
from baselines._features import features, names
from baselines._surrogate import improvement
from baselines.cmaes import CMAES
from baselines.gp_surrogate import GPSurrogate
from baselines.linear_surrogate import LinearSurrogate
from baselines.nsga2 import NSGA2
from baselines.optuna_gp import OptunaGP
from baselines.tpe import TPE
from bench import list_methods, registry
from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.keys import generator
from bench.optimizer import History, Problem
from bench.prior import prior_of
from bench.registry import parse_method
from bench.relaxation import embed
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
MODELS = (LinearSurrogate, GPSurrogate)


def _built(cls, space=SPACE, prior=False, score=lambda accuracy, _: accuracy, objective="accuracy", **values):
    prior = prior_of(space) if prior else None
    problem = Problem("math", space, History(score), 20, objective=objective, prior=prior)
    return type(cls.__name__, (cls,), values)(problem, generator("model based", cls.__name__), None)


def _tell(optimizer, graph, accuracy, questions=20):
    tell(optimizer, graph, accuracy, questions)


def _evaluated(optimizer, accuracy, count):
    return evaluated(optimizer, accuracy, count, 20, latency=lambda graph: float(graph.depth))


def _pays(graph):
    """0.2 for each 3B node, of which no more than five fit."""
    return sum(node.model == "3B" for node in graph.nodes) / 5


@pytest.mark.parametrize("cls", [TPE, CMAES, NSGA2, LinearSurrogate, GPSurrogate])
def test_each_finds_more_of_what_pays(cls):
    graphs = _evaluated(_built(cls), _pays, 50)

    first, last = (np.mean([_pays(g) for g in part]) for part in (graphs[:10], graphs[-10:]))
    assert last > first + 0.1
    assert all(map(SPACE.contains, graphs))


@pytest.mark.parametrize("cls", [TPE, CMAES, NSGA2, LinearSurrogate, GPSurrogate])
def test_in_p1_the_initial_design_begins_with_what_the_table_names(cls):
    optimizer = _built(cls, prior=True)
    starts = list(optimizer.problem.prior.starts)

    assert len(starts) > 3
    assert _evaluated(optimizer, _pays, len(starts))[: len(starts)] == starts


# Optuna's samplers


def test_tpe_is_told_every_graph_at_its_own_point():
    optimizer = _built(TPE)
    graphs = _evaluated(optimizer, _pays, 20)

    done = [t for t in optimizer.study.trials if t.state.name == "COMPLETE"]
    assert [list(trial.params.values()) for trial in done] == [embed(SPACE, graph) for graph in graphs]
    assert [trial.value for trial in done] == pytest.approx([_pays(graph) for graph in graphs])


def _never(*args, **kwargs):
    raise AssertionError("a coordinate was drawn independently")


@pytest.mark.parametrize("cls", [TPE, CMAES])
def test_after_the_start_no_coordinate_is_drawn_independently(cls, monkeypatch):
    import optuna

    monkeypatch.setattr(optuna.samplers.RandomSampler, "sample_independent", _never)
    optimizer = _built(cls)
    _evaluated(optimizer, _pays, 10)
    suggested = []
    monkeypatch.setattr(
        optimizer, "graph", lambda v: suggested.append(dict(v)) or type(optimizer).graph(optimizer, v)
    )
    _evaluated(optimizer, _pays, 40)

    assert len(suggested) >= 40
    assert all(values.keys() == optimizer.box.keys() for values in suggested)


def test_every_point_of_cmaes_is_of_a_generation_and_told_as_it_was_sampled():
    optimizer = _built(CMAES, population=6)
    _evaluated(optimizer, _pays, 10 + 18)

    trials = optimizer.study.trials[10:]
    assert [trial.system_attrs["cma:generation"] for trial in trials] == [0] * 6 + [1] * 6 + [2] * 6
    assert all(trial.params.keys() == optimizer.box.keys() for trial in trials)


def test_cmaes_starts_in_the_middle_of_the_box_whatever_the_initial_design_was():
    optimizer = _built(CMAES, startup=2, population=40)
    graph = Graph.of([("1B", "assistant")] * 8, (), "vote")
    for accuracy in (1.0, 0.9):
        _tell(optimizer, graph, accuracy)
    _evaluated(optimizer, _pays, 40)

    points = np.array([list(trial.params.values()) for trial in optimizer.study.trials[2:]])
    assert points.mean(axis=0) == pytest.approx(np.full(points.shape[1], 0.5), abs=0.15)


def test_nsga2_breeds_generations_of_which_the_first_is_the_initial_design():
    optimizer = _built(NSGA2, population=6)
    drawn = []
    draw = optimizer.draw
    optimizer.draw = lambda: drawn.append(draw()) or drawn[-1]
    graphs = _evaluated(optimizer, _pays, 24)

    assert graphs[:6] == drawn
    trials = optimizer.study.trials
    generations = [trial.system_attrs["NSGAIISampler:generation"] for trial in trials]
    assert generations == [0] * 6 + [1] * 6 + [2] * 6 + [3] * 6


def test_without_mutation_children_inherit_every_coordinate():
    optimizer = _built(NSGA2, population=6, mutation=0.0)
    _evaluated(optimizer, _pays, 18)

    parents, children = optimizer.study.trials[:6], optimizer.study.trials[6:]
    for name in optimizer.box:
        assert {t.params[name] for t in children} <= {t.params[name] for t in parents}


@pytest.mark.parametrize(
    ("latency", "objective", "goals"),
    [("auto", "accuracy", 1), ("auto", "joint", 2), ("auto", "deadline=8", 2), ("always", "accuracy", 2)],
)
def test_nsga2_minimises_latency_where_it_counts(latency, objective, goals):
    optimizer = _built(NSGA2, objective=objective, latency=latency)
    graphs = _evaluated(optimizer, _pays, 8)

    assert {len(trial.values) for trial in optimizer.study.trials} == {goals}
    if goals == 2:
        assert [trial.values[1] for trial in optimizer.study.trials] == [graph.depth for graph in graphs]


def test_the_front_of_nsga2_is_of_accuracy_and_latency():
    optimizer = _built(NSGA2, objective="joint")
    _evaluated(optimizer, _pays, 24)
    history = optimizer.history
    points = {key: (history.posterior(t.graph), -t.latency) for key, t in history.tallies.items()}

    for graph in optimizer.recommend_front():
        accuracy, speed = points[graph.id]
        assert not [p for p in points.values() if p[0] >= accuracy and p[1] >= speed and p != points[graph.id]]


def test_without_torch_the_gaussian_process_of_optuna_is_listed_and_refused_by_name(monkeypatch):
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)

    assert "optuna-gp" in list_methods()
    with pytest.raises(IsobudgetError, match=r"method optuna-gp needs torch.*isobudget\[gp\]"):
        parse_method("optuna-gp")


def test_with_torch_it_finds_what_pays():
    pytest.importorskip("torch")
    graphs = _evaluated(_built(OptunaGP), _pays, 30)

    assert np.mean([_pays(g) for g in graphs[-10:]]) > np.mean([_pays(g) for g in graphs[:10]]) + 0.1


# features and surrogates


def test_features_of_a_small_graph():
    nodes = [("1B", "assistant"), ("3B", "assistant"), ("8B", "fuser")]
    graph = Graph.of(nodes, [(0, 2), (1, 2)], "vote")

    named = dict(zip(names(SPACE), features(SPACE, graph), strict=True))

    assert (named["nodes"], named["depth"], named["width"]) == (3 / 8, 2 / 8, 2 / 8)
    assert [named[n] for n in ("sources", "edges", "density")] == pytest.approx([2 / 3, 2 / 3 / 8, 2 / 3])
    assert (named["mean in-degree"], named["most in-degree"]) == (2 / 8, 2 / 8)
    assert (named["reads"], named["share read"]) == (1 / 8, 1 / 3)
    assert (named["sink vote"], named["sink select 3B"]) == (1, 0)
    assert (named["8B count"], named["8B share"], named["8B of what is read"]) == (1 / 8, 1 / 3, 1)
    assert (named["8B most in-degree"], named["1B most in-degree"]) == (2 / 8, 0)
    assert named["units"] == SPACE.cost(graph) / SPACE.cap
    assert 0 < named["path"] < named["units"]


@pytest.mark.parametrize("preset", ["standard", "paper", "open"])
@pytest.mark.parametrize("budget", ["small", "large"])
def test_features_are_of_one_length_and_between_0_and_1(preset, budget):
    space, rng = Space.preset(preset, "math", budget), generator("features")
    table = np.stack([features(space, space.sample(rng)) for _ in range(40)])

    assert table.shape == (40, len(names(space)))
    assert 0 <= table.min() <= table.max() <= 1 + 1e-12


def test_expected_improvement_is_that_of_a_normal():
    draws = generator("normal").normal(0.5, 0.1, 200_000)

    gain = improvement(np.array([0.5, 0.5, 0.4]), np.array([0.1, 0.0, 0.0]), 0.45)

    assert gain[0] == pytest.approx(np.maximum(draws - 0.45, 0).mean(), rel=0.02)
    assert gain[1:] == pytest.approx([0.05, 0.0])


@pytest.mark.parametrize("cls", MODELS)
def test_a_promising_graph_is_asked_again(cls):
    """Where there is but one graph, and it may still be better than it seemed."""
    graphs = _evaluated(_built(cls, Space.preset("standard", "math", "1units"), startup=2), lambda g: 0.5, 6)

    assert len({graph.id for graph in graphs}) == 1


@pytest.mark.parametrize("cls", MODELS)
def test_luck_on_few_questions_weighs_little(cls):
    """Two questions right of two, against 170 of 200: neighbours say that both are about as good."""
    optimizer = _built(cls, startup=6)
    lucky, steady = (Graph.of([("3B", "assistant")] * n, (), "vote") for n in (4, 5))
    for n in (1, 2, 3, 4):
        _tell(optimizer, Graph.of([("1B", "assistant")] * n, (), "vote"), 0.1 * n, 200)
    _tell(optimizer, lucky, 1.0, 2)
    _tell(optimizer, steady, 0.85, 200)

    assert optimizer.recommend() == steady
    optimizer.ask_many(8)
    assert optimizer.recommend() == steady


@pytest.mark.parametrize("cls", MODELS)
def test_where_the_table_is_right_it_is_what_the_model_believes(cls):
    optimizer = _built(cls, prior=True, startup=8)
    expected = optimizer.problem.prior.mean
    _evaluated(optimizer, expected, 8)
    rng = generator("elsewhere")
    others = [SPACE.sample(rng) for _ in range(20)]
    optimizer.ask_many(8)

    believed, _ = optimizer._believed(others)

    assert believed == pytest.approx([expected(graph) for graph in others], abs=0.08)


def test_surrogates_model_the_objective_and_not_the_accuracy(monkeypatch):
    told = []
    optimizer = _built(LinearSurrogate, score=lambda accuracy, seconds: accuracy - 0.1 * seconds, startup=4)
    fit = optimizer.fit
    monkeypatch.setattr(
        optimizer, "fit", lambda rows, values, noise: told.append(values) or fit(rows, values, noise)
    )
    graphs = _evaluated(optimizer, _pays, 4)
    optimizer.ask_many(4)

    want = {g.id: _pays(g) - 0.1 * g.depth - optimizer.history.pooled for g in graphs}
    assert told[0] == pytest.approx(list(want.values()))


@pytest.mark.parametrize("cls", MODELS)
def test_noise_is_the_binomial_variance_of_the_answers(cls, monkeypatch):
    heard = []
    optimizer = _built(cls, startup=2)
    fit = optimizer.fit
    monkeypatch.setattr(
        optimizer, "fit", lambda rows, values, noise: heard.append(noise) or fit(rows, values, noise)
    )
    for n, questions in ((1, 20), (2, 200)):
        _tell(optimizer, Graph.of([("1B", "assistant")] * n, (), "vote"), 0.5, questions)
    optimizer.ask_many(4)

    assert heard[0] == pytest.approx([0.25 / 20, 0.25 / 200])


def test_candidates_are_samples_and_neighbours_of_the_best(monkeypatch):
    parents = []
    monkeypatch.setattr(_surrogate, "step", lambda space, graph, rng: parents.append(graph) or graph)
    optimizer = _built(GPSurrogate, startup=12, fresh=8)
    _evaluated(optimizer, _pays, 12)
    optimizer.ask_many(4)

    known = [tally.graph for tally in optimizer.history.tallies.values()]
    assert len(parents) == 8
    assert set(parents) <= set(known)
    assert optimizer.best in parents
    assert len(optimizer.candidates) <= 8 + len(known)
