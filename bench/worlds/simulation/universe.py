"""Universes: the parameters of a simulated world, read from TOML.

A universe states, for each task, how models answer, and for each model, how it reads the answers of others.
`bench/data/universes/main.toml` is the calibrated one and marks where each figure comes from; a variant names
its `base` and only what differs from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from bench.errors import IsobudgetError, unknown
from bench.pools import load_pool

__all__ = ["Common", "Reader", "TaskPhysics", "Universe", "list_universes", "load_universe", "parse_universe"]


@dataclass(frozen=True, slots=True)
class Common:
    """What holds for all tasks and models; `main.toml` says what each figure means."""

    noise_spread: float
    coincidence_spread: float
    verification_limit: float
    overload_ceiling: float
    overload_none: float
    length_inflation: float
    select_self_trust: float
    select_anchor: float
    critic_weight: float
    right_length: float
    wrong_length: float
    longest: float
    overhead: float
    slot_drag: float
    jitter: float


@dataclass(frozen=True, slots=True)
class Reader:
    """How a model reads: pull of each vote, trust in its own attempt, thousands of tokens it can take in.

    family: models of one family are more alike than others, where a task says so (`TaskPhysics.across`).
    """

    plurality: float
    self_trust: float
    context: float
    family: int = 0


@dataclass(frozen=True, slots=True)
class TaskPhysics:
    """How models answer one task.

    between, within: correlation of correctness of two models, of two samples of one model. coincidence:
    chance that two models' wrong answers are equal; pet: chance that a wrong answer is the model's standing
    one; wrong_options: how many there are (3, or 0 for unboundedly many). The pulls on a reader's choice are
    log-odds; reading and sway shift the margin of its own attempt. accuracy, no_answer: by model name.
    across: correlation of two models of different families; None: of one family or of two, it is `between`.
    strengths: by model name, how much easier each subject is for it; () where items have no subjects.
    lengths: by model name, mean tokens of its answers over the task's constant; 1 where it is not named.
    """

    between: float
    within: float
    coincidence: float
    pet: float
    wrong_options: int
    self_trust: float
    verification: float
    verification_slope: float
    reading: float
    sway: float
    anchor: float
    token_spread: float
    accuracy: Mapping[str, float]
    no_answer: Mapping[str, float]
    across: float | None = None
    strengths: Mapping[str, Sequence[float]] = field(default_factory=dict)
    lengths: Mapping[str, float] = field(default_factory=dict)

    @property
    def subjects(self) -> int:
        """How many subjects the items have, all equally frequent; 1 where they have none."""
        return max(map(len, self.strengths.values()), default=1)


@dataclass(frozen=True, slots=True)
class Universe:
    """All parameters of one simulated world. number enters every random key; pool gives keys and speeds.

    models: those of the pool; what a base says of others does not count.
    """

    name: str
    number: int
    pool: str
    common: Common
    models: Mapping[str, Reader]
    tasks: Mapping[str, TaskPhysics]

    @property
    def label(self) -> str:
        """Its name, and that its pool is synthetic where it is."""
        return f"{self.name}, synthetic pool" if load_pool(self.pool).synthetic else self.name

    def task(self, name: str) -> TaskPhysics:
        """The physics of a task. Raises IsobudgetError when this universe has none."""
        if name not in self.tasks:
            has = ", ".join(self.tasks)
            raise IsobudgetError(f"universe '{self.name}' has no parameters for task '{name}': it has {has}")
        return self.tasks[name]

    def task_models(self, name: str) -> tuple[str, ...]:
        """The models that have parameters for that task."""
        return tuple(model for model in self.task(name).accuracy if model in self.models)


def list_universes() -> list[str]:
    """Names of the universes that come with the package, main first."""
    names = (entry.name for entry in _folder().iterdir())
    return sorted((n.removesuffix(".toml") for n in names if n.endswith(".toml")), key=lambda n: (n != "main", n))


@cache
def load_universe(name: str) -> Universe:
    """The universe of that name, the instance of a season, or the one in the TOML file at that path."""
    if name not in list_universes() and not name.endswith(".toml"):
        from bench.seasons import instance_universe  # it derives worlds from these

        if (instance := instance_universe(name)) is not None:
            return instance
    return parse_universe(Path(name).stem if name.endswith(".toml") else name, _data(name))


def parse_universe(name: str, data: Mapping[str, Any]) -> Universe:
    """The universe that whole (already merged) TOML data describe. Raises IsobudgetError for a bad one."""
    try:
        pool = load_pool(str(data["pool"]))
        readers = {model: Reader(**_numbers(entry)) for model, entry in data["models"].items()}
        universe = Universe(
            name=name,
            number=int(data["universe"]),
            pool=str(data["pool"]),
            common=Common(**_numbers(data["common"])),
            models={model: reader for model, reader in readers.items() if model in pool.names},
            tasks={task: TaskPhysics(**_numbers(entry)) for task, entry in data["tasks"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IsobudgetError(f"universe '{name}': {error} (main.toml is a whole one)") from error
    for task, physics in universe.tasks.items():
        _check(f"universe '{name}', task {task}", physics)
    return universe


def _folder() -> Any:
    return resources.files("bench") / "data" / "universes"


def _data(name: str) -> dict[str, Any]:
    """The merged data of a universe: what its base says, overlaid by what it says itself."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise IsobudgetError(f"no universe file at {name}")
        text = path.read_text(encoding="utf-8")
    elif name in list_universes():
        text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise unknown("world", name, list_universes())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise IsobudgetError(f"universe '{name}' is not TOML: {error}") from error
    base = data.pop("base", None)
    if base == name:
        raise IsobudgetError(f"universe '{name}' is its own base")
    if name.endswith(".toml") and str(data.get("pool", "")).endswith(".toml"):
        data["pool"] = str(
            Path(name).parent / str(data["pool"])
        )  # a pool file lies beside the universe that names it
    return data if base is None else _overlaid(_data(str(base)), data)


def _overlaid(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _overlaid(base[key], value) if both else value
    return merged


def _numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A table's figures, one level of nested tables and lists allowed; a text among them is an error."""
    for key, value in entry.items():
        if isinstance(value, dict):
            _numbers(value)
        elif isinstance(value, list):
            _numbers({f"{key}[{i}]": part for i, part in enumerate(value)})
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"'{key}' must be a number, not {value!r}")
    return dict(entry)


def _check(where: str, physics: TaskPhysics) -> None:
    if not 0 < physics.between <= physics.within < 1:
        raise IsobudgetError(f"{where}: needs 0 < between <= within < 1")
    if physics.across is not None and not 0 <= physics.across <= physics.between:
        raise IsobudgetError(f"{where}: needs 0 <= across <= between")
    if len({len(shifts) for shifts in physics.strengths.values()} - {0}) > 1:
        raise IsobudgetError(f"{where}: strengths must name the same number of subjects for every model")
    if physics.wrong_options not in (0, 3):
        raise IsobudgetError(f"{where}: wrong_options must be 3, or 0 for unboundedly many")
    for table in (physics.accuracy, physics.no_answer):
        if not all(0 < value < 1 for value in table.values()):
            raise IsobudgetError(f"{where}: accuracy and no_answer are shares between 0 and 1")
    if not all(value > 0 for value in physics.lengths.values()):
        raise IsobudgetError(f"{where}: lengths are positive")
    missing = sorted(set(physics.accuracy) - set(physics.no_answer))
    if missing:
        raise IsobudgetError(f"{where}: no_answer lacks {', '.join(missing)}")
