"""What is particular to single methods."""

from __future__ import annotations

import numpy as np
import pytest

from baselines import portfolio
from baselines._distribution import GraphDistribution
from bench import run
from bench.encoding import decode
from bench.keys import generator
from bench.optimizer import Outcome
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
OPTIONS = {"world_options": {"universe": "main"}, "tests": 20}


def _outcome(graph, node_right):
    right = np.array(node_right, dtype=bool)
    kinds = tuple("correct" if r else "wrong" for r in right[:, -1])
    return Outcome(graph, len(kinds), np.arange(len(kinds)), kinds, 5.0, 2.0, 1.0, 3.0, right)


def test_the_fixed_families_are_what_they_say():
    fields = {family.__name__.rpartition(".")[2]: family.members(SPACE) for family in portfolio.FAMILIES}

    assert {str(g) for g in fields["single_model"]} == {f"0:{m} → vote reads 0" for m in ("1B", "3B", "8B")}
    assert all(len(set(g.nodes)) == 1 and g.sink.kind == "vote" for g in fields["self_consistency"])
    assert all(g.depth == 1 and g.sink.kind == "select" for g in fields["best_of_n"])
    assert all(g.width == 1 and g.depth == len(g.nodes) for g in fields["sequential_refinement"])
    assert all(g.depth == 2 and len(g.reads) == 1 for g in fields["parallel_then_fuse"])
    assert len(portfolio.members(SPACE)) == len({g.id for f in fields.values() for g in f if SPACE.contains(g)})


def test_a_race_halves_its_field_and_spends_the_search_budget():
    record = run("portfolio", "math", search="3000ex", **OPTIONS)
    events = record.rows("search")
    shares = {}
    for event in events:
        shares.setdefault(event["makespan"], []).append((event["graph"], event["asked"]))
    fields = [len(graphs) for graphs in shares.values()]

    assert fields == [-(-fields[0] // 2**i) for i in range(len(fields))]
    assert 4 < fields[-1] <= 8  # the race ends with three or four left
    assert all(len({asked for _, asked in graphs}) == 1 for graphs in shares.values())
    assert 2400 - fields[0] <= sum(event["executions"] for event in events) <= 2400


def test_tpe_learns_from_what_it_proposed_and_never_discards():
    """Every evaluation's graph is in the study with its own point; after the start, no point is random."""
    pytest.importorskip("optuna")
    record = run("tpe", "math", search="1500ex", selection="own", **OPTIONS)
    searched = record.rows("search")

    assert len(searched) == 50
    late = [e["graph"] for e in searched[25:]]
    accuracies = {e["graph"]: np.mean([c == 0 for c in e["code"]]) for e in searched}
    assert np.mean([accuracies[g] for g in late]) > np.mean([accuracies[e["graph"]] for e in searched[:10]])


def test_a_distribution_samples_what_it_says():
    distribution = GraphDistribution(SPACE)
    distribution.set({1: [0.7, 0.1, 0.1, 0.1]})
    rng = generator("sampling")

    draws = np.array([distribution.sample(rng)[1] for _ in range(4000)])

    assert np.bincount(draws, minlength=4) / 4000 == pytest.approx([0.7, 0.1, 0.1, 0.1], abs=0.03)


def test_probabilities_stay_off_the_edges_and_sum_to_one():
    distribution = GraphDistribution(SPACE)
    for _ in range(100):
        distribution.move(1, 2, 0.5)

    assert 0.02 <= distribution.probabilities[1].min() < 0.05
    assert distribution.probabilities[1].argmax() == 2
    assert distribution.probabilities[1].sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="finite"):
        distribution.set({1: [0.5, float("nan"), 0.5, 0]})
    with pytest.raises(ValueError, match="takes 4"):
        distribution.set({1: [0.5, 0.5]})


def test_reinforce_raises_the_probability_of_what_paid():
    from baselines.reinforce import Reinforce
    from bench.optimizer import History, Problem

    history = History(lambda accuracy, seconds: accuracy)
    learner = Reinforce(Problem("math", SPACE, history, 10), generator("r"), None)
    learner.samples = 2
    proposals, points = learner.ask_many(8), [list(point) for point in learner.points]
    before = learner.distribution.table.copy()
    for proposal, point, right in zip(proposals, points, (0, 10), strict=True):  # the first only sets the mean
        assert proposal.graph == decode(SPACE, point)
        outcome = _outcome(proposal.graph, [[i < right] * (len(proposal.graph.nodes) + 1) for i in range(10)])
        history.add(outcome)
        learner.tell(outcome)
    learner.ask_many(8)

    for coordinate, value in enumerate(points[1]):
        assert learner.distribution.table[coordinate, value] > before[coordinate, value]
