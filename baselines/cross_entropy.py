"""Cross-entropy method: sample graphs from a distribution, move it towards the best of them, repeat.

Source: Rubinstein 1999, "The cross-entropy method for combinatorial and continuous optimization"; smoothing and
the size of the elite as in de Boer et al. 2005, "A tutorial on the cross-entropy method", Annals of Operations
Research 134. The first sample is the initial design that all methods share instead of a draw from the flat
distribution; the elite is found by posterior means; no probability ever becomes 0 or 1.
"""

from __future__ import annotations

import numpy as np

from baselines._distribution import GraphDistribution
from bench.agent import Agent
from bench.encoding import decode, encode
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "cross-entropy",
    label="Cross-entropy method",
    source="Rubinstein 1999; de Boer et al. 2005, Annals of Operations Research 134",
    least_trials=20,
)
class CrossEntropy(Optimizer):
    """samples: graphs an iteration. elite: share of them that the distribution moves to. smoothing: how far."""

    samples: int = 10
    elite: float = 0.25
    smoothing: float = 0.7

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.distribution = GraphDistribution(problem.space)
        self.iteration: list[Graph] = []
        self.moved = False

    def ask_many(self, count: int) -> list[Proposal]:
        """A round of the iteration's graphs; the next iteration's once all of these have been told."""
        wanted = max(1, min(count, self.samples - len(self.iteration)))
        return [Proposal(self._sample()) for _ in range(wanted)]

    def tell(self, outcome: Outcome) -> None:
        self.iteration.append(outcome.graph)
        if len(self.iteration) >= self.samples:
            self._move()
            self.iteration = []

    def _sample(self) -> Graph:
        return decode(self.problem.space, self.distribution.sample(self.rng)) if self.moved else self.draw()

    def _move(self) -> None:
        ranked = sorted(self.iteration, key=self.history.score, reverse=True)
        best = ranked[: max(1, round(self.elite * len(ranked)))]
        share = self.distribution.frequencies([encode(self.problem.space, graph) for graph in best])
        self.distribution.set_all((1 - self.smoothing) * self.distribution.table + self.smoothing * share)
        self.moved = True
