"""NSGA-II: Optuna's genetic algorithm over the continuous relaxation of graphs, for accuracy and latency at once.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from baselines._optuna import Sampled
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Outcome, Problem, Proposal, method


@method(
    "nsga2",
    label="NSGA-II",
    source="Deb et al. 2002, IEEE Transactions on Evolutionary Computation 6; Optuna's NSGAIISampler",
    least_trials=40,
)
class NSGA2(Sampled):
    """population: graphs a generation; the first is the initial design."""

    population: int = 16
    startup: int = 0
    second: str = "latency"

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.open: deque[Any] = deque()
        super().__init__(problem, rng, agent)

    def directions(self) -> list[str]:
        return ["maximize"] + ["minimize"]*bool(self.second)

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.NSGAIISampler(population_size=max(2, self.population), seed=seed)

    def ask_many(self, count: int) -> list[Proposal]:
        size, done = max(2, self.population), len(self.history.outcomes)
        wanted = min(count, size - done % size)
        for _ in range(wanted if done < size else 0):
            self.study.enqueue_trial(self.point(self.draw()))
        self.open = deque(self.study.ask(self.box) for _ in range(wanted))
        return [Proposal(self.graph(trial.params)) for trial in self.open]

    def tell(self, outcome: Outcome) -> None:
        graph=outcome.graph
        s=self.history.score(graph)
        t=self.history.tallies[graph.id]
        self.study.tell(self.open.popleft(), [s]+([t.latency] if self.second=="latency" else [t.units] if self.second else []))

