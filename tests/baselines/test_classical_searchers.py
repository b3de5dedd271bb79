"""Evolution, local search, annealing, cross-entropy and REINFORCE: what each does with what it is told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from told import evaluated, tell

from baselines import local_search, regularised_evolution, simulated_annealing
from baselines._steps import step
from baselines.cross_entropy import CrossEntropy
from baselines.local_search import LocalSearch
from baselines.regularised_evolution import RegularisedEvolution
from baselines.reinforce import Reinforce
from baselines.simulated_annealing import SimulatedAnnealing
from bench.encoding import decode, encode
from bench.graph import Graph
from bench.keys import generator
from bench.optimizer import History, Problem
from bench.prior import prior_of
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
SEARCHERS = (RegularisedEvolution, LocalSearch, SimulatedAnnealing, CrossEntropy, Reinforce)


def _built(cls, prior=False, **values):
    problem = Problem(
        "math", SPACE, History(lambda accuracy, _: accuracy), 10, prior=prior_of(SPACE) if prior else None
    )
    return type(cls.__name__, (cls,), values)(problem, generator("searchers", cls.__name__), None)


def _tell(optimizer, graph, accuracy, questions=10):
    tell(optimizer, graph, accuracy, questions)


def _evaluated(optimizer, accuracy, count):
    return evaluated(optimizer, accuracy, count, 10)


def _pays(graph):
    """0.2 for each 3B node, of which no more than five fit."""
    return sum(node.model == "3B" for node in graph.nodes) / 5


@pytest.fixture
def parents(monkeypatch):
    """What graphs the searchers step from; each step goes to the next of endless wide graphs."""
    seen = []
    fresh = itertools.cycle([Graph.of([("1B", "assistant")] * n, (), "vote") for n in (2, 3, 4, 5, 6, 7)])

    def spy(space, graph, rng):
        seen.append(graph)
        return next(fresh)

    for module in (regularised_evolution, local_search, simulated_annealing):
        monkeypatch.setattr(module, "step", spy)
    return seen


# steps


@pytest.mark.parametrize("name", ["standard", "paper", "open"])
@pytest.mark.parametrize("budget", ["small", "large"])
def test_a_step_leads_to_another_graph_of_the_space(name, budget):
    space, rng = Space.preset(name, "math", budget), generator("steps")
    for _ in range(30):
        graph = space.sample(rng)
        other = step(space, graph, rng)

        assert space.contains(other)
        assert other != graph


def test_where_there_is_one_graph_a_step_stays():
    space = Space.preset("standard", "math", "1units")

    assert space.size() == 1
    assert step(space, space.cheapest(), generator("steps")) == space.cheapest()


def test_steps_reach_every_graph_of_a_small_space():
    space, rng = Space.preset("standard", "math", "5units"), generator("steps")
    graph, reached = space.cheapest(), set()
    for _ in range(4000):
        reached.add(graph.id)
        graph = step(space, graph, rng)

    assert reached == {graph.id for graph in space.enumerate()}


# all of them


@pytest.mark.parametrize("cls", SEARCHERS)
def test_each_comes_to_propose_what_pays(cls):
    rng = generator("draws")
    drawn = np.mean([_pays(SPACE.sample(rng)) for _ in range(200)])
    graphs = _evaluated(_built(cls), _pays, 200)

    assert np.mean([_pays(graph) for graph in graphs[100:]]) > drawn + 0.15


@pytest.mark.parametrize("cls", SEARCHERS[:-1])
def test_in_tier_p1_the_table_opens(cls):
    searcher = _built(cls, prior=True)
    starts = searcher.problem.prior.starts

    assert _evaluated(searcher, _pays, 1)[: len(starts)] == list(starts)[:8]


# regularised evolution


def test_the_oldest_dies_even_if_it_is_the_best(parents):
    searcher = _built(RegularisedEvolution, population=4, sample=4, together=1)
    first = searcher.ask_many(8)
    for proposal, accuracy in zip(first, (0.9, 0.1, 0.2, 0.3), strict=True):
        _tell(searcher, proposal.graph, accuracy)
    for _ in range(2):
        _tell(searcher, searcher.ask_many(8)[0].graph, 0.0)

    assert parents[0] == first[0].graph
    assert parents[1] == first[3].graph
    assert len(searcher.alive) == 4


def test_a_sample_of_one_makes_anybody_a_parent(parents):
    searcher = _built(RegularisedEvolution, population=4, sample=1)
    for proposal, accuracy in zip(searcher.ask_many(8), (0.9, 0.1, 0.2, 0.3), strict=True):
        _tell(searcher, proposal.graph, accuracy)
    for _ in range(10):
        searcher.ask_many(8)

    assert len(set(parents)) == 4


# local search


def _climbing(**values):
    searcher = _built(LocalSearch, starts=2, **values)
    worse, better = (proposal.graph for proposal in searcher.ask_many(8))
    _tell(searcher, worse, 0.2)
    _tell(searcher, better, 0.5)
    return searcher, better


def test_a_climb_starts_from_the_best_of_its_starts(parents):
    searcher, better = _climbing()
    searcher.ask_many(8)

    assert parents == [better]


def test_a_challenger_that_falls_behind_is_dropped_at_once(parents):
    searcher, better = _climbing()
    _tell(searcher, searcher.ask_many(8)[0].graph, 0.4)
    searcher.ask_many(8)

    assert parents == [better, better]


def test_a_challenger_takes_over_once_asked_as_much_as_the_incumbent(parents):
    searcher, better = _climbing()
    _tell(searcher, better, 0.5)  # the incumbent has 20 answers now
    (challenge,) = searcher.ask_many(8)
    _tell(searcher, challenge.graph, 0.9)

    (again,) = searcher.ask_many(8)
    assert again.graph == challenge.graph
    assert searcher.incumbent == better

    _tell(searcher, challenge.graph, 0.9)
    assert searcher.incumbent == challenge.graph


def test_a_climb_that_gets_nowhere_is_given_up(parents):
    searcher, _ = _climbing(patience=3)
    for _ in range(3):
        _tell(searcher, searcher.ask_many(8)[0].graph, 0.0)

    assert len(searcher.ask_many(8)) == 2  # random starts again
    assert len(parents) == 3


# simulated annealing


def _walking(loss, **values):
    """Where a walk that started at 0.5 stands after one step to a graph that is worse by `loss`."""
    searcher = _built(SimulatedAnnealing, starts=1, **values)
    (start,) = searcher.ask_many(8)
    _tell(searcher, start.graph, 0.5, 1000)
    (other,) = searcher.ask_many(8)
    _tell(searcher, other.graph, 0.5 - loss, 1000)
    return searcher, start.graph, other.graph


def test_it_always_takes_a_better_graph(parents):
    searcher, _, better = _walking(-0.1, temperature=0.0)

    assert searcher.here == better


@pytest.mark.parametrize(("temperature", "taken"), [(0.0, False), (100.0, True)])
def test_it_takes_a_worse_graph_only_while_it_is_hot(parents, temperature, taken):
    searcher, start, worse = _walking(0.1, temperature=temperature)

    assert searcher.here == (worse if taken else start)


def test_a_cold_walk_is_heated_again_and_goes_on_from_the_best(parents):
    searcher, start, worse = _walking(0.1, temperature=100.0, halving=1, halvings=1)

    assert searcher.here == worse
    searcher.ask_many(8)
    assert parents[-1] == start
    assert searcher.cooled == 0.0


# cross-entropy


def test_after_an_iteration_the_distribution_has_moved_to_its_elite():
    searcher = _built(CrossEntropy, samples=8, elite=0.25, smoothing=0.7)
    flat, floor = searcher.distribution.table.copy(), searcher.distribution.floor
    graphs = [proposal.graph for proposal in searcher.ask_many(8)]
    for i, graph in enumerate(graphs):
        _tell(searcher, graph, 0.9 if i in (2, 5) else 0.1)

    share = searcher.distribution.frequencies([encode(SPACE, graphs[2]), encode(SPACE, graphs[5])])
    sizes = searcher.distribution.sizes[:, None]
    expected = floor + (1 - floor * sizes) * (0.3 * flat + 0.7 * share)
    mask = searcher.distribution.mask
    assert searcher.distribution.table[mask] == pytest.approx(expected[mask])


def test_its_first_iteration_is_the_initial_design():
    searcher, twin = _built(CrossEntropy), _built(CrossEntropy)

    assert [p.graph for p in searcher.ask_many(8)] == [twin.draw() for _ in range(8)]


# REINFORCE


def _one_gradient(accuracies, **values):
    """The distribution before and after a gradient over graphs of these accuracies, and their points."""
    learner = _built(Reinforce, samples=len(accuracies), **values)
    learner.ask_many(8)
    points, before = [list(point) for point in learner.points], learner.distribution.table.copy()
    for point, accuracy in zip(points, accuracies, strict=True):
        _tell(learner, decode(SPACE, point), accuracy)
    learner.ask_many(8)
    return before, learner.distribution.table, points


def test_what_is_worth_as_much_as_usual_teaches_nothing():
    before, after, _ = _one_gradient((0.5, 0.5, 0.5))

    assert after == pytest.approx(before)


def test_without_a_baseline_whatever_was_sampled_becomes_likelier():
    before, after, points = _one_gradient((0.5,), baseline=False)

    coordinates = np.arange(len(points[0]))
    assert (after[coordinates, points[0]] > before[coordinates, points[0]]).all()


def test_the_step_is_the_mean_score_function():
    """Logits move by rate times the mean of advantage times (one-hot − probability)."""
    before, after, points = _one_gradient((0.2, 0.8), rate=3.0)
    onehot = np.zeros_like(before)
    onehot[np.arange(len(points[1])), points[1]] = 1.0
    logits = np.where(before > 0, np.log(np.where(before > 0, before, 1.0)), -np.inf)
    logits += 3.0 * (0.8 - 0.2) * (onehot - before) / 2  # the first one is its own baseline

    weights = np.exp(logits)
    assert after == pytest.approx(weights / weights.sum(axis=1, keepdims=True))


def test_in_tier_p1_half_of_the_distribution_is_at_the_best_of_the_table():
    flat, told = _built(Reinforce), _built(Reinforce, prior=True)
    best = flat.distribution.frequencies([encode(SPACE, told.problem.prior.starts[0])])

    assert told.distribution.table == pytest.approx((flat.distribution.table + best) / 2)
