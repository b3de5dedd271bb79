"""Bayesian optimization with a surrogate model of what graphs score, and expected improvement over candidates.

Source: Jones et al. 1998, "Efficient global optimization of expensive black-box functions"; with noise the
best predicted mean stands in for the best value seen (Vazquez et al. 2008). The candidates are sampled graphs
and those one step from the best, all those ever drawn, and what was evaluated already: asking a promising
graph again brings new questions, and is the cure for having been lucky once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from baselines._features import features
from baselines._steps import step
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal

F64 = npt.NDArray[np.float64]

_PARENTS = 4
"""Graphs whose neighbours become candidates."""


class Surrogate(Optimizer):
    """startup: graphs of the initial design. batch: proposals between two fits of the model.

    fresh: sampled graphs that become candidates at each fit, and as many that are one step from the best.
    """

    startup: int = 10
    batch: int = 4
    fresh: int = 20

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.candidates: dict[str, Graph] = {}
        self.rows: dict[str, F64] = {}
        self.expected: dict[str, float] = {}
        self.best: Graph | None = None

    def fit(self, rows: F64, values: F64, noise: F64) -> None:
        """Fit the model: rows float64 (n, F), values (n,) less what was expected of them, their variances (n,)."""
        raise NotImplementedError

    def predict(self, rows: F64) -> tuple[F64, F64]:
        """Mean and standard deviation (n,) of the true values, less what is expected of them."""
        raise NotImplementedError

    def ask_many(self, count: int) -> list[Proposal]:
        """The initial design, then the candidates of highest expected improvement."""
        missing = self.startup - len(self.history.outcomes)
        if missing > 0:
            return [Proposal(self.draw()) for _ in range(min(count, missing))]
        known = [tally.graph for tally in self.history.tallies.values()]
        self._fit(known)
        believed, _ = self._believed(known)
        order = np.argsort(-believed, kind="stable")
        self.best = known[order[0]]
        self._refill([known[i] for i in order[:_PARENTS]], known)
        graphs = list(self.candidates.values())
        gain = improvement(*self._believed(graphs), believed.max())
        chosen = np.argsort(-gain, kind="stable")[: max(1, min(count, self.batch))]
        return [Proposal(graphs[i]) for i in chosen]

    def recommend(self) -> Graph:
        """The evaluated graph that the model expects most of; before there is a model, the best posterior mean."""
        return self.best or super().recommend()

    def _refill(self, parents: list[Graph], known: list[Graph]) -> None:
        space = self.problem.space
        for i in range(max(1, self.fresh)):
            for graph in (space.sample(self.rng), step(space, parents[i % len(parents)], self.rng)):
                self.candidates.setdefault(graph.id, graph)
        self.candidates |= {graph.id: graph for graph in known}

    def _fit(self, known: list[Graph]) -> None:
        tallies = self.history.tallies
        share = np.array([tallies[g.id].right / tallies[g.id].asked for g in known])
        asked = np.array([tallies[g.id].asked for g in known])
        posterior = np.array([self.history.posterior(g) for g in known])
        # the objective adds something for latency to the accuracy: the same to the share and to its posterior mean
        value = np.array([self.history.score(g) for g in known]) - posterior + share
        likely = np.clip(posterior, 0.05, 0.95)  # of ten questions all may be right; the noise is not 0
        self.fit(self._rows(known), value - self._expected(known), likely * (1 - likely) / asked)

    def _believed(self, graphs: list[Graph]) -> tuple[F64, F64]:
        mean, spread = self.predict(self._rows(graphs))
        return mean + self._expected(graphs), spread

    def _rows(self, graphs: list[Graph]) -> F64:
        for graph in graphs:
            if graph.id not in self.rows:
                self.rows[graph.id] = features(self.problem.space, graph)
        return np.stack([self.rows[graph.id] for graph in graphs])

    def _expected(self, graphs: list[Graph]) -> F64:
        """What is expected before anything is evaluated: in tier P1 what the table says, else the same of all."""
        prior = self.problem.prior
        if prior is None:
            return np.full(len(graphs), self.history.pooled)
        for graph in graphs:
            if graph.id not in self.expected:
                self.expected[graph.id] = prior.mean(graph)
        return np.array([self.expected[graph.id] for graph in graphs])


def improvement(mean: F64, spread: F64, best: float) -> F64:
    """Expected improvement over `best` of normal variables."""
    spread = np.maximum(spread, 1e-9)
    z = (mean - best) / spread
    return np.asarray((mean - best) * ndtr(z) + spread * np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
