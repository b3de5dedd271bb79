"""The client of LLM agents against a server that plays one, well or badly; and what every reply is charged."""

from __future__ import annotations

import agent_server as play
import pytest
from agent_server import agent_server

from bench.agent import Agent
from bench.agent_model import AgentModel
from bench.errors import BadReply, BudgetExceeded, IsobudgetError, Unreachable
from bench.ledger import Ledger, SearchBudget
from bench.pools import load_pool
from bench.worlds.client import Policy

PATIENT = Policy(timeout=30.0, concurrency=1, retries=2, backoff=0.01)
SCHEMA = {
    "type": "object",
    "properties": {
        "changes": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 1},
        "reason": {"type": "string"},
    },
    "required": ["changes", "reason"],
    "additionalProperties": False,
}
RATES = load_pool("llama-small").agent


def model(url, **options):
    return AgentModel("an-llm", url, **({"policy": PATIENT} | options))


def handle(asked, search="1000ex", seed=0):
    return Agent(Ledger(SearchBudget.parse(search), 1e12), RATES, "llm", asked, seed=seed)


def consult(agent, read=lambda reply: reply["changes"]):
    return agent.consult("Change the probabilities.", schema=SCHEMA, policies={}, read=read)


def test_a_reply_in_its_schema_is_read_and_charged_as_the_server_counted():
    with agent_server(play.valid) as (url, seen):
        agent = handle(model(url, temperature=0.3), seed=3)
        changes = consult(agent)
    (body,) = seen
    charge = agent.ledger.spent["agent"]

    assert changes and all(0 <= value <= 1 for value in changes)
    assert body["model"] == "an-llm" and body["temperature"] == 0.3 and body["seed"] == 30_000
    assert body["max_tokens"] == 4096
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (charge.prompt_tokens, charge.completion_tokens) == (60, 90)
    assert charge.flops == round(150 * RATES.flops_per_token)
    assert charge.seconds > 90 / RATES.decode and agent.wall > 0
    assert agent.transcript[0]["usable"] and agent.transcript[0]["reply"].startswith("{")


@pytest.mark.parametrize("mode", [play.fenced, play.uncounted])
def test_fences_thoughts_and_missing_counts_are_no_obstacle(mode):
    with agent_server(mode) as (url, _):
        agent = handle(model(url))
        assert consult(agent)
    assert agent.unusable == 0
    assert agent.ledger.spent["agent"].prompt_tokens > 5


@pytest.mark.parametrize(
    "mode", [play.prose, play.off_schema, play.cut, play.refusing, play.filtered], ids=lambda mode: mode.__name__
)
def test_what_is_of_no_use_is_asked_for_once_more_charged_and_given_up(mode):
    with agent_server(mode) as (url, seen):
        agent = handle(model(url))
        assert consult(agent) is None
    charge = agent.ledger.spent["agent"]

    assert len(seen) == agent.calls == agent.unusable == 2
    assert (charge.prompt_tokens, charge.completion_tokens) == (120, 180)
    assert seen[0]["seed"] != seen[1]["seed"]
    assert not any(entry["usable"] for entry in agent.transcript)


def test_a_malformed_reply_may_be_followed_by_a_good_one():
    with agent_server(play.prose, play.valid) as (url, _):
        agent = handle(model(url))
        assert consult(agent)
    assert (agent.calls, agent.unusable) == (2, 1)
    assert [entry["usable"] for entry in agent.transcript] == [False, True]


def test_what_the_method_cannot_read_is_of_no_use_either():
    def read(reply):
        raise ValueError("no such coordinate")

    with agent_server(play.valid) as (url, _):
        agent = handle(model(url))
        assert consult(agent, read) is None
    assert agent.unusable == 2


def test_a_model_that_is_too_slow_is_retried_then_charged_for_what_it_read():
    with agent_server(play.slow) as (url, seen):
        agent = handle(model(url, policy=PATIENT._replace(timeout=0.05, retries=1)))
        assert consult(agent) is None
    charge = agent.ledger.spent["agent"]

    assert len(seen) == 4  # two attempts, each with one retry
    assert charge.prompt_tokens == 2 * 7 and charge.completion_tokens == 0
    assert charge.seconds > 0


@pytest.mark.parametrize("fault", [play.error(429, **{"retry-after": "0"}), play.error(503)])
def test_what_passes_is_waited_for_and_not_charged(fault):
    with agent_server(fault, fault, play.valid) as (url, seen):
        agent = handle(model(url))
        assert consult(agent)
    assert len(seen) == 3 and agent.calls == 1


def test_a_server_that_stays_broken_ends_the_run_instead_of_spoiling_it():
    with agent_server(play.error(503, "overloaded")) as (url, _):
        agent = handle(model(url))
        with pytest.raises(BadReply, match=r"the agent: .*503: overloaded.*after 3 attempts"):
            consult(agent)
    assert agent.ledger.spent == {}


def test_a_server_without_structured_output_is_asked_in_words():
    with agent_server(play.plain_only) as (url, seen):
        agent = handle(model(url))
        assert consult(agent) and consult(agent)
    first, last = seen[0], seen[-1]

    assert "response_format" in first and "seed" in first
    assert "response_format" not in last and "seed" not in last and "temperature" in last
    assert '"additionalProperties": false' in last["messages"][0]["content"]
    assert len(seen) == 5  # what it does not know is learned once
    assert agent.calls == 2


def test_a_newer_server_is_given_its_own_name_of_the_limit():
    def newer(body):
        if "max_tokens" in body:
            return (
                400,
                {"error": {"message": "Unsupported parameter: use max_completion_tokens, not max_tokens"}},
                {},
            )
        return play.valid(body)

    with agent_server(newer) as (url, seen):
        assert consult(handle(model(url)))
    assert seen[-1]["max_completion_tokens"] == 4096 and "response_format" in seen[-1]


def test_an_agent_is_asked_only_if_even_a_reply_of_many_tokens_fits():
    """Whatever a tokenizer makes of the prompt, the charge stays within the budget."""

    def greedy(body):
        status, data, headers = play.valid(body)
        data["usage"]["prompt_tokens"] = 100_000
        return status, data, headers

    with agent_server(greedy) as (url, seen):
        agent = handle(model(url), search="0.001usd")
        consult(agent)
        assert 0 < agent.ledger.total.usd <= 0.001
        agent = handle(model(url), search="0.0001usd")
        with pytest.raises(BudgetExceeded):
            consult(agent)
    assert len(seen) == 1


def test_nobody_there_is_told_at_once_in_one_line():
    with pytest.raises(Unreachable, match=r"the agent: no server at http:..127\.0\.0\.1:9.v1") as caught:
        AgentModel("an-llm", "http://127.0.0.1:9/v1")
    assert "\n" not in str(caught.value)


def test_the_key_is_that_of_the_variable_that_is_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "usual")
    monkeypatch.setenv("OTHER_KEY", "special")
    with agent_server(play.valid) as (url, seen):
        consult(handle(model(url)))
        consult(handle(model(url, key_variable="OTHER_KEY")))
    assert [body["key"] for body in seen] == ["Bearer usual", "Bearer special"]
    with pytest.raises(IsobudgetError, match="NO_SUCH_KEY is not set"):
        AgentModel("an-llm", "http://127.0.0.1:9/v1", key_variable="NO_SUCH_KEY")
