"""Racing, brackets, allocation over pools, greedy construction, the constant graph and the bounds."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from baselines.constant import Constant
from baselines.greedy import Greedy, additions
from baselines.hyperband import Hyperband
from baselines.ocba import OCBA, allocation
from baselines.oracle_proposal import OracleProposal
from baselines.oracle_selection import OracleSelection
from baselines.random_halving import RandomHalving
from baselines.random_search import RandomSearch
from baselines.single_model import SingleModel
from baselines.top_two_thompson import TopTwoThompson
from bench.architectures import parallel
from bench.graph import Graph
from bench.keys import generator
from bench.optimizer import History, Outcome, Problem
from bench.prior import prior_of
from bench.racing import Race, rounds
from bench.reference import references
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
TINY = Space.preset("standard", "math", "1units", sinks="vote")
BUDGET = 1536


def _built(cls, space=SPACE, tier="P0", objective="accuracy", oracle=None, **values):
    weigh = {"accuracy": lambda accuracy, _: accuracy, "joint": lambda accuracy, seconds: accuracy - seconds}
    history = History(weigh[objective])
    problem = Problem(
        space.task,
        space,
        history,
        30,
        objective,
        prior_of(space) if tier == "P1" else None,
        oracle,
        lambda graphs: (BUDGET - sum(len(o.kinds) for o in history.outcomes)) // len(graphs),
    )
    return type(cls.__name__, (cls,), values)(problem, generator("allocation", cls.__name__), None)


def _tell(optimizer, proposal, accuracy, seconds=0.0):
    """Of the questions of one evaluation the share `accuracy` is right, to the nearest one."""
    n = proposal.questions or 30
    kinds = tuple("correct" if i < round(accuracy * n) else "wrong" for i in range(n))
    units = SPACE.cost(proposal.graph) / SPACE.unit
    outcome = Outcome(proposal.graph, n, np.arange(n), kinds, units, seconds, seconds, seconds)
    optimizer.history.add(outcome)
    optimizer.tell(outcome)


def _round(optimizer, accuracy, seconds=lambda graph: 0.0):
    proposals = optimizer.ask_many(8)
    for proposal in proposals:
        _tell(optimizer, proposal, accuracy(proposal.graph), seconds(proposal.graph))
    return proposals


def _pays(graph):
    """0.15 for each 3B node, of which no more than five fit, a little less for others."""
    return 0.1 + sum(0.15 if node.model == "3B" else -0.02 for node in graph.nodes)


class Field(Race):
    """Races what a test says."""

    graphs: tuple = ()

    def field(self):
        return list(self.graphs)


WIDTHS = tuple(parallel(model, width, ("vote", None)) for model in ("1B", "3B") for width in range(1, 6))


# races


@pytest.mark.parametrize(("starters", "fields"), [(2, [2]), (3, [3]), (9, [9, 5]), (46, [46, 23, 12, 6])])
def test_a_race_halves_until_three_or_four_are_left(starters, fields):
    rng = generator("starters")
    drawn = {graph.id: graph for graph in (SPACE.sample(rng) for _ in range(400))}
    race = _built(Field, graphs=tuple(drawn.values())[:starters])

    seen = [len(proposals) for proposals in iter(lambda: _round(race, _pays), [])]

    assert seen == fields
    assert rounds(starters) == len(fields)
    assert sum(len(o.kinds) for o in race.history.outcomes) > BUDGET - 2 * starters


def test_in_tier_p1_the_worse_half_by_the_table_never_starts():
    race = _built(Field, tier="P1", graphs=WIDTHS)
    expected = sorted((race.problem.prior.mean(graph) for graph in WIDTHS), reverse=True)

    assert len(race.survivors) == 5
    assert [race.problem.prior.mean(graph) for graph in race.survivors] == expected[:5]
    assert race.recommend() == race.survivors[0]
    assert len(_built(Field, tier="P1", objective="joint", graphs=WIDTHS).survivors) == len(WIDTHS)


def test_a_race_is_won_by_the_objective():
    race = _built(Field, objective="joint", graphs=WIDTHS)
    _round(race, lambda graph: 0.5 + 0.1 * len(graph.nodes), lambda graph: 0.3 * len(graph.nodes))

    assert len(race.recommend().nodes) == 1


def test_single_model_reads_the_model_off_the_table():
    method = _built(SingleModel, tier="P1")

    assert method.ask_many(8) == []
    assert method.recommend() == parallel("8B", 1, ("vote", None))
    assert len(_built(SingleModel).ask_many(8)) == 3


def test_random_halving_starts_as_many_as_the_budget_can_race():
    race = _built(RandomHalving)
    first = race.ask_many(8)

    n = len(first)
    assert len({proposal.graph.id for proposal in first}) == n
    assert first[0].questions >= 10
    assert BUDGET // (n + 1) < 10 * rounds(n + 1)
    with_table = _built(RandomHalving, tier="P1")
    assert len(with_table.survivors) == n
    assert len(with_table.expected) == 2 * n


@pytest.mark.parametrize("cls", [RandomHalving, Hyperband, TopTwoThompson, OCBA, Greedy])
def test_a_space_with_one_graph_is_no_trap(cls):
    method = _built(cls, space=TINY)
    for _ in range(5):
        _round(method, lambda graph: 0.0)

    assert method.recommend() == TINY.cheapest()


def test_random_search_starts_with_what_the_table_names():
    search = _built(RandomSearch, tier="P1")
    starts = search.problem.prior.starts

    assert [search.ask().graph for _ in starts] == list(starts)


# brackets


def test_hyperband_plays_its_brackets():
    method = _built(Hyperband)
    plan = [[(p.graph.id, p.questions) for p in _round(method, _pays)] for _ in range(7)]

    shape = [(len(rung), rung[0][1]) for rung in plan]
    assert shape == [(9, 10), (3, 20), (1, 60), (5, 30), (1, 60), (3, 90), (27, 10)]
    assert {key for key, _ in plan[1]} < {key for key, _ in plan[0]}


def test_the_best_of_a_rung_go_on():
    method = _built(Hyperband)
    first = [p.graph for p in _round(method, _pays)]
    second = [p.graph for p in _round(method, _pays)]

    assert min(map(_pays, second)) >= sorted(map(_pays, first))[-3] - 0.05  # answers are whole


# allocation over pools


def test_ocba_shares_by_variance_over_squared_distance():
    score, variance = np.array([0.6, 0.5, 0.4]), np.array([0.24, 0.25, 0.24])

    share = allocation(score, variance)

    assert share.sum() == pytest.approx(1)
    assert share[1] / share[2] == pytest.approx((0.25 / 0.1**2) / (0.24 / 0.2**2))
    assert share[0] == pytest.approx(np.sqrt(0.24 * (share[1] ** 2 / 0.25 + share[2] ** 2 / 0.24)))


def test_ocba_introduces_everyone_and_then_leaves_the_hopeless():
    method = _built(OCBA)
    first = _round(method, _pays)
    good = sorted(map(_pays, (p.graph for p in first)))[-8]
    later = [_pays(p.graph) >= good for _ in range(6) for p in _round(method, _pays)]

    assert len(first) == BUDGET // 40
    assert {p.questions for p in first} == {20}
    assert np.mean(later) > 0.9


def test_thompson_shares_between_the_best_and_its_rivals():
    method = _built(TopTwoThompson, power=0.0)
    best, rival = method.pool
    accuracy = {best.id: 0.9, rival.id: 0.1}
    for _ in range(20):
        _round(method, lambda graph: accuracy[graph.id])

    asked = {key: tally.asked for key, tally in method.history.tallies.items()}
    assert 0.3 < asked[best.id] / sum(asked.values()) < 0.8  # a rival is measured too, however far behind
    with_it_alone = _built(TopTwoThompson, power=0.0, leading=1.0)
    best, rival = with_it_alone.pool
    accuracy = {best.id: 0.9, rival.id: 0.1}
    for _ in range(20):
        _round(with_it_alone, lambda graph: accuracy[graph.id])
    assert with_it_alone.history.tallies[best.id].asked > 600


def test_the_pool_of_thompson_grows_and_bad_graphs_are_left():
    method = _built(TopTwoThompson)
    for _ in range(40):
        _round(method, _pays)
    tallies = method.history.tallies.values()

    assert 0.6 * len(method.pool) <= len(method.history.outcomes) ** 0.75 <= len(method.pool) + 1
    asked = Counter({tally.graph: tally.asked for tally in tallies})
    paid = [_pays(graph) for graph, _ in asked.most_common(5)]
    assert min(paid) > np.mean([_pays(tally.graph) for tally in tallies])


@pytest.mark.parametrize("cls", [TopTwoThompson, OCBA])
def test_a_slow_graph_is_handicapped(cls):
    method = _built(cls, objective="joint")
    for _ in range(12):
        _round(method, lambda graph: 0.5, lambda graph: 0.1 * len(graph.nodes))
    most = max(method.history.tallies.values(), key=lambda tally: tally.asked)

    assert len(most.graph.nodes) <= 2


@pytest.mark.parametrize("answers", [0.0, 1.0])
def test_beliefs_survive_equal_answers(answers):
    for cls in (TopTwoThompson, OCBA):
        method = _built(cls)
        for _ in range(4):
            _round(method, lambda graph: answers)


# construction


@pytest.mark.parametrize("preset", ["standard", "paper", "open"])
def test_additions_add_one_node_or_one_edge(preset):
    space, rng = Space.preset(preset, "math", "small"), generator("additions", preset)
    found = 0
    for graph in (space.sample(rng) for _ in range(20)):
        for grown in itertools.islice(additions(space, graph, rng), 16):
            assert space.contains(grown)
            node, edge = len(grown.nodes) - len(graph.nodes), len(grown.edges) - len(graph.edges)
            assert node == 1 or (node, edge) == (0, 1)
            assert Counter(n.model for n in graph.nodes) <= Counter(n.model for n in grown.nodes)
            found += 1
    assert found > 20


def test_greedy_adds_what_pays_and_starts_again_when_nothing_does():
    method = _built(Greedy)
    first = _round(method, _pays)
    assert all(len(p.graph.nodes) == 1 for p in first)

    _round(method, _pays)
    grown = []
    while _round(method, _pays) and method.grown is not None:
        grown.append(method.grown)
    sizes = [len(graph.nodes) for graph in grown]

    assert sizes == sorted(sizes)
    assert Counter(n.model for n in method.recommend().nodes)["3B"] >= 3
    assert len(method.field) == method.starts


# the constant graph and the bounds


@pytest.mark.parametrize("task", ["math", "mmlu", "humaneval"])
@pytest.mark.parametrize("level", ["small", "medium", "large"])
def test_the_constant_graph_of_main_is_its_optimum(task, level):
    method = _built(Constant, space=Space.preset("standard", task, level), learned_on="main")

    assert str(method.recommend()) == references()["main", "standard", "llama-small", task, level].graph
    assert _built(Constant, space=method.problem.space).recommend() != method.problem.space.cheapest()  # on dev
    assert [p.graph for p in _round(method, _pays)] == [method.recommend()]
    assert method.ask_many(8) == []


def test_the_constant_graph_gives_way_where_it_does_not_fit():
    assert _built(Constant, space=TINY, learned_on="main").recommend() == TINY.cheapest()
    with pytest.raises(ValueError, match="no graph was learned on 'nowhere'"):
        _built(Constant, learned_on="nowhere")


def _truth(asked):
    def oracle(graphs):
        asked.extend(graphs)
        return np.array([_pays(graph) for graph in graphs])

    return oracle


def test_oracle_selection_takes_the_truly_best_that_led():
    asked: list[Graph] = []
    bound = _built(OracleSelection, oracle=_truth(asked))
    rng, visited = generator("noise"), 0
    assert bound.recommend() == SPACE.cheapest()
    while visited < 50:
        for proposal in bound.ask_many(8):
            _tell(bound, proposal, float(np.clip(_pays(proposal.graph) + rng.normal(0, 0.1), 0, 1)))
            bound.recommend()
            visited += 1

    assert bound.recommend() in asked
    assert _pays(bound.recommend()) == max(map(_pays, asked))
    assert len(asked) == len({graph.id for graph in asked}) < 40


def test_oracle_proposal_proposes_the_truly_best_first_and_selects_by_measurement():
    asked: list[Graph] = []
    bound = _built(OracleProposal, oracle=_truth(asked))
    proposed = [bound.ask().graph for _ in range(12)]

    assert len(asked) <= 60
    truth = [_pays(graph) for graph in proposed[:10]]
    assert truth == sorted(truth, reverse=True)
    assert truth[0] == max(map(_pays, asked))
    assert proposed[10:] == proposed[:2]
    for proposal, measured in zip(bound.ask_many(2), (0.1, 0.9), strict=True):
        _tell(bound, proposal, measured)
        last = proposal.graph
    assert bound.recommend() == last
