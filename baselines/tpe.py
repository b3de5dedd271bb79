"""Bayesian optimization: Optuna's tree-structured Parzen estimator over the shared encoding of graphs.

Ten start-up trials from the published sampler, then the estimator over all coordinates jointly. Points that do
not fit the budget are repaired by the encoding, and the estimator is told the repaired graph's own point, so
that no suggestion is discarded and none is learned from twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.agent import Agent
from bench.encoding import cardinalities, decode, encode
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "tpe",
    label="Bayesian optimization (TPE)",
    source="Bergstra et al. 2011, NeurIPS 24; Optuna's TPESampler",
    least_trials=40,
)
class TPE(Optimizer):
    """startup: trials before the estimator is used, at most 10."""

    startup: int = 10

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        import optuna  # 0.3 s, and only this method needs it

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna = optuna
        sampler = optuna.samplers.TPESampler(n_startup_trials=0, multivariate=True, seed=int(rng.integers(2**31)))
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        categories = optuna.distributions.CategoricalDistribution
        self._space: dict[str, Any] = {
            str(c): categories(tuple(range(size))) for c, size in enumerate(cardinalities(problem.space))
        }

    def ask(self) -> Proposal:
        if len(self.history.outcomes) < min(self.startup, 10):
            return Proposal(self.problem.space.sample(self.rng))
        trial = self._study.ask()
        suggested = trial.relative_params  # all coordinates but those with a single value, which is 0
        # `tell` adds what was really evaluated as a trial of its own; one left open would slow each later ask
        self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        return Proposal(decode(self.problem.space, [suggested.get(name, 0) for name in self._space]))

    def tell(self, outcome: Outcome) -> None:
        point = encode(self.problem.space, outcome.graph)
        trial = self._optuna.trial.create_trial(
            params=dict(zip(self._space, point, strict=True)),
            distributions=self._space,
            value=self.history.value(outcome),
        )
        self._study.add_trial(trial)
