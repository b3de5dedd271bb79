"""What is known to be reachable: the stored optimum of each simulated cell, and how it was found.

`bench/data/optima.toml` holds one entry a cell (universe, space, pool, task, budget). Regret is measured against
the entry's accuracy, never against the identity of its graph.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bench.graph import Graph
from bench.space import Space
from bench.spec import RunSpec

__all__ = ["Reference", "cell_reference", "truth"]


@dataclass(frozen=True, slots=True)
class Reference:
    """One cell. accuracy (H), best_fixed, random_mean (L): exact expected accuracies in [0, 1].

    how: `exact: …` where every graph was evaluated, else `lower bound: …`. graph, best_fixed_graph: one line each.
    random_mean: mean over 10,000 draws of the published sampler.
    """

    accuracy: float
    graph: str
    how: str
    best_fixed: float
    best_fixed_graph: str
    random_mean: float


@cache
def _cells() -> dict[tuple[str, ...], Reference]:
    text = (resources.files("bench") / "data" / "optima.toml").read_text(encoding="utf-8")
    cells = {}
    for entry in tomllib.loads(text).get("cells", []):
        key = tuple(entry.pop(name) for name in ("universe", "space", "pool", "task", "budget"))
        cells[key] = Reference(**entry)
    return cells


def cell_reference(universe: str, space: str, pool: str, task: str, budget: str) -> Reference | None:
    """The stored reference of a cell; None where there is none."""
    return _cells().get((universe, space, pool, task, budget))


def truth(spec: RunSpec, world: Any, space: Space, graph: Graph) -> dict[str, Any]:
    """What the world knows of the recommended graph and its cell; {} in worlds without exact truth."""
    if not hasattr(world, "expected_accuracy"):
        return {}
    known: dict[str, Any] = {"accuracy": world.expected_accuracy(graph, spec.task)}
    universe = dict(spec.world_options).get("universe", "main")
    cell = cell_reference(universe, space.name, space.pool.name, spec.task, spec.budget)
    if cell is not None:
        known |= {
            "reference": cell.accuracy,
            "reference_how": cell.how,
            "best_fixed": cell.best_fixed,
            "random_mean": cell.random_mean,
        }
    return known
