"""Mixture of agents: layers of models that all read the whole layer before, and an LLM that has the last word.

Source: Wang et al. 2024, "Mixture-of-agents enhances large language model capabilities", arXiv 2406.04692. There
the same six models stand in one or two layers and a strong one aggregates the last; here the aggregator is the
space's selecting sink, and who stands in a layer, how wide and how deep is found by racing what the inference
budget allows.
"""

from __future__ import annotations

from baselines._shapes import layerings, sinks_like
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race
from bench.space import Space


def members(space: Space) -> list[Graph]:
    """Layers of one model and of models that cycle through the pool, two or more wide, under a selecting sink."""
    return layerings(space, sinks_like(space, "select"), least=1)


@method(
    "layered-moa",
    label="Layered mixture of agents (raced)",
    kind="fixed",
    source="Wang et al. 2024, arXiv 2406.04692",
    budget_aware=True,
)
class LayeredMoA(Race):
    """Every line-up, width and depth that fits races."""

    def field(self) -> list[Graph]:
        return members(self.problem.space)
