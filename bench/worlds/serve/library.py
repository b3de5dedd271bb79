"""The questions a server can answer: by item, or found in the text of a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from bench.errors import IsobudgetError
from bench.worlds.simulated import SPLITS
from tasks import Question, Task, list_tasks, load_task
from tasks.base import TaskError

__all__ = ["Library", "Place"]

_HEAD = 40  # characters of a question by which it is looked up
_SPLITS = ("search", "test")


class Place(NamedTuple):
    """A question and where it stands: the task, the split, its number in the split."""

    task: Task
    split: str
    number: int
    question: Question

    @property
    def item(self) -> int:
        """Its item in the simulated world."""
        return SPLITS[self.split].first + self.number


class Library:
    """The tasks' questions, loaded when first needed."""

    def __init__(self, data_dir: str | Path | None, *, unsafe_local: bool) -> None:
        self.data_dir, self.unsafe_local = data_dir, unsafe_local
        self._tasks: dict[str, Task] = {}
        self._lock = RLock()

    def has(self, name: str) -> bool:
        """Whether a task is loaded already."""
        return name in self._tasks

    def task(self, name: str) -> Task:
        """A task with its questions. Raises TaskError when it does not exist or its questions are missing."""
        with self._lock:
            if name not in self._tasks:
                task = load_task(name, self.data_dir)
                task.unsafe_local = self.unsafe_local
                self._tasks[name] = task
            return self._tasks[name]

    def at(self, name: str, item: int) -> Place:
        """The question that is bound to an item. Raises IsobudgetError when there is none."""
        task = self.task(name)
        for split in _SPLITS:
            questions, first = getattr(task, split), SPLITS[split].first
            if 0 <= item - first < len(questions):
                return Place(task, split, item - first, questions[item - first])
        raise IsobudgetError(f"task {name} has no question for item {item}")

    def find(self, prompt: str) -> Place | None:
        """The longest question whose text occurs in a prompt, however it is spaced; None without one."""
        text = _plain(prompt)
        heads = {text[i : i + _HEAD] for i in range(max(1, len(text) - _HEAD + 1))}
        found = [place for head in heads for place in self._by_head.get(head, ())]
        found += self._by_head.get("", [])
        fits = [place for place in found if _plain(place.question.text) in text]
        return max(fits, key=lambda place: _likeness(place, text), default=None)

    @cached_property
    def _by_head(self) -> dict[str, list[Place]]:
        """Questions by how they begin; shorter ones under the empty text."""
        # Two threads may build it at once; both build the same.
        index: dict[str, list[Place]] = {}
        for place in self._all():
            text = _plain(place.question.text)
            index.setdefault(text[:_HEAD] if len(text) >= _HEAD else "", []).append(place)
        return index

    def _all(self) -> Iterator[Place]:
        for name in list_tasks():
            try:
                task = self.task(name)
            except TaskError:
                continue  # a server may have the data of some tasks only
            for split in _SPLITS:
                for index, question in enumerate(getattr(task, split)):
                    yield Place(task, split, index, question)


def _likeness(place: Place, text: str) -> tuple[int, bool]:
    """Longer questions first; of equal texts the one whose options occur too."""
    return len(_plain(place.question.text)), _plain(place.task.statement(place.question)) in text


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
