"""Simulated annealing: a walk by random edits that takes a worse graph with a chance that cools down.

Source: Kirkpatrick, Gelatt and Vecchi 1983, "Optimization by simulated annealing", Science 220, with their
geometric cooling. Nobody tells it how long the walk will be, so it cools at a fixed pace and, once cold, is
heated again and goes on from the best graph so far. Noise in the answers is heat of its own (Gelfand and Mitter
1989), so graphs are compared by posterior means and the first temperature is low.
"""

from __future__ import annotations

import math

import numpy as np

from baselines._steps import step
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "simulated-annealing",
    label="Simulated annealing",
    source="Kirkpatrick et al. 1983, Science 220",
    least_trials=16,
)
class SimulatedAnnealing(Optimizer):
    """starts: random graphs of which the walk starts from the best. temperature: the first, in units of accuracy.

    halving: steps in which it halves. halvings: after so many it is heated again.
    """

    starts: int = 8
    temperature: float = 0.02
    halving: int = 16
    halvings: int = 6

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.tried: list[Graph] = []
        self.here: Graph | None = None
        self.cooled = 0.0

    def ask_many(self, count: int) -> list[Proposal]:
        """Random graphs to start from, in one round; then one step at a time."""
        if self.here is None:
            return [Proposal(self.draw()) for _ in range(max(1, min(count, self.starts - len(self.tried))))]
        if self.cooled >= self.halvings:
            self.here, self.cooled = self.history.best(1)[0], 0.0
        return [Proposal(step(self.problem.space, self.here, self.rng))]

    def tell(self, outcome: Outcome) -> None:
        score = self.history.score
        if self.here is None:
            self.tried.append(outcome.graph)
            if len(self.tried) >= self.starts:
                self.here = max(self.tried, key=score)
            return
        loss = score(self.here) - score(outcome.graph)
        heat = max(self.temperature * 0.5**self.cooled, 1e-9)
        if loss <= 0 or self.rng.random() < math.exp(-loss / heat):
            self.here = outcome.graph
        self.cooled += 1 / max(1, self.halving)
