"""CMA-ES: Optuna's sampler over the continuous relaxation of graphs, whose coordinates are all real numbers.

Source: Hansen and Ostermeier 2001, "Completely derandomized self-adaptation in evolution strategies". It starts in
the middle of the box, not at the best of the initial design: with some thirty answers a graph the best of ten are
largely the lucky ones. Unlike the surrogate models it is told its own points, not the repaired ones: moved points
would spoil the covariance that it adapts.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from baselines._optuna import Sampled
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Outcome, Problem, method


@method(
    "cmaes",
    label="CMA-ES",
    source="Hansen and Ostermeier 2001, Evolutionary Computation 9; Optuna's CmaEsSampler",
    least_trials=40,
)
class CMAES(Sampled):
    """startup: graphs of the initial design. population: points a generation; 0: 4 + 3·ln of the dimension."""

    population: int = 0

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.open: deque[Any] = deque()
        self.told = 0
        super().__init__(problem, rng, agent)

    @property
    def size(self) -> int:
        """Points of a generation."""
        return max(2, self.population or 4 + math.floor(3 * math.log(len(self.box))))

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.CmaEsSampler(
            n_startup_trials=1, popsize=self.size, warn_independent_sampling=False, seed=seed
        )

    def suggested(self, count: int) -> list[Graph]:
        """What of a generation fits into one round."""
        self.open = deque(self.study.ask() for _ in range(min(count, self.size - self.told % self.size)))
        return [self.graph(trial.relative_params) for trial in self.open]

    def tell(self, outcome: Outcome) -> None:
        if not self.open:
            super().tell(outcome)  # of the initial design: of no generation, but it tells Optuna the box
            return
        trial = self.open.popleft()
        for name in self.box:
            trial.suggest_float(name, 0.0, 1.0)  # takes over what was suggested as a whole
        self.study.tell(trial, self.history.value(outcome))
        self.told += 1
