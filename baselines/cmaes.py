"""CMA-ES: Optuna's sampler over the continuous relaxation of graphs, whose coordinates are all real numbers.

Source: Hansen and Ostermeier 2001, "Completely derandomized self-adaptation in evolution strategies". It
starts in the middle of the better half of the initial design, as warm starts do (Nomura et al. 2021): CMA-ES
always starts in the middle of its box, so each of its coordinates is bent to have that point there. Unlike
the surrogate models it is told its own points, not the repaired ones: moved points would spoil the covariance
that it adapts.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from baselines._optuna import Sampled
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Outcome, Problem, method
from bench.relaxation import decode, embed


@method(
    "cmaes",
    label="CMA-ES",
    source="Hansen and Ostermeier 2001, Evolutionary Computation 9; Optuna's CmaEsSampler",
    least_trials=40,
)
class CMAES(Sampled):
    """startup: graphs of the initial design. population: points a generation; 0: 4 + 3·ln of the dimension."""

    startup: int = 10
    population: int = 0

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.middle: list[float] = []
        self.open: deque[Any] = deque()
        self.told = 0
        super().__init__(problem, rng, agent)
        self.size = max(2, self.population or 4 + math.floor(3 * math.log(len(self.box))))

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.CmaEsSampler(
            n_startup_trials=1, popsize=self.population or None, warn_independent_sampling=False, seed=seed
        )

    def suggested(self, count: int) -> list[Graph]:
        """What of a generation fits into one round."""
        if not self.middle:
            self._begin()
        self.open = deque(self.study.ask() for _ in range(min(count, self.size - self.told % self.size)))
        return [self.graph(trial.relative_params) for trial in self.open]

    def tell(self, outcome: Outcome) -> None:
        if self.open:
            trial = self.open.popleft()
            for name in self.box:
                trial.suggest_float(name, 0.0, 1.0)  # takes over what was suggested as a whole
            self.study.tell(trial, self.history.value(outcome))
            self.told += 1

    def graph(self, values: Mapping[str, float]) -> Graph:
        ends = zip(self.box, self.middle, strict=True)
        return decode(self.problem.space, [float(np.interp(values[n], (0, 0.5, 1), (0, m, 1))) for n, m in ends])

    def _begin(self) -> None:
        """Put the middle of the better half in the middle of the box; Optuna needs a trial to know the box."""
        better = self.history.best(math.ceil(len(self.history.tallies) / 2))
        mean = np.mean([embed(self.problem.space, graph) for graph in better], axis=0)
        self.middle = np.clip(mean, 0.1, 0.9).tolist()
        self.learn(better[0], [self.history.score(better[0])])
