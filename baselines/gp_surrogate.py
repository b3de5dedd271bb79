"""Gaussian process surrogate: scikit-learn's regression on features of graphs, with expected improvement.

Each graph's observation has its own noise, the binomial variance of its answers. Amplitude and length scale
are fixed instead of found by marginal likelihood: with a few dozen graphs of thirty answers each that prefers
scales that follow the noise, at ten times the computing time.
"""

from __future__ import annotations

from typing import Any

from baselines._surrogate import F64, Surrogate
from bench.optimizer import method


@method(
    "gp-surrogate",
    label="Bayesian optimization (Gaussian process)",
    source="Jones et al. 1998, Journal of Global Optimization 13; scikit-learn's GaussianProcessRegressor",
    least_trials=20,
)
class GPSurrogate(Surrogate):
    """startup: graphs of the initial design. batch: proposals between two fits. fresh: new candidates at each.

    amplitude: standard deviation of the score over graphs that the prior expects. length: of the Matérn kernel, in
    features, which lie between 0 and 1; a long one makes the model nearly linear.
    """

    amplitude: float = 0.17
    length: float = 5.0

    def fit(self, rows: F64, values: F64, noise: F64) -> None:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern

        kernel = ConstantKernel(self.amplitude**2) * Matern(self.length, nu=2.5)
        self.model: Any = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
        self.model.fit(rows, values)

    def predict(self, rows: F64) -> tuple[F64, F64]:
        mean, spread = self.model.predict(rows, return_std=True)
        return mean, spread
