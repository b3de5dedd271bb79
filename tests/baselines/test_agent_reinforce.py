"""Agent-REINFORCE as its paper describes it: what it is told, what it does with replies, its ablations."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from baselines._distribution import GraphDistribution
from baselines._talk import report
from baselines.agent_reinforce import loop, random, scripted
from baselines.agent_reinforce.feedback import Briefing
from baselines.agent_reinforce.prompts import (
    INSIGHTS,
    INVERTED,
    mix_prompt,
    mix_schema,
    update_prompt,
    update_schema,
)
from baselines.agent_reinforce.rows import Rows
from bench import run
from bench.agent import Agent
from bench.encoding import decode, encode
from bench.graph import Graph
from bench.keys import generator
from bench.ledger import Ledger, SearchBudget
from bench.optimizer import History, Outcome, Problem
from bench.prior import prior_of
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
OPTIONS = {"world_options": {"universe": "main"}, "tests": 20}
PAIR = Graph.of([("1B", "assistant")] * 2, (), "vote")


def _problem(space=SPACE, objective="accuracy", score=lambda accuracy, seconds: accuracy, tier="P0"):
    return Problem("math", space, History(score), 10, objective, prior_of(space) if tier == "P1" else None)


def _method(problem=None, **values):
    problem = problem or _problem()
    agent = Agent(Ledger(SearchBudget.parse("9000ex"), 1e12), problem.space.pool.agent)
    cls = type("AgentReinforce", (loop.AgentReinforce,), values)
    return cls(problem, generator("agent-reinforce"), agent)


def _outcome(graph, right, questions=10, seconds=1.0):
    kinds = tuple("correct" if i < right else "wrong" for i in range(questions))
    node_right = np.tile(np.array([[kind == "correct"] for kind in kinds]), len(graph.nodes) + 1)
    service = np.full(node_right.shape, seconds)
    return Outcome(graph, questions, np.arange(questions), kinds, 5.0, 2.0, seconds, 3.0, node_right, service)


def _tell(optimizer, outcome):
    optimizer.history.add(outcome)
    optimizer.tell(outcome)


def _briefing(graphs, rights, space=SPACE, wider=0, deeper=0, questions=40):
    optimizer = _method(_problem(space))
    for graph, right in zip(graphs, rights, strict=True):
        _tell(optimizer, _outcome(graph, right, questions))
    optimizer.wider, optimizer.deeper = wider, deeper
    return optimizer._briefing()


# what the agent is told


def test_prompts_carry_the_insights_or_their_opposites_or_neither():
    briefing = _briefing([PAIR], [20])

    assert INSIGHTS[0] in mix_prompt(_problem(), 4, INSIGHTS[:1])
    assert "Known" not in mix_prompt(_problem(), 4, ())
    assert INSIGHTS[2] in update_prompt(briefing, INSIGHTS[1:], True)
    assert INVERTED[2] in update_prompt(briefing, INVERTED[1:], True)
    assert not set(INSIGHTS) & set(INVERTED)


def test_the_calibration_table_is_shown_in_tier_p1_alone():
    assert "2×3B + 3×1B: 0.45" in mix_prompt(_problem(tier="P1"), 4, ())
    assert "0.45" not in mix_prompt(_problem(), 4, ())


@pytest.mark.parametrize("objective", ["accuracy", "joint", "deadline=8"])
def test_the_objective_is_told_in_words(objective):
    told = mix_prompt(_problem(objective=objective), 4, ())

    words = {"accuracy": "the share of", "joint": "0.05·log2(L/L0)", "deadline=8": "at most 8 seconds"}
    assert words[objective] in told


def test_the_briefing_carries_traces_latency_and_failures_unless_it_is_told_accuracies_only():
    briefing = _briefing([Graph.of([("3B", "assistant"), ("3B", "fuser")], [(0, 1)], "vote")], [8], questions=10)
    whole, bare = update_prompt(briefing, (), True), update_prompt(briefing, (), False)

    for words in ("#8, #9", "critical path", "lost 0.00", "On the critical path: 0, 1", "Right by node: 0: 0.80"):
        assert words in whole
        assert words not in bare
    assert "0.800 right on 10 questions" in bare


def test_every_evaluation_can_come_back_as_the_best_however_long_ago_and_large():
    large = Graph.of([("1B", "assistant")] * 7, (), "vote")
    graphs = [large, *(Graph.of([("1B", "assistant")] * n, (), "vote") for n in (1, 2, 3, 4))]
    optimizer = _method()
    for graph, right in zip(graphs, [39, 1, 1, 1, 1], strict=True):
        _tell(optimizer, _outcome(graph, right, 40))
        optimizer.new = 1

    prompt = update_prompt(optimizer._briefing(), (), True)

    assert str(large) in prompt.partition("Latest evaluations")[0]


@pytest.mark.parametrize("name", ["standard", "paper", "open"])
@pytest.mark.parametrize("budget", ["small", "large"])
def test_schemas_describe_what_the_policies_reply(name, budget):
    space = Space.preset(name, "math", budget)
    problem, rng = _problem(space), generator("replies")
    graphs = [space.sample(rng) for _ in range(6)]
    briefing = _briefing(graphs, [10, 20, 30, 5, 6, 7], space)
    for reply in (scripted.propose_mixes(problem, 4, False), random.propose_mixes(space, 4, rng)):
        jsonschema.validate(reply, mix_schema(space, 4))
    for reply in (scripted.update(briefing, 0.2, 5, True, False), random.update(briefing, 0.2, rng)):
        jsonschema.validate(reply, update_schema(briefing.rows))
        assert len(json.dumps(reply)) < 4 * 4096  # the longest reply that an agent may give


@pytest.mark.parametrize("name", ["standard", "paper", "open"])
def test_rows_hold_every_coordinate_once(name):
    space = Space.preset(name, "math", "small")
    rows, distribution = Rows(space), GraphDistribution(space)
    point = encode(space, space.sample(generator(name)))
    written = [{"name": key, "probabilities": row} for key, row in rows.certain(point).items()]

    changes = rows.changes(written)

    assert sorted(changes) == list(range(len(point)))
    assert [int(np.argmax(changes[c])) for c in range(len(point))] == point
    assert rows.told(distribution)["slot 0"] == pytest.approx([0.25] * 4)


# what it does with replies


def test_the_choice_of_the_mix_follows_the_pre_tests():
    optimizer = _method(mixes=3)
    pretests = [proposal.graph for proposal in optimizer.ask_many(8)]
    for graph, right in zip(pretests, (0, 10, 0), strict=True):
        _tell(optimizer, _outcome(graph, right))
    optimizer._concentrate()
    point = encode(SPACE, pretests[1])

    for coordinate in optimizer.rows.wholes.values():
        probabilities = optimizer.distribution.probabilities[coordinate]
        assert probabilities.argmax() == point[coordinate]
        assert probabilities.min() >= 0.02 and probabilities.max() <= 0.98


def test_edges_are_drawn_as_often_as_it_says():
    optimizer = _method(mixes=0)
    optimizer.ask_many(8)
    edges = [c for row in optimizer.rows.bits.values() for c in row]

    drawn = np.array([optimizer.distribution.sample(optimizer.rng) for _ in range(2000)])[:, edges]

    assert drawn.mean() == pytest.approx(0.25, abs=0.02)


def test_the_probabilities_in_a_reply_are_what_is_sampled_next():
    optimizer = _method()
    rows = [("sink", [0, 1]), ("slot 0", [0, 0, 1, 0]), ("edges 0", [1] * 7)]
    rows += [(f"slot {j}", [0, 1, 0, 0] if j == 1 else [1, 0, 0, 0]) for j in range(1, 8)]
    optimizer._apply({"changes": [{"name": name, "probabilities": row} for name, row in rows]})

    graphs = [decode(SPACE, optimizer.distribution.sample(optimizer.rng)) for _ in range(60)]

    wanted = Graph.of([("1B", "assistant"), ("3B", "fuser")], [(0, 1)], "vote")
    assert sum(graph == wanted for graph in graphs) > 30


def test_of_a_row_of_choices_those_given_are_set():
    optimizer = _method()
    before = optimizer.distribution.table.copy()
    optimizer._apply({"changes": [{"name": "edges 2", "probabilities": [1, 0]}]})
    first, second, third = optimizer.rows.bits["edges 2"][:3]

    assert optimizer.distribution.table[[first, second], 1].tolist() == pytest.approx([0.98, 0.02])
    assert (optimizer.distribution.table[third] == before[third]).all()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "slot 99", "probabilities": [1, 0, 0, 0]},
        {"name": "slot 0", "probabilities": [1, 0]},
        {"name": "slot 0", "probabilities": [float("nan"), 0, 0, 1]},
    ],
)
def test_a_bad_reply_changes_nothing(change):
    optimizer = _method()
    before = optimizer.distribution.table.copy()
    good = {"name": "sink", "probabilities": [0, 1]}

    with pytest.raises((KeyError, ValueError)):
        optimizer._apply({"changes": [good, change]})
    assert (optimizer.distribution.table == before).all()


def test_it_recommends_the_best_and_goes_on_until_the_budget_ends():
    record = run("agent-reinforce", "math", search="900ex", selection="own", **OPTIONS)
    searched = record.rows("search")
    optimizer = _method()
    for graph, right in ((PAIR, 9), (Graph.of([("8B", "assistant")], (), "vote"), 1)):
        _tell(optimizer, _outcome(graph, right))

    assert [event["asked"] for event in searched] == [30] * 30
    assert optimizer.recommend() == PAIR


# the scripted agent


def _targets(space, reply, briefing):
    return {change["name"]: change["probabilities"] for change in reply["changes"]}


def test_the_scripted_agent_moves_towards_the_best_graph():
    best = Graph.of([("3B", "assistant")] * 2, (), ("select", "3B"))
    briefing = _briefing([best], [20])

    reply = _targets(SPACE, scripted.update(briefing, 0.2, 5, False, False), briefing)

    for name, target in briefing.rows.certain(encode(SPACE, best)).items():
        expected = [0.8 * p + 0.2 * t for p, t in zip(briefing.probabilities[name], target, strict=True)]
        assert reply[name] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("wider", "deeper", "inverted", "word"),
    [(0, 5, False, "wider"), (5, 0, False, "deeper"), (0, 5, True, "deeper"), (5, 0, True, "wider")],
)
def test_with_insights_it_grows_what_was_tried_less_and_with_inverted_ones_more(wider, deeper, inverted, word):
    reply = scripted.update(_briefing([PAIR], [20], wider=wider, deeper=deeper), 0.2, 5, True, inverted)

    assert f"one {word}" in reply["reason"]


def test_where_many_answers_are_read_it_puts_the_larger_model():
    five = Graph.of([("1B", "assistant")] * 5, (), "vote")
    fused = Graph.of(
        [("1B", "assistant")] * 4 + [("1B", "fuser")], [(v, 4) for v in range(4)], "vote"
    )  # in-degree 4 did best lately
    for inverted, model in ((False, "3B"), (True, "1B")):
        growing = scripted._Growing(_briefing([fused, five], [10, 39]), 5, inverted)
        graph = next(graph for graph in growing._deeper() if SPACE.contains(graph))
        assert graph.nodes[-1].model == model
        assert len(graph.nodes[-1].preds) == 4


def test_it_prefers_what_worked_lately_of_models_and_edges():
    """3B did well, 8B badly; an edge from 1B to 3B did well, one from 3B to 3B badly."""
    good = Graph.of([("1B", "assistant"), ("3B", "fuser")], [(0, 1)], "vote")
    bad = Graph.of([("3B", "assistant"), ("3B", "fuser")], [(0, 1)], "vote")
    best = Graph.of([("1B", "assistant"), ("3B", "assistant")], (), "vote")
    eight = Graph.of([("8B", "assistant")], (), "vote")
    briefing = _briefing([good, bad, best, eight], [30, 5, 40, 1])
    growing = scripted._Growing(briefing, 5, False)

    assert growing._preferred(0)[-1] == "8B"
    deeper = next(growing._deeper())
    assert deeper.nodes[-1].preds == (deeper.reads and (0,))
    assert deeper.nodes[deeper.nodes[-1].preds[0]].model == "1B"


def test_its_window_forgets():
    old, new = (Graph.of([("1B", "assistant")] * n, (), "vote") for n in (1, 2))
    briefing = _briefing([old, new], [39, 3])

    assert scripted._Growing(briefing, 1, False).models["1B"] == briefing.scores[new.id]
    assert scripted._Growing(briefing, 2, False).models["1B"] > briefing.scores[new.id]


def test_it_scores_by_the_objective():
    slow = Graph.of([("8B", "assistant")], (), "vote")
    optimizer = _method(_problem(objective="joint", score=lambda accuracy, seconds: accuracy - 0.1 * seconds))
    for graph, right, seconds in ((slow, 9, 5.0), (PAIR, 8, 1.0)):
        _tell(optimizer, _outcome(graph, right, seconds=seconds))

    briefing = optimizer._briefing()

    assert briefing.best == PAIR
    assert briefing.scores[PAIR.id] > briefing.scores[slow.id]
    assert briefing.reports[0].value == pytest.approx(0.4)


def test_in_tier_p1_its_mixes_are_ranked_by_the_table():
    named = scripted.propose_mixes(_problem(tier="P1"), 3, False)["mixes"]
    worst_first = scripted.propose_mixes(_problem(tier="P1"), 3, True)["mixes"]
    blind = scripted.propose_mixes(_problem(), 3, False)["mixes"]

    assert named[0] == {"1B": 0, "3B": 3, "8B": 0}  # 54 % on MATH, the best of what may fit
    assert worst_first[0] == {"1B": 1, "3B": 0, "8B": 0}
    assert [sum(count > 0 for count in mix.values()) for mix in blind] == [1, 1, 1]


# agents, charges and ablations


@pytest.mark.parametrize("agent", ["scripted", "random"])
def test_every_agent_is_paid_alike(agent):
    record = run(f"agent-reinforce[agent={agent}]", "math", search="1500ex", **OPTIONS)
    consulted = record.rows("agent")

    assert len(consulted) > 8
    assert all(event["prompt_tokens"] > 100 and event["flops"] > 0 for event in consulted)
    assert record.summary["label"] == f"Agent-REINFORCE ({agent} agent)"
    assert record.summary["kind"] == ("control" if agent == "random" else "method")


def test_in_the_compute_currency_the_agent_costs_evaluations():
    paid = run("agent-reinforce", "math", search="20kunits", selection="own", **OPTIONS)
    free = run("random", "math", search="20kunits", selection="own", **OPTIONS)

    def units(record, phase):
        return sum(int(event["flops"]) for event in record.rows(phase))

    assert units(paid, "agent") > 0
    assert units(paid, "search") < units(free, "search")


def test_ablations_are_parameters_that_change_what_it_does():
    search = {"search": "400ex", "selection": "own"}
    digests = {run("agent-reinforce", "math", **search, **OPTIONS).digest()}
    changes = "mixes=0 insights_init=False insights_update=False inverted=True traces=False update=numeric eta=0.5"
    for change in changes.split():
        other = run(f"agent-reinforce[{change}]", "math", **search, **OPTIONS)
        assert other.spec.method == f"agent-reinforce[{change}]"
        assert other.summary["status"] == "ok"
        digests.add(other.digest())
    assert len(digests) == 8


def test_the_numeric_update_consults_nobody_after_the_start_and_follows_the_reward():
    optimizer = _method(update="numeric", mixes=0, samples=2)
    first = optimizer.ask_many(8)
    before, points = optimizer.distribution.table.copy(), [list(point) for point in optimizer.points]
    for proposal, right in zip(first, (0, 10), strict=True):
        _tell(optimizer, _outcome(proposal.graph, right))
    optimizer.ask_many(8)

    assert optimizer.agent.calls == 0
    for coordinate, (bad, good) in enumerate(zip(*points, strict=True)):
        if good != bad:
            assert optimizer.distribution.table[coordinate, good] > before[coordinate, good]
            assert optimizer.distribution.table[coordinate, bad] < before[coordinate, bad]


def test_a_briefing_is_data_that_any_policy_can_read():
    briefing = _briefing([PAIR], [20])

    assert isinstance(briefing, Briefing)
    assert briefing.reports[0] == report(_outcome(PAIR, 20, 40))
