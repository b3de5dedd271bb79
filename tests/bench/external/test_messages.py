"""What crosses the line comes out as it went in, and every message keeps the published schema."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from bench import run
from bench.external.messages import (
    decode,
    encode,
    outcome_data,
    outcome_of,
    prior_of,
    problem_data,
    proposal_data,
    proposal_of,
    space_of,
)
from bench.external.proxy import Line
from bench.external.schema import load_schema, objection, unsafe_schema
from bench.graph import Graph
from bench.neighbours import neighbours
from bench.optimizer import History, Outcome, Problem, Proposal
from bench.pools import load_pool
from bench.prior import prior_of as published
from bench.registry import add_command
from bench.space import PRESETS, Space

from ..strategies import graphs


def _over(data):
    return decode(encode(data))


def _problem(space, prior=None):
    return Problem(space.task, space, History(lambda a, s: a), 30, prior=prior)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("task", ["math", "humaneval"])
def test_a_space_on_the_other_side_is_the_same_set(preset, task):
    space = Space.preset(preset, task, "small")

    there = space_of(_over(problem_data(_problem(space), 1.0))["space"], task)

    assert there.cheapest() == space.cheapest()
    for seed in range(20):
        one, other = (s.sample(np.random.Generator(np.random.Philox(seed))) for s in (space, there))
        assert one == other
        assert there.cost(other) == space.cost(one)
        assert there.why_not(other) is None
    if preset == "standard":
        assert neighbours(there, one) == neighbours(space, one)


def test_a_table_of_costs_is_enough_to_price_any_graph():
    space = Space.preset("standard", "mmlu", "medium")
    told = _over(problem_data(_problem(space), 1.0))
    flops = {model["name"]: model["flops"] for model in told["space"]["pool"]["models"]}

    for seed in range(50):
        data = space.sample(np.random.Generator(np.random.Philox(seed))).to_dict()
        reads = [sum(to == v for _, to in data["edges"]) for v in range(len(data["nodes"]))]
        cost = sum(flops[model][k] for (model, _), k in zip(data["nodes"], reads, strict=True))
        if data["sink"][1]:
            cost += flops[data["sink"][1]][len(data["reads"])]
        assert cost == space.cost(Graph.from_dict(data))


def test_prior_data_survives():
    space = Space.preset("standard", "math", "small")
    prior = published(space)

    there = prior_of(_over(problem_data(_problem(space, prior), 1.0))["prior"])

    assert there.starts == prior.starts
    graph = space.cheapest()
    assert there.mean(graph) == prior.mean(graph)


@given(graphs())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_proposals_survive(graph):
    for proposal in (Proposal(graph), Proposal(graph, 7, True)):
        assert proposal_of(_over(proposal_data(proposal))) == proposal


def test_outcomes_survive_to_the_last_bit():
    graph = Graph.of([("1B", "assistant"), ("3B", "fuser")], [(0, 1)], ("select", "3B"))
    rng = np.random.default_rng(1)
    right, times = rng.random((5, 3)) < 0.5, rng.random((5, 3)) / 3
    kinds = ("correct", "wrong", "no_answer", "timeout", "correct")
    outcome = Outcome(graph, 9, np.arange(3, 8), kinds, 1 / 3, 0.1 + 0.2, 2 / 3, 1e-7, right, times)

    there = outcome_of(_over(outcome_data(outcome)))

    assert (there.graph, there.asked, there.kinds, there.units) == (graph, 9, kinds, 1 / 3)
    assert (there.latency_serial, there.latency_critical, there.seconds) == (0.1 + 0.2, 2 / 3, 1e-7)
    for name in ("positions", "node_right", "node_seconds"):
        ours, theirs = getattr(outcome, name), getattr(there, name)
        assert np.array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


def test_the_schema_is_one():
    schema = load_schema()

    Draft202012Validator.check_schema(schema)
    named = set(schema["from_harness"].values()) | set(schema["from_method"].values())
    assert named <= set(schema["$defs"])
    assert {entry["$ref"].removeprefix("#/$defs/") for entry in schema["oneOf"]} == named


def test_what_really_crosses_the_line_keeps_the_schema(node, monkeypatch):
    """Both directions of whole runs, in the three spaces, with prior data, a race and a front."""
    seen, whole = {"from_harness": [], "from_method": []}, Draft202012Validator(load_schema())
    send, receive = Line.reply, Line.receive

    def sent(self, **content):
        seen["from_harness"].append({"id": max(1, self._id), **content})
        return send(self, **content)

    def received(self):
        message = receive(self)
        seen["from_method"].append(message)
        return message

    monkeypatch.setattr(Line, "reply", sent)
    monkeypatch.setattr(Line, "receive", received)
    name = add_command(f"{node} examples/hill_climber.js")
    for setting in (
        {"tier": "P1", "allocation": "racing"},
        {"space": "open", "objective": "joint"},
        {"space": "paper", "models": "permuted"},
    ):
        assert run(name, "math", search="450ex", tests=5, **setting).summary["error"] == ""

    for side, messages in seen.items():
        for message in messages:
            assert objection(message, side) is None
    one = {message["type"]: message for messages in seen.values() for message in messages}
    said = set(one)
    assert all(whole.is_valid(json.loads(json.dumps(message))) for message in one.values())
    assert {"problem", "tell", "recommend_front", "contained", "graph", "proposals", "sample", "contains"} <= said


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "proposal", "id": 1}, "its type is none of"),
        ({"type": ["ask"], "id": 1}, "its type is none of"),
        ({"type": "told"}, "'id' is a required property"),
        ({"type": "told", "id": 0}, "less than the minimum"),
        ({"type": "told", "id": 1, "more": 2}, "Additional properties"),
        ({"type": "proposals", "id": 1, "proposals": [{"graph": {"nodes": []}}]}, "proposals.proposals[0].graph"),
        ({"type": "hello", "id": 1, "protocol": 2, "name": "x"}, "hello.protocol"),
        ({"type": "hello", "id": 1, "protocol": 1, "name": "../x"}, "hello.name"),
        ({"type": "hello", "id": 1, "protocol": 1, "name": "x", "kind": "bound"}, "hello.kind"),
    ],
)
def test_a_message_that_is_none_is_objected_to(message, words):
    assert words in objection(message)


@pytest.mark.parametrize(
    "line", [b"\xff", b"{", b"[1]", b"NaN", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 100_000]
)
def test_a_line_that_is_no_message_is_one_error(line):
    with pytest.raises(ValueError):
        decode(line)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "http://example.org/s.json"}, "outside itself"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "outside itself"),
        ({"anyOf": [{"pattern": "(a+)+$"}]}, "uses pattern"),
        ({"$id": "http://example.org/"}, "uses $id"),
        ({"properties": {"properties": {"pattern": "(a+)+$"}}}, "uses pattern"),
    ],
)
def test_a_reply_schema_cannot_make_the_harness_fetch_or_hang(schema, words):
    assert words in unsafe_schema(schema)
    assert unsafe_schema({"properties": {"pattern": {"$ref": "#/$defs/b"}}, "required": ["pattern"]}) is None


def test_every_pool_can_be_told():
    for name in ("llama", "specialists"):
        space = Space.preset("standard", "math", "small", name)
        told = _over(problem_data(_problem(space), 1.0)) | {"type": "problem", "id": 1}
        told |= {"parameters": {}, "seed": "0" * 16, "agent": ""}
        assert objection(told, "from_harness") is None
        assert [m.name for m in space_of(told["space"], "math").pool.models] == list(load_pool(name).names)
