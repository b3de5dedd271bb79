"""Which questions an evaluation gets: the run's order, and each graph's own place in it.

The order of a run is by ascending keyed hash of the question under the trial, so it is the same for every
method with the same seed. Each graph gets its own next unseen questions: different graphs are paired, and a
repeat always brings new information. A graph that has seen all questions starts again, as a new draw.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bench.keys import fold, text_key
from bench.worlds.base import I64

__all__ = ["Cursor", "Portion", "question_order"]

REPEAT = 1000
"""Added to the trial at each pass of a graph over the questions, so that repeats draw new noise."""


class Portion(NamedTuple):
    """Questions for one evaluation: their positions in the run's order, their indices, and the draw of each."""

    position: I64
    question: I64
    draw: I64

    def first(self, count: int) -> Portion:
        """Its first `count` questions."""
        return Portion(*(values[:count] for values in self))


@lru_cache(maxsize=64)
def question_order(task_key: int, split: str, questions: int, trial: int) -> I64:
    """All question indices of a split, int64 (questions,), in the order of the run with that trial."""
    key = fold(fold(fold(np.uint64(text_key("order")), task_key), text_key(split) % 2**63), trial)
    order = np.argsort(fold(key, np.arange(questions)), kind="stable").astype(np.int64)
    order.setflags(write=False)
    return order


class Cursor:
    """Every graph's place in one run's order."""

    def __init__(self, order: I64) -> None:
        self.order = order
        self._next: dict[str, int] = {}  # passes count on: position = value modulo the number of questions
        self._ahead: dict[str, set[int]] = {}  # positions of the first pass already seen as fresh ones
        self._unseen = 0  # the run's first position that no graph has seen

    def fork(self) -> Cursor:
        """A copy that can go on by itself."""
        copy = Cursor(self.order)
        copy._next, copy._unseen = dict(self._next), self._unseen
        copy._ahead = {key: set(places) for key, places in self._ahead.items()}
        return copy

    def own(self, graph_id: str, count: int) -> Portion:
        """The graph's next `count` questions."""
        n, ahead = len(self.order), self._ahead.get(graph_id, set())
        places: list[int] = []
        place = self._next.get(graph_id, 0)
        while len(places) < count:
            if place not in ahead:
                places.append(place)
            place += 1
        self._next[graph_id] = place
        self._unseen = max(self._unseen, min(place, n))
        return self._portion(np.array(places, dtype=np.int64))

    def fresh(self, graph_ids: list[str], count: int) -> list[Portion]:
        """The run's next `count` unseen questions, the same for all these graphs.

        Where fewer are left unseen, each graph gets its own next ones instead.
        """
        start, n = self._unseen, len(self.order)
        if start + count > n:
            return [self.own(graph_id, count) for graph_id in graph_ids]
        places = np.arange(start, start + count)
        for graph_id in graph_ids:
            self._ahead.setdefault(graph_id, set()).update(places.tolist())
        self._unseen = start + count
        return [self._portion(places) for _ in graph_ids]

    def _portion(self, places: I64) -> Portion:
        position = places % len(self.order)
        return Portion(position, self.order[position], places // len(self.order))
