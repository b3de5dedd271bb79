"""Bayesian optimization: Optuna's Gaussian process over the continuous relaxation of graphs. Needs the extra `gp`.

Source: Optuna's GPSampler (Matérn kernel, log expected improvement). The start-up trials are the initial design
that all methods share, and the process is told repaired graphs at their own points. It needs torch, which the core
install does without; `gp-surrogate` is the same idea on graph features, without it.
"""

from __future__ import annotations

from typing import Any

from baselines._optuna import Sampled
from bench.optimizer import method


@method(
    "optuna-gp",
    label="Bayesian optimization (Optuna GP)",
    source="Jones et al. 1998, J. Global Optimization 13; Optuna's GPSampler",
    least_trials=24,
    requires="torch",
)
class OptunaGP(Sampled):
    """startup: trials before the process is used."""

    startup: int = 10

    def sampler(self, seed: int) -> Any:
        return self.optuna.samplers.GPSampler(n_startup_trials=0, deterministic_objective=False, seed=seed)
