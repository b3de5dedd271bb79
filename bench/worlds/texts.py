"""Completions as handles: each distinct text once, with its grade and answer key worked out at most once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.worlds.base import I64
from tasks.base import GRADE_KINDS, GradeKind, Question, Task, load_task

__all__ = ["NO_TEXT", "Tasks", "Texts"]

NO_TEXT = -1
"""The handle of no completion at all: a vote in which nobody gave an answer."""

_GRADERS = 4  # threads; grading code is mostly waiting for a sandbox
_Asked = tuple[str, str, int]  # task, question id, handle


class Tasks(dict[str, Task]):
    """Tasks with their questions by name, each loaded when it is first asked for."""

    def __init__(self, data_dir: str | Path | None, unsafe_local: bool) -> None:
        super().__init__()
        self._data_dir, self._unsafe = data_dir, unsafe_local

    def __missing__(self, name: str) -> Task:
        task = load_task(name, self._data_dir)
        task.unsafe_local = self._unsafe
        self[name] = task
        return task


class Texts:
    """The completions of one world. Handles count from 0 in the order of arrival."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._handles: dict[str, int] = {}
        self._keys: dict[_Asked, str | None] = {}
        self._grades: dict[_Asked, int] = {}

    def add(self, text: str) -> int:
        """The handle of a text; the same one for the same text."""
        handle = self._handles.setdefault(text, len(self._texts))
        if handle == len(self._texts):
            self._texts.append(text)
        return handle

    def __getitem__(self, handle: int) -> str:
        return "" if handle == NO_TEXT else self._texts[handle]

    def plurality(self, task: Task, question: Question, handles: Sequence[int]) -> int:
        """The first of the handles whose answer most of them give; NO_TEXT where none has an answer."""
        keys = [self.key(task, question, handle) for handle in handles]
        votes = [0 if key is None else keys.count(key) for key in keys]
        return handles[votes.index(max(votes))] if any(votes) else NO_TEXT

    def grades(self, task: Task, questions: Sequence[Question], handles: I64) -> I64:
        """Positions in GRADE_KINDS, int64 (R,). Raises SandboxUnavailable where code cannot be graded."""
        asked = list(zip(questions, handles.tolist(), strict=True))
        fresh = {(task.name, q.id, h): q for q, h in asked if (task.name, q.id, h) not in self._grades}
        if fresh:
            with ThreadPoolExecutor(_GRADERS) as pool:
                kinds = pool.map(lambda at: self._grade(task, fresh[at], at[2]), fresh)
                self._grades.update(zip(fresh, (GRADE_KINDS.index(kind) for kind in kinds), strict=True))
        return np.array([self._grades[task.name, q.id, h] for q, h in asked], dtype=np.int64)

    def _grade(self, task: Task, question: Question, handle: int) -> GradeKind:
        return GradeKind.NO_ANSWER if handle == NO_TEXT else task.grade(question, self[handle]).kind

    def key(self, task: Task, question: Question, handle: int) -> str | None:
        """The answer as a canonical text, equal for equal answers; None without one."""
        at = (task.name, question.id, handle)
        if at not in self._keys:
            self._keys[at] = None if handle == NO_TEXT else task.answer_key(question, self[handle])
        return self._keys[at]
