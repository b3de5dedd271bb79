"""Growing a graph from its sink: the one construction behind sampling, enumeration and encodings.

A new node reads nothing yet; it is read by some of the nodes already there, or by the sink. Its price is its
own call without predecessors plus what one more input costs each of its readers, so every step makes the
graph dearer and every stage of a feasible graph is feasible. Every graph arises this way: take its nodes in
reverse topological order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bench.graph import Graph, Sink
from bench.space import Space

__all__ = ["Growth", "roles_for"]


def roles_for(inputs: int) -> tuple[str, ...]:
    """The roles a node of that in-degree may have where roles are free."""
    if inputs == 0:
        return ("assistant",)
    return ("assistant", "fuser", "critic", "reviser")[: 4 if inputs == 1 else 3]


class Growth:
    """A graph under construction in `space`, with its nominal cost.

    models: position in the pool of each node, in order of addition. readers: for each node the earlier
    additions that read it. by_sink: whether the sink reads it.
    """

    def __init__(self, space: Space, sink: Sink) -> None:
        self.space, self.sink = space, sink
        self._sink_row = None if sink.model is None else space.flops[space.pool.names.index(sink.model)]
        self.models: list[int] = []
        self.readers: list[frozenset[int]] = []
        self.by_sink: list[bool] = []
        self._inputs: list[int] = []
        self._sink_inputs = 0
        self.flops = 0 if self._sink_row is None else self._sink_row[0]

    def step(self, reader: int) -> int:
        """FLOPs of one more input at the node `reader`."""
        row, inputs = self.space.flops[self.models[reader]], self._inputs[reader]
        return row[inputs + 1] - row[inputs]

    @property
    def sink_step(self) -> int:
        """FLOPs of one more input at the sink."""
        row = self._sink_row
        return 0 if row is None else row[self._sink_inputs + 1] - row[self._sink_inputs]

    def price(self, model: int, readers: Iterable[int], by_sink: bool) -> int:
        """FLOPs that `add` would add."""
        own = self.space.flops[model][0] + sum(map(self.step, readers))
        return own + (self.sink_step if by_sink else 0)

    def cheapest_placement(self) -> tuple[int, frozenset[int], bool]:
        """(FLOPs, readers, by_sink): the cheapest way to have one more node read; the sink on ties."""
        best = (self.sink_step, frozenset[int](), True)
        for reader in range(len(self.models)):
            if (cost := self.step(reader)) < best[0]:
                best = (cost, frozenset([reader]), False)
        return best

    def add(self, model: int, readers: Iterable[int], by_sink: bool) -> None:
        """Add a node that `readers` (and the sink, if `by_sink`) read; the caller has checked the price."""
        chosen = frozenset(readers)
        self.flops += self.price(model, chosen, by_sink)
        for reader in chosen:
            self._inputs[reader] += 1
        self._sink_inputs += by_sink
        self.models.append(model)
        self.readers.append(chosen)
        self.by_sink.append(by_sink)
        self._inputs.append(0)

    def copy(self) -> Growth:
        """An independent copy."""
        twin = object.__new__(Growth)
        twin.__dict__ = {k: list(v) if isinstance(v, list) else v for k, v in self.__dict__.items()}
        return twin

    def graph(self, role: Callable[[int, int], str] | None = None) -> Graph:
        """The finished graph.

        role: chooses a role by (order of addition, in-degree); None: assistant without inputs, else fuser.
        """
        n = len(self.models)
        choose = role or (lambda _, inputs: "fuser" if inputs else "assistant")
        # node v of the graph is addition n - 1 - v: readers come after what they read
        nodes = [(self.space.pool.names[self.models[a]], choose(a, self._inputs[a])) for a in reversed(range(n))]
        edges = [(n - 1 - a, n - 1 - reader) for a in range(n) for reader in self.readers[a]]
        return Graph.of(nodes, edges, self.sink, [n - 1 - a for a in range(n) if self.by_sink[a]])
