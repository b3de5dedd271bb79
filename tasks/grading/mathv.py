"""Mathematical equality of two answers, with Math-Verify behind a process that can be killed.

`judge` is the whole path: exact normal forms first, then the outer structure (`compare.py`), and the worker
only for single expressions that are not plainly numbers. `Worker` holds one persistent process
(`_math_worker.py`), started when first needed and again after it was killed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

from tasks.base import GradeKind
from tasks.grading import compare

__all__ = ["Judgement", "Worker", "judge", "worker"]

CPU_SECONDS = 5
WALL_SECONDS = 120.0  # only for a worker that does not compute at all: CPU time is limited by the kernel
MAX_CHARS = 2000  # longer than any answer; SymPy's time grows faster than the text


class Judgement(NamedTuple):
    """CORRECT, WRONG, TIMEOUT or GRADER_ERROR, and a line of detail."""

    kind: GradeKind
    detail: str = ""


class _Stopped(Exception):
    """The worker gave no verdict; the first argument is the judgement to return."""


class Worker:
    """One Math-Verify process, used by one caller at a time."""

    def __init__(self, cpu_seconds: int = CPU_SECONDS) -> None:
        self.cpu_seconds = cpu_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._memory: dict[bytes, Judgement] = {}

    def equal(self, gold: str, answer: str, bare: bool = False) -> Judgement:
        """Math-Verify's verdict on two LaTeX expressions without dollar signs; `bare` ones have no units."""
        request = {"gold": gold, "answer": answer, "cpu": self.cpu_seconds, "bare": bare}
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            if line not in self._memory:
                if len(self._memory) > 50_000:
                    self._memory.clear()
                self._memory[line] = self._ask(line)
            return self._memory[line]

    def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _ask(self, line: bytes) -> Judgement:
        try:
            reply = self._exchange(self._running(), line)
        except _Stopped as stopped:
            self.close()
            return Judgement(*stopped.args)
        if "error" in reply:
            return Judgement(GradeKind.GRADER_ERROR, reply["error"])
        return Judgement(GradeKind.CORRECT if reply["equal"] else GradeKind.WRONG)

    def _running(self) -> subprocess.Popen[bytes]:
        # After a fork the parent's worker must not be shared: two askers would read each other's replies.
        if self._process is None or self._owner != os.getpid():
            script = Path(__file__).with_name("_math_worker.py")
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._owner = os.getpid()
            self._line(self._process)
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], request: bytes) -> dict[str, Any]:
        assert process.stdin is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except OSError:
            raise _Stopped(GradeKind.GRADER_ERROR, "Math-Verify's process is gone") from None
        return dict(json.loads(self._line(process)))

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], WALL_SECONDS)[0]:
            raise _Stopped(GradeKind.TIMEOUT, f"no reply in {WALL_SECONDS:.0f} s")
        line = process.stdout.readline()
        if line:
            return line
        code = process.wait()
        if code == -signal.SIGXCPU:
            raise _Stopped(GradeKind.TIMEOUT, f"more than {self.cpu_seconds} s of CPU time")
        raise _Stopped(GradeKind.GRADER_ERROR, f"Math-Verify's process ended with code {code}")


worker = Worker()
"""The process of this interpreter."""
atexit.register(worker.close)


def judge(gold: str, answer: str) -> Judgement:
    """Whether `answer` equals `gold`, both in a model's notation (LaTeX, unicode or plain)."""
    if len(answer) > MAX_CHARS:
        return Judgement(GradeKind.WRONG, f"an answer of {len(answer)} characters")

    def oracle(left: str, right: str) -> bool:
        verdict = worker.equal(left, right, bare=True)
        if verdict.kind in (GradeKind.TIMEOUT, GradeKind.GRADER_ERROR):
            raise _Stopped(*verdict)
        return verdict.kind is GradeKind.CORRECT

    try:
        return Judgement(GradeKind.CORRECT if compare.equal(gold, answer, oracle) else GradeKind.WRONG)
    except _Stopped as stopped:
        return Judgement(*stopped.args)
