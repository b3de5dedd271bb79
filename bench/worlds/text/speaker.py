"""What every speaker shares: keyed picks, memory, the forms of no answer, and text from elsewhere."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from bench.keys import fold, text_key
from tasks.base import GradeKind, Question, Task

__all__ = ["FAR", "NONE", "RIGHT", "Speaker", "is_foreign"]

RIGHT, NONE = 0, -1
FAR = 2**40
"""Ids from here on stand for wrong answers that no rendered one equals."""

_MEMORY = 4096  # completions a question may keep; far more than a run ever sees


def is_foreign(answer: int) -> bool:
    """Whether an id stands for a text that was not rendered, so that only its author can repeat it."""
    return answer >= FAR


class Speaker(ABC):
    """The completions of one question. Subclasses say how right and wrong answers are worded.

    Methods may be called from several threads.
    """

    def __init__(self, task: Task, question: Question, item: int) -> None:
        self.task, self.question = task, question
        self._key = fold(fold(np.uint64(text_key("text mode")), task.key), item)
        self._said: dict[int, str] = {}
        self._read: dict[str, int] = {}
        self.lock = threading.RLock()

    def say(self, answer: int) -> str:
        """The completion of an id."""
        if answer not in self._said:
            with self.lock:
                text = self._none() if answer == NONE else self.answer(answer)
            self._remember(answer, text)
            self._said[answer] = text
        return self._said[answer]

    def knows(self, answer: int) -> bool:
        """Whether `say(answer)` is at hand, so that it takes no time."""
        return answer in self._said

    def read(self, completion: str) -> int:
        """The id of a completion."""
        if completion not in self._read:
            with self.lock:
                self._remember(self._understood(completion), completion)
        return self._read[completion]

    def has_read(self, completion: str) -> bool:
        """Whether `read(completion)` is at hand, so that it takes no time."""
        return completion in self._read

    @abstractmethod
    def answer(self, answer: int) -> str:
        """The completion of an id ≥ 0."""

    @abstractmethod
    def wrong_id(self, key: str) -> int | None:
        """Which wrong answer has this answer key; None when none has."""

    @abstractmethod
    def blanks(self) -> Sequence[str]:
        """Completions without an answer, at least one."""

    def answer_key(self, completion: str) -> str | None:
        """The task's canonical text of an answer."""
        return self.task.answer_key(self.question, completion)

    def pick(self, stream: str, count: int) -> int:
        """A number below `count`, by the item's key and the stream alone."""
        return int(fold(self._key, text_key(stream) % 2**63)) % count

    def shuffled(self, stream: str, count: int) -> list[int]:
        """0…count−1 in an order that the item's key and the stream decide."""
        keys = fold(fold(self._key, text_key(stream) % 2**63), np.arange(count))
        return [int(i) for i in np.argsort(keys, kind="stable")]

    def _none(self) -> str:
        forms = self.blanks()
        first = self.pick("blank", len(forms))
        turned = [*forms[first:], *forms[:first]]
        # An empty completion has no answer in any task.
        return next((text for text in turned if self.answer_key(text) is None), "")

    def _understood(self, completion: str) -> int:
        key = self.answer_key(completion)
        if key is None:
            return NONE
        if key == self.answer_key(self.say(RIGHT)):
            return RIGHT
        known = self.wrong_id(key)
        if known is not None:
            return known
        if self.task.grade(self.question, completion).kind is GradeKind.CORRECT:
            return RIGHT
        return FAR + text_key(key) % FAR

    def _remember(self, answer: int, completion: str) -> None:
        if len(self._read) >= _MEMORY:
            self._read.clear()
        self._read[completion] = answer
