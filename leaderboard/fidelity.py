"""Can a simulated board be believed? A simulated world against what it was fitted to, for graphs and for methods.

Graphs: correlation of predicted with observed accuracy over graphs that no fit saw, within tasks. Methods: over
the pairs that are separated in both worlds (Holm's correction over each world's pairs of a task), the share whose
differences have the same sign, and the slope of the live differences on the simulated ones, through the origin.
Over all pairs, separated or not, the correlation of the differences; the noise of both worlds weakens it.
Intervals are the delete-one jackknife's (Tukey 1958): over graphs for correlations, on Fisher's z scale; over
methods for the slope, because pairs share them. No draw is random.
"""

from __future__ import annotations

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

_LEAST_GRAPHS = 4
_LIMIT = 1 - 1e-9
_WIDE = 1.959963984540054


class Figure(NamedTuple):
    """A value with its 95 % interval; NaN where the data cannot give it."""

    value: float
    low: float
    high: float


_NOTHING = Figure(math.nan, math.nan, math.nan)


class GraphFidelity(NamedTuple):
    """Over held-out graphs.

    corrected: the correlation divided by the root of the observed accuracies' reliability (Spearman 1904); it can
    exceed 1. error: mean absolute difference, a share; noise: what sampling the questions alone would make it;
    bias: mean of predicted minus observed.
    """

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
    """Over the pairs separated in both worlds: how many, of how many compared; share of equal signs; slope.

    agreement: correlation of the differences of all pairs, which is that of the methods' means on a task.
    """

    pairs: tuple[PairOfMethods, ...]
    separated: int
    same_sign: Figure
    slope: Figure
    agreement: Figure


def graph_fidelity(
    task: Sequence[str], predicted: npt.ArrayLike, observed: npt.ArrayLike, questions: npt.ArrayLike
) -> GraphFidelity:
    """Of G graphs that were held out: tasks, accuracies in both worlds, questions that they were observed on.

    Weights are the questions; tasks are centred, so that a task being easier is no agreement.
    """
    places = np.array([sorted(set(task)).index(name) for name in task], dtype=np.int64)
    p, o, n = (np.asarray(values, dtype=np.float64) for values in (predicted, observed, questions))
    if len({len(places), len(p), len(o), len(n)}) > 1:
        raise ValueError("task, predicted, observed and questions: one entry a graph each")
    variance = o * (1 - o) / np.maximum(n - 1, 1)

    def correlations(at: npt.NDArray[np.int64]) -> tuple[float, ...]:
        plain, corrected = _correlation(places[at], p[at], o[at], n[at], variance[at])
        return math.atanh(min(max(plain, -_LIMIT), _LIMIT)), corrected

    if len(p) >= _LEAST_GRAPHS:
        on_z, on_r = _jackknife(len(p), correlations)
        plain, corrected = Figure(*map(math.tanh, _ends(*on_z))), _ends(*on_r)
    else:
        plain = corrected = _NOTHING
    weight = n / n.sum() if len(n) else n
    return GraphFidelity(
        graphs=len(p),
        correlation=plain,
        corrected=corrected,
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
    agreement = Figure(*map(math.tanh, _ends(*_over_methods(pairs, _alike)))) if pairs else _NOTHING
    both = [pair for pair in pairs if pair.separated_live and pair.separated_simulated]
    if not both:
        return MethodFidelity(tuple(pairs), 0, _NOTHING, _NOTHING, agreement)
    same = sum(pair.live * pair.simulated > 0 for pair in both)
    low, high = proportion_ci(same, len(both))
    slope = _ends(*_over_methods(both, _slope))
    return MethodFidelity(tuple(pairs), len(both), Figure(same / len(both), low, high), slope, agreement)


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


def _over_methods(
    pairs: Sequence[PairOfMethods], statistic: Callable[[Floats, Floats], float]
) -> tuple[float, float]:
    """statistic(simulated, live) and its standard error, leaving out methods, because pairs share them."""
    names = sorted({name for pair in pairs for name in (pair.method, pair.other)})
    ends = np.array([[names.index(pair.method), names.index(pair.other)] for pair in pairs])
    x, y = np.array([pair.simulated for pair in pairs]), np.array([pair.live for pair in pairs])

    def part(at: npt.NDArray[np.int64]) -> tuple[float, ...]:
        kept = np.isin(ends, at).all(axis=1)
        return (statistic(x[kept], y[kept]),)

    return _jackknife(len(names), part)[0]


def _slope(x: Floats, y: Floats) -> float:
    """Least squares through the origin: a pair has no first method."""
    square = float(x @ x)
    return float(x @ y) / square if square else math.nan


def _alike(x: Floats, y: Floats) -> float:
    """Correlation about 0, for the same reason, on Fisher's z scale."""
    square = float(x @ x) * float(y @ y)
    return math.atanh(min(max(float(x @ y) / math.sqrt(square), -_LIMIT), _LIMIT)) if square else math.nan


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


def _jackknife(
    size: int, statistic: Callable[[npt.NDArray[np.int64]], tuple[float, ...]]
) -> list[tuple[float, float]]:
    """(value, standard error) of each part of a statistic of `size` units, by leaving out one at a time."""
    everything = np.arange(size)
    whole = statistic(everything)
    without = np.array([statistic(np.delete(everything, unit)) for unit in range(size)])
    errors = np.sqrt((size - 1) / size * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    return [(value, float(error)) for value, error in zip(whole, errors, strict=True)]


def _ends(value: float, error: float) -> Figure:
    """NaN ends where leaving out one unit leaves nothing to compute."""
    return Figure(value, value - _WIDE * error, value + _WIDE * error)
