"""Self-consistency: N independent answers of one model, plurality vote; model and N are found by racing."""

from __future__ import annotations

from bench.architectures import parallel
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Every model at every width from 2 on."""
    widths = range(2, space.max_nodes + 1)
    return [parallel(model, width, ("vote", None)) for model in space.pool.names for width in widths]


@method(
    "self-consistency",
    label="Self-consistency (raced)",
    kind="fixed",
    source="Wang et al. 2023, arXiv 2203.11171",
    budget_aware=True,
)
class SelfConsistency(Race):
    """Every model and width that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
