"""Linear surrogate: scikit-learn's Bayesian ridge regression on features of graphs, with expected improvement.

How strongly weights are held to zero and how noisy answers are is found by marginal likelihood at each fit, which a
model this stiff can bear. A graph counts by the inverse of the binomial variance of its answers; the noise is no
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

        self.model = BayesianRidge()
        self.model.fit(rows, values, sample_weight=noise.mean() / noise)

    def predict(self, rows: F64) -> tuple[F64, F64]:
        mean, spread = self.model.predict(rows, return_std=True)
        return mean, np.sqrt(np.maximum(0, spread**2 - 1 / self.model.alpha_))
