"""Where methods come from: a folder, the entry points of installed packages, or one file.

Nothing here knows a method by name. A module whose import fails is still listed, with the reason.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from bench.agent import AGENTS, Agent
from bench.errors import IsobudgetError, unknown
from bench.optimizer import REGISTRY, MethodInfo, Optimizer, Problem

__all__ = [
    "MethodSpec",
    "broken_methods",
    "list_methods",
    "load_files",
    "loaded_files",
    "missing_module",
    "parse_method",
]

PLUGIN_FOLDER = "baselines"
ENTRY_POINTS = "isobudget.methods"
_FAILED: dict[str, str] = {}
_FILES: dict[Path, MethodInfo] = {}


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
        cls: type[Optimizer] = type(self.info.cls.__name__, (self.info.cls,), values)
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
    info = _from_file(Path(name)) if name.endswith(".py") else _named(name)
    if lack := missing_module(info):
        raise IsobudgetError(f"method {info.name} needs {lack}: pip install 'isobudget[gp]', or install {lack}")
    given = dict(_pair(info, item) for item in filter(None, (match["values"] or "").split(",")))
    return MethodSpec(info, tuple(sorted((info.parameters | given).items())))


def missing_module(info: MethodInfo) -> str:
    """The module that a method needs and this installation lacks; empty when it has it."""
    return info.requires if info.requires and importlib.util.find_spec(info.requires) is None else ""


def loaded_files() -> list[Path]:
    """Method files loaded so far: what another process must load to know the same methods."""
    return list(_FILES)


def load_files(paths: list[Path]) -> None:
    """Load method files, as `parse_method` does."""
    for path in paths:
        _from_file(path)


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
    """The one method of a file; a file is executed once."""
    _discover()
    path = path.resolve()
    if path not in _FILES:
        if not path.is_file():
            raise IsobudgetError(f"no method file at {path.name}")
        before = set(REGISTRY)
        _execute(path)
        found = sorted(set(REGISTRY) - before)
        if len(found) != 1:
            raise IsobudgetError(f"{path} must register exactly one new method with @method(…), not {len(found)}")
        _FILES[path] = REGISTRY[found[0]]
    return _FILES[path]


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
