"""What Optuna's samplers have in common as methods: they see graphs as points of the continuous relaxation.

The first trials are the initial design that all methods share, then every point is the sampler's own: it is
read from what the sampler suggested as a whole (`relative_params`), so a sampler that silently fell back to
drawing single coordinates at random would be a fault, not a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal
from bench.relaxation import decode, dimension, embed


class Sampled(Optimizer):
    """startup: graphs of the initial design before the sampler is asked, at least one.

    box: Optuna's name for the search space, one uniform distribution a coordinate of the relaxation.
    """

    startup: int = 10

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        import optuna  # 0.3 s, and only these methods need it

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        unit = optuna.distributions.FloatDistribution(0.0, 1.0)
        self.box: dict[str, Any] = {f"x{c:03}": unit for c in range(dimension(problem.space))}
        sampler = self.sampler(int(rng.integers(2**31)))
        self.study = optuna.create_study(directions=self.directions(), sampler=sampler)

    def sampler(self, seed: int) -> Any:
        """Optuna's sampler."""
        raise NotImplementedError

    def directions(self) -> list[Any]:
        """`maximize` or `minimize` for each value that a trial is told."""
        return ["maximize"]

    def ask_many(self, count: int) -> list[Proposal]:
        """What of the initial design fits into one round; after it, the sampler's suggestions."""
        missing = max(1, self.startup) - len(self.history.outcomes)
        if missing > 0:
            return [Proposal(self.draw()) for _ in range(min(count, missing))]
        return [Proposal(graph) for graph in self.suggested(count)]

    def suggested(self, count: int) -> list[Graph]:
        """At most `count` graphs of the sampler's choice; one, where each should learn from the one before."""
        trial = self.study.ask()
        graph = self.graph(trial.relative_params)  # only now does the sampler think, and only about an open trial
        # `tell` adds what was really evaluated as a trial of its own; one left open would slow each later ask
        self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
        return [graph]

    def tell(self, outcome: Outcome) -> None:
        self.learn(outcome.graph, [self.history.value(outcome)])

    def graph(self, values: Mapping[str, float]) -> Graph:
        """The graph at a suggested point."""
        return decode(self.problem.space, [values[name] for name in self.box])

    def point(self, graph: Graph) -> dict[str, float]:
        """The graph's own point."""
        return dict(zip(self.box, embed(self.problem.space, graph), strict=True))

    def learn(self, graph: Graph, values: list[float]) -> None:
        """Add a finished trial at the graph's own point: what was repaired is learned from as what it became."""
        trial = self.optuna.trial.create_trial(params=self.point(graph), distributions=self.box, values=values)
        self.study.add_trial(trial)
