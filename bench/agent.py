"""The agent: the LLM that some methods consult, and what consulting it costs.

A method hands over the prompt an LLM would be sent and, for agents that are not an LLM, a policy that computes
the structured reply from the same facts. Whatever the agent, the rendered prompt and the reply are charged:
2·M FLOPs a token unless the pool says otherwise, dollars, and modelled seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.ledger import Charge, Ledger
from bench.pools import AgentRates, call_seconds, call_usd

__all__ = ["Agent", "count_tokens"]

CHARACTERS_PER_TOKEN = 4
"""English prose and JSON under common tokenizers; used wherever no tokenizer has counted."""

MAX_REPLY_TOKENS = 4096
"""Worst case of one reply: what must fit into the budget before the agent is asked."""


def count_tokens(text: str) -> int:
    """Estimated tokens of a text, at least 1."""
    return max(1, -(-len(text) // CHARACTERS_PER_TOKEN))


@dataclass(slots=True)
class Agent:
    """The metered handle of one run's agent.

    calls, prompt_tokens, reply_tokens: what has been used so far.
    """

    ledger: Ledger
    rates: AgentRates
    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0

    def consult(self, prompt: str, policy: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The agent's structured reply to `prompt`; `policy` computes it from the facts the prompt states.

        Raises BudgetExceeded, before anything is asked, when the worst case does not fit the budget.
        """
        read = count_tokens(prompt)
        worst = self._charge(read, MAX_REPLY_TOKENS)
        if not self.ledger.fits(worst):
            self.ledger.spend("agent", worst)  # refuses, with the ledger's message
        reply = policy()
        written = min(MAX_REPLY_TOKENS, count_tokens(json.dumps(reply, sort_keys=True)))
        self.ledger.spend("agent", self._charge(read, written), reserved=worst)
        self.calls += 1
        self.prompt_tokens += read
        self.reply_tokens += written
        return reply

    def _charge(self, read: int, written: int) -> Charge:
        rates = self.rates
        return Charge(
            flops=round((read + written) * rates.flops_per_token),
            prompt_tokens=read,
            completion_tokens=written,
            usd=call_usd(rates, read, written),
            seconds=call_seconds(rates, read, written),
        )
