"""Model pools: which models a graph may use, and what a token of each costs.

A pool is a TOML file in `bench/data/pools/` or a user's own. Sizes are the nominal ones of the paper; the
file says where each figure comes from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

from bench.errors import IsobudgetError, unknown

__all__ = ["CALL_OVERHEAD", "AgentRates", "Model", "Pool", "call_seconds", "call_usd", "list_pools", "load_pool"]


CALL_OVERHEAD = 0.03
"""Seconds of every call before the first token is read (a guess)."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a pool.

    key: the small integer that stands for it in random keys. params M, layers L, width D: what the FLOPs
    formula needs. prefill, decode: tokens a second of one slot. usd_in, usd_out: dollars per million tokens.
    nominal: cost of a node in the official release's scale, by task name ("default" for the others).
    """

    name: str
    key: int
    params: int
    layers: int
    width: int
    prefill: float
    decode: float
    usd_in: float
    usd_out: float
    nominal: dict[str, int]


@dataclass(frozen=True, slots=True)
class AgentRates:
    """What a token of the agent's LLM costs: FLOPs, dollars per million tokens, tokens a second."""

    flops_per_token: float
    usd_in: float
    usd_out: float
    prefill: float
    decode: float


@dataclass(frozen=True, eq=False)
class Pool:
    """A named set of models, smallest first, and the agent's rates. One object a name, so it is its own key.

    selector: the model of the `select` sink. weights: folders of those models whose weights come along.
    fidelity: what `isobudget fidelity` found of simulated boards of this pool; {} while nobody measured it.
    path: of a user's own file.
    """

    name: str
    models: tuple[Model, ...]
    agent: AgentRates
    synthetic: bool
    selector: str
    weights: Mapping[str, Path] = field(default_factory=dict)
    fidelity: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The models' names, smallest first."""
        return tuple(model.name for model in self.models)

    def __getitem__(self, name: str) -> Model:
        for model in self.models:
            if model.name == name:
                return model
        raise unknown("pool", name, self.names)


def call_seconds(rates: Model | AgentRates, read: float, written: float) -> float:
    """Modelled service time of one call that reads and writes so many tokens, in seconds."""
    return CALL_OVERHEAD + read / rates.prefill + written / rates.decode


def call_usd(rates: Model | AgentRates, read: float, written: float) -> float:
    """Dollars of one call that reads and writes so many tokens."""
    return (read * rates.usd_in + written * rates.usd_out) / 1e6


def list_pools() -> list[str]:
    """Names of the pools that come with the package."""
    folder = resources.files("bench") / "data" / "pools"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def load_pool(name: str) -> Pool:
    """The pool of that name, or the one in the TOML file at that path."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise IsobudgetError(f"no pool file at {name}")
        return replace(_parse(path.stem, path.read_text(encoding="utf-8"), name), path=path)
    if name not in list_pools():
        raise unknown("pool", name, list_pools())
    text = (resources.files("bench") / "data" / "pools" / f"{name}.toml").read_text(encoding="utf-8")
    return _parse(name, text, f"{name}.toml")


def _parse(name: str, text: str, where: str) -> Pool:
    try:
        data = tomllib.loads(text)
        models = tuple(Model(**entry) for entry in data["models"])
        agent = AgentRates(**data["agent"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise IsobudgetError(f"{where} is not a pool: {error} (docs/pools.md shows a whole one)") from error
    if len({m.name for m in models}) != len(models) or len({m.key for m in models}) != len(models):
        raise IsobudgetError(f"{where}: two models share a name or a key")
    names = [model.name for model in models]
    selector = data.get("select", "3B" if "3B" in names else names[0])
    if selector not in names:
        raise IsobudgetError(f"{where}: select is '{selector}', which is none of its models {', '.join(names)}")
    folder = Path(str(resources.files("bench"))) / "data"
    weights = {model: folder / place for model, place in data.get("weights", {}).items()}
    synthetic, fidelity = bool(data.get("synthetic", False)), data.get("fidelity", {})
    return Pool(name, models, agent, synthetic, selector, weights, fidelity)
