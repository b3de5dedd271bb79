"""Regularised evolution: a population in which the best of a sample has a mutated child and the oldest dies.

Source: Real et al. 2019, "Regularized evolution for image classifier architecture search", AAAI 33. There a
model is evaluated once, its figure stands for life, and a hundred are alive; here answers are few and noisy, so
rivals are compared by posterior means, which every repeated evaluation sharpens, and the population is as small
as the budgets. A few children a round stand in for their hundreds of workers.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from baselines._steps import step
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "regularised-evolution",
    label="Regularised evolution",
    source="Real et al. 2019, AAAI 33, arXiv 1802.01548",
    least_trials=32,
)
class RegularisedEvolution(Optimizer):
    """population: graphs alive. sample: how many of them compete to be the parent. together: children a round."""

    population: int = 16
    sample: int = 4
    together: int = 4

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.alive: deque[Graph] = deque(maxlen=max(1, self.population))  # the oldest falls out

    def ask_many(self, count: int) -> list[Proposal]:
        """Members of the first population; once that is complete, children."""
        missing = max(1, self.population) - len(self.alive)
        graphs = (self.draw() if missing else self._child() for _ in range(min(count, missing or self.together)))
        return [Proposal(graph) for graph in graphs]

    def _child(self) -> Graph:
        rivals = self.rng.permutation(len(self.alive))[: max(1, self.sample)]
        parent = max((self.alive[int(i)] for i in rivals), key=self.history.score)
        return step(self.problem.space, parent, self.rng)

    def tell(self, outcome: Outcome) -> None:
        self.alive.append(outcome.graph)
