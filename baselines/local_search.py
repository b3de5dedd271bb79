"""Local search: hill climbing by random edits, started again where nothing nearby is better.

Source: White, Nolen and Savani 2021, "Exploring the loss landscape in neural architecture search", UAI: plain
local search rivals the best searchers. Theirs is noise-free. With noisy answers the first better neighbour is
mostly a lucky one, so a challenger takes over only once it has been asked as much as the incumbent and still
leads, the domination of ParamILS (Hutter et al. 2009, JAIR 36); one that falls behind is dropped at once.
Neighbours are drawn instead of listed, because a large graph has hundreds, and so many failures in a row end a
climb.
"""

from __future__ import annotations

import numpy as np

from baselines._steps import step
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "local-search",
    label="Local search",
    source="White et al. 2021, UAI, arXiv 2005.02960; Hutter et al. 2009, JAIR 36",
    least_trials=16,
)
class LocalSearch(Optimizer):
    """starts: random graphs of which a climb starts from the best. patience: failures that end a climb."""

    starts: int = 8
    patience: int = 8

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.tried: list[Graph] = []
        self.incumbent: Graph | None = None
        self.challenger: Graph | None = None
        self.failed = 0

    def ask_many(self, count: int) -> list[Proposal]:
        """Random graphs to start from, in one round; then one challenger at a time."""
        if self.incumbent is None:
            return [Proposal(self.draw()) for _ in range(max(1, min(count, self.starts - len(self.tried))))]
        if self.challenger is None:
            self.challenger = step(self.problem.space, self.incumbent, self.rng)
        return [Proposal(self.challenger)]

    def tell(self, outcome: Outcome) -> None:
        score, tallies = self.history.score, self.history.tallies
        if self.incumbent is None or self.challenger is None:
            self.tried.append(outcome.graph)
            if len(self.tried) >= self.starts:
                self.incumbent, self.failed = max(self.tried, key=score), 0
        elif score(self.challenger) <= score(self.incumbent):
            self.challenger, self.failed = None, self.failed + 1
            if self.failed >= self.patience:
                self.tried, self.incumbent = [], None
        elif tallies[self.challenger.id].asked >= tallies[self.incumbent.id].asked:
            self.incumbent, self.challenger, self.failed = self.challenger, None, 0
