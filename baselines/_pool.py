"""Pools of sampled graphs, for methods that decide which of many graphs get how many questions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from bench.graph import Graph
from bench.optimizer import Optimizer

_DRAWS = 8
"""Draws for each graph wanted: the sampler repeats itself, and a space may hold fewer."""

_LARGEST = 1024
"""Graphs of a pool, whatever the budget allows."""

_SURE = 0.02
"""No accuracy is expected to be nearer to 0 or 1, whatever few answers say."""


def distinct(optimizer: Optimizer, count: int, known: Iterable[Graph] = ()) -> list[Graph]:
    """At most `count` different graphs of the initial design, none of them `known`; fewer in a small space."""
    ids = {graph.id for graph in known}
    found: list[Graph] = []
    for _ in range(_DRAWS * count):
        if len(found) == count:
            break
        graph = optimizer.draw()
        if graph.id not in ids:
            ids.add(graph.id)
            found.append(graph)
    return found


def sized(optimizer: Optimizer, questions: Callable[[int], int]) -> list[Graph]:
    """As many different graphs as can all have the `questions(n)` that each of n needs; at least one."""
    pool = distinct(optimizer, 1)

    def short(n: int) -> bool:
        return optimizer.problem.affordable(*pool[:n]) < questions(n)

    while len(pool) < _LARGEST and not short(len(pool)):
        more = distinct(optimizer, len(pool), pool)
        if not more:
            return pool
        pool += more
    return pool[: max(1, bisect_right(range(1, len(pool) + 1), False, key=short))]


def mean(optimizer: Optimizer, graph: Graph, strength: float) -> tuple[float, float]:
    """Posterior mean accuracy and pseudo-count: in tier P1 about what the table expects, else the pooled accuracy.

    strength: questions that the expectation counts for.
    """
    prior, history = optimizer.problem.prior, optimizer.history
    expected = min(max(history.pooled if prior is None else prior.mean(graph), _SURE), 1 - _SURE)
    tally = history.tallies.get(graph.id)
    right, asked = (tally.right, tally.asked) if tally else (0, 0)
    return (right + strength * expected) / (asked + strength), asked + strength


def handicap(optimizer: Optimizer, graph: Graph) -> float:
    """What the objective adds to a graph's accuracy for its latency; 0 before that is known."""
    history = optimizer.history
    return history.score(graph) - history.posterior(graph) if graph.id in history.tallies else 0.0
