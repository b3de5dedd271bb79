"""How it is run: graphs, budgets, worlds, the loop, records. Never names a method.

The names below are stable; everything else is private. They are imported on first use, so that
`import bench` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.graph import Graph
    from bench.loop import run
    from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method
    from bench.records import load_records
    from bench.registry import list_methods
    from bench.space import Space
    from bench.worlds import load_world

__all__ = [
    "Graph",
    "Optimizer",
    "Outcome",
    "Problem",
    "Proposal",
    "Space",
    "list_methods",
    "load_records",
    "load_world",
    "method",
    "run",
]

_HOME = {
    "Graph": "graph",
    "Optimizer": "optimizer",
    "Outcome": "optimizer",
    "Problem": "optimizer",
    "Proposal": "optimizer",
    "Space": "space",
    "list_methods": "registry",
    "load_records": "records",
    "load_world": "worlds",
    "method": "optimizer",
    "run": "loop",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bench' has no attribute '{name}'")
    value = getattr(import_module(f"bench.{_HOME[name]}"), name)
    globals()[name] = value
    return value
