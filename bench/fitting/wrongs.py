"""Wrong answers and lengths: how often wrong answers agree or are missing, how long answers are. All by moments.

Chances that two wrong answers to one question are equal: between models S (averaged over questions), within one
model π² + (1 − π²)·S. Standard errors treat questions as independent.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from bench.fitting.estimate import Estimate, assumed, clustered_ratio, through
from bench.fitting.observed import NONE, Sightings
from bench.worlds.simulation.universe import Common, TaskPhysics

__all__ = ["Lengths", "Wrongs", "fit_lengths", "fit_wrongs"]

F64 = npt.NDArray[np.float64]

_LEAST = 20  # pairs of wrong answers below which agreement is not told
_OPEN, _THREE = (0.01, 0.95), (0.334, 0.95)


class Wrongs(NamedTuple):
    """coincidence, pet: as in a universe. no_answer: by model. same, different: the observed chances."""

    coincidence: Estimate
    pet: Estimate
    no_answer: dict[str, Estimate]
    same: float
    different: float


class Lengths(NamedTuple):
    """Tokens of answers; all assumed where the tape counts none.

    spread: sd of the log. ratio: of a wrong answer's to a right one's. mean: by model. cut: share of wrong answers
    that ran into the limit, by model.
    """

    spread: Estimate
    ratio: Estimate
    mean: dict[str, Estimate]
    cut: dict[str, float]


def fit_wrongs(calls: Sightings, base: TaskPhysics, common: Common, options: int, cut: dict[str, float]) -> Wrongs:
    """Fit to the calls of one task that read nothing. cut: from `fit_lengths`."""
    (top_b, bottom_b), (top_w, bottom_w) = _agreement(calls)
    different, error_b = clustered_ratio(top_b, bottom_b)
    same, error_w = clustered_ratio(top_w, bottom_w)
    if bottom_b.sum() >= _LEAST:
        coincidence = through(
            different, error_b, lambda s: _mean_to_typical(s, common.coincidence_spread, options)
        )
    else:
        coincidence, different = assumed(base.coincidence), base.coincidence
    if bottom_w.sum() >= _LEAST and same > different:
        # π = √((w − b)/(1 − b)); the error of b is small beside that of w
        pet = through(same, error_w, lambda w: math.sqrt(min(max((w - different) / (1 - different), 0.0), 1.0)))
    else:
        pet = assumed(base.pet)
    return Wrongs(coincidence, pet, _no_answers(calls, base, cut), same, different)


def fit_lengths(calls: Sightings, base: TaskPhysics, common: Common, answer_tokens: int) -> Lengths:
    """Fit to the calls of one task that read nothing."""
    ratio = common.wrong_length / common.right_length
    counted = calls.tokens > 0
    if counted.sum() < _LEAST:
        return Lengths(assumed(base.token_spread), assumed(ratio), {}, dict.fromkeys(calls.models, 0.0))
    limit = int(common.longest * answer_tokens)
    capped = calls.tokens >= limit
    logs, right = np.log(np.maximum(calls.tokens, 1)), calls.answer == 0
    residual, shifts, means, cuts = [], [], {}, {}
    for m, name in enumerate(calls.models):
        own = counted & (calls.model == m)
        if not own.any():
            continue
        means[name] = _mean(calls.tokens[own].astype(float))
        wrong_calls = own & ~right
        cuts[name] = float(capped[wrong_calls].mean()) if wrong_calls.any() else 0.0
        groups = [logs[own & ~capped & (right == side)] for side in (True, False)]
        residual += [group - group.mean() for group in groups if group.size > 1]
        if min(group.size for group in groups) > 4:
            shifts.append((groups[1].mean() - groups[0].mean(), sum(group.var() / group.size for group in groups)))
    pooled = np.concatenate(residual)
    sd = float(np.sqrt((pooled**2).sum() / max(pooled.size - len(residual), 1)))
    weights = np.array([1 / max(variance, 1e-12) for _, variance in shifts])
    shift = float(weights @ [s for s, _ in shifts] / weights.sum()) if shifts else math.log(ratio)
    return Lengths(
        spread=through(sd, sd / math.sqrt(2 * max(pooled.size, 1)), lambda v: max(v, 1e-3)),
        ratio=through(shift, 1 / math.sqrt(weights.sum()), math.exp) if shifts else assumed(ratio),
        mean=means,
        cut={name: cuts.get(name, 0.0) for name in calls.models},
    )


def _agreement(calls: Sightings) -> tuple[tuple[F64, F64], tuple[F64, F64]]:
    """(equal pairs, pairs) by question (Q,) of wrong answers: of two models, of one model."""
    wrong = calls.answer > 0
    count = np.zeros((calls.questions, len(calls.models), int(calls.answer.max(initial=0)) + 1))
    np.add.at(count, (calls.question[wrong], calls.model[wrong], calls.answer[wrong]), 1)
    by_model = count.sum(axis=2)
    same_top = (count * (count - 1)).sum(axis=(1, 2)) / 2
    same_bottom = (by_model * (by_model - 1)).sum(axis=1) / 2
    all_top = (count.sum(axis=1) * (count.sum(axis=1) - 1)).sum(axis=1) / 2
    total = by_model.sum(axis=1)
    all_bottom = total * (total - 1) / 2
    return (all_top - same_top, all_bottom - same_bottom), (same_top, same_bottom)


def _mean_to_typical(mean: float, spread: float, options: int) -> float:
    """The coincidence whose logit, with normal noise between questions and the clip, has this mean."""
    low, high = _THREE if options else _OPEN
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    weights = weights / weights.sum()

    def gap(typical: float) -> float:
        logits = math.log(typical / (1 - typical)) + spread * nodes
        return float(weights @ np.clip(1 / (1 + np.exp(-logits)), low, high)) - mean

    first, last = 1e-3, 0.99
    if gap(first) >= 0 or gap(last) <= 0:
        return first if gap(first) >= 0 else last
    return float(brentq(gap, first, last))


def _no_answers(calls: Sightings, base: TaskPhysics, cut: dict[str, float]) -> dict[str, Estimate]:
    found = {}
    for m, name in enumerate(calls.models):
        own = (calls.model == m) & (calls.answer != 0)
        if own.sum() < _LEAST:
            found[name] = assumed(base.no_answer.get(name, 0.03))
            continue
        top, bottom = np.zeros(calls.questions), np.zeros(calls.questions)
        np.add.at(top, calls.question[own], calls.answer[own] == NONE)
        np.add.at(bottom, calls.question[own], 1.0)
        share, error = clustered_ratio(top, bottom)
        lost = cut.get(name, 0.0)
        # Shares of 0 are outside what a universe may say; one half of a call is the least that could be seen.
        least = 0.5 / float(bottom.sum())
        if share == 0:
            found[name] = Estimate(least, 0.0, 3 / float(bottom.sum()))  # the rule of three
            continue
        found[name] = through(share, error, partial(_without_cut, lost=lost, least=least))
    return found


def _without_cut(share: float, lost: float, least: float) -> float:
    """The share of no answers that is not due to the length limit, inside (0, 1)."""
    return min(max((share - lost) / (1 - lost), least), 1 - least)


def _mean(values: F64) -> Estimate:
    error = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else math.inf
    return through(float(values.mean()), error, lambda v: v)
