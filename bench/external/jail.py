"""How methods are started: as they are, or in a box without network, environment, other processes or our files.

In the box a Python method finds the interpreter, the installed libraries, its own file, and of ours only the
modules in `MODULES`: no world, no universe, no season, no optimum, no prior data, no question.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from functools import partial
from pathlib import Path

from bench.errors import IsobudgetError
from bench.external.process import Launch
from tasks.grading import _bwrap, _seccomp

__all__ = ["MODULES", "command_launch", "jailed_command", "jailed_python", "require_jail"]

ROOT = Path(__file__).parents[2]

MODULES = (
    "tasks/__init__.py tasks/base.py bench/__init__.py bench/agent.py bench/architectures.py bench/canonical.py "
    "bench/child.py bench/cost.py bench/encoding.py bench/enumeration.py bench/errors.py bench/graph.py "
    "bench/growth.py bench/ledger.py bench/neighbours.py bench/objective.py bench/optimizer.py bench/pools.py "
    "bench/prior.py bench/racing.py bench/relaxation.py bench/sampler.py bench/schedule.py bench/space.py "
    "bench/external/__init__.py bench/external/messages.py"
).split()
"""All of ours that a jailed method can read, besides the other methods in `baselines`."""

PACKAGES = ("tasks", "bench", "baselines", "leaderboard")

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR")
_CALM = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
_BOX = "/box"
_OWN = f"{_BOX}/method"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
# No core files, files of at most 16 MiB, 128 of them open: files in memory are memory that no other limit counts.
_BOUNDED = ("/bin/sh", "-c", 'ulimit -c 0; ulimit -f 32768; ulimit -n 128; exec "$@"', "sh")


def require_jail() -> None:
    """Raise SandboxUnavailable, in one line, where methods cannot be jailed."""
    _bwrap.require("running methods in a sandbox", "or run them without --sandbox-methods")


def command_launch(argv: tuple[str, ...]) -> Launch:
    """A command as it is, with this user's rights but without this process's environment (and its keys)."""
    _program(argv)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return Launch(argv, kept | _CALM)


def jailed_command(argv: tuple[str, ...]) -> Launch:
    """A command in the box: its program, and of its arguments those that are files, are all that it finds.

    Runtimes of other languages need threads and a look at themselves in /proc, where they see only themselves.
    """
    program = _program(argv)
    binds = {str(program): str(program)}
    words = [str(program)]
    for word in argv[1:]:
        path = Path(word)
        if path.is_file():
            binds[str(path.resolve())] = f"{_OWN}/{path.name}"
        words.append(f"{_OWN}/{path.name}" if path.is_file() else word)
    if len(set(binds.values())) < len(binds):
        raise IsobudgetError(f"two files of the command '{' '.join(argv)}' have the same name: rename one")
    environment = {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"} | _CALM
    return _jailed(tuple(binds.items()), environment, words, threads=True)


def jailed_python(target: str, memory: int) -> Launch:
    """One Python method in the box: the file at `target`, or the module of that name.

    memory: bytes of address space that it gets.
    """
    binds = [(str(ROOT / name), f"{_BOX}/{name}") for name in MODULES]
    binds.append((str(ROOT / "baselines"), f"{_BOX}/baselines"))
    if target.endswith(".py"):
        inside = f"{_OWN}/{Path(target).name}"
        binds.append((str(Path(target).resolve()), inside))
        target = inside
    libraries = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
    binds += [(path, path) for path in libraries]
    environment = {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join([_BOX, *libraries]),
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
    }
    words = [*_bwrap.interpreter(), "-m", "bench.child", target, str(memory)]
    return _jailed(tuple(binds), environment | _CALM, words, threads=False)


def _jailed(
    binds: tuple[tuple[str, str], ...],
    environment: dict[str, str],
    words: list[str],
    threads: bool,
) -> Launch:
    require_jail()
    more: list[str] = []
    for device in _DEVICES:
        more += ["--dev-bind", device, device]
    if threads:
        more += ["--proc", "/proc"]
    box = _bwrap.jail(binds, tuple(environment.items()), _installed(binds), tuple(more))
    known = _seccomp.filter_program(threads) is not None
    seccomp = ["--seccomp", "{filter}"] if known else []
    argv = (*_BOUNDED, *box, *seccomp, "--", *words)
    return Launch(argv, {}, partial(_bwrap.open_filter, threads) if known else None)


def _installed(binds: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Installed copies of our packages in what the box can read: it sees them empty."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    names = ("purelib", "platlib")
    libraries = [*map(sysconfig.get_path, names), *(sysconfig.get_path(name, vars=base) for name in names)]
    readable = [*_bwrap.system(), *(inside for _, inside in binds)]
    return tuple(
        f"{path}/{name}"
        for path in dict.fromkeys(libraries)
        for name in PACKAGES
        if Path(path, name).is_dir() and any(Path(path).is_relative_to(folder) for folder in readable)
    )


def _program(argv: tuple[str, ...]) -> Path:
    """The command's program. Raises IsobudgetError where there is none."""
    found = shutil.which(argv[0]) if argv else None
    if found is None:
        raise IsobudgetError(f"no program '{argv[0] if argv else ''}': --method-cmd needs one that can be started")
    return Path(found).resolve()
