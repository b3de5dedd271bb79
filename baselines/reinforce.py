"""REINFORCE on a probabilistic graph: the score-function gradient on all it consists of, no language model.

Every coordinate has logits; what a sampled graph is worth, less a running mean of that, scales the gradient of
the log probability of what was sampled. Source: Williams 1992; on graphs of LLMs, Zhuge et al. 2024 (GPTSwarm),
whose release has no baseline term (`baseline=false`), steps by Adam and searches edges alone. The distribution
starts flat, as theirs; in tier P1 half of it starts at the best graph of the table.
"""

from __future__ import annotations

import numpy as np

from baselines._distribution import GraphDistribution
from bench.agent import Agent
from bench.encoding import decode, encode
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "reinforce",
    label="REINFORCE",
    source="Williams 1992, Machine Learning 8; Zhuge et al. 2024, arXiv 2402.16823",
    least_trials=20,
)
class Reinforce(Optimizer):
    """rate: learning rate of the logits. samples: graphs a gradient. baseline: subtract a running mean.

    decay: of that mean.
    """

    rate: float = 8.0
    samples: int = 4
    baseline: bool = True
    decay: float = 0.9

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.distribution = GraphDistribution(problem.space, floor=0.0)
        if problem.prior and problem.prior.starts:
            best = self.distribution.frequencies([encode(problem.space, problem.prior.starts[0])])
            self.distribution.set_all(self.distribution.table + best)
        table, mask = self.distribution.table, self.distribution.mask
        self.logits = np.where(mask, np.log(np.where(mask, table, 1.0)), -np.inf)
        self.gradient = np.zeros_like(self.logits)
        self.mean: float | None = None
        self.points: list[list[int]] = []

    def ask_many(self, count: int) -> list[Proposal]:
        """Step along the mean gradient of the last samples, then draw new ones."""
        self.logits += self.rate * self.gradient
        self.gradient[:] = 0.0
        self.distribution.set_all(np.exp(self.logits - self.logits.max(axis=1, keepdims=True)))
        self.points = [self.distribution.sample(self.rng) for _ in range(max(1, min(count, self.samples)))]
        return [Proposal(decode(self.problem.space, point)) for point in self.points]

    def tell(self, outcome: Outcome) -> None:
        point, reward = self.points.pop(0), self.history.value(outcome)
        if self.mean is None:
            self.mean = reward  # nothing to compare the first graph with
        advantage = reward - self.mean if self.baseline else reward
        self.mean = self.decay * self.mean + (1 - self.decay) * reward
        sampled = np.zeros_like(self.gradient)
        sampled[np.arange(len(point)), point] = 1.0
        self.gradient += advantage * (sampled - self.distribution.table) / max(1, self.samples)
