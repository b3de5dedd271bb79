"""Gaussian process surrogate: scikit-learn's regression on features of graphs, with expected improvement."""

from __future__ import annotations

import warnings

import numpy as np

from baselines._surrogate import F64, Surrogate
from bench.agent import Agent
from bench.optimizer import Problem, method


@method(
    "gp-surrogate",
    label="Bayesian optimization (Gaussian process)",
    source="Jones et al. 1998, Journal of Global Optimization 13; Rasmussen and Williams 2006",
    least_trials=20,
)
class GPSurrogate(Surrogate):
    """startup: graphs of the initial design. batch: proposals between two fits."""

    startup: int = 10
    batch: int = 4
    nu: float = 2.5

    def fit(self, rows: F64, values: F64, noise: F64) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern

        kernel = ConstantKernel(0.01, (1e-4, 0.25)) * Matern(1.0, (0.1, 10.0), nu=self.nu)
        self.model = GaussianProcessRegressor(kernel, alpha=noise)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(rows, values)

    def predict(self, rows: F64) -> tuple[F64, F64]:
        return self.model.predict(rows, return_std=True)
