"""Hyperband: brackets of successive halving over random graphs, from many briefly asked to few asked at length.

Source: Li et al. 2018, "Hyperband", JMLR 18. Questions are the resource, and they add up: a graph that goes on
is asked only what it lacks. Brackets follow each other, widest first, for as long as the budget lasts, each time
round with a larger bound on the questions of one graph: the paper's answer to a bound that nobody knows.
"""

from __future__ import annotations

import math

import numpy as np

from baselines._pool import distinct
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal, method


@method("hyperband", label="Hyperband", source="Li et al. 2018, JMLR 18")
class Hyperband(Optimizer):
    """least: questions of a graph in the widest rung. halvings: rungs of the first bracket after that one.

    eta: of each rung, the best one in `eta` goes on, to `eta` times as many questions.
    """

    least: int = 10
    halvings: int = 2
    eta: int = 3

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.widest = self.bracket = max(0, self.halvings)
        self.rungs: list[tuple[int, int]] = []
        self.alive: list[Graph] = []

    def ask_many(self, count: int) -> list[Proposal]:
        """One rung: all graphs that are still in the bracket, on the questions that it adds."""
        if self.rungs:
            alive = {graph.id for graph in self.alive}
            ranked = [g for g in self.history.best(len(self.history.tallies)) if g.id in alive]
            self.alive = ranked[: self.rungs[0][0]]
        else:
            self.rungs = self._next_bracket()
            self.alive = distinct(self, self.rungs[0][0])
        _, questions = self.rungs.pop(0)
        return [Proposal(graph, questions) for graph in self.alive]

    def _next_bracket(self) -> list[tuple[int, int]]:
        """For each rung, how many graphs and how many questions more."""
        eta, s = max(2, self.eta), self.bracket
        graphs = math.ceil((self.widest + 1) / (s + 1) * eta**s)
        totals = [max(1, self.least) * eta ** (self.widest - s + i) for i in range(s + 1)]
        more = np.diff([0, *totals])
        if s == 0:
            self.widest = self.bracket = self.widest + 1
        else:
            self.bracket -= 1
        return [(max(1, graphs // eta**i), int(q)) for i, q in enumerate(more)]
