"""The items of a task: how hard each is, for each model, and what its wrong answers are like.

    margin of model m on item i     g = √between·z + √(within − between)·e_m − θ_m
    sampling noise of the item      s = √(1 − within)·exp(ν·n − ν²), so that E s² = 1 − within
    an assistant is right with probability Φ(g / s);  z, e_m, n ~ N(0, 1)

θ_m is such that the mean chance over all items is the model's accuracy, so single-model accuracies are exact
by construction. One factor for all models carries 55 to 58 % of the tetrachoric matrix of published answers.

A universe may split that factor: √across·z + √(between − across)·z_f, with z_f shared by one family of models.
And it may give each item a subject, one of k equally frequent ones: there the hardness for a model is θ_m less
its strength in it, and the model's accuracy is the mean over the subjects.

Each item is a pure function of (universe, task, item), so a bank builds only those it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from bench.keys import U64, fold, unif
from bench.worlds.simulation.universe import Universe
from bench.worlds.simulation.wrong import kth_wrong, ratio

__all__ = ["ALONE", "COLUMNS", "ItemBank", "Items", "threshold"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ALONE = 5
"""Column of `Items.solve` for an attempt without reading others; 0 to 4 are quarters of right inputs."""

COLUMNS = ALONE + 1

_NODES = 41  # of the Gauss-Hermite rule that solves θ
# Of an item's key, append only.
_STREAMS = {"easiness": 11, "noise": 12, "coincidence": 13, "quirk": 14, "pet": 15, "family": 16, "subject": 17}


class Items(NamedTuple):
    """N items for M models, as flat arrays so that a call is gathered by one index.

    key uint64 (N,). log_ratio float64 (N,): log r of the wrong answers. solve uint64 (N·M·COLUMNS,): chances
    of a right attempt as `threshold`s. verification float64 (N·M,): pull of the right answer. pet int64
    (N·M,): the models' standing wrong answers.
    """

    key: U64
    log_ratio: F64
    solve: U64
    verification: F64
    pet: I64


def threshold(chance: npt.ArrayLike) -> U64:
    """A chance as an integer to compare 32 random bits with, so that its last bits cannot decide a call."""
    return np.rint(np.asarray(chance, dtype=np.float64) * 2.0**32).astype(np.uint64)


class ItemBank:
    """The items of one task and split, built as they are asked for.

    models: positions 0…M−1 of `Items` stand for these names; keys: the integers that stand for them in keys.
    """

    def __init__(
        self, universe: Universe, task: str, task_key: int, first: int, size: int, keys: Sequence[int]
    ) -> None:
        self.physics, self.common = universe.task(task), universe.common
        self.models = universe.task_models(task)
        self.keys = np.asarray(keys, dtype=np.int64)
        self.first, self.built = first, 0
        self._root = fold(fold(np.uint64(universe.number), 1), task_key)
        self._slot = np.full(size, -1)
        self._families = np.array([universe.models[model].family for model in self.models], dtype=np.int64)
        self.hardness = self._thresholds()
        self.items = self._make(np.zeros(0, dtype=np.int64))

    def slots(self, question: I64) -> I64:
        """Positions in `items` of the split's questions with these indices, any shape; builds what lacks."""
        slot = self._slot[question]
        if slot.size and slot.min() < 0:
            missing = np.unique(question[slot < 0])
            self._slot[missing] = np.arange(self.built, self.built + len(missing))
            self.built += len(missing)
            grown = zip(self.items, self._make(missing), strict=True)
            self.items = Items._make(np.concatenate(pair) for pair in grown)
            slot = self._slot[question]
        return slot

    def _make(self, question: I64) -> Items:
        key = fold(self._root, question + self.first)
        margin, noise = self._margins(question, key)
        log_ratio = np.log(self._ratio(key))
        pet = kth_wrong(unif(self._by_model(key, "pet")), log_ratio[:, None], self.physics.wrong_options)
        limit = self.common.verification_limit
        pull = self.physics.verification + self.physics.verification_slope * margin
        return Items(
            key=key,
            log_ratio=log_ratio,
            solve=self._solve(margin, noise).ravel(),
            verification=np.clip(pull, -limit, limit).ravel(),
            pet=pet.ravel(),
        )

    def _margins(self, question: I64, key: U64) -> tuple[F64, F64]:
        """Margins (N, M) and sampling noises (N, 1) of the questions with these indices and keys."""
        p, nu = self.physics, self.common.noise_spread
        quirk = ndtri(unif(self._by_model(key, "quirk")))
        noise = np.sqrt(1 - p.within) * np.exp(nu * _normal(key, "noise") - nu * nu)
        margin = self._shared(key) + np.sqrt(p.within - p.between) * quirk - self.hardness[self._subject(key)]
        return margin, noise[:, None]

    def _shared(self, key: U64) -> F64:
        """What models have in common: (N, 1) where all do equally, else (N, M)."""
        p = self.physics
        easiness = _normal(key, "easiness")[:, None]
        if p.across is None:
            return np.asarray(np.sqrt(p.between) * easiness)
        family = ndtri(unif(self._by_key(key, "family", self._families)))
        return np.asarray(np.sqrt(p.across) * easiness + np.sqrt(p.between - p.across) * family)

    def _subject(self, key: U64) -> I64:
        """The items' subjects (N,)."""
        if self.physics.subjects == 1:
            return np.zeros(len(key), dtype=np.int64)
        draw = unif(fold(key, np.array([_STREAMS["subject"]])))
        return (draw * self.physics.subjects).astype(np.int64)

    def _solve(self, margin: F64, noise: F64) -> U64:
        """Thresholds (N, M, COLUMNS) of the own attempt, by what its author reads."""
        quarters = np.arange(ALONE) / 2 - 1  # −1 … 1: from no right input to nothing but right inputs
        shift = np.append(self.physics.reading + self.physics.sway * quarters, 0.0)
        return threshold(ndtr((margin[..., None] + shift) / noise[..., None]))

    def _ratio(self, key: U64) -> F64:
        mean = self.physics.coincidence
        logit = np.log(mean / (1 - mean)) + self.common.coincidence_spread * _normal(key, "coincidence")
        return ratio(1 / (1 + np.exp(-logit)), self.physics.wrong_options)

    def _by_model(self, key: U64, what: str) -> U64:
        """Keys (N, M) of a draw that each model has of its own."""
        return self._by_key(key, what, self.keys)

    def _by_key(self, key: U64, what: str, keys: I64) -> U64:
        return fold(fold(key, np.array([_STREAMS[what]]))[:, None], keys)

    def _thresholds(self) -> F64:
        """The hardness (subjects, M) of each subject for each model."""
        none = (0.0,) * self.physics.subjects
        strengths = [self.physics.strengths.get(model) or none for model in self.models]
        thetas = [
            _theta(self.physics.accuracy[model], tuple(strength), self.common.noise_spread, self.physics.within)
            for model, strength in zip(self.models, strengths, strict=True)
        ]
        return np.array(thetas) - np.array(strengths, dtype=np.float64).T


@lru_cache(maxsize=4096)
def _theta(accuracy: float, strengths: tuple[float, ...], nu: float, within: float) -> float:
    """The hardness at which the mean chance over all items of all subjects is `accuracy`, by bisection."""
    nodes, weights = _rule()
    spread = np.sqrt(within + (1 - within) * np.exp(2 * nu * nodes - 2 * nu * nu))
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        chances = [float(weights @ ndtr((strength - middle) / spread)) for strength in strengths]
        mean = sum(chances) / len(chances) / float(weights.sum())
        low, high = (middle, high) if mean > accuracy else (low, middle)
    return (low + high) / 2


@cache
def _rule() -> tuple[F64, F64]:
    """Nodes and weights (_NODES,) of the Gauss-Hermite rule for a standard normal, up to a factor."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return nodes, weights


def _normal(key: U64, what: str) -> F64:
    """One standard normal draw an item (N,)."""
    return np.asarray(ndtri(unif(fold(key, np.array([_STREAMS[what]])))))
