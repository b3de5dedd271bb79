"""How many programs a second the sandbox judges.

python benchmarks/sandbox.py [PROGRAMS]
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tasks.base import GradeKind
from tasks.grading.sandbox import Verdict, run_program

TEST = "def check(candidate):\n    for i in range(10):\n        assert candidate([i, i + 1]) == 2 * i + 1\n"


def judge(i: int) -> Verdict:
    """Judge one program; the number keeps it out of the cache."""
    return run_program(f"def add(numbers):\n    return sum(numbers)  # {i}\n", TEST, "add")


def main(programs: int = 200) -> None:
    """Print the speed in a row and with one thread a core."""
    judge(-1)  # the first call checks that the sandbox works
    for threads in sorted({1, os.cpu_count() or 1}):
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            verdicts = list(pool.map(judge, range(threads * 10**6, threads * 10**6 + programs)))
        seconds = time.perf_counter() - started
        assert all(verdict.kind is GradeKind.CORRECT for verdict in verdicts)
        each = seconds / programs * 1000
        print(f"{threads} at a time: {programs / seconds:.0f} programs/s ({each:.0f} ms each)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
