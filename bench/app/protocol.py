"""What a comparison protocol is: how methods search, and how they are then compared.

Presets are data (`bench/data/protocols.toml`); a user's own protocol is a TOML file with the same fields, or a
preset changed by options.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from bench.errors import IsobudgetError, unknown
from bench.registry import parse_method
from bench.spec import RunSpec
from bench.suite import Suite

__all__ = ["Protocol", "list_protocols", "load_protocol"]

_TESTED = 20
"""Test questions of a run in the bank: what an experiment asks is answered afterwards, from the world."""


@dataclass(frozen=True)
class Protocol:
    """A comparison protocol in the simulated world.

    How a method searches: methods (the reference among them), tasks, budget (inference), search, questions (of one
    evaluation), selection, held_back, finalists, space, pool, universe; or instances, a season whose worlds of
    stratum headroom are the blocks. How methods are compared: seeds (runs a method and task; of a family, how many
    worlds), items (test questions a task, 0 with exact accuracies), analysis, correction (none or holm, over the
    comparisons with the reference), reference, alpha. How closely the laboratory looks: bank, the runs of each
    method and task (of a family: in each world) that experiments are drawn from; copies of the reference method
    in an A/A experiment (0: as many as there are methods).
    """

    name: str
    title: str
    methods: tuple[str, ...]
    search: str
    questions: int
    seeds: int
    items: int
    analysis: str
    correction: str = "holm"
    reference: str = "random"
    alpha: float = 0.05
    tasks: tuple[str, ...] = ("math", "mmlu", "humaneval")
    budget: str = "small"
    selection: str = "shared"
    held_back: float = 0.2
    finalists: int = 5
    space: str = "standard"
    pool: str = "llama-small"
    universe: str = "main"
    instances: str = ""
    bank: int = 40
    copies: int = 0

    def __post_init__(self) -> None:
        canonical = tuple(dict.fromkeys(parse_method(name).text for name in self.methods))
        reference = parse_method(self.reference).text
        object.__setattr__(self, "methods", canonical)
        object.__setattr__(self, "reference", reference)
        object.__setattr__(self, "copies", self.copies or len(canonical))
        for wrong in _wrong(self):
            raise IsobudgetError(f"protocol {self.name}: {wrong}")

    @property
    def suite(self) -> Suite:
        """The runs behind the protocol as a suite; its plan hash leaves out how methods are compared."""
        plan: dict[str, Any] = {
            "tasks": list(self.tasks),
            "budgets": [self.budget],
            "world": "simulated",
            "world_options": {"universe": self.universe} if self.universe else {},
            "objective": "accuracy",
            "tier": "P0",
            "seeds": "0",
            "tests": _TESTED,
            "reference": "",
        }
        same = "search space pool selection held_back finalists questions".split()
        plan |= {name: getattr(self, name) for name in same}
        if self.instances:
            plan["instances"] = self.instances
        return Suite("audit", "1.0", self.title, self.methods, plan)

    @property
    def folder(self) -> Path:
        """Where its runs are kept; protocols that differ only in how methods are compared share it."""
        return Path("runs") / f"audit-{self.suite.plan_hash[:8]}"

    def specs(self) -> list[RunSpec]:
        """The runs of the bank, seed by seed: every method, then the other copies of the reference method."""
        once = [spec for spec in self.suite.specs(self.tasks, self._places()) if self._counts(spec)]
        copied = [spec for spec in once if spec.method == self.reference]
        whole = [*once, *(replace(spec, stream=k) for k in range(1, self.copies) for spec in copied)]
        bank = [replace(spec, seed=seed) for seed in range(self.bank) for spec in whole]
        return sorted(bank, key=lambda spec: spec.world_options)  # a world is opened once for all of its runs

    def _places(self) -> list[int] | None:
        return None if self.instances else [0]

    def _counts(self, spec: RunSpec) -> bool:
        """Whether a run is in a world that is ranked."""
        if not self.instances:
            return True
        from bench.seasons import load_season

        universe = dict(spec.world_options)["universe"]
        found = next(entry for entry in load_season(self.instances).instances if entry.name == universe)
        return found.stratum == "headroom"


def list_protocols() -> list[str]:
    """Names of the protocols that come with the package."""
    return sorted(_presets())


def load_protocol(name: str, changes: Mapping[str, Any] | None = None) -> Protocol:
    """The preset of that name, or the protocol in the TOML file at that path, with changes (None: unchanged)."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise IsobudgetError(f"no protocol file at {name}")
        try:
            data = tomllib.loads(Path(name).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise IsobudgetError(f"{name}: {error}") from error
        name = Path(name).stem
    elif name in _presets():
        data = _presets()[name]
    else:
        raise unknown("protocol", name, _presets())
    changed = {key: value for key, value in (changes or {}).items() if value not in (None, ())}
    return _protocol(name, data | changed)


def _presets() -> dict[str, dict[str, Any]]:
    text = (resources.files("bench") / "data" / "protocols.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _protocol(name: str, data: Mapping[str, Any]) -> Protocol:
    known = {field.name: field for field in fields(Protocol) if field.name != "name"}
    if odd := sorted(set(data) - set(known)):
        raise IsobudgetError(f"protocol {name}: no field '{odd[0]}': there are {', '.join(known)}")
    for key, value in data.items():
        _check_type(name, key, value, str(known[key].type))
    lists = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    try:
        return Protocol(name=name, **{**data, **lists})
    except TypeError as error:
        missing = str(error).partition(": ")[2] or str(error)
        raise IsobudgetError(f"protocol {name}: it needs {missing}") from error


def _check_type(name: str, key: str, value: Any, declared: str) -> None:
    wanted: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float)}
    fits = isinstance(value, wanted.get(declared, (list, tuple))) and not isinstance(value, bool)
    if fits and isinstance(value, (list, tuple)):
        fits = all(isinstance(entry, str) for entry in value)
    if not fits:
        raise IsobudgetError(f"protocol {name}: {key} = {value!r} is no {declared}")


def _wrong(protocol: Protocol) -> list[str]:
    """What makes a protocol one that cannot be audited, each in words."""
    from leaderboard.analyses import ANALYSES, EXACT

    if protocol.analysis not in ANALYSES:
        return [f"no analysis '{protocol.analysis}': there are {', '.join(ANALYSES)}"]
    exact = protocol.analysis == EXACT
    least = ANALYSES[protocol.analysis].least_seeds
    checks = [
        (len(protocol.methods) >= 2, "a comparison needs at least two methods"),
        (protocol.reference in protocol.methods, f"its reference {protocol.reference} is none of its methods"),
        (protocol.seeds >= least, f"{protocol.analysis} needs at least {least} seeds, not {protocol.seeds}"),
        (exact or protocol.items >= 2, f"{protocol.analysis} needs at least two test items, not {protocol.items}"),
        (not exact or protocol.items == 0, "exact accuracies ask no test items: items = 0"),
        (exact or not protocol.instances, "a family of worlds is compared by exact accuracies: analysis = exact"),
        (bool(protocol.universe) != bool(protocol.instances), "it needs a universe, or instances"),
        (protocol.correction in ("none", "holm"), f"correction '{protocol.correction}' is neither none nor holm"),
        (0 < protocol.alpha < 1, f"alpha {protocol.alpha} is no probability"),
        (protocol.copies >= 2, "an A/A experiment needs at least two copies"),
        (protocol.bank >= 2, "a bank of at least two runs is needed"),
    ]
    return [words for holds, words in checks if not holds]
