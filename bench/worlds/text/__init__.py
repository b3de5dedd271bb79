"""Text mode: the simulated world's answer ids as full completions on real questions, and back.

`render` writes the completion that stands for an id, `identify` reads the id off a completion; on everything
rendered they are exact inverses. Both are pure functions of (task, question, item, id): nothing random, and
what is kept in memory or on disk only saves time. The real graders of `tasks/` find id 0 correct, every id
k ≥ 1 wrong, and no answer in −1; ids are equal exactly where `Task.answer_key`s are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from bench.errors import IsobudgetError
from bench.worlds.text.code import CodeSpeaker
from bench.worlds.text.letters import LetterSpeaker
from bench.worlds.text.maths import MathSpeaker
from bench.worlds.text.speaker import NONE, RIGHT, Speaker, is_foreign
from tasks.base import Question, Task

__all__ = ["NONE", "RIGHT", "Speaker", "identify", "is_foreign", "render", "speaker"]

_SPEAKERS: dict[str, Callable[[Task, Question, int], Speaker]] = {
    "math": MathSpeaker,
    "humaneval": CodeSpeaker,
}
_kept: dict[tuple[type[Task], str, str, int], Speaker] = {}
_lock = threading.Lock()


def render(task: Task, question: Question, item: int, answer: int) -> str:
    """The completion that stands for `answer` (−1 none, 0 right, k the k-th wrong one) of this item.

    Raises IsobudgetError for an id that the task cannot have, SandboxUnavailable where wrong programs cannot
    be told from right ones.
    """
    return speaker(task, question, item).say(answer)


def identify(task: Task, question: Question, item: int, completion: str) -> int:
    """The id that a completion stands for: the inverse of `render`.

    Text from elsewhere is understood as far as the graders understand it: −1 without an answer, 0 when it is
    correct, an id of its own (`is_foreign`) when it is wrong in a way no rendered answer is.
    """
    return speaker(task, question, item).read(completion)


def speaker(task: Task, question: Question, item: int) -> Speaker:
    """The speaker of a question, kept for the next call."""
    key = (type(task), question.id, question.answer, item)
    with _lock:
        if key not in _kept:
            _kept[key] = _kind(task)(task, question, item)
        return _kept[key]


def _kind(task: Task) -> Callable[[Task, Question, int], Speaker]:
    if task.name in _SPEAKERS:
        return _SPEAKERS[task.name]
    if task.choices is not None:
        return LetterSpeaker
    known = ", ".join(_SPEAKERS)
    raise IsobudgetError(f"the simulated world has no text for task '{task.name}': only {known}, and choices")
