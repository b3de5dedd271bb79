"""Choosing the instances of a season: draws in order, each measured, until every stratum is full.

Many raw draws are dull: where the obvious is optimal there is nothing to compare. So of the instances of each task
the first few draws are taken as they come, and later draws only if they have headroom, over the best fixed
architecture *and* over random search, or are traps. Graphs are chosen on items of the range `search`; what is
stored was measured on the range `reference`, which no choice of a graph has seen. Choosing instances by that
measurement, whose standard error in a paired difference is about 0.2 points, flatters their headroom by less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.families.climb import Climb
from bench.families.wide import PROFILES, profile, wide
from bench.graph import Graph
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

__all__ = ["HEADROOM", "QUOTAS", "TRAP", "Measured", "choose", "entry", "measure", "searched"]

QUOTAS = {"headroom": 16, "trap": 8, "raw": 8}
"""Instances of each task."""

HEADROOM, TRAP = 0.02, 0.003
"""A share: at least so much is headroom, at most so much over the best fixed architecture is a trap."""

_GENERATIONS = 12
_SEEDS = 3  # of random search at the reference budget

Truth = Callable[[SimulatedWorld, Space, int], float]
"""(world, space, seed) → true accuracy of what random search recommends at the reference budget."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One draw. Accuracies are exact expected accuracies; random_search is NaN where headroom was too small."""

    index: int
    accuracy: float
    graph: str
    best_fixed: float
    best_fixed_graph: str
    random_search: float

    @property
    def stratum(self) -> str:
        """What the draw would serve for; empty for one between headroom and trap."""
        if self.accuracy - self.best_fixed <= TRAP:
            return "trap"
        enough = min(self.accuracy - self.best_fixed, self.accuracy - self.random_search) >= HEADROOM
        return "headroom" if enough else ""


def measure(
    public: str, version: str, index: int, space: Space, fixed: Sequence[Graph], random_search: Truth
) -> Measured:
    """The reference optimum, the best fixed architecture and random search in one draw: some seconds."""
    world = SimulatedWorld(wide(public, version, index))
    climb = Climb(world, space, fixed)
    climb.generations(_GENERATIONS)
    best, usual = climb.best(), climb.best_fixed(1)[0]
    reached, obvious = world.accuracies([best, usual], space.task).tolist()
    if obvious >= reached:
        best, reached = usual, obvious
    draw = Measured(index, reached, str(best), obvious, str(usual), float("nan"))
    return searched(draw, world, space, random_search) if reached - obvious >= HEADROOM else draw


def searched(draw: Measured, world: SimulatedWorld, space: Space, random_search: Truth) -> Measured:
    """The draw with what random search reaches in it."""
    found = [random_search(world, space, seed) for seed in range(_SEEDS)]
    return replace(draw, random_search=float(np.mean(found)))


def choose(measured: Iterator[Measured], most: int) -> tuple[list[tuple[str, Measured]], dict[str, list[float]]]:
    """Go through the draws in order; (stratum, draw) of those chosen, and by task every looked-at headroom.

    most: draws of a task after which its open places stay open.
    """
    chosen: list[tuple[str, Measured]] = []
    rooms: dict[str, list[float]] = {task: [] for task in PROFILES}
    places = {task: dict(QUOTAS) for task in PROFILES}
    for draw in measured:
        task = profile(draw.index)
        if not any(places[task].values()) or len(rooms[task]) >= most:
            if all(not any(places[t].values()) or len(rooms[t]) >= most for t in PROFILES):
                break
            continue
        rooms[task].append(draw.accuracy - draw.best_fixed)
        stratum = "raw" if places[task]["raw"] else draw.stratum
        if stratum and places[task][stratum]:
            places[task][stratum] -= 1
            chosen.append((stratum, draw))
    return chosen, rooms


def entry(stratum: str, draw: Measured, how: str, mean: float) -> dict[str, Any]:
    """What a season's file says of one instance."""
    return {
        "index": draw.index,
        "stratum": stratum,
        "accuracy": draw.accuracy,
        "graph": draw.graph,
        "how": how,
        "best_fixed": draw.best_fixed,
        "best_fixed_graph": draw.best_fixed_graph,
        "random_mean": mean,
        "random_search": draw.random_search,
    }
