"""How often mathematical answers are judged right, by Math-Verify alone and by the whole path.

    python benchmarks/grading.py                  the cases judged by hand
    python benchmarks/grading.py --gold DATA_DIR  every gold answer of MATH against itself

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

from tasks import load_task  # noqa: E402
from tasks.base import GradeKind  # noqa: E402  the repository need not be installed
from tasks.grading import mathv  # noqa: E402
from tasks.grading.normal import normal  # noqa: E402

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


def gold(data_dir: str) -> None:
    """Print which gold answers are not equal to themselves, with and without the normal-form shortcut."""
    task = load_task("math", data_dir)
    answers = [question.answer for question in (*task.search, *task.test)]
    started = time.perf_counter()
    whole = [a for a in answers if mathv.judge(a, a).kind is not GradeKind.CORRECT]
    print(f"whole path: {len(whole)} of {len(answers)} fail, {time.perf_counter() - started:.1f} s {whole}")
    forms = dict.fromkeys(map(normal, answers))
    started = time.perf_counter()
    alone = [f for f in forms if mathv.worker.equal(f, f, bare=True).kind is not GradeKind.CORRECT]
    print(f"no shortcut: {len(alone)} of {len(forms)} fail, {time.perf_counter() - started:.1f} s {alone}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--gold"]:
        gold(sys.argv[2])
    else:
        report("Math-Verify alone", mathv.worker.equal)
        report("whole path", mathv.judge)
