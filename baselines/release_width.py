"""The release's graph of fixed width: its nodes dealt in turn to two chains, an LLM reads the ends of both.

Source: the official release of Agent-REINFORCE (Wang et al. 2025, arXiv 2511.00086), which has this graph beside
its searches, with as many nodes as the nominal budget says, all of one model. Here the model and the number of
nodes are found by racing what the inference budget allows.
"""

from __future__ import annotations

from baselines._shapes import in_chains
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space

WIDTH = 2
"""As in the release; of an odd number of nodes, the first chain has one more."""


def members(space: Space) -> list[Graph]:
    """Every model at every number of nodes from 2 on, under a selecting sink."""
    return in_chains(space, lambda nodes: [-(-(nodes - i) // WIDTH) for i in range(WIDTH)], least=WIDTH)


@method(
    "release-width",
    label="Fixed width as in the release (raced)",
    kind="fixed",
    source="official release of Wang et al. 2025, arXiv 2511.00086",
    budget_aware=True,
)
class ReleaseWidth(Race):
    """Every model and number of nodes that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
