"""The command line of the sandbox: bubblewrap, a system-call filter, and what to say where it is missing.

`jail` is the box that every untrusted program gets; `command` the one that code under test gets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tasks.base import SandboxUnavailable
from tasks.grading._seccomp import filter_program

__all__ = ["command", "interpreter", "jail", "open_filter", "require"]

HERE = Path(__file__).parent
TMP_BYTES = 16 << 20
_HINT = "or pass --unsafe-local-exec to run untrusted code without isolation"


@cache
def _bwrap() -> str | None:
    return shutil.which("bwrap")


@cache
def system() -> tuple[str, ...]:
    """What every box can read: the system's libraries and this Python's."""
    libraries = {str(Path(prefix) / "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)}
    return tuple(
        dict.fromkeys(["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", *sorted(libraries)])
    )


@cache
def jail(
    binds: tuple[tuple[str, str], ...],
    environment: tuple[tuple[str, str], ...] = (("PYTHONHASHSEED", "0"),),
    hidden: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """A box without network, other processes, users or capabilities, that can read the system's libraries and
    this Python and write a small private /tmp.

    binds: (path here, path inside) of what else it can read. environment: all of it. hidden: folders inside
    these that it sees empty. more: further options of bubblewrap.
    """
    args = [
        str(_bwrap()),
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "ALL",
    ]
    for path in system():
        args += ["--ro-bind-try", path, path]
    args += _tmp()  # before what may lie in it
    python = str(Path(sys.executable).resolve())
    for here, inside in ((python, python), *binds):
        args += ["--ro-bind", here, inside]
    for folder in hidden:
        args += ["--tmpfs", folder, "--remount-ro", folder]
    for name, value in environment:
        args += ["--setenv", name, value]
    return (*args, *more, "--remount-ro", "/", "--chdir", "/tmp")


def _base() -> tuple[str, ...]:
    """The box of code under test."""
    return jail(tuple((str(HERE / name), f"/box/{name}") for name in ("_wire.py", "_inside.py")))


@cache
def _tmp() -> tuple[str, ...]:
    # Old versions cannot bound a tmpfs; there /tmp is an empty read-only folder.
    listed = subprocess.run([str(_bwrap()), "--help"], capture_output=True, text=True, check=False)
    sized = "--size" in listed.stdout + listed.stderr
    return ("--size", str(TMP_BYTES), "--tmpfs", "/tmp") if sized else ("--dir", "/tmp")


def command(filter_fd: int | None) -> list[str]:
    """The command that serves one program inside the sandbox; the filter is read from `filter_fd`."""
    seccomp = [] if filter_fd is None else ["--seccomp", str(filter_fd)]
    return [*_base(), *seccomp, "--", *interpreter(), "/box/_inside.py"]


def interpreter() -> list[str]:
    """Python as the sandbox runs it: no site packages, no user's files, nothing written.

    Not `-I`, which would also ignore PYTHONHASHSEED: the order of a set must not change a verdict.
    """
    return [str(Path(sys.executable).resolve()), "-s", "-S", "-B"]


@cache
def require(what: str = "grading code", otherwise: str = _HINT) -> None:
    """Check once that the sandbox works. Raises SandboxUnavailable, with what to install or allow.

    what: for which it is needed. otherwise: what else the user may do, the end of a sentence.
    """
    if _bwrap() is None:
        raise SandboxUnavailable(
            f"{what} needs bubblewrap: apt-get install bubblewrap (Debian, Ubuntu) or "
            f"dnf install bubblewrap (Fedora), {otherwise}"
        )
    probe = [*_base(), "--", *interpreter(), "-c", "print(6*7)"]
    done = subprocess.run(probe, capture_output=True, text=True, env={}, check=False, timeout=60)
    if done.stdout != "42\n":
        why = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise SandboxUnavailable(
            f"bubblewrap is installed but cannot make a sandbox here ({why}): allow unprivileged user "
            f"namespaces (kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap), {otherwise}"
        )


def open_filter(threads: bool = False) -> int | None:
    """A descriptor to read the filter from; the caller closes it."""
    program = filter_program(threads)
    if program is None:
        return None
    read, write = os.pipe()
    os.write(write, program)
    os.close(write)
    return read
