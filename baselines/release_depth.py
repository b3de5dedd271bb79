"""The release's graph of fixed depth: its nodes cut into chains of two, an LLM reads the end of each.

Source: the official release of Agent-REINFORCE (Wang et al. 2025, arXiv 2511.00086), which has this graph beside
its searches, with as many nodes as the nominal budget says, all of one model. Here the model and the number of
nodes are found by racing what the inference budget allows.
"""

from __future__ import annotations

from functools import lru_cache

from baselines._shapes import in_chains
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space

DEPTH = 2
"""As in the release; a node that is left over stands alone."""


@lru_cache(maxsize=8)  # many equal chains are slow to bring into canonical order
def members(space: Space) -> list[Graph]:
    """Every model at every number of nodes from 2 on, under a selecting sink."""
    return in_chains(space, lambda nodes: [DEPTH] * (nodes // DEPTH) + [1] * (nodes % DEPTH), least=DEPTH)


@method(
    "release-depth",
    label="Fixed depth as in the release (raced)",
    kind="fixed",
    source="official release of Wang et al. 2025, arXiv 2511.00086",
    budget_aware=True,
)
class ReleaseDepth(Race):
    """Every model and number of nodes that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
