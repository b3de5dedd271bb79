"""Top-two Thompson sampling: small batches of questions for the likely best graph and its likely rival.

Source: Russo 2016, "Simple Bayesian algorithms for best-arm identification", COLT. There the arms are given; here
they are sampled graphs, and one more joins whenever the pool is smaller than a power of the batches so far
(Wang, Audibert and Munos 2008, infinitely many arms). Several batches are drawn from one posterior and evaluated
in one round, which costs next to nothing (Kandasamy et al. 2018) and fills the models' slots.
"""

from __future__ import annotations

import numpy as np

from baselines._pool import distinct, handicap, mean
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal, method

_DRAWS = 64
"""Draws of the posterior in which a rival is looked for."""


@method("top-two-thompson", label="Top-two Thompson sampling", source="Russo 2016, COLT 49, arXiv 1602.08448")
class TopTwoThompson(Optimizer):
    """questions: of a batch. leading: chance that a batch goes to the likely best instead of its rival.

    power: the pool holds (batches so far) to this power. strength: questions that the accuracy expected of an
    unseen graph counts for. together: batches a round.
    """

    questions: int = 10
    leading: float = 0.5
    power: float = 0.75
    strength: float = 30.0
    together: int = 4

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.pool: list[Graph] = distinct(self, 2)

    def ask_many(self, count: int) -> list[Proposal]:
        """A round of batches, each for one graph."""
        wanted = int((len(self.history.outcomes) + self.together) ** self.power)
        self.pool += distinct(self, max(0, wanted - len(self.pool)), self.pool)
        beliefs = [mean(self, graph, self.strength) for graph in self.pool]
        share, weight = (np.array(part) for part in zip(*beliefs, strict=True))
        extra = np.array([handicap(self, graph) for graph in self.pool])
        chosen = [self._one_of_two(share * weight, (1 - share) * weight, extra) for _ in range(self.together)]
        batches = np.bincount(chosen)
        return [Proposal(self.pool[i], int(n) * self.questions) for i, n in enumerate(batches) if n]

    def _one_of_two(self, right: np.ndarray, wrong: np.ndarray, extra: np.ndarray) -> int:
        """The best graph of one draw of the posterior, or its rival: the best of the next draw with another best.

        Where no draw has another one, which could take forever, the rival is the runner-up of the first.
        """
        draws = self.rng.beta(right, wrong, (_DRAWS, len(right))) + extra
        best = draws.argmax(axis=1)
        if self.rng.random() < self.leading or len(right) == 1:
            return int(best[0])
        rivals = best[best != best[0]]
        return int(rivals[0] if rivals.size else draws[0].argsort()[-2])
