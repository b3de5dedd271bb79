"""HumanEval: write a Python function from its docstring (Chen et al. 2021, arXiv 2107.03374).

The set has one split of 164 problems. The 64 with the smallest SHA-256 of their task id are search, the other
100 test; both stay in the order of the set.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import ClassVar

from tasks._data import Hub, Row, content_key, read, source
from tasks.base import Grade, GradeKind, Question, Task
from tasks.grading import programs

__all__ = ["HumanEval", "question"]

HUB = Hub(
    "openai/openai_humaneval",
    "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
    "humaneval",
    ("openai_humaneval",),
)
COLUMNS = ("task_id", "prompt", "canonical_solution", "test", "entry_point")
SEARCH_SIZE = 64


class HumanEval(Task):
    """Code, judged by the whole official test outside the sandbox that runs it."""

    name: ClassVar[str] = "humaneval"
    key: ClassVar[int] = 2
    prompt_tokens: ClassVar[int] = 180
    answer_tokens: ClassVar[int] = 115
    unit_flops: ClassVar[float] = 5.957e11
    form: ClassVar[str] = "Give the whole function, with the imports it needs, in one ```python block."

    def __init__(self, data_dir: str | Path | None = None) -> None:
        """Load the 164 problems and split them by the hash of their id."""
        questions = [question(row) for row in read(HUB, "test", COLUMNS, data_dir)]
        ranked = sorted(questions, key=lambda q: content_key("humaneval", q.id))
        search = {q.id for q in ranked[:SEARCH_SIZE]}
        self.search = [q for q in questions if q.id in search]
        self.test = [q for q in questions if q.id not in search]
        self.source = source(data_dir, HUB)

    def statement(self, question: Question) -> str:
        """The signature and docstring in a block."""
        return f"Complete this Python function.\n\n```python\n{question.text.rstrip()}\n```"

    def grade(self, question: Question, completion: str) -> Grade:
        """Run the official test on the extracted program. Raises SandboxUnavailable."""
        from tasks.grading import sandbox

        meta = question.meta
        found = programs.program(completion, question.text, meta["entry_point"])
        if found.answer is None:
            return Grade(GradeKind.MALFORMED if found.note else GradeKind.NO_ANSWER, None, found.note)
        verdict = sandbox.run_program(
            found.answer,
            meta["test"],
            meta["entry_point"],
            helpers=meta["helpers"],
            unsafe_local=self.unsafe_local,
        )
        return Grade(verdict.kind, found.answer, verdict.detail)

    def answer_key(self, question: Question, completion: str) -> str | None:
        """The program without comments, docstrings and layout."""
        program = programs.program(completion, question.text, question.meta["entry_point"]).answer
        return None if program is None else _canonical(program)


def _canonical(program: str) -> str:
    tree = ast.parse(program)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def question(row: Row) -> Question:
    """A question from a row of the set (columns of `COLUMNS`)."""
    meta = {name: row[name] for name in ("test", "entry_point")}
    meta["helpers"] = programs.helpers(row["prompt"], row["entry_point"])
    return Question(row["task_id"], row["prompt"], row["canonical_solution"], meta)
