"""The command line of the sandbox: bubblewrap, a system-call filter, and what to say where it is missing."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

from tasks.base import SandboxUnavailable

__all__ = ["command", "filter_program", "require"]

HERE = Path(__file__).parent
TMP_BYTES = 16 << 20
_HINT = "or pass --unsafe-local-exec to run untrusted code without isolation"

# Numbers of the system calls that start processes, by machine; Linux's own tables (asm/unistd.h).
_SPAWNING = {
    "x86_64": (0xC000003E, (56, 57, 58, 435)),  # clone, fork, vfork, clone3
    "aarch64": (0xC00000B7, (220, 435)),  # clone, clone3
}


def filter_program() -> bytes | None:
    """A classic BPF program that fails every attempt to start a process or thread with EPERM; None if
    unknown here.

    The limit on processes does not bind root, so this is what stops a fork bomb there.
    """
    if platform.machine() not in _SPAWNING:
        return None
    arch, calls = _SPAWNING[platform.machine()]
    kill, allow, eperm = 0x80000000, 0x7FFF0000, 0x00050001
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), (0x06, 0, 0, kill), (0x20, 0, 0, 0)]
    if platform.machine() == "x86_64":  # the x32 variants of all calls have this bit
        code += [(0x35, 0, 1, 0x40000000), (0x06, 0, 0, kill)]
    for call in calls:
        code += [(0x15, 0, 1, call), (0x06, 0, 0, eperm)]
    return b"".join(struct.pack("HBBI", *line) for line in [*code, (0x06, 0, 0, allow)])


@cache
def _bwrap() -> str | None:
    return shutil.which("bwrap")


@cache
def _base() -> tuple[str, ...]:
    """The part of the command that is the same for every program."""
    libraries = {str(Path(prefix) / "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)}
    binds = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", *sorted(libraries)]
    args = [
        str(_bwrap()),
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "ALL",
    ]
    for path in dict.fromkeys(binds):
        args += ["--ro-bind-try", path, path]
    python = str(Path(sys.executable).resolve())
    args += ["--ro-bind", python, python]
    for name in ("_wire.py", "_inside.py"):
        args += ["--ro-bind", str(HERE / name), f"/box/{name}"]
    return (*args, *_tmp(), "--remount-ro", "/", "--chdir", "/tmp", "--setenv", "PYTHONHASHSEED", "0")


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
def require() -> None:
    """Check once that the sandbox works. Raises SandboxUnavailable, with what to install or allow."""
    if _bwrap() is None:
        raise SandboxUnavailable(
            "grading code needs bubblewrap: apt-get install bubblewrap (Debian, Ubuntu) or "
            f"dnf install bubblewrap (Fedora), {_HINT}"
        )
    probe = [*_base(), "--", *interpreter(), "-c", "print(6*7)"]
    done = subprocess.run(probe, capture_output=True, text=True, env={}, check=False, timeout=60)
    if done.stdout != "42\n":
        why = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise SandboxUnavailable(
            f"bubblewrap is installed but cannot make a sandbox here ({why}): allow unprivileged user "
            f"namespaces (kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap), {_HINT}"
        )


def open_filter() -> int | None:
    """A descriptor to read the filter from; the caller closes it."""
    program = filter_program()
    if program is None:
        return None
    read, write = os.pipe()
    os.write(write, program)
    os.close(write)
    return read
