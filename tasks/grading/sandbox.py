"""Run an untrusted program under a test that it cannot see.

Two processes: the program runs inside bubblewrap (`_inside.py`), the test outside it (`_checker.py`), and
between them a pipe that carries plain data (`_wire.py`). The program has no network, no files but a Python
it can only read, an empty environment, a small private /tmp, and limits on CPU time, memory, file size and
processes. It never holds the test, so exiting early, printing or redefining equality cannot make a wrong
answer right.

    >>> run_program("def f(x): return x + 1", "def check(c): assert c(1) == 2", "f").kind   # doctest: +SKIP
    <GradeKind.CORRECT: 'correct'>
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import os
import signal
import subprocess
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from tasks.base import GradeKind
from tasks.grading import _bwrap, _wire

__all__ = ["Verdict", "run_program"]

MEMORY_BYTES = 1 << 30
CACHE_SIZE = 100_000
_HERE = Path(__file__).parent
_CPU_SIGNALS = (signal.SIGXCPU, signal.SIGKILL)
_SETTLED = (GradeKind.CORRECT, GradeKind.WRONG, GradeKind.MALFORMED, GradeKind.TIMEOUT)
_cache: OrderedDict[str, Verdict] = OrderedDict()
_cache_lock = threading.Lock()
_alone = threading.Lock()


class Verdict(NamedTuple):
    """How a program fared: kind, a line of detail, and wall-clock seconds (0.0 from the cache)."""

    kind: GradeKind
    detail: str
    seconds: float


class Job(NamedTuple):
    """What one run needs."""

    program: str
    test: str
    entry_point: str
    helpers: str
    timeout: float
    unsafe_local: bool


def run_program(
    program: str,
    test: str,
    entry_point: str,
    timeout: float = 10.0,
    *,
    helpers: str = "",
    unsafe_local: bool = False,
) -> Verdict:
    """Judge `program` by the whole of `test`, which defines `check(candidate)`.

    `helpers` is trusted source that the test calls (from the prompt, never from the program). `timeout` is
    CPU seconds of the program, rounded up; a wall-clock cap far above it stops programs that sleep, and a
    run that hits it without using its CPU time is repeated once alone. Verdicts are cached in this process.
    Raises SandboxUnavailable, unless `unsafe_local` runs the program without isolation.
    """
    if not unsafe_local:
        _bwrap.require()
    job = Job(program, test, entry_point, helpers, timeout, unsafe_local)
    key = hashlib.sha256(repr(job).encode("utf-8", "surrogatepass")).hexdigest()
    with _cache_lock:
        if key in _cache:
            return _cache[key]._replace(seconds=0.0)
    verdict = _judge(job)
    if verdict.kind in _SETTLED:
        with _cache_lock:
            _cache[key] = verdict
            if len(_cache) > CACHE_SIZE:
                _cache.popitem(last=False)
    return verdict


def _judge(job: Job) -> Verdict:
    cap = 2 * job.timeout + 10
    verdict = _once(job, cap)
    starved = verdict is None
    if starved or (verdict and verdict.kind is GradeKind.INFRA_ERROR):
        with _alone:
            verdict = _once(job, cap)
    return verdict or Verdict(GradeKind.TIMEOUT, f"still waiting after {cap:.0f} s", cap)


def _once(job: Job, cap: float) -> Verdict | None:
    """One run; None when the wall-clock cap was reached first."""
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        box, from_box, to_box = _start_box(stack, job.unsafe_local)
        checker = _start_checker(stack, from_box, to_box)
        reply = _converse(checker, job, cap)
        if reply is None:
            return None
        # The checker is gone, so the box has lost its pipe and ends by itself unless the program prevents it.
        status = _reap(box)
    return _verdict(reply, checker.returncode, status, time.perf_counter() - started, job.timeout)


def _start_box(stack: contextlib.ExitStack, unsafe_local: bool) -> tuple[subprocess.Popen[bytes], int, int]:
    """The process that holds the program, and our ends of its pipes (read, write)."""
    their_in, to_box = os.pipe()
    from_box, their_out = os.pipe()
    filter_fd = None if unsafe_local else _bwrap.open_filter()
    ends = [fd for fd in (their_in, their_out, filter_fd) if fd is not None]
    try:
        argv = [*_bwrap.interpreter(), str(_HERE / "_inside.py")] if unsafe_local else _bwrap.command(filter_fd)
        box = subprocess.Popen(
            argv,
            stdin=their_in,
            stdout=their_out,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"} if unsafe_local else {},
            pass_fds=[] if filter_fd is None else [filter_fd],
            cwd="/",
            start_new_session=True,
        )
    finally:
        for fd in ends:
            os.close(fd)
    stack.callback(_kill, box)
    return box, from_box, to_box


def _start_checker(stack: contextlib.ExitStack, from_box: int, to_box: int) -> subprocess.Popen[bytes]:
    try:
        checker = subprocess.Popen(
            [*_bwrap.interpreter(), str(_HERE / "_checker.py"), str(from_box), str(to_box)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},
            pass_fds=[from_box, to_box],
        )
    finally:
        os.close(from_box)
        os.close(to_box)
    stack.callback(_kill, checker)
    return checker


def _converse(checker: subprocess.Popen[bytes], job: Job, cap: float) -> dict[str, Any] | None:
    """Send the order, wait for the verdict: {} when the checker died, None when the cap was reached."""
    order = {
        "program": job.program,
        "test": job.test,
        "helpers": job.helpers,
        "entry": job.entry_point,
        "cpu": max(1, math.ceil(job.timeout)),
        "checker_cpu": max(1, math.ceil(job.timeout)) + 1,
        "memory": MEMORY_BYTES,
    }
    message = io.BytesIO()
    _wire.send(message, order)
    try:
        out, _ = checker.communicate(message.getvalue(), timeout=cap)
    except subprocess.TimeoutExpired:
        return None
    try:
        reply = _wire.receive(io.BytesIO(out))
    except (EOFError, _wire.ProtocolError):
        return {}
    return dict(reply)


def _reap(box: subprocess.Popen[bytes]) -> int:
    """The signal that ended the box, else its exit status; it gets a moment to end by itself."""
    try:
        code = box.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        _kill(box)
        return 0
    # bubblewrap reports a signal of the program as 128 + n.
    return -code if code < 0 else max(0, code - 128)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _verdict(reply: dict[str, Any], checker_code: int, status: int, seconds: float, timeout: float) -> Verdict:
    if not reply:
        # Only the result of the program can make the checker work that long, or need that much memory.
        used_up = -checker_code in _CPU_SIGNALS
        kind = GradeKind.TIMEOUT if used_up else GradeKind.GRADER_ERROR
        return Verdict(kind, f"the checker ended with code {checker_code}", seconds)
    detail = str(reply["detail"])
    if reply["kind"] == "ended":
        # The hard limit kills outright, one second after the signal that a program may ignore.
        if status == signal.SIGXCPU or (status == signal.SIGKILL and seconds >= timeout):
            return Verdict(GradeKind.TIMEOUT, f"more than {timeout:g} s of CPU time", seconds)
        return Verdict(GradeKind.WRONG, detail, seconds)
    return Verdict(GradeKind(reply["kind"]), detail, seconds)
