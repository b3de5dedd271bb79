"""The agent: what consulting it costs, and that no reply, however bad, does more than cost."""

from __future__ import annotations

import json

import pytest

from bench.agent import MAX_REPLY_TOKENS, Agent, Completion, count_tokens
from bench.errors import BudgetExceeded
from bench.ledger import Charge, Ledger, SearchBudget
from bench.pools import load_pool

SCHEMA = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}


def _agent(kind="scripted", model=None, budget="1Mex"):
    ledger = Ledger(SearchBudget.parse(budget), unit=9.71e11)
    return Agent(ledger, load_pool("llama-small").agent, kind, model)


def _consult(agent, policy=None, read=lambda reply: reply["answer"], prompt="x" * 400):
    return agent.consult(
        prompt, schema=SCHEMA, policies={"scripted": policy or (lambda: {"answer": 1})}, read=read
    )


class Model:
    """A language model with a list of replies."""

    def __init__(self, *texts):
        self.texts = list(texts)

    def complete(self, prompt, schema, max_tokens, seed):
        return Completion(self.texts.pop(0), 90, 30)


def test_its_tokens_are_charged_in_every_currency():
    agent = _agent()

    assert _consult(agent) == 1

    spent = agent.ledger.spent["agent"]
    assert (spent.prompt_tokens, spent.completion_tokens) == (100, count_tokens('{"answer": 1}'))
    assert spent.flops == (100 + spent.completion_tokens) * 140_000_000_000
    assert spent.usd == pytest.approx((100 + spent.completion_tokens) * 0.6e-6)
    assert spent.seconds > 0.03
    assert spent.executions == spent.node_calls == 0


def test_whose_worst_case_does_not_fit_is_not_asked():
    ledger = Ledger(SearchBudget.parse("1units"), unit=float(MAX_REPLY_TOKENS))
    agent = Agent(ledger, load_pool("llama-small").agent)

    with pytest.raises(BudgetExceeded):
        _consult(agent, lambda: pytest.fail("asked"))

    assert ledger.total == Charge()


def test_a_models_reply_is_charged_as_the_server_counted():
    agent = _agent("llm", Model(json.dumps({"answer": 7})))

    assert _consult(agent) == 7
    assert (agent.ledger.spent["agent"].prompt_tokens, agent.ledger.spent["agent"].completion_tokens) == (90, 30)


@pytest.mark.parametrize("bad", ["", "no JSON", "[1]", '{"answer": "seven"}', "{}"])
def test_an_unusable_reply_is_asked_for_once_more_and_both_are_charged(bad):
    agent = _agent("llm", Model(bad, json.dumps({"answer": 7})))

    assert _consult(agent) == 7
    assert (agent.calls, agent.unusable, agent.ledger.spent["agent"].prompt_tokens) == (2, 1, 180)


def test_after_two_unusable_replies_there_is_none():
    agent = _agent("llm", Model("no", "no"))

    assert _consult(agent) is None
    assert (agent.calls, agent.unusable) == (2, 2)


def test_what_the_method_cannot_use_is_unusable():
    agent = _agent()

    def refuse(reply):
        raise ValueError("not in this space")

    assert _consult(agent, read=refuse) is None
    assert agent.unusable == 2
