"""Sequential refinement: one model answers and revises its answer; model and depth are found by racing."""

from __future__ import annotations

from bench.architectures import chain
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Every model at every depth from 2 on; the last answer stands."""
    sink = min(space.sinks, key=lambda sink: sink.kind != "vote")
    return [chain(model, depth, sink) for model in space.pool.names for depth in range(2, space.max_nodes + 1)]


@method(
    "sequential-refinement",
    label="Sequential refinement (raced)",
    kind="fixed",
    source="Madaan et al. 2023, arXiv 2303.17651",
    budget_aware=True,
)
class SequentialRefinement(Race):
    """Every model and depth that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
