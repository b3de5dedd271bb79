"""What is known to be reachable: the stored optimum of each simulated cell, and how it was found.

`bench/data/optima.toml` holds one entry a cell (universe, space, pool, task, budget). Regret is measured against
the entry's accuracy, never against the identity of its graph.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from bench.graph import Graph
from bench.seasons import Instance, load_season, season_of
from bench.space import Space
from bench.spec import RunSpec

__all__ = ["TRAP", "Reference", "cell_reference", "references", "stored", "truth"]

Cell = tuple[str, str, str, str, str]
"""Universe, space, pool, task, budget."""

TRAP = 0.005
"""Headroom, a share, below which a cell holds nothing to find."""

_KEY = ("universe", "space", "pool", "task", "budget")


@dataclass(frozen=True, slots=True)
class Reference:
    """One cell. accuracy (H), best_fixed, random_mean (L): exact expected accuracies in [0, 1].

    how: for each sink `exact …` where every graph was enumerated, else `lower bound …`. graph, best_fixed_graph:
    one line each.
    random_mean: mean over 10,000 draws of the published sampler. random_search: mean over five seeds of what the
    method `random` recommends after 1,920 executions; None where it was not measured.
    """

    accuracy: float
    graph: str
    how: str
    best_fixed: float
    best_fixed_graph: str
    random_mean: float
    random_search: float | None = None

    @property
    def over_fixed(self) -> float:
        """Headroom, a share: what is known to be reachable minus the best fixed architecture."""
        return self.accuracy - self.best_fixed

    @property
    def over_random(self) -> float | None:
        """Headroom, a share, over random search; None where that was not measured."""
        return None if self.random_search is None else self.accuracy - self.random_search

    @property
    def trap(self) -> bool:
        """Whether the cell holds nothing to find beyond a fixed architecture or beyond random search."""
        return any(room is not None and room < TRAP for room in (self.over_fixed, self.over_random))


@cache
def references() -> dict[Cell, Reference]:
    """All stored cells, in the order of the file."""
    text = (resources.files("bench") / "data" / "optima.toml").read_text(encoding="utf-8")
    cells = {}
    for entry in tomllib.loads(text).get("cells", []):
        universe, space, pool, task, budget = (entry.pop(name) for name in _KEY)
        cells[universe, space, pool, task, budget] = Reference(**entry)
    return cells


def cell_reference(universe: str, space: str, pool: str, task: str, budget: str) -> Reference | None:
    """The stored reference of a cell; None where there is none."""
    return references().get((universe, space, pool, task, budget))


def truth(spec: RunSpec, world: Any, space: Space, graph: Graph) -> dict[str, Any]:
    """What the world knows of the recommended graph and its cell; {} in worlds without exact truth."""
    if not hasattr(world, "expected_accuracy"):
        return {}
    return {"accuracy": world.expected_accuracy(graph, spec.task)} | stored(spec, space)


def stored(spec: RunSpec, space: Space) -> dict[str, Any]:
    """What is on file for a run's cell: its reference values, and the stratum of a season's world."""
    universe = dict(spec.world_options).get("universe", "main")
    cell = _instance(universe, spec) or cell_reference(
        universe, space.name, space.pool.name, spec.task, spec.budget
    )
    if cell is None:
        return {}
    known: dict[str, Any] = {
        "reference": cell.accuracy,
        "reference_how": cell.how,
        "best_fixed": cell.best_fixed,
        "random_mean": cell.random_mean,
        "random_search": cell.random_search,
    }
    if isinstance(cell, Instance):
        known["stratum"] = cell.stratum
    return known


def _instance(universe: str, spec: RunSpec) -> Instance | None:
    """The entry of a season's world, in the setting that its season was measured in."""
    name = season_of(universe)
    if name is None:
        return None
    season = load_season(name)
    if (spec.space, spec.pool, spec.budget) != (season.space, season.pool, season.budget):
        return None
    return next((found for found in season.instances if found.name == universe), None)


_SCREEN = 4_000
"""Reference items on which all visited graphs are measured before the best few are measured on all."""


def best_visited(world: Any, task: str, graphs: Sequence[Graph]) -> float:
    """The true accuracy of the best of these graphs: regret splits at it into never visited and not recommended.

    The five best on a part of the reference items are measured on all of them.
    """
    screened = world.accuracies(graphs, task, slice(0, _SCREEN), (0,))
    first = [graphs[int(i)] for i in np.argsort(-screened, kind="stable")[:5]]
    return float(world.accuracies(first, task).max())
