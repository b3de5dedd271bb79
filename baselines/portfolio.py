"""Portfolio race: the fixed architectures that fit, raced with the whole budget. The baseline to beat.

Where the budget cannot give every member enough questions to be told from the worse half, fewer of them start,
drawn by chance: to halve a larger field by one question each would be to draw by chance as well, and to pay for
it.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from baselines import (
    best_of_n,
    debate,
    layered_moa,
    parallel_then_fuse,
    release_depth,
    release_width,
    self_consistency,
    sequential_refinement,
    single_model,
)
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race, rounds
from bench.space import Space

FAMILIES = (
    single_model,
    self_consistency,
    best_of_n,
    sequential_refinement,
    parallel_then_fuse,
    layered_moa,
    debate,
    release_depth,
    release_width,
)


@lru_cache(maxsize=16)
def members(space: Space) -> tuple[Graph, ...]:
    """The members of all families that are in the space, each once."""
    graphs = {graph.id: graph for family in FAMILIES for graph in family.members(space)}
    return tuple(graph for graph in graphs.values() if space.contains(graph))


@method(
    "portfolio",
    label="Portfolio race (all fixed)",
    kind="control",
    source="Karnin et al. 2013 over the usual architectures",
    budget_aware=True,
)
class Portfolio(Race):
    """Sequential halving over all families at once. questions: of every starter in the first round, at least."""

    questions: int = 5

    def field(self) -> list[Graph]:
        everyone = members(self.problem.space)
        drawn = [everyone[int(i)] for i in self.rng.permutation(len(everyone))]

        def short(n: int) -> bool:
            return self.problem.affordable(*drawn[:n]) < rounds(n) * self.questions

        count = max(1, bisect_right(range(1, len(drawn) + 1), False, key=short))
        # where the table halves the field free of charge, twice as many may come
        return drawn[: 2 * count if self.sifts else count]
