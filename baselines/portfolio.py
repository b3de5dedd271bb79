"""Portfolio race: every fixed architecture that fits, raced with the whole budget. The baseline to beat."""

from __future__ import annotations

from baselines import best_of_n, parallel_then_fuse, self_consistency, sequential_refinement, single_model
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space

FAMILIES = (single_model, self_consistency, best_of_n, sequential_refinement, parallel_then_fuse)


def members(space: Space) -> list[Graph]:
    """The members of all families that are in the space, each once."""
    graphs = {graph.id: graph for family in FAMILIES for graph in family.members(space)}
    return [graph for graph in graphs.values() if space.contains(graph)]


@method(
    "portfolio",
    label="Portfolio race (all fixed)",
    kind="control",
    source="Karnin et al. 2013 over the usual architectures",
)
class Portfolio(Race):
    """Sequential halving over all families at once."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
