"""Worlds: who answers node calls. `load_world` opens one by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.errors import IsobudgetError, unknown
from bench.worlds.base import World

__all__ = ["list_worlds", "load_world"]

_WORLDS = {
    "simulated": (
        "bench.worlds.simulated",
        "SimulatedWorld",
        "statistical models of LLM calls, exact truth; the default",
    ),
    "openai": ("bench.worlds.openai", "OpenAIWorld", "real questions through any OpenAI-compatible server"),
    "replay": (
        "bench.worlds.replay",
        "open_replay",
        "a tape of recorded calls, or of published answers; no model",
    ),
    "vllm": ("bench.worlds.vllm", "VllmWorld", "real models in this process, through vLLM's engines"),
    "served": ("bench.worlds.served", "ServedWorld", "the simulated models on real questions, over HTTP"),
}


def list_worlds() -> dict[str, str]:
    """Names of all worlds, each with a line that says what it is."""
    return {name: about for name, (_, _, about) in _WORLDS.items()}


def load_world(name: str, **options: Any) -> Any:
    """Open a world. options: its own, such as `universe` or `base_url`; a wrong one is named."""
    if name not in _WORLDS:
        raise unknown("world", name, _WORLDS)
    module, factory, _ = _WORLDS[name]
    try:
        world: World = getattr(import_module(module), factory)(**options)
    except TypeError as error:
        raise IsobudgetError(f"world {name}: {error}") from error
    return world
