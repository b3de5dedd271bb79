"""Oracle selection: random search that recommends the truly best of its leaders. A bound, never ranked.

How good selection could be: what it still lacks, no rule of selection can give. Truth is asked only about graphs
that were at some time among the few best by measurement, where the truly best almost always is.
"""

from __future__ import annotations

import numpy as np

from baselines._pool import handicap
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal, method


@method(
    "oracle-selection",
    label="Oracle selection",
    kind="bound",
    source="Bergstra and Bengio 2012; selection by the truth",
    note="bound: knows the truth of what it visited",
)
class OracleSelection(Optimizer):
    """leaders: how many of the best by measurement have their truth looked up, after every evaluation."""

    leaders: int = 5
    independent = True

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.truth: dict[str, float] = {}

    def ask(self) -> Proposal:
        return Proposal(self.draw())

    def recommend(self) -> Graph:
        """The truly best of all that have led."""
        tallies, oracle = self.history.tallies, self.problem.oracle
        unknown = [graph for graph in self.history.best(max(1, self.leaders)) if graph.id not in self.truth]
        if unknown and oracle is not None:
            self.truth |= zip((graph.id for graph in unknown), oracle(unknown).tolist(), strict=True)
        if not self.truth:
            return super().recommend()
        return max((tallies[key].graph for key in sorted(self.truth)), key=self._score)

    def _score(self, graph: Graph) -> float:
        return self.truth[graph.id] + handicap(self, graph)
