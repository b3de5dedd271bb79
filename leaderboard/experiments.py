"""Experiments drawn from a bank of runs: the same comparison, made again with other seeds and other questions.

Seeds and questions are drawn independently and with replacement, so that the bank is the whole population: the
truth is known, and an experiment's seeds and items are random samples in the strict sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.paired import Floats

__all__ = ["Bank", "as_frames", "draw", "levelled", "lifted"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Bank:
    """Runs of M methods in T cells (tasks, or one family of worlds), B blocks each (seeds, or worlds x seeds).

    truth: float64 (M, T, B), exact accuracy of what each run recommends. right: bool (M, T, B, N), whether that
    graph answers each of N test questions right in the run's own trial; N = 0 where only exact accuracies count.
    """

    methods: tuple[str, ...]
    cells: tuple[str, ...]
    truth: Floats
    right: Bools

    def __post_init__(self) -> None:
        shape = (len(self.methods), len(self.cells), self.truth.shape[-1])
        if self.truth.shape != shape or self.right.shape[:3] != shape:
            raise ValueError(f"truth and right: {shape} is needed, got {self.truth.shape}, {self.right.shape}")

    @cached_property
    def level(self) -> Floats:
        """Mean of each method in each cell (M, T): over all blocks and questions, or of the exact accuracies."""
        means = self.right.mean(axis=(2, 3)) if self.right.shape[3] else self.truth.mean(axis=2)
        return np.asarray(means, dtype=np.float64)

    @cached_property
    def merit(self) -> Floats:
        """What ranks the methods in truth (M,): the mean over cells of the exact accuracy of a run."""
        return np.asarray(self.truth.mean(axis=(1, 2)), dtype=np.float64)

    def only(self, *methods: int) -> Bank:
        """The bank of some of its methods."""
        at = list(methods)
        return replace(
            self, methods=tuple(self.methods[i] for i in at), truth=self.truth[at], right=self.right[at]
        )


def draw(bank: Bank, blocks: int, items: int, rng: np.random.Generator, exchanged: bool = False) -> list[Floats]:
    """One experiment: in each cell the answers (M, blocks, items); with items = 0 exact accuracies (M, blocks, 1).

    The same blocks and items for all methods, others in every cell. exchanged: the methods of each block change
    places at random. For copies of one method that changes nothing but which copy is which, and makes them equal
    in expectation whatever the bank.
    """
    cells = []
    many, size = len(bank.methods), bank.truth.shape[2]
    for cell in range(len(bank.cells)):
        block = rng.integers(size, size=blocks)
        method = np.tile(np.arange(many)[:, None], (1, blocks))
        if exchanged:
            method = rng.permuted(method, axis=0)
        if items:
            item = rng.integers(bank.right.shape[3], size=items)
            cells.append(bank.right[method[:, :, None], cell, block[None, :, None], item].astype(np.float64))
        else:
            cells.append(bank.truth[method, cell, block][:, :, None])
    return cells


def lifted(answers: Sequence[Floats], level: Sequence[float], lift: float, luck: Sequence[Floats]) -> list[Floats]:
    """The same answers, better by `lift` (a share) in expectation: some of the wrong ones become right.

    level: the mean of each cell in the bank. luck: uniform numbers of the answers' shapes; each wrong answer
    becomes right where its number is below lift/(1 - level), whatever its question. Exact ones are simply raised.
    """
    if answers[0].shape[-1] == 1:
        return [values + lift for values in answers]
    return [
        np.maximum(values, number < lift / (1 - mean))
        for values, mean, number in zip(answers, level, luck, strict=True)
    ]


def levelled(bank: Bank, rng: np.random.Generator) -> Bank:
    """Two different methods made equally good in every cell, each with its own questions and its own luck.

    The better one loses right answers at random until both have the same expected level; exact accuracies are
    moved. ValueError unless the bank has two methods.
    """
    if len(bank.methods) != 2:
        raise ValueError(f"bank: two methods are needed, got {len(bank.methods)}")
    truth = bank.truth - bank.truth.mean(axis=2, keepdims=True)
    truth += bank.truth.mean(axis=(0, 2))[None, :, None]
    right = bank.right.copy()
    for cell in range(len(bank.cells) if right.shape[3] else 0):
        better = int(bank.level[1, cell] > bank.level[0, cell])
        kept = bank.level[1 - better, cell] / bank.level[better, cell] if bank.level[better, cell] else 1.0
        right[better, cell] &= rng.random(right.shape[2:]) < kept
    return replace(bank, truth=truth, right=right)


def as_frames(
    cells: Sequence[Floats], methods: Sequence[str], tasks: Sequence[str], template: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An experiment in the form in which records reach the leaderboard: a runs frame and a questions frame.

    template: one row of a runs frame; what the experiment does not decide is as there. Seeds and questions are
    numbered in the order in which they were drawn.
    """
    exact = cells[0].shape[2] == 1
    first = template.iloc[0].to_dict()
    runs, questions = [], []
    for (place, task), (at, method) in product(enumerate(tasks), enumerate(methods)):
        answers = cells[place][at]
        for seed in range(len(answers)):
            own = {"method": method, "label": method, "task": task, "seed": seed, "checkpoint": False}
            runs.append(first | own | {"accuracy": answers[seed, 0] if exact else np.nan})
        if not exact:
            seeds, items = answers.shape
            names = {"method": method, "task": task, "budget": first["budget"]}
            right = answers.ravel() > 0
            places = {"seed": np.repeat(np.arange(seeds), items), "question": np.tile(np.arange(items), seeds)}
            kind = np.where(right, "correct", "wrong")
            questions.append(pd.DataFrame(places).assign(**names, kind=kind, correct=right))
    return pd.DataFrame(runs), pd.concat(questions) if questions else pd.DataFrame()
