"""What is particular to single methods."""

from __future__ import annotations

import numpy as np
import pytest

from baselines import portfolio
from baselines._distribution import GraphDistribution, coordinate_names
from baselines.agent_reinforce import scripted
from baselines.agent_reinforce.feedback import Briefing, report
from baselines.agent_reinforce.prompts import INSIGHTS, mix_prompt, update_prompt
from bench import run
from bench.encoding import decode, encode
from bench.graph import Graph
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
    assert fields[-1] == 2
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


def test_feedback_is_read_off_the_traces():
    """Two answers, one fuser: a right answer is lost on one question, a wrong one repaired on another."""
    graph = Graph.of([("1B", "assistant"), ("3B", "assistant"), ("3B", "fuser")], [(0, 2), (1, 2)], "vote")
    node_right = [  # 1B, 3B, fuser, vote
        [True, False, False, False],
        [False, False, True, True],
        [False, True, True, True],
        [False, True, True, True],
    ]

    facts = report(_outcome(graph, node_right))

    assert facts.node_accuracy == (0.25, 0.5, 0.75, 0.75)
    edges = {(e.source, e.target): (e.lost, e.repaired) for e in facts.edges}
    assert edges[0, 2] == (0.25, 0.75)
    assert edges[1, 2] == (0.0, 0.25)
    assert facts.failed == (0,)
    assert facts.idle == (0,)


def _briefing(best, scores=None, wider=0, deeper=0):
    facts = report(_outcome(best, [[True] * (len(best.nodes) + 1)] * 4))
    names = coordinate_names(SPACE)
    probabilities = {n: p.tolist() for n, p in zip(names, GraphDistribution(SPACE).probabilities, strict=True)}
    return Briefing(SPACE, (facts,), 1, scores or {best.id: 0.5}, best, wider, deeper, probabilities)


def test_the_scripted_agent_moves_towards_the_best_graph():
    best = Graph.of([("3B", "assistant")] * 2, (), ("select", "3B"))
    briefing = _briefing(best)

    reply = scripted.update(briefing, eta=0.2, window=5, insights=False)

    for name, value in zip(coordinate_names(SPACE), encode(SPACE, best), strict=True):
        before, after = briefing.probabilities[name], reply["changes"][name]
        assert after[value] == pytest.approx(0.8 * before[value] + 0.2, abs=1e-3)


@pytest.mark.parametrize(("wider", "deeper", "word"), [(0, 5, "one wider"), (5, 0, "one deeper")])
def test_with_insights_it_grows_what_was_tried_less(wider, deeper, word):
    best = Graph.of([("1B", "assistant")] * 2, (), "vote")

    reply = scripted.update(_briefing(best, wider=wider, deeper=deeper), eta=0.2, window=5, insights=True)

    assert word in reply["reason"]


def test_prompts_carry_the_insights_only_when_asked():
    briefing = _briefing(Graph.of([("1B", "assistant")] * 2, (), "vote"))

    assert INSIGHTS[0] in mix_prompt(SPACE, 4, insights=True)
    assert INSIGHTS[0] not in mix_prompt(SPACE, 4, insights=False)
    assert INSIGHTS[2] in update_prompt(briefing, insights=True, traces=True)
    assert "lost" in update_prompt(briefing, insights=False, traces=True)
    assert "lost" not in update_prompt(briefing, insights=False, traces=False)


def test_agent_reinforce_pays_for_its_agent_and_the_control_pays_alike():
    for name in ("agent-reinforce", "random-agent"):
        record = run(name, "math", **OPTIONS)
        agent = record.rows("agent")
        assert len(agent) > 10
        assert all(event["prompt_tokens"] > 100 and event["flops"] > 0 for event in agent)
        assert "scripted" in record.summary["label"] or record.summary["kind"] == "control"


def test_in_the_compute_currency_the_agent_costs_evaluations():
    paid = run("agent-reinforce", "math", search="20kunits", selection="own", **OPTIONS)
    free = run("random", "math", search="20kunits", selection="own", **OPTIONS)

    def units(record, phase):
        return sum(int(e["flops"]) for e in record.events.to_pylist() if e["phase"] == phase)

    assert units(paid, "agent") > 0
    assert units(paid, "search") < units(free, "search")


def test_ablations_are_parameters():
    whole = run("agent-reinforce", "math", **OPTIONS)
    for change in ("mixes=0", "insights_init=false", "insights_update=false", "traces=false", "eta=0.5"):
        other = run(f"agent-reinforce[{change}]", "math", **OPTIONS)
        assert other.spec.method == f"agent-reinforce[{change.replace('false', 'False')}]"
        assert other.digest() != whole.digest()


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
