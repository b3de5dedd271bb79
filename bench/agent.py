"""The agent: the LLM that some methods consult, and what consulting it costs.

A method hands over the prompt that an LLM is sent, the JSON schema of the reply, and for agents that are not an
LLM a policy each, which computes the structured reply from the facts that the prompt states. Whatever the agent,
prompt and reply are charged: 2·M FLOPs a token unless the pool says otherwise, dollars, and modelled seconds.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from bench.ledger import Charge, Ledger
from bench.pools import AgentRates, call_seconds, call_usd

__all__ = ["AGENTS", "Agent", "ChatModel", "Completion", "count_tokens"]

AGENTS = {
    "llm": "",
    "scripted": "scripted agent: no evidence about LLM-driven results",
    "random": "control: valid structure, random content",
}
"""Who may drive a method, and what a row must say about it."""

ATTEMPTS = 2
"""A reply that cannot be used is asked for once more; every attempt is charged."""

CHARACTERS_PER_TOKEN = 4
"""English prose and JSON under common tokenizers; used wherever no tokenizer has counted."""

MAX_REPLY_TOKENS = 4096
"""The longest reply that an agent may give."""

MIN_REPLY_TOKENS = 64
"""So much of a reply must fit into the budget before the agent is asked."""

CHAT_TOKENS = 200
"""What a server may count beyond a prompt's own text: the frame of a chat, the beginning of a structured reply."""

KEPT_CHARACTERS = 500_000
"""How much of an LLM's replies a run keeps, so that it can be audited."""


def count_tokens(text: str) -> int:
    """Estimated tokens of a text, at least 1."""
    return max(1, -(-len(text) // CHARACTERS_PER_TOKEN))


T = TypeVar("T")


def first_usable(
    attempt: Callable[[], dict[str, Any] | None], read: Callable[[dict[str, Any]], T], discard: Callable[[], Any]
) -> T | None:
    """What `read` makes of the first reply that it can use; None after `ATTEMPTS` of no use, each discarded."""
    for _ in range(ATTEMPTS):
        reply = attempt()
        try:
            if reply is not None:
                return read(reply)
        except (KeyError, TypeError, ValueError):
            pass
        discard()
    return None


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model replied. text: "" when it refused or never answered. Tokens as it counted them."""

    text: str
    prompt_tokens: int
    completion_tokens: int


class ChatModel(Protocol):
    """A language model that answers in JSON."""

    @property
    def name(self) -> str:
        """Which one, as records say it."""

    def complete(self, prompt: str, schema: Mapping[str, Any], max_tokens: int, seed: int) -> Completion:
        """The reply to one prompt. Raises WorldError when the server is gone: then nothing was replied."""


@dataclass(slots=True)
class Agent:
    """The metered handle of one run's agent.

    kind: one of `AGENTS`. model: the language model of kind `llm`, and of no other. seed: of its samples. calls,
    prompt_tokens, reply_tokens, unusable: what has been used so far, and how many replies were of no use. wall:
    real seconds that the model took. transcript: its replies, each with the hash of its prompt.
    """

    ledger: Ledger
    rates: AgentRates
    kind: str = "scripted"
    model: ChatModel | None = None
    seed: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    unusable: int = 0
    wall: float = 0.0
    transcript: list[dict[str, Any]] = field(default_factory=list)

    def clock(self, waiting: bool) -> Callable[[], float]:
        """Seconds of a method's own thinking: CPU time, or for one in another process what it is waited for."""
        return (lambda: time.perf_counter() - self.wall) if waiting else time.process_time

    def consult(
        self,
        prompt: str,
        *,
        schema: Mapping[str, Any],
        policies: Mapping[str, Callable[[], dict[str, Any]]],
        read: Callable[[dict[str, Any]], T],
    ) -> T | None:
        """What `read` makes of the agent's reply to `prompt`; None when two replies were of no use.

        schema: JSON schema of the reply. policies: for the kinds that are not `llm`, what computes it. read:
        turns a reply into what the method needs; it raises ValueError, TypeError or KeyError for one that it
        cannot use. Raises BudgetExceeded, before anything is asked, when not even a short reply fits the budget.
        """
        return first_usable(lambda: self.attempt(prompt, schema, policies), read, self.discard)

    def discard(self) -> None:
        """Count the last reply as one that was of no use."""
        self.unusable += 1
        for entry in self.transcript[-1:]:
            entry["usable"] = False

    def attempt(
        self, prompt: str, schema: Mapping[str, Any], policies: Mapping[str, Callable[[], dict[str, Any]]]
    ) -> dict[str, Any] | None:
        """The reply of one attempt, charged; None when it is of no use, as one that the budget cuts short.

        Raises BudgetExceeded as `consult` does.
        """
        longest = count_tokens(prompt) if self.model is None else _most_tokens(prompt, schema)
        limit = self._allowed(longest)
        if self.model is not None:
            done = self._completion(self.model, prompt, schema, limit)
            reply, read, written = valid_json(done.text, schema), done.prompt_tokens, done.completion_tokens
        else:
            reply = policies[self.kind]()
            read, written = count_tokens(prompt), count_tokens(json.dumps(reply, sort_keys=True))
        cut = written > limit
        read, written = min(longest, read), min(limit, written)
        self.ledger.spend("agent", self._charge(read, written))
        self.calls += 1
        self.prompt_tokens += read
        self.reply_tokens += written
        return None if cut else reply

    def _completion(self, model: ChatModel, prompt: str, schema: Mapping[str, Any], limit: int) -> Completion:
        """Ask the language model, on the clock, and keep what it replied."""
        started = time.perf_counter()
        done = model.complete(prompt, schema, limit, self.seed * 10_000 + self.calls)
        self.wall += time.perf_counter() - started
        kept = sum(len(entry["reply"]) for entry in self.transcript)
        prompted = hashlib.sha256(prompt.encode()).hexdigest()[:16]
        reply = done.text[: max(0, KEPT_CHARACTERS - kept)]
        self.transcript.append({"prompt": prompted, "reply": reply, "usable": True})
        return done

    def _allowed(self, read: int) -> int:
        """How many tokens a reply may have; the ledger refuses a prompt that leaves room for too few."""
        least = self._charge(read, MIN_REPLY_TOKENS)
        if not self.ledger.fits(least):
            self.ledger.spend("agent", least)  # refuses, with the ledger's message
        return self.ledger.most(lambda written: self._charge(read, written), MIN_REPLY_TOKENS, MAX_REPLY_TOKENS)

    def _charge(self, read: int, written: int) -> Charge:
        rates = self.rates
        return Charge(
            flops=round((read + written) * rates.flops_per_token),
            prompt_tokens=read,
            completion_tokens=written,
            usd=call_usd(rates, read, written),
            seconds=call_seconds(rates, read, written),
        )


def _most_tokens(prompt: str, schema: Mapping[str, Any]) -> int:
    """More tokens than a tokenizer can make of a prompt: one a byte, and the schema, which servers may add."""
    return len(prompt.encode()) + len(json.dumps(schema)) + CHAT_TOKENS


def valid_json(text: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON object that a reply holds, if it is one and keeps the schema; else None."""
    import jsonschema  # only methods with an LLM need it

    try:
        reply = json.loads(text)
        jsonschema.validate(reply, schema)
    except (ValueError, jsonschema.ValidationError):
        return None
    return reply if isinstance(reply, dict) else None
