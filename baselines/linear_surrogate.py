"""Linear surrogate: scikit-learn's Bayesian ridge regression on features of graphs, with expected improvement.

A graph counts by the inverse of the binomial variance of its answers. Their noise is therefore known, but for what
the features miss: marginal likelihood alone would explain few graphs by many features exactly. The noise is no
part of the spread that improvement is expected from.
"""

from __future__ import annotations

import numpy as np

from baselines._surrogate import F64, Surrogate
from bench.optimizer import method


@method(
    "linear-surrogate",
    label="Bayesian optimization (linear)",
    source="MacKay 1992, Neural Computation 4; Jones et al. 1998, Journal of Global Optimization 13",
    least_trials=20,
)
class LinearSurrogate(Surrogate):
    """startup: graphs of the initial design. batch: proposals between two fits. fresh: new candidates at each."""

    def fit(self, rows: F64, values: F64, noise: F64) -> None:
        from sklearn.linear_model import BayesianRidge

        known, weight = 1 / noise.mean(), float(len(values))
        self.model = BayesianRidge(alpha_init=known, alpha_1=weight, alpha_2=weight / known)
        self.model.fit(rows, values, sample_weight=noise.mean() / noise)

    def predict(self, rows: F64) -> tuple[F64, F64]:
        mean, spread = self.model.predict(rows, return_std=True)
        return mean, np.sqrt(np.maximum(0, spread**2 - 1 / self.model.alpha_))
