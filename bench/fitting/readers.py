"""How models read the answers of others: the choice model of bench/worlds/simulation/nodes.py, fitted.

The likelihood of an answer sums over the reader's own attempt (right, none, one of the inputs' wrong answers, a
new one) and averages over posterior draws of the question's margins. How likely an own wrong attempt is an input's
is predicted from all that was answered to the question without reading, by a two-level Pólya urn with the observed
coincidences: an approximation of the simulated world's geometric weights. Priors are normal and centred on the
base; a figure whose interval is not at least twice as narrow as its prior's is reported as assumed. All is maximum
a posteriori. Standard errors are sandwiches over questions, because calls on one question share its margins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import ndtr

from bench.fitting.estimate import Estimate, through
from bench.fitting.margins import Margins
from bench.fitting.observed import NONE, Sightings
from bench.keys import fold
from bench.worlds.base import ABSENT, ROLE_KEYS
from bench.worlds.simulation.universe import Common, Reader, TaskPhysics
from tasks import task_class

__all__ = ["BY_TASK", "Evidence", "fit_readers"]

F64 = npt.NDArray[np.float64]

BY_TASK = ("verification", "verification_slope", "reading", "sway", "anchor", "self_trust")
_BY_MODEL = ("plurality", "self_trust", "context")
_COMMON = ("select_self_trust", "select_anchor")
_PRIOR = {
    "verification": 1.5,
    "verification_slope": 1.0,
    "reading": 0.5,
    "sway": 0.5,
    "anchor": 1.5,
    "self_trust": 1.5,
    "plurality": 1.0,
    "context": 1.0,
    "select_self_trust": 1.5,
    "select_anchor": 1.5,
}
"""Standard deviations of the priors; of plurality and context, of their logarithms."""

_LOGS = ("plurality", "context")
_MOST = 4_000  # calls of a task that are used: more tell little and take long
_STEP = 1e-4
_HELD = 1e-3  # the prior's deviation of a figure that is held at its base


class Evidence(NamedTuple):
    """One task: calls that read and that do not, margins of the questions, chances of equal wrong answers.

    options: how many wrong ones there are; 0 for unboundedly many.
    """

    calls: Sightings
    alone: Sightings
    margins: Margins
    same: float
    different: float
    options: int
    no_answer: Mapping[str, float]
    cut: Mapping[str, float]


@dataclass(frozen=True)
class _Layout:
    """Places of the figures in the vector: (owner, name), owner a task, a model or "common"."""

    names: tuple[tuple[str, str], ...]

    def of(self, x: F64, owner: str, name: str) -> float:
        value = float(x[self.names.index((owner, name))])
        return math.exp(value) if name in _LOGS else value


class _Task:
    """The calls of one task prepared for the likelihood: R calls, D inputs, K draws."""

    def __init__(self, task: str, evidence: Evidence, common: Common) -> None:
        calls = _thinned(evidence.calls)
        self.task, self.common, constants = task, common, task_class(task)
        self.question, self.model, self.role = calls.question, calls.model, calls.role
        self.ids, self.answer = calls.inputs, calls.answer
        present = self.ids != ABSENT
        self.degree = present.sum(axis=1)
        right = ((self.ids == 0) & present).sum(axis=1)
        self.share = 2 * np.floor(4 * right / self.degree + 0.5) / 4 - 1
        self.first, self.votes = _distinct(self.ids)
        self.answered = ((self.ids >= 0) & present).sum(axis=1)
        self.silent = ((self.ids == NONE) & present).sum(axis=1)
        levels = (np.where(present, calls.input_level, 0)).sum(axis=1)
        read = self.degree + common.length_inflation * levels
        self.load = (constants.prompt_tokens + constants.answer_tokens * read) / 1000
        self.margin = evidence.margins.margin[self.question, self.model]
        self.noise = evidence.margins.noise[self.question]
        self.none = np.array([evidence.no_answer[name] for name in calls.models])[self.model]
        self.cut = np.array([evidence.cut[name] for name in calls.models])[self.model]
        self.equal = self._equal(calls, evidence)
        self.select = self.role == ROLE_KEYS["select"]
        self.models = calls.models

    def _equal(self, calls: Sightings, evidence: Evidence) -> F64:
        """Chance (R, D) that an own wrong attempt is this input's, 0 but at the first of equal wrong inputs."""
        chance = _urn(evidence)
        known = np.minimum(np.maximum(self.ids, 0), chance.shape[2] - 1)
        found = chance[self.question[:, None], self.model[:, None], known]
        return np.asarray(np.where(self.first & (self.ids > 0), found, 0.0))

    def log_likelihood(self, x: F64, layout: _Layout) -> F64:
        """Of each call (R,)."""
        at = {name: layout.of(x, self.task, name) for name in BY_TASK}
        plurality, trust, context = (
            np.array([layout.of(x, model, name) for model in self.models])[self.model] for name in _BY_MODEL
        )
        lean = at["self_trust"] + trust + self.select * layout.of(x, "common", "select_self_trust")
        anchor = at["anchor"] + self.select * layout.of(x, "common", "select_anchor")
        limit = self.common.verification_limit
        known = np.exp(np.clip(at["verification"] + at["verification_slope"] * self.margin, -limit, limit))
        shift = at["reading"] + at["sway"] * self.share
        solve = ndtr((self.margin + shift[:, None]) / self.noise)
        pull = plurality[:, None] * self.votes + anchor[:, None] * (self.votes == self.answered[:, None])
        weight = np.where(self.first, np.exp(pull), 0.0)
        chosen = self._chosen(solve, known, weight, np.exp(lean)[:, None]).mean(axis=1)
        lost = self._overloaded(solve.mean(axis=1))
        psi = self.common.overload_ceiling * -np.expm1(-((self.load / context) ** 2))
        gave_up = self.common.overload_none
        mixed = (1 - psi) * chosen + psi * ((1 - gave_up) * lost + gave_up * (self.answer == NONE))
        return np.log(np.maximum(self._within_length(mixed, psi, solve), 1e-12))

    def _within_length(self, chance: F64, psi: F64, solve: F64) -> F64:
        """Wrong answers that are cut end as none; how often is bounded by the reader's errors."""
        wrong = np.clip(1 - solve.mean(axis=1), 0, 1)
        kept = np.where(self.answer > 0, (1 - self.cut) * chance, chance)
        return np.asarray(np.where(self.answer == NONE, chance + self.cut * (wrong - chance).clip(0), kept))

    def _chosen(self, solve: F64, known: F64, weight: F64, lean: F64) -> F64:
        """Chance (R, K) of the observed answer for readers that are not overloaded."""
        right = (weight * (self.ids == 0)).sum(axis=1)[:, None] * known
        wrong_input = np.where(self.ids > 0, weight, 0.0)
        total = wrong_input.sum(axis=1)[:, None] + right
        have = right > 0
        mine_right = np.where(have, right, known) * lean
        total_right = total - np.where(have, right, 0.0) + mine_right
        fail = 1 - solve
        none = fail * self.none[:, None]
        wrong = fail - none
        novel = 1 - self.equal.sum(axis=1)[:, None]
        # By own attempt: right, none, new, equal to input j; each adds its share of the observed answer's chance.
        y_right, y_none = self.answer[:, None] == 0, self.answer[:, None] == NONE
        same = self.first & (self.ids == self.answer[:, None]) & (self.ids > 0)
        is_input = same.any(axis=1)[:, None]
        target = np.where(y_right, right, (wrong_input * same).sum(axis=1)[:, None])
        safe = np.maximum(total, 1e-300)
        chance = solve * np.where(y_right, mine_right, np.where(is_input, target, 0.0)) / total_right
        chance = chance + none * np.where(y_none, total <= 0, np.where(total > 0, target / safe, 0.0))
        new = ~(y_right | y_none | is_input)
        chance = chance + wrong * novel * np.where(new, lean, target) / (total + lean) * ~y_none
        for j in range(self.ids.shape[1]):
            share = self.equal[:, j, None]
            own = wrong_input[:, j, None]
            boosted = total + own * (lean - 1)
            seen = np.where(same[:, j, None], own * lean, target)
            chance = chance + wrong * share * seen * ~(y_none | new) / np.maximum(boosted, 1e-300)
        return np.asarray(chance)

    def _overloaded(self, solve: F64) -> F64:
        """Chance (R,) of the observed answer where the evidence is not used: any input or the own attempt."""
        count = np.where(self.answer == NONE, self.silent, (self.ids == self.answer[:, None]).sum(axis=1))
        fail = 1 - solve
        matched = (self.equal * (self.ids == self.answer[:, None])).sum(axis=1)
        novel = 1 - self.equal.sum(axis=1)
        known = (self.ids == self.answer[:, None]).any(axis=1)
        own = np.where(self.answer == 0, solve, fail * (1 - self.none) * np.where(known, matched, novel))
        own = np.where(self.answer == NONE, fail * self.none, own)
        return np.asarray((count + own) / (self.degree + 1))


def fit_readers(
    evidence: Mapping[str, Evidence],
    physics: Mapping[str, TaskPhysics],
    readers: Mapping[str, Reader],
    common: Common,
) -> dict[tuple[str, str], Estimate]:
    """Figures by (task, model or "common"; name). physics, readers: the base's, the centre of the priors."""
    parts = [_Task(task, given, common) for task, given in evidence.items() if len(given.calls.model)]
    layout = _Layout(
        (
            *((task, name) for task in evidence for name in BY_TASK),
            *((model, name) for model in readers for name in _BY_MODEL),
            *(("common", name) for name in _COMMON),
        )
    )
    centre = np.array([_start(owner, name, physics, readers, common) for owner, name in layout.names])
    spread = np.array([_PRIOR[name] for _, name in layout.names])
    # Only sums of a task's and a model's trust show: the first task's is the point of reference.
    spread[layout.names.index((next(iter(evidence)), "self_trust"))] = _HELD

    def values(x: F64) -> list[F64]:
        return [part.log_likelihood(x, layout) for part in parts]

    def scores(x: F64) -> tuple[float, list[F64]]:
        """Log likelihood, and its derivatives (R, P) of each part by forward differences."""
        here = values(x)
        slopes = [np.empty((len(v), len(x))) for v in here]
        for p in range(len(x)):
            moved = x.copy()
            moved[p] += _STEP
            for slope, after, before in zip(slopes, values(moved), here, strict=True):
                slope[:, p] = (after - before) / _STEP
        return sum(float(v.sum()) for v in here), slopes

    def loss(x: F64) -> tuple[float, F64]:
        total, slopes = scores(x)
        off = (x - centre) / spread
        return -total + 0.5 * float(off @ off), -sum(s.sum(axis=0) for s in slopes) + off / spread

    best = centre
    if parts:
        first = np.linalg.inv(np.diag(1 / spread**2) + sum(s.T @ s for s in scores(centre)[1]))
        options: Any = {"gtol": 0.5, "maxiter": 30, "hess_inv0": (first + first.T) / 2}
        best = minimize(loss, centre, jac=True, method="BFGS", options=options).x
    error = _errors(scores(best)[1], parts, spread) if parts else spread
    return {
        place: _estimate(place[1], float(best[i]), float(error[i]), float(spread[i]))
        for i, place in enumerate(layout.names)
    }


def _estimate(name: str, value: float, error: float, prior: float) -> Estimate:
    found = through(value, error, math.exp if name in _LOGS else float)
    return (
        found
        if error < prior / 2 and prior > _HELD
        else found._replace(low=-math.inf, high=math.inf, fitted=False)
    )


def _errors(slopes: Sequence[F64], parts: Sequence[_Task], spread: F64) -> F64:
    """Sandwich standard errors: information by the calls' outer products, spread by the questions'."""
    prior = np.diag(1 / spread**2)
    inner = prior + sum(s.T @ s for s in slopes)
    outer = prior.copy()
    for slope, part in zip(slopes, parts, strict=True):
        by_question = np.zeros((int(part.question.max()) + 1, slope.shape[1]))
        np.add.at(by_question, part.question, slope)
        outer += by_question.T @ by_question
    inverse = np.linalg.pinv(inner)
    return np.asarray(np.sqrt(np.diag(inverse @ outer @ inverse)))


def _start(
    owner: str, name: str, physics: Mapping[str, TaskPhysics], readers: Mapping[str, Reader], common: Common
) -> float:
    source: object = physics[owner] if owner in physics else common if owner == "common" else readers[owner]
    value = float(getattr(source, name))
    return math.log(value) if name in _LOGS else value


def _thinned(calls: Sightings) -> Sightings:
    """Fusers', revisers' and selectors' calls; a keyed sample where there are very many."""
    taken = np.isin(calls.role, [ROLE_KEYS[role] for role in ("fuser", "reviser", "select")])
    calls = calls.where(taken)
    if len(calls.model) <= _MOST:
        return calls
    keep = np.zeros(len(calls.model), np.bool_)
    keep[np.argsort(fold(np.uint64(1), np.arange(len(calls.model))), kind="stable")[:_MOST]] = True
    return calls.where(keep)


def _urn(evidence: Evidence) -> F64:
    """Chance (Q, M, A) that the next wrong answer of a model to a question is the one with that id.

    Samples of a model over the models' shares over the options: P(a) = (n_a + τ·b_a)/(n + τ), b_a = (Σ shares_a +
    τ'/options)/(models + τ'), with τ and τ' such that two first answers agree as often as observed.
    """
    alone = evidence.alone
    most = max(int(alone.answer.max(initial=0)), int(evidence.calls.answer.max(initial=0)), evidence.options) + 2
    count = np.zeros((len(evidence.margins.margin), len(alone.models), most))
    wrong = alone.answer > 0
    np.add.at(count, (alone.question[wrong], alone.model[wrong], alone.answer[wrong]), 1)
    by_model = count.sum(axis=2, keepdims=True)
    floor = 1 / evidence.options if evidence.options else 0.0
    different = min(max(evidence.different, floor + 0.01), 0.98)
    same = min(max(evidence.same, different + 0.01), 0.99)
    outer, inner = (1 - different) / (different - floor), (1 - same) / (same - different)
    shares = count / np.maximum(by_model, 1)
    heard = (by_model > 0).sum(axis=1)
    base = (shares.sum(axis=1) + outer * floor) / (heard + outer)
    return np.asarray((count + inner * base[:, None]) / (by_model + inner))


def _distinct(ids: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Which inputs (R, D) are the first with their answer, be it one; how many inputs give that answer."""
    equal = ids[:, :, None] == ids[:, None, :]
    earlier = np.tril(np.ones(equal.shape[1:], np.bool_), -1)
    return (ids >= 0) & ~(equal & earlier).any(axis=2), equal.sum(axis=2)
