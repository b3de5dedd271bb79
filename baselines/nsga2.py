"""NSGA-II: Optuna's genetic algorithm over the continuous relaxation of graphs, for one objective or two.

Source: Deb, Pratap, Agarwal and Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II".
The first generation is the initial design that all methods share. Where latency counts (objectives `joint` and
`deadline`) it looks for the whole front of accuracy and latency, and the objective decides what is recommended.
Under `accuracy` a second goal would only spend answers on fast graphs, so there is one.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from baselines._optuna import Sampled
from bench.agent import Agent
from bench.optimizer import Outcome, Problem, Proposal, method


@method(
    "nsga2",
    label="NSGA-II",
    source="Deb et al. 2002, IEEE Transactions on Evolutionary Computation 6; Optuna's NSGAIISampler",
    least_trials=40,
)
class NSGA2(Sampled):
    """population: graphs a generation; the first is the initial design, whatever `startup` says.

    mutation: probability that a coordinate is drawn anew. latency: minimise it too: `auto` does under objectives
    in which it counts, `always`, `never`.
    """

    population: int = 12
    mutation: float = 0.12
    latency: str = "auto"

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.two = self.latency == "always" or (self.latency == "auto" and problem.objective != "accuracy")
        self.open: deque[Any] = deque()
        super().__init__(problem, rng, agent)

    def directions(self) -> list[Any]:
        return ["maximize", "minimize"] if self.two else ["maximize"]

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.NSGAIISampler(
            population_size=max(2, self.population), mutation_prob=min(max(self.mutation, 0.0), 1.0), seed=seed
        )

    def ask_many(self, count: int) -> list[Proposal]:
        """What of a generation fits into one round."""
        size, done = max(2, self.population), len(self.history.outcomes)
        wanted = min(count, size - done % size)
        for _ in range(wanted if done < size else 0):
            self.study.enqueue_trial(self.point(self.draw()))
        self.open = deque(self._bred() for _ in range(wanted))
        return [Proposal(self.graph(trial.params)) for trial in self.open]

    def _bred(self) -> Any:
        """A trial of the current generation; coordinates that no parent handed down are drawn: mutations."""
        trial = self.study.ask()
        _ = trial.relative_params  # decides the generation too, which coordinates that are given do not
        for name in self.box:
            trial.suggest_float(name, 0.0, 1.0)
        return trial

    def tell(self, outcome: Outcome) -> None:
        history, graph = self.history, outcome.graph
        both = [history.posterior(graph), history.tallies[graph.id].latency]
        self.study.tell(self.open.popleft(), both if self.two else [history.score(graph)])
