"""The official release: each of its documented behaviours, defects and all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baselines.agent_reinforce.prompts import INSIGHTS
from baselines.agent_reinforce.release import Release, draw_edges, nominal_space
from bench import run
from bench.agent import Agent, Completion
from bench.graph import Graph
from bench.keys import generator
from bench.ledger import Ledger, SearchBudget
from bench.optimizer import History, Outcome, Problem
from bench.space import Space

OPTIONS = {"world_options": {"universe": "main"}, "tests": 20}


class Recorder:
    """A language model that keeps its prompts and writes what a list says, the last one ever after."""

    name = "recorder"

    def __init__(self, *texts):
        self.texts, self.prompts = list(texts), []

    def complete(self, prompt, schema, max_tokens, seed):
        self.prompts.append(prompt)
        return Completion(self.texts.pop(0) if len(self.texts) > 1 else self.texts[0], 10, 10)


def _release(space=None, seed=0, model=None, objective="accuracy", **values):
    space = space or Space.preset("standard", "math", "small")
    ledger = Ledger(SearchBudget.parse("9000ex"), 1e12)
    agent = Agent(ledger, space.pool.agent, "scripted" if model is None else "llm", model)
    problem = Problem("math", space, History(lambda accuracy, seconds: accuracy), 30, objective)
    return type("Release", (Release,), values)(problem, generator("release", seed), agent)


def _answer(optimizer, proposal, right=0):
    questions = proposal.questions
    kinds = tuple("correct" if i < right else "wrong" for i in range(questions))
    outcome = Outcome(proposal.graph, questions, np.arange(questions), kinds, 5.0, 2.0, 1.0, 3.0)
    optimizer.history.add(outcome)
    optimizer.tell(outcome)


def _to_the_loop(optimizer, right=0):
    for proposal in optimizer.ask_many(8):
        _answer(optimizer, proposal, right)


@pytest.mark.parametrize(("nominal", "mixes"), [(4, 2), (8, 3), (12, 7), (18, 12)])
@pytest.mark.parametrize("task", ["math", "mmlu"])
def test_mixes_sum_to_the_nominal_budget(task, nominal, mixes):
    space = replace(Space.preset("standard", task, "large"), nominal=nominal)

    assert len(space.mixes()) == mixes


@pytest.mark.parametrize(("budget", "nominal"), [("small", 4), ("medium", 8), ("large", 12), ("25units", 5)])
@pytest.mark.parametrize("task", ["math", "mmlu", "humaneval"])
def test_the_nominal_budget_is_that_of_the_level(task, budget, nominal):
    for name in ("standard", "open"):
        part = nominal_space(Space.preset(name, task, budget))
        assert part.nominal == nominal or budget == "25units"
        assert [sink.kind for sink in part.sinks] == ["select"] and part.sinks[0].model == "3B"


@pytest.mark.parametrize(("name", "budget"), [(n, b) for n in ("standard", "paper") for b in ("small", "large")])
def test_its_graphs_cost_the_nominal_budget(name, budget):
    space = Space.preset(name, "math", budget)
    optimizer = _release(space)
    proposals = optimizer.ask_many(8)
    for _ in range(3):
        for proposal in proposals:
            assert space.contains(proposal.graph)
            assert nominal_space(space).contains(proposal.graph)
            _answer(optimizer, proposal)
        proposals = optimizer.ask_many(8)


@pytest.mark.parametrize(("budget", "mixes"), [("small", 2), ("medium", 3), ("large", 7)])
def test_every_mix_is_pre_tested_on_one_question_at_most_ten(budget, mixes):
    space = Space.preset("standard", "math", budget)
    proposals = _release(space).ask_many(8)
    few = _release(space, pretests=2).ask_many(8)

    assert [proposal.questions for proposal in proposals] == [1] * mixes
    assert len(few) == 2
    assert len({tuple(sorted(node.model for node in p.graph.nodes)) for p in proposals}) == mixes


def test_the_choice_among_the_mixes_is_a_uniform_draw_whatever_the_pre_tests_showed():
    """The same pre-tests, one right and the others wrong, in 150 runs: each mix is taken equally often."""
    space = Space.preset("standard", "math", "medium")
    taken = []
    for seed in range(150):
        optimizer = _release(space, seed)
        for place, proposal in enumerate(optimizer.ask_many(8)):
            _answer(optimizer, proposal, right=int(place == 0))
        (first,) = optimizer.ask_many(8)
        taken.append(sum(node.model == "3B" for node in first.graph.nodes))

    assert sorted(set(taken)) == [0, 1, 2]
    assert np.bincount(taken) == pytest.approx([50, 50, 50], abs=20)


def test_edges_are_unlikely_but_retries_add_up():
    rng = generator("edges")
    drawn = [draw_edges(4, 0.119, rng) for _ in range(3000)]
    density = np.mean([edges.sum() / 10 for edges in drawn])

    assert density == pytest.approx(0.47, abs=0.02)
    assert all((edges.any(axis=0) | edges.any(axis=1)).all() for edges in drawn)
    assert not any(np.tril(edges).any() for edges in drawn)


def test_ten_graphs_of_three_questions_no_early_stop_then_it_is_finished():
    record = run("agent-reinforce-release", "math", search="3000ex", selection="own", **OPTIONS)

    assert [event["asked"] for event in record.rows("search")] == [1] * 2 + [3] * 10
    optimizer = _release()
    _to_the_loop(optimizer, right=1)
    for _ in range(10):
        (proposal,) = optimizer.ask_many(8)
        _answer(optimizer, proposal, right=3)  # all right from the first: it goes on all the same
    assert optimizer.ask_many(8) == []


def test_the_last_graph_is_returned_however_it_did():
    optimizer = _release()
    _to_the_loop(optimizer)
    graphs = []
    for right in (3, 0, 0, 0):
        (proposal,) = optimizer.ask_many(8)
        _answer(optimizer, proposal, right)
        graphs.append(proposal.graph)

    assert optimizer.recommend() == graphs[-1]


def _graph_text(models, edges):
    nodes = [{"model": m, "reads": [a for a, b in edges if b == v]} for v, m in enumerate(models)]
    shown = [f'{{"model": "{n["model"]}", "reads": {n["reads"]}}}' for n in nodes]
    return f'{{"nodes": [{", ".join(shown)}], "sink": "select 3B"}}'


PICKED = '{"mixes": [0], "reason": "cheap"}'


def _written(graph, probabilities="all of them 0"):
    return f'{{"graph": {graph}, "probabilities": "{probabilities}", "reason": "so"}}'


@pytest.mark.parametrize("probabilities", ["all of them 0", "all of them 1"])
def test_the_agent_writes_the_graph_and_its_probabilities_are_never_read(probabilities):
    chain = _graph_text(["1B"] * 4, [(0, 1), (1, 2), (2, 3)])
    optimizer = _release(model=Recorder(PICKED, _written(chain, probabilities)))
    _to_the_loop(optimizer)
    for _ in range(4):
        (proposal,) = optimizer.ask_many(8)
        _answer(optimizer, proposal)

    nodes = [("1B", "assistant")] + [("1B", "fuser")] * 3
    assert proposal.graph == Graph.of(nodes, [(0, 1), (1, 2), (2, 3)], ("select", "3B"))


def test_what_the_agent_writes_beyond_the_nominal_budget_is_repaired():
    crowd = _graph_text(["8B"] * 6, [])
    optimizer = _release(model=Recorder(PICKED, _written(crowd)))
    _to_the_loop(optimizer)
    _answer(optimizer, optimizer.ask_many(8)[0])
    (proposal,) = optimizer.ask_many(8)

    assert nominal_space(optimizer.problem.space).contains(proposal.graph)


def test_an_agent_that_writes_no_graph_leaves_the_last_one():
    optimizer = _release(model=Recorder(PICKED, "I would rather not."))
    _to_the_loop(optimizer)
    (first,) = optimizer.ask_many(8)
    _answer(optimizer, first)

    assert optimizer.ask_many(8)[0].graph == first.graph
    assert optimizer.agent.unusable == 2


def test_it_is_told_accuracies_alone_of_two_rounds():
    model = Recorder(PICKED, _written(_graph_text(["1B", "3B"], [(0, 1)])))
    optimizer = _release(model=model)
    _to_the_loop(optimizer)
    for right in (0, 1, 2, 3):
        (proposal,) = optimizer.ask_many(8)
        _answer(optimizer, proposal, right)
    optimizer.ask_many(8)
    last = model.prompts[-1]

    assert "accuracy 0.667" in last and "accuracy 1.000" in last
    assert "accuracy 0.333" not in last and "accuracy 0.000" not in last
    for absent in ("Failed", "latency", "critical path", "lost", "Right by node"):
        assert absent not in last
    assert INSIGHTS[1] in last and INSIGHTS[0] in model.prompts[0]


def test_it_is_told_of_no_graph_with_more_than_five_nodes():
    model = Recorder(PICKED, _written(_graph_text(["1B"] * 8, [])))
    optimizer = _release(Space.preset("standard", "math", "medium"), model=model)
    _to_the_loop(optimizer)
    for _ in range(3):
        (proposal,) = optimizer.ask_many(8)
        assert len(proposal.graph.nodes) > 5
        _answer(optimizer, proposal, right=2)

    assert all("accuracy 0." not in prompt for prompt in model.prompts)


def test_it_knows_no_objective_but_accuracy():
    model = Recorder(PICKED, _written(_graph_text(["1B", "3B"], [(0, 1)])))
    _to_the_loop(_release(model=model, objective="joint"))

    assert "log2" not in model.prompts[0] and "Maximise accuracy" in model.prompts[0]


def test_where_no_nominal_budget_fits_it_tries_the_cheapest_graph():
    space = Space.preset("standard", "math", "1units")
    optimizer = _release(space)

    (proposal,) = optimizer.ask_many(8)

    assert proposal.graph == space.cheapest()


@pytest.mark.parametrize("agent", ["scripted", "random"])
def test_its_agents_are_paid(agent):
    record = run(f"agent-reinforce-release[agent={agent}]", "mmlu", search="200ex", **OPTIONS)

    assert len(record.rows("agent")) == 10  # one at the start, then nine graphs
    assert record.summary["status"] == "ok"
    assert record.summary["label"] == f"Agent-REINFORCE, as released ({agent} agent)"
