"""NSGA-II: Optuna's genetic algorithm over the continuous relaxation of graphs, for two objectives at once.

Source: Deb, Pratap, Agarwal and Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II". It
maximises the objective's posterior mean and minimises the latency, whatever the objective: the second goal keeps
the population diverse, and its front is what `recommend_front` returns. The first generation is the initial design
that all methods share.
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
    """population: graphs a generation; the first is the initial design. second: what is minimised beside the
    objective: `latency`, `units`, or `none`.
    """

    population: int = 16
    second: str = "latency"

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.open: deque[Any] = deque()
        super().__init__(problem, rng, agent)

    def directions(self) -> list[Any]:
        return ["maximize"] if self.second == "none" else ["maximize", "minimize"]

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.NSGAIISampler(population_size=max(2, self.population), seed=seed)

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
        tally = self.history.tallies[outcome.graph.id]
        second = {"none": [], "latency": [tally.latency], "units": [tally.units]}[self.second]
        self.study.tell(self.open.popleft(), [self.history.score(outcome.graph), *second])
