"""What a task is: questions, a prompt, a grader, token constants; and where tasks are found.

The folder is the registry: every file of `tasks/` whose name does not start with an underscore and that
defines a subclass of `Task` is a task. Adding one is adding that file; nothing else is edited.

    TaskError                   anything a user can mend before a graph exists (one line, exit code 2)
    ├── UnknownTask             no such task (suggests the nearest)
    ├── MissingData             the questions are not there (says both ways to get them)
    ├── BrokenData              the questions are there but not as documented
    └── SandboxUnavailable      code cannot be graded safely here (says what to install)
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

__all__ = [
    "GRADE_KINDS",
    "BrokenData",
    "Grade",
    "GradeKind",
    "MissingData",
    "Question",
    "SandboxUnavailable",
    "Task",
    "TaskError",
    "UnknownTask",
    "add_task",
    "list_tasks",
    "load_task",
    "parse_answers",
    "task_class",
]


class TaskError(ValueError):
    """An error with a one-line message for the user."""


class UnknownTask(TaskError):
    """A task name that no file of the folder answers to."""


class MissingData(TaskError):
    """Neither the data folder nor the hub gave the questions."""


class BrokenData(TaskError):
    """A data file without the documented columns or rows."""


class SandboxUnavailable(TaskError):
    """Untrusted code cannot be isolated on this machine."""


class GradeKind(StrEnum):
    """How an answer fared. The order is part of the record format: append, never reorder."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    MALFORMED = "malformed"
    GRADER_ERROR = "grader_error"
    TIMEOUT = "timeout"
    INFRA_ERROR = "infra_error"


GRADE_KINDS: tuple[GradeKind, ...] = tuple(GradeKind)
"""All kinds in their fixed order; records store the index as int8."""


@dataclass(frozen=True, slots=True)
class Question:
    """One item: a stable id, what is asked, the gold answer, and whatever else the task's grader needs."""

    id: str
    text: str
    answer: str
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict: its kind, the answer as extracted (None if there was none), and a line of detail."""

    kind: GradeKind
    answer: str | None
    detail: str = ""


ROLES: Mapping[str, str] = {
    "fuser": "Merge the answers above into one better answer: keep what is right, repair what is wrong.",
    "reviser": "Revise the answer above: check every step, correct mistakes, and give the improved answer.",
    "critic": "Criticise the answers above: name each mistake you find, then give the answer you hold right.",
    "select": "Decide which of the answers above is right and give that final answer.",
}
"""What a node with predecessors is told after it has read their answers, by role."""

_END = "### End of answers"
_HEAD = re.compile(r"### Answer (\d+) of (\d+)")
# A line that a reader, or the parser below, could take for one of our delimiters; backslashes are the escape.
_LOOKALIKE = re.compile(r"^([ \t]*)(\\*#+ *(?:answer|end of))", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(r"^([ \t]*)\\(\\*#+ *(?:answer|end of))", re.MULTILINE | re.IGNORECASE)


class Task:
    """Questions with their prompt and grader. Subclasses set the constants and fill `search` and `test`."""

    name: ClassVar[str]
    key: ClassVar[int]  # enters keyed randomness and records: appended, never renumbered
    prompt_tokens: ClassVar[int]  # A of the cost model: prompt tokens of a call without predecessors
    answer_tokens: ClassVar[int]  # B of the cost model: tokens of one answer
    unit_flops: ClassVar[float]  # FLOPs of one unit on this task
    choices: ClassVar[int | None] = None  # number of options of a multiple-choice task
    form: ClassVar[str]  # the sentence that says how the final answer must be written

    search: Sequence[Question]  # the optimizer may spend on these
    test: Sequence[Question]  # only the harness sees these
    source: str  # where the questions came from: hub id and revision, or the data folder
    unsafe_local: bool = False  # run untrusted code without a sandbox; the command line sets it

    def __init__(self, data_dir: str | Path | None = None) -> None:
        """Load the questions from `data_dir` (see `tasks/_data.py`) or, without one, from the hub."""
        raise NotImplementedError

    def prompt(self, question: Question) -> str:
        """What an assistant is sent."""
        return f"{self.statement(question)}\n\n{self.form}"

    def statement(self, question: Question) -> str:
        """The question as it appears in every prompt."""
        return question.text

    def merge_prompt(self, question: Question, role: str, answers: Sequence[str]) -> str:
        """What a node with predecessors is sent: the question, their full completions, its instruction.

        Each completion stands between numbered delimiters; a line of it that looks like a delimiter is
        escaped, so `parse_answers` gives back exactly `answers`. Raises KeyError for an unknown role.
        """
        instruction = ROLES[role]
        if not answers:
            return self.prompt(question)
        parts = [_escape(self.statement(question)), ""]
        for i, answer in enumerate(answers, start=1):
            parts += [f"### Answer {i} of {len(answers)}", _escape(answer)]
        return "\n".join([*parts, _END, "", f"{instruction} {self.form}"])

    def parse_answers(self, prompt: str) -> list[str]:
        """The completions embedded in a merge prompt, in order; [] for an assistant's prompt."""
        return parse_answers(prompt)

    def grade(self, question: Question, completion: str) -> Grade:
        """Judge one completion. Never raises on what a model wrote; a missing sandbox does raise."""
        raise NotImplementedError

    def answer_key(self, question: Question, completion: str) -> str | None:
        """A canonical text of the answer, equal for equal answers; None without one. Starts no process."""
        raise NotImplementedError


def _escape(text: str) -> str:
    return _LOOKALIKE.sub(r"\1\\\2", text)


def parse_answers(prompt: str) -> list[str]:
    """The completions that `Task.merge_prompt` embedded in `prompt`, whatever the task.

    Lines end at `\\n` alone: other separators belong to the answers. Returns [] where nothing is embedded.
    """
    answers: list[list[str]] = []
    for line in prompt.split("\n"):
        head = _HEAD.fullmatch(line)
        if head and int(head[1]) == len(answers) + 1:
            answers.append([])
        elif line == _END:
            break
        elif answers:
            answers[-1].append(line)
    return [_ESCAPED.sub(r"\1\2", "\n".join(lines)) for lines in answers]


@cache
def _classes() -> dict[str, type[Task]]:
    found: dict[str, type[Task]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.ispkg or module.name.startswith("_") or module.name == "base":
            continue
        for value in vars(importlib.import_module(f"tasks.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Task) and value is not Task:
                found[value.name] = value
    return dict(sorted(found.items(), key=lambda item: item[1].key))


def add_task(cls: type[Task]) -> None:
    """Make a task known in this process that no file of the folder defines; one of the same name gives way."""
    _classes()[cls.name] = cls


def list_tasks() -> list[str]:
    """Names of all tasks, by their key."""
    return list(_classes())


def task_class(name: str) -> type[Task]:
    """The class of a task: its constants, without loading a question. Raises `UnknownTask`."""
    classes = _classes()
    if name not in classes:
        near = difflib.get_close_matches(name, classes, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(classes)}"
        raise UnknownTask(f"no task '{name}': {hint} (isobudget list tasks)")
    return classes[name]


def load_task(name: str, data_dir: str | Path | None = None) -> Task:
    """A task with its questions, from `data_dir` or the hub. Raises `UnknownTask` or `MissingData`."""
    return task_class(name)(data_dir)
