"""What a node answers: its own attempt, then, if it reads others, a choice among their answers and its own.

A call's draws are read off one key, so the answer is a pure function of (task, item, trial, salt, model,
role, replica, multiset of the inputs). The inputs are not in the key: each answer id has its own exponential
draw E, and the choice is the id with the smallest E/weight (an exponential race, distributed as a softmax).
So the order of the inputs cannot matter, and two graphs that differ a little share nearly all their noise.

Small batches dominate a search, and their time is the number of array operations: hence the care below.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.keys import U64, fold, unif
from bench.worlds.base import ABSENT, ROLE_KEYS
from bench.worlds.simulation.items import ALONE, COLUMNS, Items, threshold
from bench.worlds.simulation.tables import Tables
from bench.worlds.simulation.universe import Common, TaskPhysics
from bench.worlds.simulation.wrong import kth_wrong

__all__ = ["NONE", "RIGHT", "Draw", "Inputs", "Minds", "Rows", "streams", "vote"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

RIGHT, NONE = 0, -1
"""The id of the right answer, and of none at all; 1 ≤ k < 2^15 is the k-th wrong answer of the item."""


class Draw(IntEnum):
    """Rows of `Rows.draws`; those up to LENGTH are all that a call without inputs needs."""

    SOLVE = 0
    NO_ANSWER = 1
    PET = 2
    WHICH = 3
    LENGTH = 4
    OVERLOAD = 5
    GIVE_UP = 6
    CHOICE = 7
    SALVAGE = 8
    JITTER = -1


_ALONE = (20, 21, 22, 23, 28)
_READ = (*_ALONE, 24, 26, 25, 27)
_JITTER = 29
_STREAMS = {
    (reads, timed): np.array(first + (_JITTER,) * timed)[:, None]
    for reads, first in ((False, _ALONE), (True, _READ))
    for timed in (False, True)
}
_HALF = np.array(32, dtype=np.uint64)


def streams(reads: bool, timed: bool) -> I64:
    """The streams (S, 1) of `Rows.draws`, for calls with or without inputs, to be timed or not."""
    return _STREAMS[reads, timed]


class Rows(NamedTuple):
    """R calls of one task.

    draws uint64 (S, R): one row a `Draw`. slot: position of the item in `Items`; model: position among the
    universe's models; role: a value of ROLE_KEYS; all int64 (R,).
    """

    draws: U64
    slot: I64
    model: I64
    role: I64


class Inputs(NamedTuple):
    """What R calls read: answer ids (D, R), ABSENT where there are fewer; the levels (D, R) of their authors.

    critics: None where no author is a critic, otherwise float64 (D, R): the verification pull of the critics
    among the authors, −inf for all others.
    """

    ids: I64
    level: I64
    critics: F64 | None


class Minds:
    """How the models of a universe answer one task."""

    def __init__(self, physics: TaskPhysics, common: Common, tables: Tables, tokens: tuple[int, int]) -> None:
        """tokens: of the question's prompt and of an answer."""
        self.options, self.common, self.tables = physics.wrong_options, common, tables
        self.prompt, self.answer = tokens
        self.models = len(tables.none)
        self._pet = threshold(physics.pet)
        self._gives_up = threshold(common.overload_none)

    def alone(self, items: Items, rows: Rows) -> I64:
        """Answers (R,) of calls that read nothing."""
        bits = rows.draws[:5] >> _HALF
        pair = rows.slot * self.models + rows.model
        attempt = self._attempt(items, rows, pair, pair * COLUMNS + ALONE, bits)
        return self._within_length(attempt, rows, bits)

    def reading(self, items: Items, rows: Rows, inputs: Inputs, free_roles: bool) -> I64:
        """Answers (R,) of calls that read at least one input each, whatever their role but `vote`.

        free_roles: whether any of the calls may be an assistant's or a critic's.
        """
        bits = rows.draws[:7] >> _HALF
        present = inputs.ids != ABSENT
        degree = np.add.reduce(present, axis=0, dtype=np.int64)
        right = np.add.reduce(inputs.ids == RIGHT, axis=0, dtype=np.int64)
        column = (4 * right / degree + 0.5).astype(np.int64)  # share of right inputs in quarters, halves up
        if free_roles:
            column[rows.role == ROLE_KEYS["assistant"]] = ALONE
        pair = rows.slot * self.models + rows.model
        own = self._attempt(items, rows, pair, pair * COLUMNS + column, bits)
        if free_roles:
            own[rows.role == ROLE_KEYS["critic"]] = ABSENT  # a critic makes no attempt of its own
        reader = self.tables.reader.take(rows.role * self.models + rows.model, axis=1)
        levels = np.add.reduce(inputs.level * present, axis=0)
        overloaded = bits[Draw.OVERLOAD] < self._overload(
            degree + self.common.length_inflation * levels, reader[3]
        )
        answer = self._chosen(rows, inputs, own, overloaded, reader, items.verification.take(pair))
        answer[overloaded & (bits[Draw.GIVE_UP] < self._gives_up)] = NONE
        return self._within_length(answer, rows, bits)

    def _attempt(self, items: Items, rows: Rows, pair: I64, solve: I64, bits: U64) -> I64:
        """Right or some wrong answer. pair: places of (item, model); solve: places in `Items.solve`."""
        none = bits[Draw.NO_ANSWER] < self.tables.none.take(rows.model)
        fresh = kth_wrong(unif(rows.draws[Draw.WHICH]), items.log_ratio.take(rows.slot), self.options)
        answer = np.where(bits[Draw.PET] < self._pet, items.pet.take(pair), fresh)
        answer[none] = NONE
        answer[bits[Draw.SOLVE] < items.solve.take(solve)] = RIGHT
        return answer

    def _within_length(self, answer: I64, rows: Rows, bits: U64) -> I64:
        """Wrong answers that run into the length limit end as none."""
        answer[(bits[Draw.LENGTH] >= self.tables.cut.take(rows.model)) & (answer != RIGHT)] = NONE
        return answer

    def _overload(self, answers: F64, per_context: F64) -> F64:
        """Chance of overload, times 2^32. answers: what is read, in answers of ordinary length."""
        read = (self.prompt + self.answer * answers) / 1000
        return -(2.0**32 * self.common.overload_ceiling) * np.expm1(-read * read * per_context)

    def _chosen(
        self, rows: Rows, inputs: Inputs, own: I64, overloaded: Bools, reader: F64, verification: F64
    ) -> I64:
        """The winners of the races, not yet those who give up.

        Overloaded calls forget the evidence: they take any of the inputs or the own attempt, be it none.
        """
        ids = np.concatenate([inputs.ids, own[None]])
        short = ids.astype(np.int16)  # D² comparisons, in a quarter of the memory
        same = short[:-1, None] == short
        votes = np.add.reduce(same.view(np.int8), axis=0, dtype=np.int8)
        mine = ids == own
        pull = self._pull(ids, votes, mine, reader, verification)
        if inputs.critics is not None:
            praise = np.where(same, inputs.critics[:, None], -np.inf).max(axis=0)
            pull += self.common.critic_weight * np.where(np.isinf(praise), 0.0, praise)
        # single precision: the last bit of an exponential must not decide a race
        weight = np.where(overloaded, votes + mine, np.exp(pull).astype(np.float32))
        stream = np.where(overloaded, rows.draws[Draw.SALVAGE], rows.draws[Draw.CHOICE])
        time = -np.log(unif(fold(stream, ids + 7)))
        time[ids + overloaded < RIGHT] = np.inf  # none takes part only when overloaded
        time /= weight
        # Columns of one id have one score, so the largest id at the minimum is the winner's.
        return np.asarray(np.where(time == time.min(axis=0), ids, NONE).max(axis=0))

    def _pull(self, ids: I64, votes: I8, mine: Bools, reader: F64, verification: F64) -> F64:
        """Log-odds (D + 1, R) of each candidate; meaningless where the id is none or absent."""
        answered = np.add.reduce(ids[:-1] >= RIGHT, axis=0, dtype=np.int8)
        pull = reader[0] * votes
        pull += reader[1] * mine
        # Where nobody answered, the own attempt, alone in its race, counts as agreed on too: no matter.
        pull += reader[2] * (votes == answered)
        pull += verification * (ids == RIGHT)
        return np.asarray(pull)


def vote(ids: I64) -> I64:
    """Plurality (R,) of the answers in ids (D, R); ties go to the first row, none where nobody answered."""
    if len(ids) == 0:
        return np.full(ids.shape[1], NONE)
    short = ids.astype(np.int16)
    votes = np.add.reduce((short[:, None] == short).view(np.int8), axis=0, dtype=np.int8)
    votes[short < RIGHT] = 0
    winner = ids[votes.argmax(axis=0), np.arange(ids.shape[1])]  # argmax gives the first
    return np.asarray(np.maximum(winner, NONE))
