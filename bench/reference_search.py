"""The frozen search for a cell's optimum: exact where the space can be enumerated, else a beam search.

Graphs are screened on few reference items first and the better ones measured again on more; the beam starts
from given graphs (every fixed architecture that fits) and from draws of the published sampler, and moves to
the neighbours of its members until a whole step brings nothing. What is reported was measured on all
reference items at both trials, where truth is defined; the screening used a part of them, which biases the
choice, not the figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bench.enumeration import enumerate_up_to
from bench.graph import Graph
from bench.keys import generator
from bench.neighbours import neighbours
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

__all__ = ["EFFORTS", "Effort", "Found", "best_known", "best_of", "random_mean"]

_STAGES = ((500, 2000), (4000, 100))
"""(Reference items, how many graphs go on): the last stage is always all items at both trials."""

_ENUMERABLE = 50_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a beam search tries.

    words: what it is called. beam: how many graphs it keeps. patience: steps without a gain before it ends.
    draws: of the published sampler, at the start.
    """

    words: str
    beam: int
    patience: int
    draws: int


EFFORTS = {"full": Effort("beam search", 40, 2, 1000), "brief": Effort("brief beam search", 12, 1, 400)}
"""Spaces that can be enumerated are, whatever the effort."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best graph of a search: exact expected accuracy, how many distinct graphs were screened."""

    graph: Graph
    accuracy: float
    screened: int


def best_of(world: SimulatedWorld, task: str, graphs: Iterable[Graph]) -> Found:
    """The best of a list, measured in stages; ties go to the smaller id."""
    field = list({graph.id: graph for graph in graphs}.values())
    screened = len(field)
    for items, kept in _STAGES:
        if len(field) > kept:
            field = _top(world, task, field, kept, items)
    truth = world.accuracies(field, task)
    best = min(range(len(field)), key=lambda i: (-truth[i], field[i].id))
    return Found(field[best], float(truth[best]), screened)


def best_known(
    world: SimulatedWorld, space: Space, starts: Sequence[Graph], effort: Effort = EFFORTS["full"]
) -> tuple[Found, str]:
    """The best graph of a space, and in words how it was found."""
    found, words = [], []
    for sink in space.sinks:
        part = replace(space, sinks=(sink,))
        own = [graph for graph in starts if part.contains(graph)]
        name = " ".join(filter(None, sink))
        whole = _enumerated(part)
        if whole is not None:
            found.append(best_of(world, space.task, whole))
            words.append(f"exact under {name}: all {found[-1].screened:,} graphs enumerated")
        else:
            found.append(_beam(world, part, own, effort))
            words.append(f"lower bound under {name}: {effort.words} over {found[-1].screened:,} graphs")
    best = min(found, key=lambda f: (-f.accuracy, f.graph.id))
    return best, "; ".join(words)


def random_mean(world: SimulatedWorld, space: Space, draws: int, trials: Sequence[int] = (0, 1)) -> float:
    """Mean accuracy of `draws` graphs of the published sampler, each on 2,000 reference items at these trials."""
    rng = generator("random mean", space.name, space.pool.name, space.task, space.budget)
    graphs = [space.sample(rng) for _ in range(draws)]
    distinct = list({graph.id: graph for graph in graphs}.values())
    value = dict(
        zip((g.id for g in distinct), world.accuracies(distinct, space.task, slice(2000), trials), strict=True)
    )
    return float(np.mean([value[graph.id] for graph in graphs]))


@lru_cache(maxsize=4)
def _enumerated(space: Space) -> list[Graph] | None:
    """Every graph of a space, None where there are too many; kept, because universes share their spaces."""
    return enumerate_up_to(space, _ENUMERABLE)


def _top(world: SimulatedWorld, task: str, field: Sequence[Graph], kept: int, items: int) -> list[Graph]:
    score = world.accuracies(field, task, slice(items))
    order = sorted(range(len(field)), key=lambda i: (-score[i], field[i].id))
    return [field[i] for i in order[:kept]]


def _beam(world: SimulatedWorld, space: Space, starts: Sequence[Graph], effort: Effort) -> Found:
    rng = generator("reference search", space.name, space.pool.name, space.task, space.budget)
    seen = {graph.id: graph for graph in [*starts, *(space.sample(rng) for _ in range(effort.draws))]}
    scores: dict[str, float] = {}  # on 4,000 items, of every graph that passed the first screening
    idle = 0
    fresh = list(seen.values())
    while idle < effort.patience:
        before = max(scores.values(), default=0.0)
        chosen = _top(world, space.task, fresh, 4 * effort.beam, 1000)
        scores |= dict(zip((g.id for g in chosen), world.accuracies(chosen, space.task, slice(4000)), strict=True))
        idle = idle + 1 if max(scores.values()) <= before else 0
        beam = sorted(scores, key=lambda key: (-scores[key], key))[: effort.beam]
        fresh = []
        for key in beam:
            for graph in neighbours(space, seen[key]):
                if graph.id not in seen:
                    seen[graph.id] = graph
                    fresh.append(graph)
        if not fresh:
            break
    finalists = [seen[key] for key in sorted(scores, key=lambda key: (-scores[key], key))[:100]]
    best = best_of(world, space.task, [*finalists, *starts])
    return replace(best, screened=len(seen))
