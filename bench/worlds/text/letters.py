"""Multiple choice in text: the k-th wrong answer is the k-th letter of a keyed order of the wrong ones."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import IsobudgetError
from bench.worlds.text.speaker import RIGHT, Speaker
from tasks.base import Question, Task

__all__ = ["LetterSpeaker"]

# None of these may declare a letter by itself, so they avoid the words that introduce one.
_WORK = (
    "Begin with what is stated and recall the facts on which it turns.\n"
    "Held against those facts one after another, all candidates but one run into a conflict.",
    "Put the statement in other words first, to see what would settle it.\n"
    "Only one of the four then agrees with every condition; the rest fail at least one.",
    "Two of the candidates can be struck out at once.\n"
    "Comparing the remaining two with a simple case leaves a single one standing.",
)
_BLANKS = (
    "Each of the four looks defensible from some side, and nothing here lets me settle on one of them.",
    "Answer: {0} or {1}",
    "Begin with what is stated and recall the facts on which it turns.\nThe first candidate would need",
)


class LetterSpeaker(Speaker):
    """A question with lettered options."""

    def __init__(self, task: Task, question: Question, item: int) -> None:
        super().__init__(task, question, item)
        letters = [chr(ord("A") + i) for i in range(task.choices or 0) if chr(ord("A") + i) != question.answer]
        self.wrong = [letters[i] for i in self.shuffled("letters", len(letters))]

    def answer(self, answer: int) -> str:
        """A short weighing of the options and a last line that gives the letter."""
        if answer > len(self.wrong):
            raise IsobudgetError(f"task {self.task.name} has {len(self.wrong)} wrong answers, not {answer}")
        chosen = self.question.answer if answer == RIGHT else self.wrong[answer - 1]
        return f"{_WORK[self.pick(f'work {answer}', len(_WORK))]}\n\nAnswer: {chosen}"

    def wrong_id(self, key: str) -> int | None:
        """The place of the letter among the wrong ones."""
        return self.wrong.index(key) + 1 if key in self.wrong else None

    def blanks(self) -> Sequence[str]:
        """Undecided, two letters at once, and cut off."""
        return [text.format(self.question.answer, self.wrong[0]) for text in _BLANKS]
