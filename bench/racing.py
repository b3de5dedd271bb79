"""Racing: spending a budget on a finite field of graphs. A service of the harness, open to every method."""

from __future__ import annotations

import math

import numpy as np

from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal

__all__ = ["Race"]


class Race(Optimizer):
    """Sequential halving over the graphs of `field`.

    Each of the ⌈log₂ n⌉ rounds has an equal share of the budget, spent on equally many questions of every
    survivor; then the better half by posterior mean goes on. Source: Karnin, Koren and Somekh 2013, "Almost
    optimal exploration in multi-armed bandits".
    """

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        field = {graph.id: graph for graph in self.field() if problem.space.contains(graph)}
        starters = [field[key] for key in sorted(field)] or [problem.space.cheapest()]
        # where the budget ends within the first round, nobody is left out by name
        self.survivors = [starters[int(i)] for i in rng.permutation(len(starters))]
        self.rounds = math.ceil(math.log2(len(starters)))

    def field(self) -> list[Graph]:
        """The graphs that race; those that do not fit are left out."""
        raise NotImplementedError

    def ask_many(self, count: int) -> list[Proposal]:
        """One round: all survivors on the same number of questions."""
        if self.history.outcomes:
            self.survivors = self._better_half()
        if len(self.survivors) < 2 or not self.rounds:
            return []
        share = max(1, self.problem.affordable(*self.survivors) // self.rounds)
        self.rounds -= 1
        return [Proposal(graph, share) for graph in self.survivors]

    def recommend(self) -> Graph:
        """The survivor of highest posterior mean."""
        return self._ranked()[0]

    def _better_half(self) -> list[Graph]:
        return self._ranked()[: math.ceil(len(self.survivors) / 2)]

    def _ranked(self) -> list[Graph]:
        posterior, cost = self.history.posterior, self.problem.space.cost
        return sorted(self.survivors, key=lambda g: (-posterior(g), cost(g), g.id))
