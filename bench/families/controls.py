"""What an instance is measured against: random search, and the mean of the published sampler.

Both are frozen with the version of the families, apart from the harness, so that a season can be derived
again bit by bit whatever becomes of the harness.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bench.cursor import Cursor, question_order
from bench.execute import salt
from bench.graph import Graph
from bench.keys import generator
from bench.levels import Request, run_graphs
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld
from tasks import task_class

__all__ = ["DRAWS", "SEEDS", "random_mean", "random_search"]

SEEDS = 16
"""Runs of random search: their mean true accuracy has a standard error of about half a point."""

DRAWS = 10_000
"""Draws of the sampler, the same for all instances of a space."""

_QUESTIONS = 30  # of an evaluation
_EVALUATIONS = 51  # 1,536 of 1,920 executions
_FINALISTS, _SHARE = 5, 76  # 380 of the 384 that are held back
_PRIOR = 5.0
_PARTS = 100


def random_search(world: SimulatedWorld, space: Space) -> float:
    """Mean true accuracy of what random search recommends at 1,920 executions, over SEEDS runs.

    A run draws 51 graphs from the published sampler, asks each its next 30 questions with fresh noise, then
    the five of highest posterior mean 76 more, and recommends the best posterior mean: the rules of the
    harness under shared selection.
    """
    return float(np.mean(world.accuracies([_recommended(world, space, seed) for seed in range(SEEDS)], space.task)))


def random_mean(world: SimulatedWorld, space: Space) -> float:
    """Mean accuracy of DRAWS graphs of the published sampler.

    Each is measured on one of a hundred parts of the reference items at trial 0, all parts by equally many, so
    that no item counts twice; the standard error is 0.1 points, nearly all of it that of the draws.
    """
    graphs, items = _draws(space), np.arange(world.questions(space.task, "reference"))
    parts = [
        world.accuracies(graphs[part::_PARTS], space.task, items[part::_PARTS], (0,)) for part in range(_PARTS)
    ]
    return round(float(np.mean(np.concatenate(parts))), 6)


@cache
def _draws(space: Space) -> list[Graph]:
    rng = generator("families, random mean", space.name, space.pool.name, space.task, space.budget)
    return [space.sample(rng) for _ in range(DRAWS)]


def _recommended(world: SimulatedWorld, space: Space, seed: int) -> Graph:
    rng = generator("families, random search", world.universe.number, space.task, space.budget, seed)
    order = question_order(task_class(space.task).key, "search", world.questions(space.task, "search"), seed)
    cursor, tally = Cursor(order), _Tally()
    drawn = [space.sample(rng) for _ in range(_EVALUATIONS)]
    tally.add(drawn, _right(world, space, seed, cursor, drawn, _QUESTIONS))
    best = tally.best(space)[:_FINALISTS]
    tally.add(best, _right(world, space, seed, cursor, best, _SHARE))
    return next(graph for graph in tally.best(space) if graph in best)


def _right(
    world: SimulatedWorld, space: Space, seed: int, cursor: Cursor, graphs: list[Graph], count: int
) -> list[tuple[int, int]]:
    """Right answers and questions of each graph, on its own next questions."""
    questions = [cursor.own(graph.id, count).question for graph in graphs]
    requests = [
        Request(graph, asked, np.full(count, seed), np.full(count, salt(graph, 0)))
        for graph, asked in zip(graphs, questions, strict=True)
    ]
    traces = run_graphs(world, requests, space.task, "search", space.pool.names)
    return [(int(np.count_nonzero(trace.final == 0)), count) for trace in traces]


class _Tally:
    """Right answers and questions by graph."""

    def __init__(self) -> None:
        self.counts: dict[Graph, tuple[int, int]] = {}

    def add(self, graphs: list[Graph], counts: list[tuple[int, int]]) -> None:
        for graph, (right, asked) in zip(graphs, counts, strict=True):
            before = self.counts.get(graph, (0, 0))
            self.counts[graph] = (before[0] + right, before[1] + asked)

    def best(self, space: Space) -> list[Graph]:
        """By posterior mean under the pooled accuracy; ties go to the lower cost, then the id."""
        pooled = sum(right for right, _ in self.counts.values()) / sum(asked for _, asked in self.counts.values())

        def rank(graph: Graph) -> tuple[float, int, str]:
            right, asked = self.counts[graph]
            return -(right + _PRIOR * pooled) / (asked + _PRIOR), space.cost(graph), graph.id

        return sorted(self.counts, key=rank)
