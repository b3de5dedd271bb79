"""Multi-agent debate: agents answer, read what all answered, answer again for some rounds, and vote.

Source: Du et al. 2024, "Improving factuality and reasoning in language models through multiagent debate", ICML
41. A round is a layer, its agents read the whole round before, their own answer included. Who debates, how many
and for how many rounds is found by racing what the inference budget allows; there it is three agents and two
rounds.
"""

from __future__ import annotations

from baselines._shapes import layerings, sinks_like
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Agents of one model and of models that cycle through the pool, two or more, in two or more rounds."""
    return layerings(space, sinks_like(space, "vote"), least=2)


@method(
    "debate",
    label="Multi-agent debate (raced)",
    kind="fixed",
    source="Du et al. 2024, ICML 41, arXiv 2305.14325",
    budget_aware=True,
    searches=False,  # in a small space a handful of graphs race, with which nothing can be learnt
)
class Debate(Race):
    """Every line-up, number of agents and number of rounds that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
