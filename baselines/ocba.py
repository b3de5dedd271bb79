"""Optimal computing budget allocation: questions go where they most raise the chance of picking the best graph.

Source: Chen et al. 2000, "Simulation budget allocation for further enhancing the efficiency of ordinal
optimization", Discrete Event Dynamic Systems 10. The pool is sampled, as large as half of the budget can
introduce; variances are those of right-or-wrong answers at the posterior mean, which is never 0 or 1, instead of
sample variances of a few answers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baselines._pool import handicap, mean, sized
from bench.agent import Agent
from bench.optimizer import Optimizer, Problem, Proposal, method

F64 = npt.NDArray[np.float64]


def allocation(score: F64, variance: F64) -> F64:
    """Optimal shares (G,) of all questions, for graphs of these scores and variances of one answer."""
    best = int(score.argmax())
    gap = np.maximum(score[best] - score, 1e-3)  # graphs that tie share what tied graphs deserve, not everything
    weight: F64 = variance / gap**2
    weight[best] = 0.0
    weight[best] = np.sqrt(variance[best] * (weight**2 / variance).sum())
    return weight / max(float(weight.sum()), 1e-9)


@method(
    "ocba",
    label="Optimal computing budget allocation",
    source="Chen et al. 2000, Discrete Event Dynamic Systems 10",
    budget_aware=True,
)
class OCBA(Optimizer):
    """questions: of a batch. introduction: of every graph at first; they take about half of the budget.

    strength: questions that the accuracy expected of an unseen graph counts for. together: batches a round.
    """

    questions: int = 20
    introduction: int = 20
    strength: float = 10.0
    together: int = 4

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.pool = sized(self, lambda n: 2 * max(1, self.introduction))

    def ask_many(self, count: int) -> list[Proposal]:
        """At first every graph; then batches for those that lack most of their optimal share."""
        tallies = self.history.tallies
        if unseen := [graph for graph in self.pool if graph.id not in tallies]:
            return [Proposal(graph, self.introduction) for graph in unseen]
        share = np.array([mean(self, graph, self.strength)[0] for graph in self.pool])
        extra = np.array([handicap(self, graph) for graph in self.pool])
        asked = np.array([tallies[graph.id].asked for graph in self.pool], dtype=float)
        total = asked.sum() + self.together * self.questions
        lacking = allocation(share + extra, share * (1 - share)) * total - asked
        starving = np.argsort(-lacking, kind="stable")[: self.together]
        return [Proposal(self.pool[int(i)], self.questions) for i in starving if lacking[i] > 0]
