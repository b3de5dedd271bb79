"""A child process that speaks in lines, and whatever it does ends in an answer or in one error, never in a hang.

It has a deadline for every answer, a limit on memory (its descendants' included), on the length of a line, and
on what is kept of its chatter. When its handle is dropped, it and what it started are killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.errors import MethodFault

__all__ = ["Launch", "Limits", "LineProcess", "printable"]

_LOOK = 0.1
"""Seconds between two looks at a child's memory, while it is waited for."""

_CHATTER = 2000
"""Bytes kept of what a child last wrote to its standard error."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. start, answer: wall-clock seconds. memory: resident. line: of a message."""

    start: float = 60.0
    answer: float = 120.0
    memory: int = 2 << 30
    line: int = 4 << 20


class Launch(NamedTuple):
    """How a child is started. filter: the system-call filter it must get, if it is jailed (see `jail`)."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    filter: Callable[[], int | None] | None = None


def printable(text: str, most: int = 200) -> str:
    """A child's text as one short line of printable characters: it may be shown and stored."""
    line = " ".join(text.split())
    kept = "".join(c if c.isprintable() else "?" for c in line)
    return kept if len(kept) <= most else kept[: most - 1] + "…"


class LineProcess:
    """A started child. All faults are raised as MethodFault, in words that follow the child's name."""

    def __init__(self, launch: Launch, limits: Limits) -> None:
        self.limits = limits
        self._process = process = _start(launch)
        assert process.stdin and process.stdout and process.stderr
        self._in, self._out, self._err = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        self._selector = selectors.DefaultSelector()
        for fd in (self._in, self._out, self._err):
            os.set_blocking(fd, False)
        self._selector.register(self._out, selectors.EVENT_READ)
        self._selector.register(self._err, selectors.EVENT_READ)
        self._outbox, self._inbox, self._chatter = bytearray(), bytearray(), bytearray()
        self._searched = 0
        self._ended = False
        self._looked = time.monotonic()
        self.close = weakref.finalize(self, _end, process, self._selector)

    def send(self, line: bytes, deadline: float) -> None:
        """Write one line; a child that is gone is noticed when it is asked for its answer."""
        self._outbox += line
        self._selector.register(self._in, selectors.EVENT_WRITE)
        self._pump(lambda: not self._outbox, deadline)
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._in)

    def receive(self, deadline: float) -> bytes:
        """The next line, without its end."""
        self._pump(self._whole, deadline)
        end = self._inbox.find(b"\n", self._searched)
        if end < 0:
            raise MethodFault(self._obituary())
        line = bytes(self._inbox[:end])
        del self._inbox[: end + 1]
        self._searched = 0
        return line

    @property
    def last_words(self) -> str:
        """What it last wrote to its standard error, as one line; empty when nothing."""
        return printable(self._chatter.decode("utf-8", "replace")[-300:])

    def _whole(self) -> bool:
        if self._inbox.find(b"\n", self._searched) >= 0:
            return True
        self._searched = len(self._inbox)
        if self._searched > self.limits.line:
            raise MethodFault(f"sent a message of more than {self.limits.line >> 10} KiB")
        return False

    def _pump(self, done: Callable[[], bool], deadline: float) -> None:
        """Move bytes both ways until `done`, or until the child has closed its output."""
        while not done() and not self._ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise MethodFault(f"gave no answer in time{self._quoted()}")
            for key, _ in self._selector.select(min(left, _LOOK)):
                {self._in: self._write, self._out: self._read, self._err: self._listen}[key.fd]()
            self._look()

    def _write(self) -> None:
        try:
            del self._outbox[: os.write(self._in, self._outbox[: 1 << 16])]
        except BlockingIOError:
            pass
        except OSError:
            self._outbox.clear()

    def _read(self) -> None:
        data = _available(self._out)
        self._inbox += data or b""
        if data == b"":
            self._ended = True

    def _listen(self) -> None:
        data = _available(self._err)
        self._chatter = (self._chatter + (data or b""))[-_CHATTER:]
        if data == b"":
            self._selector.unregister(self._err)

    def _look(self) -> None:
        """Stop a child that has grown too large."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        used = sum(_resident(pid) for pid in (self._process.pid, *_descendants(self._process.pid)))
        if used > self.limits.memory:
            self.close()
            raise MethodFault(f"used more than {self.limits.memory >> 20} MiB of memory")

    def _obituary(self) -> str:
        """Why there is no answer: how the child ended, and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        while self._err in self._selector.get_map() and (data := _available(self._err)):
            self._chatter = (self._chatter + data)[-_CHATTER:]
        code = self._process.poll()
        if code is None:
            return f"closed its output instead of answering{self._quoted()}"
        died = code - 128 if code > 128 else -code  # bubblewrap reports a signal as 128 + n
        how = f"was ended by {_signal(died)}" if died > 0 else f"ended with exit code {code}"
        return f"{how} instead of answering{self._quoted()}"

    def _quoted(self) -> str:
        return f"; its last words: {self.last_words}" if self.last_words else ""


def _start(launch: Launch) -> subprocess.Popen[bytes]:
    filter_fd = launch.filter() if launch.filter else None
    seccomp = [] if filter_fd is None else [filter_fd]
    argv = [a if a != "{filter}" else str(filter_fd) for a in launch.argv]
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=launch.environment,
            pass_fds=seccomp,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise MethodFault(f"cannot be started: {error.strerror or error}: {launch.argv[0]}") from error
    finally:
        for fd in seccomp:
            os.close(fd)


def _end(process: subprocess.Popen[bytes], selector: selectors.BaseSelector) -> None:
    """Kill a child and everything that it started; close what connected us."""
    family = [*_descendants(process.pid), process.pid] if process.poll() is None else []
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in family:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    selector.close()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _available(fd: int) -> bytes | None:
    """What can be read without waiting: b"" at the end, None where there is nothing yet."""
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _descendants(pid: int) -> list[int]:
    """Processes that this one started, and theirs; [] where /proc does not tell."""
    found: list[int] = []
    open_ends: Sequence[int] = [pid]
    while open_ends:
        children: list[int] = []
        for parent in open_ends:
            for path in Path(f"/proc/{parent}/task").glob("*/children"):
                with contextlib.suppress(OSError, ValueError):
                    children += [int(text) for text in path.read_text().split()]
        found += children
        open_ends = children
    return found


def _resident(pid: int) -> int:
    """Resident bytes of a process; 0 where /proc does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
