"""Methods whose agent writes whole graphs: OPRO, TextGrad, AFlow, one-shot."""

from __future__ import annotations

import json
import random
from functools import partial

import numpy as np
import pytest
from agent_server import instance

from baselines import _edits, aflow, one_shot, opro, textgrad
from baselines._talk import graph_data, read_graph, report
from bench import run
from bench.agent import Agent, Completion
from bench.graph import Graph
from bench.keys import generator
from bench.ledger import Ledger, SearchBudget
from bench.optimizer import History, Outcome, Problem
from bench.prior import prior_of
from bench.space import Space

SPACE = Space.preset("standard", "math", "small")
SPACES = [SPACE, Space.preset("paper", "math", "medium"), Space.preset("open", "math", "medium")]
WRITERS = {"opro": opro.OPRO, "textgrad": textgrad.TextGrad, "aflow": aflow.AFlow, "one-shot": one_shot.OneShot}
OPTIONS = {"search": "160ex", "questions": 10, "tests": 10, "selection": "own"}
PAIR = Graph.of([("1B", "assistant")] * 2, (), "vote")
CHAIN = Graph.of([("1B", "assistant"), ("3B", "fuser")], [(0, 1)], ("select", "3B"))


class Stub:
    """A language model that replies by a function of the schema and remembers what it was asked."""

    name = "stub"

    def __init__(self, reply):
        self.reply, self.prompts = reply, []

    def complete(self, prompt, schema, max_tokens, seed):
        self.prompts.append(prompt)
        return Completion(self.reply(schema, random.Random(seed)), 50, 40)


def _valid(schema, rng):
    return json.dumps(instance(schema, rng))


def _cyclic(schema, rng):
    """Keeps every schema, but its graphs are none."""
    data = instance(schema, rng)
    for graph in data.get("graphs", [data["graph"]] if "graph" in data else []):
        graph["nodes"] = [{**graph["nodes"][0], "reads": [1]}, {**graph["nodes"][0], "reads": [0]}]
    return json.dumps(data)


def _build(cls, model=None, tier="P0", kind="scripted", objective="accuracy", **values):
    score = partial(lambda accuracy, seconds: accuracy)
    prior = prior_of(SPACE) if tier == "P1" else None
    agent = Agent(Ledger(SearchBudget.parse("9000ex"), 1e12), SPACE.pool.agent, kind, model)
    problem = Problem("math", SPACE, History(score), 10, objective, prior)
    return type(cls.__name__, (cls,), values)(problem, generator("writers"), agent)


def _outcome(graph, right, questions=20, node_right=None):
    kinds = tuple("correct" if i < right else "wrong" for i in range(questions))
    if node_right is None:
        node_right = np.tile(np.array([[kind == "correct"] for kind in kinds]), len(graph.nodes) + 1)
    return Outcome(graph, questions, np.arange(questions), kinds, 5.0, 2.0, 1.0, 3.0, np.array(node_right))


def _tell(optimizer, graph, right, **more):
    outcome = _outcome(graph, right, **more)
    optimizer.history.add(outcome)
    optimizer.tell(outcome)


def _widths(count, model="1B"):
    return [Graph.of([(model, "assistant")] * n, (), "vote") for n in range(1, count + 1)]


# whoever answers


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "reply", [lambda *_: "no JSON at all", lambda *_: "{}", _cyclic], ids="prose empty cyclic".split()
)
def test_garbage_becomes_random_draws_and_is_charged(name, reply):
    record = run(f"{name}[agent=llm]", "math", agent_model=Stub(reply), **OPTIONS)
    agent = record.rows("agent")

    assert record.summary["status"] == "ok"
    assert sum(event["executions"] for event in record.rows("search")) == (10 if name == "one-shot" else 160)
    assert sum(event["completion_tokens"] for event in agent) == 40 * len(record.summary["transcript"])
    assert len(record.summary["transcript"]) >= 2 * len(agent)


@pytest.mark.parametrize("name", WRITERS)
def test_what_an_llm_writes_is_evaluated(name):
    told = Stub(_valid)
    record = run(f"{name}[agent=llm]", "math", agent_model=told, **OPTIONS)

    assert record.summary["status"] == "ok"
    assert all(entry["usable"] for entry in record.summary["transcript"])
    assert len(told.prompts) == len(record.summary["transcript"])
    assert all("accuracy, the share of questions" in prompt and "units" in prompt for prompt in told.prompts)


@pytest.mark.parametrize("name", WRITERS)
def test_a_random_agent_is_a_control(name):
    record = run(f"{name}[agent=random]", "math", **OPTIONS)

    assert record.summary["kind"] == "control"
    assert record.rows("agent")


@pytest.mark.parametrize("cls", WRITERS.values())
def test_the_calibration_table_is_shown_in_tier_p1_alone(cls):
    for tier in ("P0", "P1"):
        told = Stub(_valid)
        optimizer = _build(cls, told, tier, kind="llm", starts=1)
        for _ in range(2):
            for proposal in optimizer.ask_many(8):
                _tell(optimizer, proposal.graph, 10)
        assert any("Published accuracies" in prompt for prompt in told.prompts) == (tier == "P1")


# edits


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_edits_are_feasible_and_small(space):
    rng = generator("edits")
    changed = 0
    for _ in range(60):
        graph = space.sample(rng)
        change, other = _edits.edited(space, graph, rng)
        assert change and space.contains(other)
        assert (
            space.dead_ends or abs(len(other.nodes) - len(graph.nodes)) <= 1 or space.cost(graph) > 0.8 * space.cap
        )
        changed += other.id != graph.id
    assert changed > 20


def test_edits_do_what_they_say():
    data = graph_data(SPACE, CHAIN)

    assert str(read_graph(SPACE, _edits.replaced(data, 0, "3B"))) == "0:3B 1:3B←0 → select 3B reads 1"
    assert str(read_graph(SPACE, _edits.dropped(data, 0))) == "0:3B → select 3B reads 0"
    assert str(read_graph(SPACE, _edits.added(data, "1B"))) == "0:1B 1:1B 2:3B←0 → select 3B reads 1 2"
    assert str(read_graph(SPACE, _edits.added(data, "1B", 1))) == "0:1B 1:1B 2:3B←0,1 → select 3B reads 2"
    assert (
        str(read_graph(SPACE, _edits.merged(graph_data(SPACE, PAIR), "3B"))) == "0:1B 1:1B 2:3B←0,1 → vote reads 2"
    )
    assert data == graph_data(SPACE, CHAIN)


# OPRO


def test_opro_shows_the_best_last_and_the_worst_first():
    told = Stub(_valid)
    optimizer = _build(opro.OPRO, told, kind="llm", starts=1, best=2, worst=1)
    for graph, right in zip(_widths(5), (2, 18, 6, 10, 14), strict=True):
        _tell(optimizer, graph, right)

    optimizer.ask_many(8)
    shown = [line for line in told.prompts[0].splitlines() if line.startswith("  0:1B")]

    assert [line.partition(":1B →")[0].count("1B") for line in shown] == [0, 4, 1]
    assert [line.split(": ")[-1] for line in shown] == ["0.180 (20)", "0.660 (20)", "0.820 (20)"]


def test_opro_proposes_several_graphs_and_all_are_new():
    optimizer = _build(opro.OPRO, starts=2, proposals=4)
    for graph in (PAIR, CHAIN):
        _tell(optimizer, graph, 10)

    ids = [proposal.graph.id for proposal in optimizer.ask_many(8)]

    assert len(set(ids)) == 4
    assert not {PAIR.id, CHAIN.id} & set(ids)
    assert optimizer.agent.calls == 1


def test_opro_alternates_with_gradient_steps_like_the_release():
    optimizer = _build(opro.OPRO, starts=2, numeric_steps=3, agent_steps=3)
    for graph in (PAIR, CHAIN):
        _tell(optimizer, graph, 10)
    calls = []
    for _ in range(12):
        for proposal in optimizer.ask_many(8):
            _tell(optimizer, proposal.graph, 10)
        calls.append(optimizer.agent.calls)

    assert calls == [0, 0, 0, 1, 2, 3, 3, 3, 3, 4, 5, 6]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_a_child_of_one_graph_is_that_graph_and_of_two_is_feasible(space):
    rng = generator("crossed")
    for _ in range(20):
        one, other = space.sample(rng), space.sample(rng)
        assert opro.crossed(space, one, one, rng) == one
        assert space.contains(opro.crossed(space, one, other, rng))


# TextGrad

FUSED = Graph.of([("1B", "assistant"), ("3B", "assistant"), ("1B", "fuser")], [(0, 2), (1, 2)], "vote")


def _traces(*columns):
    """Shares of 20 questions on which each node is right, the first ones."""
    return [[i < right for right in columns] for i in range(20)]


@pytest.mark.parametrize(
    ("rights", "finding", "node"),
    [
        ((5, 16, 6, 6), "loses", 2),  # the fuser loses what the 3B knew
        ((0, 16, 16, 16), "weak", 0),
        ((9, 9, 9, 9), "room", 0),
    ],
)
def test_the_scripted_critic_names_what_costs_most(rights, finding, node):
    first = textgrad.criticism(report(_outcome(FUSED, rights[-1], node_right=_traces(*rights))))[0]

    assert (first["finding"], first["node"]) == (finding, node)


def test_it_criticises_then_revises_by_the_criticism():
    optimizer = _build(textgrad.TextGrad, starts=1)
    _tell(optimizer, FUSED, 6, node_right=_traces(5, 16, 6, 6))

    (proposal,) = optimizer.ask_many(8)

    assert optimizer.agent.calls == 2
    # the model that was right most often, at the node where answers were lost
    assert str(proposal.graph) == "0:1B 1:3B 2:3B←0,1 → vote reads 2"


def test_the_critic_sees_traces_and_the_reviser_the_criticism_and_the_past():
    told = Stub(_valid)
    optimizer = _build(textgrad.TextGrad, told, kind="llm", starts=1)
    _tell(optimizer, FUSED, 6, node_right=_traces(5, 16, 6, 6))
    (proposal,) = optimizer.ask_many(8)
    _tell(optimizer, proposal.graph, 1)
    optimizer.ask_many(8)
    critic, reviser, _, later = told.prompts

    assert "Right by node: 0: 0.25, 1: 0.80, 2: 0.30, sink: 0.30" in critic and "Criticise" in critic
    assert "because" in reviser and "Past revisions" not in reviser
    assert "taken back" in later


def test_a_revision_takes_over_only_once_it_was_asked_as_much():
    optimizer = _build(textgrad.TextGrad, starts=1)
    _tell(optimizer, PAIR, 10, questions=20)
    (first,) = optimizer.ask_many(8)
    _tell(optimizer, first.graph, 9, questions=10)
    assert optimizer.current == PAIR

    (again,) = optimizer.ask_many(8)
    assert again.graph == first.graph and optimizer.agent.calls == 2
    _tell(optimizer, first.graph, 9, questions=10)
    assert optimizer.current == first.graph

    (worse,) = optimizer.ask_many(8)
    _tell(optimizer, worse.graph, 1, questions=20)
    assert optimizer.current == first.graph and optimizer.revised is None


def test_failed_revisions_start_it_again():
    optimizer = _build(textgrad.TextGrad, starts=2, patience=3)
    for graph in (PAIR, CHAIN):
        _tell(optimizer, graph, 19)
    for _ in range(3):
        (proposal,) = optimizer.ask_many(8)
        _tell(optimizer, proposal.graph, 0)

    assert optimizer.current is None
    assert len(optimizer.ask_many(8)) == 2


# AFlow


def test_parents_are_drawn_by_score_and_never_by_score_alone():
    optimizer = _build(aflow.AFlow, starts=1, best=2, mix=0.3, sharpness=0.4)
    worst, middle, best = _widths(3)
    for graph, right in ((worst, 5), (middle, 10), (best, 20)):
        _tell(optimizer, graph, right)

    drawn = [optimizer._parent() for _ in range(2000)]

    assert drawn.count(best) / 2000 == pytest.approx(0.1 + 0.7, abs=0.03)
    assert drawn.count(worst) / 2000 == pytest.approx(0.1, abs=0.03)  # the first graph is never out of reach


def test_experience_is_told_for_the_parent_alone():
    told = Stub(_valid)
    optimizer = _build(aflow.AFlow, told, kind="llm", starts=1)
    for graph, right in ((PAIR, 10), (CHAIN, 19), (_widths(3)[2], 2)):
        _tell(optimizer, graph, right)
    optimizer.edits = [aflow.Edit(PAIR, "a chain", CHAIN), aflow.Edit(CHAIN, "a crowd", _widths(3)[2])]

    about_pair, about_chain = ("\n".join(optimizer._lines(graph)) for graph in (PAIR, CHAIN))

    assert "a chain" in about_pair and ", helped" in about_pair and "a crowd" not in about_pair
    assert "a crowd" in about_chain and "did not help" in about_chain


def test_the_scripted_agent_prefers_edits_whose_like_gained():
    optimizer = _build(aflow.AFlow, starts=1)
    crowd = _widths(3)
    for graph, right in zip(crowd, (4, 19, 4), strict=True):
        _tell(optimizer, graph, right)
    optimizer.edits = [aflow.Edit(crowd[0], "3B added", crowd[1])] * 5

    changes = [optimizer._chosen(crowd[0])[0] for _ in range(30)]

    assert changes.count("3B added") > 10  # one edit in 27 without experience


def test_the_tree_grows_by_one_edit_at_a_time():
    optimizer = _build(aflow.AFlow, starts=3)
    for graph in _widths(3):
        _tell(optimizer, graph, 10)
    for _ in range(5):
        (proposal,) = optimizer.ask_many(8)
        assert proposal.graph == optimizer.edits[-1].child
        _tell(optimizer, proposal.graph, 10)

    assert len(optimizer.edits) == optimizer.agent.calls == 5
    assert all(abs(len(e.parent.nodes) - len(e.child.nodes)) <= 1 for e in optimizer.edits)


# one-shot


def test_one_shot_asks_once_evaluates_once_and_is_done():
    record = run("one-shot", "math", **OPTIONS)

    assert len(record.rows("search")) == len(record.rows("agent")) == 1
    assert record.recommended.id == record.rows("search")[0]["graph"]


def _obvious(task, budget, tier="P0", space="standard"):
    space = Space.preset(space, task, budget)
    problem = Problem(task, space, History(lambda a, s: a), 10, prior=prior_of(space) if tier == "P1" else None)
    return one_shot.obvious(problem)


def test_the_obvious_is_the_largest_model_as_often_as_fits_or_what_the_table_says():
    assert str(_obvious("mmlu", "medium")) == "0:8B 1:8B 2:8B → select 3B reads 0 1 2"
    assert str(_obvious("math", "medium", "P1")) == "0:3B 1:3B 2:3B → select 3B reads 0 1 2"
    assert str(_obvious("mmlu", "medium", "P1")) == "0:8B 1:8B 2:8B → select 3B reads 0 1 2"
    assert Space.preset("paper", "math", "small").contains(_obvious("math", "small", space="paper"))
