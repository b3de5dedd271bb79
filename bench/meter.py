"""Budget arithmetic of one run: what a graph will cost, and how many questions of it still fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.execute import Estimate, estimate
from bench.graph import Graph
from bench.ledger import Charge, Ledger
from bench.space import Space

__all__ = ["Meter"]

_UNLIMITED = 1_000_000
"""Questions of one evaluation where the binding currency does not limit them."""


@dataclass
class Meter:
    """Answers how much still fits into `ledger`; it books nothing itself."""

    ledger: Ledger
    space: Space
    slots: int

    def expected(self, graph: Graph, questions: int) -> Charge:
        """What so many questions of `graph` will come to; executions and FLOPs exactly."""
        return self._of(graph).charge(questions, self.slots)

    def share(self, graphs: Sequence[Graph]) -> int:
        """The largest k such that k questions of each of `graphs` still fit."""
        return self.ledger.most(lambda k: self._together(graphs, k), 0, self._ample(graphs))

    def plan(self, wishes: Sequence[tuple[Graph, int]]) -> list[int]:
        """How many of the wished questions of each graph fit, in order; it stops at the first that gets none."""
        granted: list[int] = []
        promised, path = Charge(), 0.0
        for graph, wished in wishes:
            longer = max(path, self._of(graph).path)
            count = self.ledger.most(lambda k, g=graph, p=promised, x=longer: p + self._queued(g, k, x), 0, wished)  # type: ignore[misc]
            if count == 0:
                break
            promised, path = promised + self._queued(graph, count, 0.0), longer
            granted.append(count)
        return granted

    def round(self, wishes: Sequence[tuple[Graph, int]]) -> list[int]:
        """The plan of the next round: a last graph that gets less than it wished waits for the one after."""
        granted = self.plan(wishes)
        if len(granted) > 1 and granted[-1] < wishes[len(granted) - 1][1]:
            granted.pop()  # what the others leave may allow more of it than was planned
        return granted

    def _of(self, graph: Graph) -> Estimate:
        return estimate(graph, self.space.task, self.space.pool)

    def _queued(self, graph: Graph, questions: int, path: float) -> Charge:
        """What questions add to a round: its graphs share the slots, so only its longest path counts, once."""
        alone = self.expected(graph, questions)
        return replace(alone, seconds=alone.seconds - self._of(graph).path + path)

    def _together(self, graphs: Sequence[Graph], questions: int) -> Charge:
        path = max((self._of(graph).path for graph in graphs), default=0.0)
        return sum((self._queued(graph, questions, 0.0) for graph in graphs), Charge(seconds=path))

    def _ample(self, graphs: Sequence[Graph]) -> int:
        """A number of questions that no longer fits, or barely: where the search for the largest begins."""
        one = float(getattr(self._together(graphs, 1), self.ledger.budget.currency))
        # seconds are shared by the slots and a path is no longer than the work, so slots + 1 times as many may fit
        most = 1 + self.slots if self.ledger.budget.currency == "seconds" else 1
        return min(_UNLIMITED, int(self.ledger.left / one * most) + 1) if one else _UNLIMITED
