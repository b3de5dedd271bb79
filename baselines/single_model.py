"""Single model: one call of one model, no sink; which model is found by racing them."""

from __future__ import annotations

from bench.architectures import parallel
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """One graph a model; where the space has no free sink, under its own."""
    sink = min(space.sinks, key=lambda sink: sink.kind != "vote")
    return [parallel(model, 1, sink) for model in space.pool.names]


@method("single-model", label="Single model (raced)", kind="fixed", source="the usual baseline")
class SingleModel(Race):
    """Every model that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
