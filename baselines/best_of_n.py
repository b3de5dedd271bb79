"""Best-of-N: N independent answers of one model, one chosen by an LLM; model and N are found by racing."""

from __future__ import annotations

from bench.architectures import parallel
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Every model at every width from 2 on, under every selecting sink."""
    widths = range(2, space.max_nodes + 1)
    selecting = [sink for sink in space.sinks if sink.kind == "select"]
    return [parallel(m, width, sink) for sink in selecting for m in space.pool.names for width in widths]


@method(
    "best-of-n",
    label="Best-of-N under select (raced)",
    kind="fixed",
    source="Stiennon et al. 2020, arXiv 2009.01325; an LLM in place of the reward model",
    budget_aware=True,
)
class BestOfN(Race):
    """Every model and width that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
