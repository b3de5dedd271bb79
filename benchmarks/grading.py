"""How often mathematical answers are judged right, by Math-Verify alone and by the whole path.

    python benchmarks/grading.py

The cases stand in `tests/tasks/grading/math_cases.toml`, each judged by hand.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tasks.base import GradeKind  # noqa: E402  the repository need not be installed
from tasks.grading import mathv  # noqa: E402

CASES = ROOT / "tests" / "tasks" / "grading" / "math_cases.toml"
Case = tuple[str, str, str, bool]


def cases() -> list[Case]:
    """All cases as (group, gold, answer, whether they are equal)."""
    groups = tomllib.loads(CASES.read_text())
    return [
        (group, gold, answer, verdict == "right")
        for group, verdicts in groups.items()
        for verdict, pairs in verdicts.items()
        for gold, answer in pairs
    ]


def report(name: str, judge: Callable[[str, str], mathv.Judgement]) -> None:
    """Print one judge's rate, speed and mistakes."""
    mathv.worker.equal("1", "1")  # starting Math-Verify is not part of the figure
    started, mistakes = time.perf_counter(), []
    for group, gold, answer, equal in cases():
        if (judge(gold, answer).kind is GradeKind.CORRECT) is not equal:
            mistakes.append(f"  {group}: {gold!r} and {answer!r} are {'equal' if equal else 'different'}")
    seconds, total = time.perf_counter() - started, len(cases())
    print(f"{name}: {total - len(mistakes)} of {total} ({1 - len(mistakes) / total:.1%}), {seconds:.1f} s")
    print("\n".join(mistakes))


if __name__ == "__main__":
    report("Math-Verify alone", mathv.worker.equal)
    report("whole path", mathv.judge)
