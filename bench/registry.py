"""Where methods come from: a folder, the entry points of installed packages, one file, or a command.

A command is a method in a process of its own; within `sandboxed_methods` every method is one, in a jail. Nothing
here knows a method by name. A module whose import fails is still listed, with the reason.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.agent import AGENTS, Agent
from bench.errors import IsobudgetError, unknown
from bench.optimizer import REGISTRY, MethodInfo, Optimizer, Problem

__all__ = [
    "Loaded",
    "MethodSpec",
    "add_command",
    "broken_methods",
    "in_sandbox",
    "list_methods",
    "load",
    "loaded",
    "missing_module",
    "parse_method",
    "sandboxed_methods",
]

PLUGIN_FOLDER = "baselines"
ENTRY_POINTS = "isobudget.methods"
_FAILED: dict[str, str] = {}
_FILES: dict[tuple[Path, bool], MethodInfo] = {}
_COMMANDS: dict[tuple[str, str, bool], MethodInfo] = {}
_SANDBOX: list[bool] = []


class Loaded(NamedTuple):
    """What another process must know to have the same methods: files, commands with their names, and where
    methods run."""

    files: tuple[Path, ...]
    commands: tuple[tuple[str, str], ...]
    sandboxed: bool


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """A method with its parameters set: what one run runs.

    text: canonical, `name` or `name[a=1,b=x]` with the parameters that differ from the defaults, sorted.
    """

    info: MethodInfo
    values: tuple[tuple[str, Any], ...]

    @property
    def text(self) -> str:
        changed = [f"{k}={v}" for k, v in self.values if self.info.parameters[k] != v]
        return f"{self.info.name}[{','.join(changed)}]" if changed else self.info.name

    @property
    def label(self) -> str:
        """How tables call it: who drives it is part of its name."""
        changed = [f"{k}={v}" for k, v in self.values if k != "agent" and self.info.parameters[k] != v]
        label = f"{self.info.label} ({self.agent} agent)" if self.agent else self.info.label
        return f"{label} [{','.join(changed)}]" if changed else label

    @property
    def agent(self) -> str:
        """Who drives the method: one of `AGENTS`, empty when nobody does."""
        return str(dict(self.values).get("agent", "")) if self.info.agents else ""

    @property
    def kind(self) -> str:
        """Of the row: a method that a random agent drives is a control."""
        return "control" if self.agent == "random" and self.info.kind == "method" else self.info.kind

    @property
    def note(self) -> str:
        """What the row must say."""
        return "; ".join(filter(None, (self.info.note, AGENTS.get(self.agent, ""))))

    def build(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> Optimizer:
        """A fresh optimizer; its parameters are class attributes, as the method's file declares them."""
        values = {k: v for k, v in self.values if not (k == "agent" and self.info.agents)}
        cls: type[Optimizer] = type(self.info.cls.__name__, (self.info.cls,), values | {"called": self.text})
        return cls(problem, rng, agent)


def list_methods() -> list[str]:
    """Names of all methods found in the folder, in entry points and in files loaded so far."""
    _discover()
    return sorted(REGISTRY)


def broken_methods() -> dict[str, str]:
    """Modules that could not be imported, with the reason."""
    _discover()
    return dict(_FAILED)


def parse_method(text: str) -> MethodSpec:
    """The method that `name`, `name[parameter=value,…]` or `path/to/file.py` (one method in it) names."""
    match = re.fullmatch(r"(?P<name>[^\[\]]+?)(?:\[(?P<values>[^\]]*)\])?", text.strip())
    if match is None:
        raise IsobudgetError(f"'{text}' is no method: write name or name[parameter=value,…]")
    name = match["name"]
    info = _placed(_from_file(Path(name)) if name.endswith(".py") else _named(name))
    if lack := missing_module(info):
        raise IsobudgetError(f"method {info.name} needs {lack}: pip install 'isobudget[gp]', or install {lack}")
    given = dict(_pair(info, item) for item in filter(None, (match["values"] or "").split(",")))
    return MethodSpec(info, tuple(sorted((info.parameters | given).items())))


def missing_module(info: MethodInfo) -> str:
    """The module that a method needs and this installation lacks; empty when it has it."""
    return info.requires if info.requires and importlib.util.find_spec(info.requires) is None else ""


def add_command(command: str, name: str = "") -> str:
    """Register the method that a command speaks for; what `parse_method` then takes for it.

    name: what to call it instead of what it calls itself, with `[parameter=value,…]` if need be.
    """
    from bench.external.command import described_command
    from bench.external.process import Limits

    bare, bracket, values = name.partition("[")
    key = (command, bare, in_sandbox())
    if key not in _COMMANDS:
        info = described_command(command, bare, in_sandbox(), Limits())
        _discover()
        known = REGISTRY.get(info.name)
        if known is not None and known not in _COMMANDS.values():
            raise IsobudgetError(f"there is a method {info.name} already: give the command a --method-name")
        _COMMANDS[key] = info
    info = _COMMANDS[key]
    REGISTRY[info.name] = info
    return info.name + bracket + values


def in_sandbox() -> bool:
    """Whether methods run jailed."""
    return bool(_SANDBOX)


@contextmanager
def sandboxed_methods(on: bool = True) -> Iterator[None]:
    """Within, every method runs in a jailed process, or is refused. Raises SandboxUnavailable without a jail."""
    if not on:
        yield
        return
    from bench.external.jail import require_jail

    require_jail()
    before = dict(REGISTRY)
    _SANDBOX.append(True)
    try:
        yield
    finally:
        _SANDBOX.pop()
        for name in [name for name, info in REGISTRY.items() if info.outside == "jail"]:
            del REGISTRY[name]
        REGISTRY.update({name: info for name, info in before.items() if name not in REGISTRY})


def loaded() -> Loaded:
    """The files and commands that this process knows, for `load` in another."""
    here = in_sandbox()
    files = tuple(path for path, jailed in _FILES if jailed == here)
    return Loaded(files, tuple((c, name) for c, name, jailed in _COMMANDS if jailed == here), here)


def load(methods: Loaded) -> None:
    """Know the methods that another process knows, and run them where it does."""
    if methods.sandboxed:
        _SANDBOX.append(True)
    for path in methods.files:
        _from_file(path)
    for command, name in methods.commands:
        add_command(command, name)


def _placed(info: MethodInfo) -> MethodInfo:
    """The method as it runs here: as it is, or jailed."""
    if not in_sandbox():
        return info
    from bench.external.command import jailed
    from bench.external.process import Limits

    path = next((path for (path, _), known in _FILES.items() if known is info), None)
    return jailed(info, path, Limits())


def _named(name: str) -> MethodInfo:
    _discover()
    if name not in REGISTRY:
        raise unknown("method", name, REGISTRY)
    return REGISTRY[name]


def _pair(info: MethodInfo, item: str) -> tuple[str, Any]:
    key, equals, value = (part.strip() for part in item.partition("="))
    if not equals or key not in info.parameters:
        known = ", ".join(f"{k}={v}" for k, v in info.parameters.items()) or "none"
        raise IsobudgetError(f"method {info.name} has no parameter '{item}'; its parameters: {known}")
    default = info.parameters[key]
    if key == "agent" and info.agents and value not in info.agents:
        raise IsobudgetError(f"method {info.name}: its agent is {' or '.join(info.agents)}, not '{value}'")
    try:
        return key, _convert(value, default)
    except ValueError:
        kind = type(default).__name__
        raise IsobudgetError(f"method {info.name}: {key} takes a value of type {kind}, not '{value}'") from None


def _convert(value: str, default: Any) -> Any:
    if isinstance(default, bool):
        if value.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise ValueError(value)
        return value.lower() in ("true", "1", "yes")
    return value if isinstance(default, str) else type(default)(value)


@cache
def _discover() -> None:
    package = importlib.import_module(PLUGIN_FOLDER)
    for module in pkgutil.iter_modules(package.__path__, f"{PLUGIN_FOLDER}."):
        if not module.name.rpartition(".")[2].startswith("_"):
            _import(module.name, lambda name=module.name: importlib.import_module(name))
    for point in entry_points(group=ENTRY_POINTS):
        _import(point.value, point.load)


def _import(name: str, load: Any) -> None:
    try:
        load()
    except Exception as error:  # a broken plug-in must not take the others down
        _FAILED[name] = f"{type(error).__name__}: {error}"


def _from_file(path: Path) -> MethodInfo:
    """The one method of a file; a file is executed once, and in the sandbox only there."""
    _discover()
    path = path.resolve()
    key = (path, in_sandbox())
    if key not in _FILES:
        if not path.is_file():
            raise IsobudgetError(f"no method file at {path.name}")
        _FILES[key] = _described(path) if in_sandbox() else _executed(path)
    REGISTRY.setdefault(_FILES[key].name, _FILES[key])
    return _FILES[key]


def _executed(path: Path) -> MethodInfo:
    before = set(REGISTRY)
    _execute(path)
    found = sorted(set(REGISTRY) - before)
    if len(found) != 1:
        raise IsobudgetError(f"{path} must register exactly one new method with @method(…), not {len(found)}")
    return REGISTRY[found[0]]


def _described(path: Path) -> MethodInfo:
    """The method of a file that is not executed here."""
    from bench.external.command import described_file
    from bench.external.process import Limits

    info = described_file(path, Limits())
    if info.name in REGISTRY and (path, False) not in _FILES:
        raise IsobudgetError(f"{path.name}: there is a method {info.name} already: give it another name")
    REGISTRY[info.name] = info
    return info


def _execute(path: Path) -> None:
    name = f"isobudget_method_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise IsobudgetError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
