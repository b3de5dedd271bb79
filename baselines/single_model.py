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


@method(
    "single-model",
    label="Single model (raced)",
    kind="fixed",
    source="the usual baseline",
    budget_aware=True,
)
class SingleModel(Race):
    """Every model that fits races; in tier P1 the best of the table's that fit is taken as it is."""

    def field(self) -> list[Graph]:
        prior, space = self.problem.prior, self.problem.space
        if prior is None:
            return members(space)
        return sorted(filter(space.contains, members(space)), key=prior.mean)[-1:]
