"""Real models in this process: vLLM's offline engines, one a model, filled with a level of graphs at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bench.errors import IsobudgetError
from bench.pools import load_pool
from bench.worlds.client import Client, Policy
from bench.worlds.engines import Engines
from bench.worlds.openai import OpenAIWorld

__all__ = ["VllmWorld"]


class VllmWorld(OpenAIWorld):
    """A world whose calls never leave the process. Its engines start with it, which takes seconds to minutes."""

    name: ClassVar[str] = "vllm"

    def __init__(
        self,
        models: Mapping[str, str] | str | None = None,
        *,
        pool: str = "pocket",
        memory: float | str | None = None,
        sleep: bool | str = False,
        engine: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """models: folder or hub name of each model of the pool; none are needed where the pool brings its weights.

        memory: share of the device's memory for all engines together, divided evenly (not on a CPU). sleep: only
        one engine is on the device at a time. engine: more options of `vllm.LLM`. options: of `OpenAIWorld`.
        """
        sources = _sources(models, pool)
        chosen = dict(engine or {})
        alone = _yes(sleep)
        if memory is not None:
            chosen["gpu_memory_utilization"] = float(memory) / (1 if alone else len(sources))
        self._start = (sources, alone, chosen)
        super().__init__(pool=pool, **options)

    def _connect(
        self, base_url: str | Mapping[str, str], names: Mapping[str, str], api_key: str | None, policy: Policy
    ) -> Client:
        return Engines(*self._start)


def _sources(models: Mapping[str, str] | str | None, pool: str) -> dict[str, str]:
    """Where each model of the pool comes from."""
    known = load_pool(pool)
    given = models if isinstance(models, Mapping) else _pairs(models or "")
    if strange := sorted(set(given) - set(known.names)):
        raise IsobudgetError(f"pool {pool} has no model {strange[0]}: it has {', '.join(known.names)}")
    found = {name: str(given.get(name) or known.weights.get(name) or "") for name in known.names}
    if missing := [name for name, source in found.items() if not source]:
        raise IsobudgetError(
            f"world vllm needs the weights of {', '.join(missing)}: give --model {missing[0]}=FOLDER_OR_HUB_NAME"
        )
    return found


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, source = part.partition("=")
        if not equals or not source:
            raise IsobudgetError(f"models '{text}' names no models: write it as S=folder,M=other-folder")
        found[name.strip()] = source.strip()
    return found


def _yes(value: bool | str) -> bool:
    return value.lower() in ("1", "true", "yes") if isinstance(value, str) else bool(value)
