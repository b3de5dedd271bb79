"""From a command, a file or a registered method to one that runs in a process of its own."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

from bench.errors import IsobudgetError
from bench.external.jail import command_launch, jailed_command, jailed_python, require_jail
from bench.external.process import Launch, Limits, printable
from bench.external.proxy import greet, outside_class
from bench.optimizer import MethodInfo

__all__ = ["described_command", "described_file", "jailed"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ADDRESS_SPACE = 4 << 30
"""Bytes of address space of a jailed Python method: its libraries reserve far more than they use."""


def described_command(command: str, name: str, sandboxed: bool, limits: Limits) -> MethodInfo:
    """The method that a command speaks for, by what it says in its hello. name: instead of its own, if given."""
    argv = tuple(shlex.split(command))
    launch = partial(jailed_command if sandboxed else command_launch, argv)
    return _described(launch, "jail" if sandboxed else "process", limits, f"'{command}'", name)


def described_file(path: Path, limits: Limits) -> MethodInfo:
    """The method of a Python file that only ever runs jailed: here it is not imported."""
    return _described(partial(jailed_python, str(path), _ADDRESS_SPACE), "jail", limits, path.name, "")


def jailed(info: MethodInfo, path: Path | None, limits: Limits) -> MethodInfo:
    """A method that is known here, to run jailed. path: of its file, where it is from one."""
    if info.outside == "jail":
        return info
    if info.outside:
        raise IsobudgetError(f"{info.name} was registered without a sandbox: register its command within one")
    require_jail()
    if info.kind == "bound":
        raise IsobudgetError(f"{info.name} is a bound: it is told the truth, so it cannot run in a sandbox")
    target = str(path) if path else f"{info.cls.__module__}:{info.name}"
    launch = partial(jailed_python, target, _ADDRESS_SPACE)
    return outside_class(info, "jail", launch, limits, wants_traces=info.cls.wants_traces)


def _described(launch: partial[Launch], where: str, limits: Limits, called: str, name: str) -> MethodInfo:
    """Start the method once and take its word for what it is, within what the schema allows."""
    said = greet(launch(), limits, called)
    used = name or said["name"]
    if _NAME.fullmatch(used) is None:
        raise IsobudgetError(f"'{used}' is no name of a method: use small letters, digits and -, at most 40")
    words = {key: printable(said.get(key, "")) for key in ("source", "note")}
    agents = tuple(said.get("agents", ()))
    info = MethodInfo(
        name=used,
        label=printable(said.get("label", "")) or used,
        cls=object,  # type: ignore[arg-type]  # set by `outside_class`
        kind=said.get("kind", "method"),
        tier="P0",
        least_trials=said.get("least_trials", 0),
        parameters=({"agent": agents[0]} if agents else {}) | said.get("parameters", {}),
        budget_aware=said.get("budget_aware", False),
        uses_prior=said.get("uses_prior", False),
        agents=agents,
        searches=said.get("searches", True),
        **words,
    )
    return outside_class(info, where, launch, limits, wants_traces=said.get("wants_traces", False))
