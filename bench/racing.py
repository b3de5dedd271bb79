"""Racing: where questions go. Services of the harness, open to every method.

`Race` spends a budget on a finite field of graphs. `instalments` and `contends` are the early stopping that a run
with `allocation = "racing"` applies to whatever a method proposes.
"""

from __future__ import annotations

import math

import numpy as np

from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import History, Optimizer, Problem, Proposal

__all__ = ["Race", "contends", "instalments", "rounds"]

_PARTS = 3
"""A proposal's questions come in thirds."""

_LENGTHENED = 2
"""One that still contends gets up to twice what was asked for, from what losers did not use."""

_LAST = 4
"""A race ends when so few are left: to part them would take questions that good graphs need more to survive."""


def rounds(starters: int) -> int:
    """Rounds of a race of so many graphs, at least one."""
    return math.ceil(math.log2(max(starters / _LAST, 2)))


def instalments(questions: int) -> list[int]:
    """Sizes of the successive parts of one evaluation, the last ones beyond what was asked for."""
    part = -(-questions // _PARTS)
    return [part] * (_PARTS * _LENGTHENED)


def contends(history: History, graph: Graph) -> bool:
    """Whether a graph may still be the best: its posterior mean and one standard error reach the best other's.

    Source: Maron and Moore 1994, "Hoeffding races", with a normal error in place of their bound.
    """
    others = [other for other in history.best(2) if other.id != graph.id]
    if not others:
        return True
    share, asked = history.posterior(graph), history.tallies[graph.id].asked
    error = math.sqrt(share * (1 - share) / max(1, asked))
    return history.score(graph) + error >= history.score(others[0])


class Race(Optimizer):
    """Sequential halving over the graphs of `field`.

    Each of the ⌈log₂ n/4⌉ rounds has an equal share of the budget, spent on equally many questions of every
    survivor; then the better half by score goes on. In tier P1 the worse half by the table never starts.
    Source: Karnin, Koren and Somekh 2013, "Almost optimal exploration in multi-armed bandits"; their two more
    rounds, in which four are halved to one, cost the earlier ones more than they gain.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        field = {graph.id: graph for graph in self.field() if problem.space.contains(graph)}
        starters = [field[key] for key in sorted(field)] or [problem.space.cheapest()]
        # where the budget ends within the first round, nobody is left out by name
        self.survivors = [starters[int(i)] for i in rng.permutation(len(starters))]
        prior = problem.prior
        self.expected = {graph.id: prior.mean(graph) if prior else 0.0 for graph in starters}
        if self.sifts:
            self.survivors = self._better_half()
        self.rounds = rounds(len(self.survivors))

    @property
    def sifts(self) -> bool:
        """Whether the prior halves the field, free of charge; it knows nothing of latency."""
        return self.problem.prior is not None and self.problem.objective == "accuracy"

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
        """The survivor of highest score."""
        return self._ranked()[0]

    def _better_half(self) -> list[Graph]:
        return self._ranked()[: math.ceil(len(self.survivors) / 2)]

    def _ranked(self) -> list[Graph]:
        """The survivors, best first: by score, then those not yet evaluated by what the prior expects of them."""
        place = {graph.id: i for i, graph in enumerate(self.history.best(len(self.history.tallies)))}
        unseen, cost = len(place), self.problem.space.cost
        return sorted(self.survivors, key=lambda g: (place.get(g.id, unseen), -self.expected[g.id], cost(g), g.id))
