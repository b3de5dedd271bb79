"""The graders as modules of the `evaluate` library, loaded from a local path.

>>> import evaluate                                                    # doctest: +SKIP
>>> metric = evaluate.load("tasks/metrics/isobudget_math")             # doctest: +SKIP
>>> metric.compute(predictions=[r"So \\boxed{5}."], references=["5"])  # doctest: +SKIP
{'accuracy': 1.0, 'correct': 1, 'wrong': 0, ...}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tasks.base import GRADE_KINDS, GradeKind, Question, task_class

__all__ = ["scores"]


def scores(
    name: str, questions: Iterable[Question], completions: Iterable[str], unsafe_local: bool = False
) -> dict[str, float]:
    """Accuracy over all completions, and how many fared in each way, judged by the grader of a task."""
    cls = task_class(name)
    task = cls.__new__(cls)  # grading needs no questions, so none is loaded
    task.unsafe_local = unsafe_local
    pairs = zip(questions, completions, strict=True)
    kinds = Counter(task.grade(question, completion).kind for question, completion in pairs)
    accuracy = kinds[GradeKind.CORRECT] / max(1, kinds.total())
    return {"accuracy": accuracy} | {kind.value: kinds[kind] for kind in GRADE_KINDS}
