"""Free-form answers in text: a worked solution that ends in a box.

The wrong answers are a keyed list of slips (`slips.py`), extended as far as an id asks. Each is held against
the gold answer by the real grader and against the others by the task's answer key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.worlds.text.slips import slips
from bench.worlds.text.speaker import RIGHT, Speaker
from tasks.base import GradeKind, Question, Task

__all__ = ["MathSpeaker"]

_WORK = (
    "First collect what is given and name the unknown quantity.\n"
    "The conditions then leave one relation for it; simplifying that relation step by step isolates it.",
    "Translate the conditions into equations.\n"
    "Eliminating what is not asked for leaves a single equation, which can be solved directly.",
    "Look at a small case to see the structure, then treat the case at hand the same way.\n"
    "Putting the parts together settles the value.",
    "Rewrite the expression in a form that shows its factors.\n"
    "After cancelling and collecting terms, only one quantity remains.",
)
_BLANKS = (
    "First collect what is given and name the unknown quantity.\n"
    "From here on I could not carry the calculation to its end.",
    "Translate the conditions into equations.\nSolving them gives \\boxed{",
    "Rewrite the expression in a form that shows its factors.\nAfter cancelling, what remains is to be",
)
_REACH = 2000
"""How many slips a completion that was not rendered is compared with."""


class MathSpeaker(Speaker):
    """A question with one short exact answer."""

    def __init__(self, task: Task, question: Question, item: int) -> None:
        super().__init__(task, question, item)
        self._source: Iterator[str] = self._slips()
        self._wrong: list[str] = []  # completions: the k-th is id k
        self._ids: dict[str, int] = {}  # by answer key

    def answer(self, answer: int) -> str:
        """The solution that boxes the gold answer or the k-th slip."""
        if answer == RIGHT:
            return self._solution(self.question.answer)
        while len(self._wrong) < answer:
            self._extend()
        return self._wrong[answer - 1]

    def wrong_id(self, key: str) -> int | None:
        """The id of that key, once the list has been extended as far as it occurs, if it occurs at all."""
        if key in self._ids:
            return self._ids[key]
        slip = next(
            (s for s, _ in zip(self._slips(), range(_REACH), strict=False) if self._key_of(s) == key), None
        )
        if slip is None:
            return None
        seen = len(self._wrong)
        while key not in self._ids and len(self._wrong) < seen + _REACH:
            self._extend()
        return self._ids.get(key)

    def blanks(self) -> Sequence[str]:
        """Given up, cut inside the box, and cut before it."""
        return _BLANKS

    def _slips(self) -> Iterator[str]:
        others = [question.answer for question in self._others()]
        return slips(self.question.answer, lambda count: self.shuffled(f"slips {count}", count), others)

    def _others(self) -> list[Question]:
        """A few other questions of the task, whose answers are mistaken for this one's."""
        known = getattr(self.task, "search", ())
        return [known[self.pick(f"neighbour {i}", len(known))] for i in range(8)] if known else []

    def _extend(self) -> None:
        """Accept the next slip that is wrong and new."""
        for slip in self._source:
            completion = self._solution(slip)
            key = self.answer_key(completion)
            if key is None or key in self._ids or key == self._gold_key:
                continue
            if self.task.grade(self.question, completion).kind is GradeKind.WRONG:
                self._wrong.append(completion)
                self._ids[key] = len(self._wrong)
                return

    @property
    def _gold_key(self) -> str | None:
        return self._key_of(self.question.answer)

    def _key_of(self, answer: str) -> str | None:
        return self.answer_key(self._solution(answer))

    def _solution(self, answer: str) -> str:
        work = _WORK[self.pick(f"work {answer}", len(_WORK))]
        return f"{work}\n\nThe final answer is \\boxed{{{answer}}}."
