"""The family `posterior`: draws of `wide`, weighted by how well they meet what is published.

Approximate Bayesian computation with a Gaussian kernel: a draw's world is asked what was measured, and its
weight is exp(−misfit/2), misfit the sum of squared differences in units of their tolerance. The tolerances are
wide, because sample sizes are unknown and some evidence is of other models: a weight says which draws the
evidence rules out, not which one is right. `effective_size` says how many draws a weighted mean rests on.

Evidence, for the draw's task: accuracies of single models and of the mixes of the pilots (the mean over random
graphs under a 3B sink; `bench/data/prior/published.toml`); how often a strong model that reads j right answers
out of five is right (GPT-4o-mini, read for the 70B); and for MATH what a vote of three gains over the best of
them, by how far apart the three are (18 models on MATH level 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from bench.graph import Graph
from bench.keys import generator
from bench.levels import Request, run_graphs
from bench.prior import calibration_table
from bench.worlds.simulated import SimulatedWorld

__all__ = ["Evidence", "effective_size", "evidence", "misfit"]

_GRAPHS = 8  # random ones of each pilot's mix
_ITEMS = 500
_READ_ITEMS = 4_000  # of the reading and voting tables
_DENSITIES = (0.1, 0.25, 0.5, 0.8)

_SINGLE, _PILOT, _READING, _VOTE = 0.05, 0.06, 0.15, 0.04  # tolerances, shares
_READS = {1: 0.02, 2: 0.12, 3: 0.73, 4: 0.91}  # right inputs of five → how often the reader is right
_VOTES = ((0.05, 0.018), (0.15, -0.014), (0.30, -0.061), (1.0, -0.156))  # spread below → gain over the best


class Evidence(NamedTuple):
    """One published figure, what the world gives for it, and the difference that counts as one."""

    what: str
    published: float
    found: float
    tolerance: float


def evidence(world: SimulatedWorld) -> list[Evidence]:
    """All figures for the one task of an instance's world; shares."""
    (task,) = world.universe.tasks
    known = [*_singles(world, task), *_pilots(world, task), *_readings(world, task)]
    return known + (list(_votes(world, task)) if task == "math" else [])


def misfit(world: SimulatedWorld) -> float:
    """Sum of squared differences to the evidence, each in units of its tolerance; the log weight is −misfit/2."""
    return sum(((e.found - e.published) / e.tolerance) ** 2 for e in evidence(world))


def effective_size(misfits: Sequence[float]) -> float:
    """How many equally weighted draws the weighted ones are worth: (Σw)² / Σw² (Kish)."""
    weights = np.exp(-0.5 * (np.array(misfits) - min(misfits, default=0.0)))
    return float(weights.sum() ** 2 / np.square(weights).sum()) if len(weights) else 0.0


def _singles(world: SimulatedWorld, task: str) -> Iterator[Evidence]:
    accuracy = world.universe.task(task).accuracy
    for model, published in calibration_table(task)["single"].items():
        yield Evidence(f"single {model}", published, accuracy[model], _SINGLE)


def _pilots(world: SimulatedWorld, task: str) -> Iterator[Evidence]:
    pilots = calibration_table(task)["pilots"]
    graphs = [_random_graphs(task, tuple(pilot["mix"].items())) for pilot in pilots]
    found = world.accuracies([graph for mix in graphs for graph in mix], task, slice(_ITEMS), (0,), "search")
    for pilot, mean in zip(pilots, found.reshape(len(pilots), -1).mean(axis=1).tolist(), strict=True):
        mix = " + ".join(f"{count} {model}" for model, count in pilot["mix"].items())
        yield Evidence(f"pilot {mix}", pilot["accuracy"], mean, _PILOT)


@cache
def _random_graphs(task: str, mix: tuple[tuple[str, int], ...]) -> list[Graph]:
    rng = generator("families, pilots", task, *(part for pair in mix for part in pair))
    models = [model for model, count in mix for _ in range(count)]
    graphs = []
    for k in range(_GRAPHS):
        order = rng.permutation(len(models))
        density = _DENSITIES[k % len(_DENSITIES)]
        edges = [(a, b) for b in range(len(models)) for a in range(b) if rng.random() < density]
        fed = {b for _, b in edges}
        nodes = [(models[int(i)], "fuser" if v in fed else "assistant") for v, i in enumerate(order)]
        graphs.append(Graph.of(nodes, edges, ("select", "3B")))
    return graphs


def _readings(world: SimulatedWorld, task: str) -> Iterator[Evidence]:
    nodes = [("70B", "assistant")] * 5 + [("70B", "fuser")]
    graph = Graph.of(nodes, [(v, 5) for v in range(5)])
    items = np.arange(_READ_ITEMS)
    request = Request(graph, items, np.zeros_like(items), np.zeros(len(items), np.uint64))
    (trace,) = run_graphs(world, [request], task, "search", world.universe.task_models(task))
    right = trace.handle == 0
    among = right[:5].sum(axis=0)
    for j, published in _READS.items():
        hits = right[5, among == j]
        # one answer of each kind is added, for worlds where that hardly ever happens
        yield Evidence(f"{j} of 5 right", published, float((hits.sum() + 1) / (len(hits) + 2)), _READING)


def _votes(world: SimulatedWorld, task: str) -> Iterator[Evidence]:
    accuracy = world.universe.task(task).accuracy
    trios = (("3B", "3B", "3B"), ("1B", "3B", "8B"), ("3B", "8B", "70B"))
    graphs = [Graph.of([(model, "assistant") for model in trio], (), "vote") for trio in trios]
    found = world.accuracies(graphs, task, slice(_READ_ITEMS), (0,), "search").tolist()
    for trio, voted in zip(trios, found, strict=True):
        own = [accuracy[model] for model in trio]
        published = next(gain for below, gain in _VOTES if max(own) - min(own) < below)
        yield Evidence(f"vote of {' '.join(trio)}", published, voted - max(own), _VOTE)
