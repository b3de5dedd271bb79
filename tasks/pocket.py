"""Pocket: generated puzzles for the tiny models that come along, so that a live world runs on a laptop.

The prompts are made for models of a hundred thousand to a million parameters: one line, a vocabulary of 64
symbols, and of what a node reads only the answers. Every role that reads answers is asked in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tasks._puzzles import LONGEST_ANSWER, MARK, Puzzle, puzzles
from tasks.base import ROLES, Grade, GradeKind, Question, Task

__all__ = ["MOST_READ", "NOTHING", "Pocket", "merge_text"]

NOTHING = "?"
"""Stands for a predecessor that gave no answer."""

MOST_READ = 16
"""Answers that a prompt shows at most: a model has 256 positions. The first ones, in canonical order."""

_ANSWER = re.compile(rf"[a-z0-9]{{1,{LONGEST_ANSWER}}}")
_SEARCH, _TEST = 2000, 1000


class Pocket(Task):
    """Puzzles with one short answer, judged by equality."""

    name: ClassVar[str] = "pocket"
    key: ClassVar[int] = 3
    prompt_tokens: ClassVar[int] = 12
    answer_tokens: ClassVar[int] = 9
    unit_flops: ClassVar[float] = 4.26e06
    form: ClassVar[str] = ""

    def __init__(self, data_dir: str | Path | None = None) -> None:
        """Draw the questions; a data folder is not needed."""
        self.search = [_question(puzzle, "search", i) for i, puzzle in enumerate(puzzles("search", _SEARCH))]
        self.test = [_question(puzzle, "test", i) for i, puzzle in enumerate(puzzles("test", _TEST))]
        self.source = "generated (tasks/_puzzles.py)"

    def prompt(self, question: Question) -> str:
        """The puzzle, and nothing else."""
        return question.text

    def merge_prompt(self, question: Question, role: str, answers: Sequence[str]) -> str:
        """The answers, then the puzzle. Raises KeyError for an unknown role."""
        ROLES[role]
        return merge_text(question.text, [extract(answer).answer or NOTHING for answer in answers])

    def parse_answers(self, prompt: str) -> list[str]:
        """The predecessors' answers, each after the mark; "" where there was none."""
        shown, newline, _ = prompt.partition("\n")
        found = shown.split("=")[1:] if newline else []
        return ["" if answer == NOTHING else f"{MARK}{answer}" for answer in found]

    def grade(self, question: Question, completion: str) -> Grade:
        """What stands after the last mark must be the answer."""
        found = extract(completion)
        if found.kind is not GradeKind.CORRECT:
            return found
        right = found.answer == question.answer
        return found if right else Grade(GradeKind.WRONG, found.answer)

    def answer_key(self, question: Question, completion: str) -> str | None:
        """The answer as written."""
        return extract(completion).answer


def merge_text(puzzle: str, answers: Sequence[str]) -> str:
    """What a model that reads answers is sent. It is also what the pocket models are trained on."""
    return "Answers" + "".join(f"={answer}" for answer in answers[:MOST_READ]) + f"\n{puzzle}"


def extract(completion: str) -> Grade:
    """The answer of a completion, `correct` for now; `no_answer` without a mark, else `malformed`."""
    _, mark, answer = completion.rpartition(MARK)
    if not mark:
        return Grade(GradeKind.NO_ANSWER, None)
    if not _ANSWER.fullmatch(answer.strip()):
        return Grade(GradeKind.MALFORMED, None, f"'{answer[:20]}' is no word or number of a pocket model")
    return Grade(GradeKind.CORRECT, answer.strip())


def _question(puzzle: Puzzle, split: str, i: int) -> Question:
    return Question(f"pocket/{split}/{i}", puzzle.text, puzzle.answer, {"subject": puzzle.kind})
