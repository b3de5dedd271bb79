"""Bayesian optimization: Optuna's tree-structured Parzen estimator over the continuous relaxation of graphs.

Start-up trials are the initial design of every method, then the estimator suggests all coordinates jointly. What
does not fit the inference budget is repaired by the encoding, and the estimator is told the repaired graph's own
point, so that no suggestion is discarded. The relaxation, not the coordinate-a-pair encoding, because the
estimator's time grows with the coordinates (49 instead of 301 at `large`) and its results were the same.
"""

from __future__ import annotations

from typing import Any

from baselines._optuna import Sampled
from bench.optimizer import method


@method(
    "tpe",
    label="Bayesian optimization (TPE)",
    source="Bergstra et al. 2011, NeurIPS 24; Optuna's TPESampler",
    least_trials=40,
)
class TPE(Sampled):
    """startup: trials before the estimator is used. candidates: points among which it chooses each suggestion."""

    startup: int = 10
    candidates: int = 24

    def sampler(self, seed: int) -> Any:
        # one proposal is open at a time: no need to pretend results for others, which costs time
        return self.optuna.samplers.TPESampler(
            n_startup_trials=0,
            n_ei_candidates=max(1, self.candidates),
            multivariate=True,
            constant_liar=False,
            seed=seed,
        )
