"""Can a simulated board be believed? A simulated world against what it was fitted to: for graphs, and for methods.

Graphs: correlation of predicted with observed accuracy over graphs that no fit saw, within tasks. Methods: over the
pairs that are separated in both worlds (Holm's correction over each world's pairs of a task), the share whose
differences have the same sign, and the slope of the live differences on the simulated ones, through the origin.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.boards import split_boards
from leaderboard.paired import Floats
from leaderboard.proportions import proportion_ci
from leaderboard.ranks import Plan, rank

__all__ = ["Figure", "GraphFidelity", "MethodFidelity", "PairOfMethods", "graph_fidelity", "method_fidelity"]

_RESAMPLES = 2_000
_LEAST_GRAPHS = 4


class Figure(NamedTuple):
    """A value with its 95 % interval; NaN where the data cannot give it."""

    value: float
    low: float
    high: float


class GraphFidelity(NamedTuple):
    """Over held-out graphs. corrected: the correlation divided by the observed accuracies' reliability (Spearman 1904),
    it can exceed 1. error: mean absolute difference, a share; noise: what sampling the questions alone would make it."""

    graphs: int
    correlation: Figure
    corrected: Figure
    error: float
    noise: float
    bias: float


class PairOfMethods(NamedTuple):
    """Mean differences of accuracy, shares, of one pair on one task; and in which worlds it is separated."""

    task: str
    method: str
    other: str
    live: float
    simulated: float
    separated_live: bool
    separated_simulated: bool


class MethodFidelity(NamedTuple):
    """Over the pairs separated in both worlds: how many, of how many compared; share of equal signs; slope."""

    pairs: tuple[PairOfMethods, ...]
    separated: int
    same_sign: Figure
    slope: Figure


def graph_fidelity(
    task: Sequence[str], predicted: npt.ArrayLike, observed: npt.ArrayLike, questions: npt.ArrayLike
) -> GraphFidelity:
    """Of G graphs that were held out: their tasks, accuracies in both worlds, and the questions they were observed on.

    Weights are the questions; tasks are centred, so that a task being easier is no agreement. Intervals: percentile
    bootstrap over graphs, seeded by the data.
    """
    places = np.array([sorted(set(task)).index(name) for name in task], dtype=np.int64)
    p, o, n = (np.asarray(values, dtype=np.float64) for values in (predicted, observed, questions))
    if len({len(places), len(p), len(o), len(n)}) > 1:
        raise ValueError("task, predicted, observed and questions: one entry a graph each")
    variance = o * (1 - o) / np.maximum(n - 1, 1)

    def correlations(at: npt.NDArray[np.int64]) -> tuple[float, float]:
        return _correlation(places[at], p[at], o[at], n[at], variance[at])

    everything = np.arange(len(p))
    plain, corrected = correlations(everything) if len(p) >= _LEAST_GRAPHS else (math.nan, math.nan)
    drawn = _bootstrap(len(p), correlations, np.stack([p, o, n])) if len(p) >= _LEAST_GRAPHS else np.zeros((0, 2))
    weight = n / n.sum() if len(n) else n
    return GraphFidelity(
        graphs=len(p),
        correlation=_with_ends(plain, drawn[:, 0]),
        corrected=_with_ends(corrected, drawn[:, 1]),
        error=float(weight @ np.abs(p - o)),
        noise=float(weight @ np.sqrt(2 * variance / math.pi)),
        bias=float(weight @ (p - o)),
    )


def method_fidelity(
    live: tuple[pd.DataFrame, pd.DataFrame], simulated: tuple[pd.DataFrame, pd.DataFrame], plan: Plan | None = None
) -> MethodFidelity:
    """Of the same suite's frames of runs and of questions in both worlds. LeaderboardError as for any board."""
    one, other = (_differences(*frames, plan or Plan()) for frames in (live, simulated))
    pairs = []
    for (task, method, against), (difference, apart) in sorted(one.items()):
        if (task, method, against) in other:
            modelled, modelled_apart = other[task, method, against]
            pairs.append(PairOfMethods(task, method, against, difference, modelled, apart, modelled_apart))
    both = [pair for pair in pairs if pair.separated_live and pair.separated_simulated]
    if not both:
        nothing = Figure(math.nan, math.nan, math.nan)
        return MethodFidelity(tuple(pairs), 0, nothing, nothing)
    same = sum(pair.live * pair.simulated > 0 for pair in both)
    low, high = proportion_ci(same, len(both))
    return MethodFidelity(tuple(pairs), len(both), Figure(same / len(both), low, high), _slope(both))


def _differences(
    runs: pd.DataFrame, questions: pd.DataFrame, plan: Plan
) -> dict[tuple[str, str, str], tuple[float, bool]]:
    """(task, method, other), in alphabetical order, → mean difference, and whether it is separated."""
    found = {}
    for task, own in runs.groupby("task"):
        for board in split_boards(own):
            asked = questions[questions["task"] == task] if len(questions) else questions
            for pair in rank(board, asked, plan).pairs:
                flip = pair.method > pair.other
                names = (pair.other, pair.method) if flip else (pair.method, pair.other)
                mean = pair.test.mean_difference
                found[str(task), *names] = (-mean if flip else mean, pair.separated)
    return found


def _slope(pairs: Sequence[PairOfMethods]) -> Figure:
    """Least squares through the origin; the bootstrap draws methods, because pairs share them."""
    names = sorted({name for pair in pairs for name in (pair.method, pair.other)})
    ends = np.array([[names.index(pair.method), names.index(pair.other)] for pair in pairs])
    x, y = np.array([pair.simulated for pair in pairs]), np.array([pair.live for pair in pairs])

    def slope(at: npt.NDArray[np.int64]) -> tuple[float]:
        count = np.bincount(at, minlength=len(names))
        weight = (count[ends[:, 0]] * count[ends[:, 1]]).astype(float)
        return (float((weight * x) @ y / ((weight * x) @ x)) if weight.any() else math.nan,)

    return _with_ends(float(x @ y / (x @ x)), _bootstrap(len(names), slope, np.stack([x, y]))[:, 0])


def _correlation(
    place: npt.NDArray[np.int64], p: Floats, o: Floats, weight: Floats, variance: Floats
) -> tuple[float, float]:
    """Weighted Pearson correlation within tasks, and the same corrected for the observed accuracies' noise."""
    total = np.maximum(np.bincount(place, weight), 1e-300)
    p = p - (np.bincount(place, weight * p) / total)[place]
    o = o - (np.bincount(place, weight * o) / total)[place]
    pp, oo, po = weight @ (p * p), weight @ (o * o), weight @ (p * o)
    if pp <= 1e-15 * weight.sum() or oo <= 1e-15 * weight.sum():
        return math.nan, math.nan
    plain = float(po / math.sqrt(pp * oo))
    reliability = 1 - float(weight @ variance) / float(oo)
    if reliability <= 0:
        return plain, math.nan
    return plain, plain / math.sqrt(reliability)


def _bootstrap(size: int, statistic: Callable[[npt.NDArray[np.int64]], tuple[float, ...]], data: Floats) -> Floats:
    """Statistics (R, …) of resamples of `size` units; the seed is derived from the data's digest."""
    seed = int.from_bytes(hashlib.sha256(np.ascontiguousarray(data).tobytes()).digest()[:8], "little")
    rng = np.random.default_rng(seed)
    return np.array([statistic(rng.integers(0, size, size)) for _ in range(_RESAMPLES)])


def _with_ends(value: float, drawn: Floats) -> Figure:
    known = drawn[np.isfinite(drawn)]
    if not math.isfinite(value) or len(known) < _RESAMPLES / 2:
        return Figure(value, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Figure(value, float(low), float(high))
