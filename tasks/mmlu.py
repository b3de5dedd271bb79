"""MMLU: four-way multiple choice over 57 subjects (Hendrycks et al. 2021, arXiv 2009.03300).

Search: validation and dev; test: 1,000 questions of the test set. Question and options together name an item
(SHA-256). Items of test that also occur in validation or dev are left out, a repeated item counts once, and
the 1,000 smallest keys are the test: the same questions wherever the rows come from and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from tasks._data import Hub, Row, content_key, read, source
from tasks.base import Grade, GradeKind, Question, Task
from tasks.grading.letters import letter

__all__ = ["Mmlu"]

HUB = Hub("cais/mmlu", "c30699e8356da336a370243923dbaf21066bb9fe", "mmlu", ("all",))
COLUMNS = ("question", "subject", "choices", "answer")
LETTERS = "ABCD"
TEST_SIZE = 1000


class Mmlu(Task):
    """One letter out of four."""

    name: ClassVar[str] = "mmlu"
    key: ClassVar[int] = 1
    prompt_tokens: ClassVar[int] = 213
    answer_tokens: ClassVar[int] = 215
    unit_flops: ClassVar[float] = 8.680e11
    choices: ClassVar[int | None] = 4
    form: ClassVar[str] = "Reason briefly, then end with a line of the form 'Answer: X', where X is A, B, C or D."

    def __init__(self, data_dir: str | Path | None = None) -> None:
        """Load validation + dev (search) and the fixed 1,000 of test."""
        known = _distinct(
            _question(row) for split in ("validation", "dev") for row in read(HUB, split, COLUMNS, data_dir)
        )
        fresh = _distinct(_question(row) for row in read(HUB, "test", COLUMNS, data_dir))
        self.search = [known[key] for key in sorted(known)]
        self.test = [fresh[key] for key in sorted(fresh.keys() - known.keys())[:TEST_SIZE]]
        self.source = source(data_dir, HUB)

    def statement(self, question: Question) -> str:
        """The question with its lettered options."""
        options = (f"{name}. {text}" for name, text in zip(LETTERS, question.meta["choices"], strict=True))
        return "\n".join([question.text, *options])

    def grade(self, question: Question, completion: str) -> Grade:
        """Compare the extracted letter with the gold one."""
        found = letter(completion, question.meta["choices"])
        if found.answer is None:
            return Grade(GradeKind.MALFORMED if found.note else GradeKind.NO_ANSWER, None, found.note)
        right = found.answer == question.answer
        return Grade(GradeKind.CORRECT if right else GradeKind.WRONG, found.answer)

    def answer_key(self, question: Question, completion: str) -> str | None:
        """The letter."""
        return letter(completion, question.meta["choices"]).answer


def _distinct(questions: Iterable[Question]) -> dict[str, Question]:
    """Questions by the hash part of their id; the first of equals stays."""
    found: dict[str, Question] = {}
    for question in questions:
        found.setdefault(question.id.rpartition("/")[2], question)
    return found


def _question(row: Row) -> Question:
    # Spaces at the ends are an accident of the source files: they neither name an item nor reach a prompt.
    text, choices = row["question"].strip(), tuple(str(choice).strip() for choice in row["choices"])
    key = content_key("mmlu", text, *choices)[:16]
    meta = {"choices": choices, "subject": row["subject"]}
    return Question(f"mmlu/{row['subject']}/{key}", text, LETTERS[row["answer"]], meta)
