"""MATH: competition problems with a short exact answer (Hendrycks et al. 2021, arXiv 2103.03874).

Search: the train set; test: MATH-500. From the train set are left out the two problems whose solution boxes
nothing and the four that repeat a problem of the full test set but for spacing and punctuation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from tasks._data import Hub, Row, content_key, read, source
from tasks.base import Grade, GradeKind, Question, Task
from tasks.grading import mathv
from tasks.grading.extract import boxes, math_answer
from tasks.grading.normal import canonical

__all__ = ["Math"]

TEST = Hub("HuggingFaceH4/MATH-500", "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be", "math500")
TRAIN = Hub(
    "EleutherAI/hendrycks_math",
    "21a5633873b6a120296cce3e2df9d5550074f4a3",
    "math",
    (
        "algebra",
        "counting_and_probability",
        "geometry",
        "intermediate_algebra",
        "number_theory",
        "prealgebra",
        "precalculus",
    ),
)
# Problems of train that stand in the full test set with other spacing (none is in MATH-500).
LEAKED = frozenset(f"math/train/{key}" for key in ("a3e3b6483acd", "d9770d40154a", "dafd89d31320", "9436be0d27be"))


class Math(Task):
    """Free-form answers, judged by mathematical equality."""

    name: ClassVar[str] = "math"
    key: ClassVar[int] = 0
    prompt_tokens: ClassVar[int] = 202
    answer_tokens: ClassVar[int] = 275
    unit_flops: ClassVar[float] = 9.710e11
    form: ClassVar[str] = "Reason step by step, then state the final answer once, inside \\boxed{}."

    def __init__(self, data_dir: str | Path | None = None) -> None:
        """Load train (search) and MATH-500 (test)."""
        train = (_question(row, "train") for row in read(TRAIN, "train", ("problem", "solution"), data_dir))
        # Two problems occur twice; a dictionary keeps one of each.
        distinct = {q.id: q for q in train if q.answer and q.id not in LEAKED}
        self.search = [distinct[id] for id in sorted(distinct)]
        test = read(TEST, "test", ("problem", "answer", "unique_id"), data_dir)
        self.test = [_question(row, "test") for row in test]
        self.source = source(data_dir, TRAIN, TEST)

    def grade(self, question: Question, completion: str) -> Grade:
        """Extract the final answer and compare it with the gold one."""
        found = math_answer(completion)
        if found.answer is None:
            return Grade(GradeKind.MALFORMED if found.note else GradeKind.NO_ANSWER, None, found.note)
        kind, detail = mathv.judge(question.answer, found.answer)
        return Grade(kind, found.answer, detail)

    def answer_key(self, question: Question, completion: str) -> str | None:
        """The extracted answer in normal form; plain numbers by value, words by their letters."""
        answer = math_answer(completion).answer
        return None if answer is None else canonical(answer)


def _question(row: Row, split: str) -> Question:
    # Copies of the set differ in row order and carry no common name, so a problem is named by its text.
    text = row["problem"].strip()
    key = content_key(re.sub(r"\s+", "", text))[:12]
    answer = row["answer"] if "answer" in row else _boxed(row["solution"])
    subject = str(row.get("subject") or row.get("type") or "")
    return Question(f"math/{split}/{key}", text, answer, {"subject": subject, "level": _level(row.get("level"))})


def _boxed(solution: str) -> str:
    """The gold answer of a set that has none of its own: what the solution boxes last."""
    contents = [box.content for box in boxes(solution) if box.content is not None]
    return contents[-1] if contents else ""


def _level(level: int | str | None) -> int | None:
    """1 to 5, or None where the set does not know ("Level ?")."""
    digits = re.sub(r"\D", "", str(level))
    return int(digits) if digits else None
