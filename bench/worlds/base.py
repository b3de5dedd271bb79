"""What every world answers to: node calls, in flat batches of rows.

A world never sees a graph. `execute` flattens a level of one or many graphs on many questions into rows, one
row a node call, and passes the answers on as opaque 64-bit handles: in the simulated world they are answer
ids (0 right, k the k-th wrong answer, -1 none), in text worlds numbers of stored completions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["ABSENT", "I64", "LONGEST_ANSWER", "ROLE_KEYS", "Answering", "Answers", "Calls", "Faults", "World"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

LONGEST_ANSWER = 4
"""No completion is longer than this many times the task's answer length: live worlds cut them there."""

ABSENT = -2
"""Padding in `Calls.inputs`: the row has fewer predecessors than the widest row of the batch."""

ROLE_KEYS = {"assistant": 0, "fuser": 1, "select": 2, "vote": 3, "reviser": 4, "critic": 6}
"""The small integers that stand for roles in random keys; appended, never renumbered."""


@dataclass(frozen=True, slots=True)
class Calls:
    """A batch of R node calls of one task and split. All rows are independent of each other.

    question  int64 (R,)    index of the question in its split
    trial     int64 (R,)    which draw of the sampling noise (the run's seed, plus 1000 for each repeat)
    salt      uint64 (R,)   folded into the key when not 0 (graph and draw: `noise = "fresh"`)
    model     int64 (R,)    position of the model in `models`; -1 for a vote
    role      int64 (R,)    a value of ROLE_KEYS
    replica   int64 (R,)    rank of the node among its graph's nodes of equal model and role
    inputs    int64 (R, D)  handles of the predecessors' answers in canonical order, ABSENT on the right
    input_level, input_tokens, input_role, input_model  int64 (R, D)  the same predecessors' topological
        levels, completion tokens, roles and models; their content is undefined where `inputs` is ABSENT
    """

    task: str
    split: str
    models: tuple[str, ...]
    question: I64
    trial: I64
    salt: npt.NDArray[np.uint64]
    model: I64
    role: I64
    replica: I64
    inputs: I64
    input_level: I64
    input_tokens: I64
    input_role: I64
    input_model: I64


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back, one entry a row of the `Calls`.

    handle int64 (R,): opaque; prompt_tokens, completion_tokens int64 (R,): as counted by the world (0 for a
    vote); seconds float64 (R,): modelled service time of the successful attempt (0 for a vote); wall float64
    (R,) measured seconds, zeros where nothing is measured; attempts int64 (R,): 1 plus the retries.
    """

    handle: I64
    prompt_tokens: I64
    completion_tokens: I64
    seconds: F64
    wall: F64
    attempts: I64


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults a world has met since it was opened; they are counted, never scored as wrong answers."""

    retries: int = 0
    gave_up: int = 0


class Answering(Protocol):
    """A batch of calls under way."""

    def result(self) -> Answers:
        """Wait for the answers; cancels what is left where one fails. Raises as `World.answer`."""
        ...

    def cancel(self) -> None:
        """Give up what has not been answered."""
        ...


class World(Protocol):
    """Who answers node calls.

    provenance: how every number made from this world is labelled ("simulated", "replayed", "measured live").
    A world may also have `measured() -> dict[str, float]`: what it used since it was last asked, for the measured
    part of a record. One whose answers take time may also have `begin(calls) -> Answering`: several batches are
    then under way at once, so that the end of one does not leave it half idle.
    """

    @property
    def name(self) -> str: ...

    @property
    def provenance(self) -> str: ...

    def answer(self, calls: Calls) -> Answers:
        """Answer every row. Raises WorldError when the world is out of reach."""
        ...

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """Positions in `tasks.base.GRADE_KINDS` for answers to questions, both of shape (R,)."""
        ...

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has."""
        ...
