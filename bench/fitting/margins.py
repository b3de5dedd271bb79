"""How hard questions are for models alone: maximum marginal likelihood of the simulated world's latent margins.

    a model's sample is right with probability Φ((√between·z + √(within − between)·e − θ) / s)
    s = √(1 − within)·exp(ν·n − ν²);  z, e, n ~ N(0, 1), integrated out on grids

Source: the two-level probit model of bench/worlds/simulation/items.py; ν is taken from the base.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit, log_ndtr, logit, logsumexp, ndtr, ndtri

from bench.errors import IsobudgetError
from bench.fitting.estimate import Estimate, assumed, through
from bench.fitting.observed import Sightings
from bench.keys import generator
from bench.worlds.base import I64
from bench.worlds.simulation.universe import TaskPhysics

__all__ = ["Margins", "fit_margins", "posterior_margins"]

F64 = npt.NDArray[np.float64]

_Z, _N, _E = 33, 5, 41  # nodes of the rules: even grids for z and e; coarser ones make the likelihood bumpy
_EDGE = 4.0
_PULL = 2.0  # in logits
_SAMPLES = 8  # of one model on one question that are used; more only narrow the grids' posteriors
_LEAST_PAIRS = (
    30  # questions with two models, or pairs of question and model with two samples, to tell a correlation
)


@dataclass(frozen=True)
class Margins:
    """What was fitted, and what it says of each question.

    accuracy: by model. margin float64 (Q, M, K), noise float64 (Q, K): K draws from the posterior of each
    question's latent margins and sampling noise, given all that was answered without reading.
    """

    accuracy: dict[str, Estimate]
    between: Estimate
    within: Estimate
    margin: F64
    noise: F64


class _Rules:
    """Nodes and log weights of the three rules."""

    def __init__(self, spread: float) -> None:
        (self.z, self.log_z), (self.e, self.log_e) = _grid(_Z), _grid(_E)
        n, self.log_n = _rule(_N)
        self.scale = np.exp(spread * n - spread * spread)
        self.spread = spread


class _Counts:
    """Right answers of samples: k of n for each (question, model), as places in a list of distinct pairs."""

    def __init__(self, calls: Sightings) -> None:
        self.shape = (calls.questions, len(calls.models))
        total, right = np.zeros(self.shape, np.int64), np.zeros(self.shape, np.int64)
        calls = _first_samples(calls, self.shape)
        np.add.at(total, (calls.question, calls.model), 1)
        np.add.at(right, (calls.question, calls.model), (calls.answer == 0).astype(np.int64))
        self.total, self.right = total, right
        pairs, place = np.unique(np.stack([right.ravel(), total.ravel()]), axis=1, return_inverse=True)
        self.k, self.n = pairs
        self.place = place.reshape(self.shape)

    def tables(self, x: F64, rules: _Rules) -> F64:
        """Log likelihood (M, pairs, Z, N) of each distinct pair at each place of the outer rules."""
        return logsumexp(self.inner(x, rules), axis=-1)

    def inner(self, x: F64, rules: _Rules) -> F64:
        """The same before the inner rule is summed: (M, pairs, Z, N, E), its log weights included."""
        theta, between, within = _parts(x)
        shared = math.sqrt(between) * rules.z[:, None] + math.sqrt(within - between) * rules.e
        noise = math.sqrt(1 - within) * rules.scale
        ratio = (shared[:, None, :] - theta[:, None, None, None]) / noise[:, None]  # (M, Z, N, E)
        yes, no = log_ndtr(ratio)[:, None], log_ndtr(-ratio)[:, None]
        k, n = (pairs[:, None, None, None] for pairs in (self.k, self.n))
        return np.asarray(k * yes + (n - k) * no + rules.log_e)

    def posterior(self, x: F64, rules: _Rules) -> F64:
        """Log joint (Q, Z, N) of each question's answers and the outer nodes."""
        tables = self.tables(x, rules)
        joint = np.zeros((self.shape[0], _Z, _N)) + rules.log_z[:, None] + rules.log_n
        for m in range(self.shape[1]):
            joint += tables[m][self.place[:, m]]
        return joint


def fit_margins(calls: Sightings, base: TaskPhysics, spread: float, draws: int = 16) -> Margins:
    """Fit to the calls of one task that read nothing.

    base: whose correlations stay where too few questions were answered twice by a model, or by two models, and
    whose accuracy stays of a model that was never asked alone. spread: ν. draws: K. Raises IsobudgetError for a
    model that neither the tape nor the base knows.
    """
    counts, rules = _Counts(calls), _Rules(spread)
    asked = counts.total > 0
    told = np.append(
        asked.any(axis=0),
        [(asked.sum(axis=1) >= 2).sum() >= _LEAST_PAIRS, (counts.total >= 2).sum() >= _LEAST_PAIRS],
    )
    share = (counts.right.sum(0) + 0.5) / (counts.total.sum(0) + 1)
    start = np.append(-ndtri(share), [logit(base.between / base.within - 1e-6), logit(base.within)])

    def whole(part: F64) -> F64:
        x = start.copy()
        x[told] = part
        return x

    def loss(part: F64) -> float:
        x = whole(part)
        # A weak pull keeps correlations off their bounds where few questions were asked.
        off = (x[-2:] - start[-2:]) / _PULL
        return float(-logsumexp(counts.posterior(x, rules), axis=(1, 2)).sum() + 0.5 * off @ off)

    found = minimize(loss, start[told], method="BFGS", options={"gtol": 1e-3 * math.sqrt(counts.shape[0])})
    x, error = whole(found.x), np.zeros(len(start))
    error[told] = np.sqrt(np.diag(np.linalg.pinv(_hessian(loss, found.x))))
    accuracy = _accuracies(calls.models, x, error, told, base, rules)
    _, between, within = _parts(x)
    margin, noise = _drawn(counts, x, rules, draws)
    return Margins(
        accuracy=accuracy,
        between=through(x[-2], error[-2], lambda t: float(expit(t)) * within) if told[-2] else assumed(between),
        within=through(x[-1], error[-1], lambda t: float(expit(t))) if told[-1] else assumed(within),
        margin=margin,
        noise=noise,
    )


def _accuracies(
    models: Sequence[str], x: F64, error: F64, told: npt.NDArray[np.bool_], base: TaskPhysics, rules: _Rules
) -> dict[str, Estimate]:
    """By model. The θ of one that was never asked alone is put into x, from the base's accuracy."""
    _, _, within = _parts(x)
    found = {}
    for m, name in enumerate(models):
        if told[m]:
            found[name] = through(-x[m], error[m], lambda t: _mean_accuracy(t, within, rules))
            continue
        if name not in base.accuracy:
            raise IsobudgetError(
                f"no call of {name} that reads nothing: how good it is alone is the first thing to fit (record "
                "more graphs, or give --pool the models that are there)"
            )
        wanted = base.accuracy[name]
        x[m] = -brentq(lambda t, wanted=wanted: _mean_accuracy(t, within, rules) - wanted, -10.0, 10.0)
        found[name] = assumed(wanted)
    return found


def posterior_margins(
    calls: Sightings, theta: F64, between: float, within: float, spread: float
) -> tuple[F64, F64]:
    """One draw of each question's margins (Q, M) and noise (Q, 1), given its answers and the parameters."""
    counts, rules = _Counts(calls), _Rules(spread)
    x = np.append(theta, [logit(min(between / within, 1 - 1e-3)), logit(within)])
    margin, noise = _drawn(counts, x, rules, 1)
    return margin[:, :, 0], noise


def _parts(x: F64) -> tuple[F64, float, float]:
    """θ by model, between, within. The last two entries are logits of between/within and of within."""
    within = float(np.clip(expit(x[-1]), 1e-3, 1 - 1e-3))
    return x[:-2], within * float(np.clip(expit(x[-2]), 1e-3, 1 - 1e-3)), within


def _mean_accuracy(ease: float, within: float, rules: _Rules) -> float:
    """Accuracy over all questions of a model with θ = −ease."""
    spread = np.sqrt(within + (1 - within) * rules.scale**2)
    return float(np.exp(rules.log_n) @ ndtr(ease / spread))


def _drawn(counts: _Counts, x: F64, rules: _Rules, draws: int) -> tuple[F64, F64]:
    """Posterior draws of margins (Q, M, K) and noises (Q, K)."""
    theta, between, within = _parts(x)
    questions, models = counts.shape
    rng = generator("posterior margins", questions, models, draws)
    joint = counts.posterior(x, rules).reshape(questions, -1)
    outer = _pick(joint, (np.arange(draws) + rng.random((questions, draws))) / draws)
    z, n = outer // _N, outer % _N
    inner = counts.inner(x, rules)
    margin = np.empty((questions, models, draws))
    for m in range(models):
        weights = inner[m][counts.place[:, m, None], z, n].reshape(questions * draws, _E)
        e = _pick(weights, rng.random((questions * draws, 1)))[:, 0].reshape(questions, draws)
        margin[:, m] = math.sqrt(between) * rules.z[z] + math.sqrt(within - between) * rules.e[e] - theta[m]
    return margin, math.sqrt(1 - within) * rules.scale[n]


def _pick(log_weights: F64, u: F64) -> I64:
    """Places (R, K) drawn from rows of log weights (R, W) by inverse CDF."""
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    below = np.cumsum(weights, axis=1)
    below /= below[:, -1:]
    found = [np.searchsorted(row, wanted, side="right") for row, wanted in zip(below, u, strict=True)]
    return np.asarray(np.minimum(np.array(found, dtype=np.int64), log_weights.shape[1] - 1))


def _first_samples(calls: Sightings, shape: tuple[int, int]) -> Sightings:
    """At most `_SAMPLES` calls of each model on each question, the first that there are."""
    cell = calls.question * shape[1] + calls.model
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], cell[order], side="left")
    keep = np.empty(len(cell), np.bool_)
    keep[order] = np.arange(len(cell)) - starts < _SAMPLES
    return calls.where(keep)


def _grid(nodes: int) -> tuple[F64, F64]:
    """An even grid of a standard normal and its log weights."""
    places = np.linspace(-_EDGE, _EDGE, nodes)
    logs = -(places**2) / 2
    return places, logs - logsumexp(logs)


def _rule(nodes: int) -> tuple[F64, F64]:
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return places, np.log(weights / weights.sum())


def _hessian(loss: object, at: F64, step: float = 0.1) -> F64:
    """Second derivatives by central differences, wide enough not to see the grid."""
    assert callable(loss)
    size = len(at)
    shifts: Sequence[F64] = [step * row for row in np.eye(size)]
    middle = loss(at)
    matrix = np.empty((size, size))
    for i in range(size):
        matrix[i, i] = (loss(at + shifts[i]) - 2 * middle + loss(at - shifts[i])) / step**2
        for j in range(i):
            corners = loss(at + shifts[i] + shifts[j]) + loss(at - shifts[i] - shifts[j])
            crossed = loss(at + shifts[i] - shifts[j]) + loss(at - shifts[i] + shifts[j])
            matrix[i, j] = matrix[j, i] = (corners - crossed) / (4 * step**2)
    return matrix
