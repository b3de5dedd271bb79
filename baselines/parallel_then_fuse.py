"""Parallel, then fuse: N independent answers of one model, merged by one fuser; all three found by racing."""

from __future__ import annotations

from itertools import product

from bench.architectures import parallel_then_fuse
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Every pair of models at every width from 2 on; the fuser's answer stands."""
    sink = min(space.sinks, key=lambda sink: sink.kind != "vote")
    models = space.pool.names
    widths = range(2, space.max_nodes)
    return [parallel_then_fuse(m, width, fuser, sink) for m, fuser, width in product(models, models, widths)]


@method(
    "parallel-then-fuse",
    label="Parallel-then-fuse (raced)",
    kind="fixed",
    source="Wang et al. 2024, arXiv 2406.04692, one layer",
    budget_aware=True,
)
class ParallelThenFuse(Race):
    """Every pair of models and width that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
