"""The replay world: whole searches from a tape, with no model. What is not on the tape is an error, never a guess.

Texts, tokens, charged seconds and measured seconds are those that were recorded, so a recorded run replays with
the same answers, charges and digest. Its numbers are called replayed, and keep the name of what was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError, unknown
from bench.tapes import CALL, Tape, TapeMiss, described, read_tape
from bench.worlds.asking import Asked, asked, pick_answers
from bench.worlds.base import ABSENT, I64, ROLE_KEYS, Answers, Calls
from bench.worlds.texts import Tasks, Texts
from tasks import Question, Task

__all__ = ["ReplayWorld", "open_replay"]

_VOTE = ROLE_KEYS["vote"]
_SPLITS = ("search", "test")
_FIGURES = ("prompt_tokens", "completion_tokens", "seconds", "wall", "attempts")


def open_replay(tape: str | Path | None = None, **options: Any) -> Any:
    """The world of a tape: of recorded calls, or of imported answers, where readers stay modelled.

    options: as for `ReplayWorld`, or `AnsweredWorld`.
    """
    if tape is None:
        raise IsobudgetError(
            "world replay needs a tape: give --tape FILE (isobudget record SUITE --tape FILE makes one)"
        )
    read = read_tape(tape)
    if read.head.imported:
        from bench.worlds.answered import AnsweredWorld

        return AnsweredWorld(read, **options)
    return ReplayWorld(read, **options)


class ReplayWorld:
    """A recorded world. It goes by that world's name, because a run of it is that world's run."""

    def __init__(
        self,
        tape: Tape | str | Path,
        *,
        data_dir: str | Path | None = None,
        unsafe_local: bool = False,
        record_with: str = "",
        **of_live_worlds: Any,
    ) -> None:
        """data_dir: the questions' folder. record_with: the command that records what is missing, for messages.

        of_live_worlds: options that a live world takes and a tape has no use for. Raises BrokenTape.
        """
        self.tape = read_tape(tape) if isinstance(tape, str | Path) else tape
        self.record_with = record_with
        self._tasks = Tasks(data_dir, unsafe_local)
        self._texts = Texts()
        calls = self.tape.part(CALL)
        self._rows = {key: row for row, key in enumerate(calls["key"].to_pylist())}
        self._text = calls["text"].to_pylist()
        self._figures = {name: calls[name].to_numpy() for name in _FIGURES}

    @property
    def name(self) -> str:
        """Of the recorded world."""
        return self.tape.head.world

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What else defines the recorded world."""
        return self.tape.head.options

    @property
    def provenance(self) -> str:
        """How the recorded numbers were called; `replayed` says that they were not made now."""
        return "; ".join(self.tape.head.labels)

    @property
    def replayed(self) -> str:
        """The tape's digest, shortened: measured, as which machine a run was on is."""
        return self.tape.digest[:12]

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has, whatever of them is on the tape."""
        return len(self._questions(task, split))

    def text(self, handle: int) -> str:
        """The completion behind a handle."""
        return self._texts[handle]

    def task(self, name: str) -> Task:
        """The task with its questions."""
        return self._tasks[name]

    def answer(self, calls: Calls) -> Answers:
        """The recorded answers; votes are counted here. Raises TapeMiss for calls that are not on the tape."""
        task, there = self.task(calls.task), pick_answers(len(calls.question))
        self._questions(calls.task, calls.split)
        asks = {row: asked(calls, row, task, self.text) for row in np.flatnonzero(calls.role != _VOTE).tolist()}
        missing = [ask for ask in asks.values() if ask.key not in self._rows]
        if missing:
            raise TapeMiss(self._lacks(calls, missing, len(asks)))
        at = np.array([self._rows[ask.key] for ask in asks.values()], dtype=np.int64)
        rows = np.array(list(asks), dtype=np.int64)
        there.handle[rows] = [self._texts.add(self._text[i]) for i in at.tolist()]
        for name in _FIGURES:
            getattr(there, name)[rows] = self._figures[name][at]
        for row in np.flatnonzero(calls.role == _VOTE).tolist():
            handles = [handle for handle in calls.inputs[row].tolist() if handle != ABSENT]
            question = self._questions(calls.task, calls.split)[int(calls.question[row])]
            there.handle[row] = self._texts.plurality(task, question, handles)
        return there

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """Positions in `GRADE_KINDS`, by the task's grader; each distinct completion is graded once."""
        known = self._questions(task, split)
        asked_of = [known[i] for i in question.tolist()]
        return self._texts.grades(self.task(task), asked_of, handle).astype(np.int8)

    def answer_keys(self, task: str, split: str, question: I64, handle: I64) -> list[str | None]:
        """The answers as canonical texts, equal for equal answers; None where there is none."""
        known, chosen = self._questions(task, split), self.task(task)
        return [
            self._texts.key(chosen, known[i], h) for i, h in zip(question.tolist(), handle.tolist(), strict=True)
        ]

    def _questions(self, task: str, split: str) -> Sequence[Question]:
        if split not in _SPLITS:
            raise unknown("split", split, _SPLITS)
        questions: Sequence[Question] = getattr(self.task(task), split)
        return questions

    def _lacks(self, calls: Calls, missing: Sequence[Asked], of: int) -> str:
        first = missing[0]
        tags = first.tags
        draw = {"trial": tags.trial, "salt": tags.salt, "replica": tags.replica}
        place = {"task": calls.task, "split": calls.split, "question": f"{first.question.id} (no. {first.number})"}
        who = described({"model": first.model, "role": tags.role, **place, **draw})
        reads = f", reading {len(tags.parents)} answers" if tags.parents else ""
        command = (
            self.record_with or f"isobudget record SUITE --tape {self.tape.path} --world {self.name or 'openai'}"
        )
        return (
            f"the tape {self.tape.path} lacks {len(missing)} of {of} calls, the first: {who}{reads}. "
            f"Record it with: {command}"
        )
