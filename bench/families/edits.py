"""Random edits of a graph that stays feasible: what the reference search of an instance moves by.

At the budget's edge hardly any graph has a feasible neighbour one edit away, so an edit here is followed by
two repairs: nodes are dropped until the graph fits, then nodes are doubled (same model, same inputs, same
readers) while one more fits. Doubling keeps what regularity a graph has, which is where good graphs are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.graph import Graph, Sink
from bench.space import Space

__all__ = ["edited"]

_SEVERAL = (0.5, 0.3, 0.2)  # chances of one, two or three edits
_FILLED = 0.6  # chance that what is left of the budget is filled by doubling


def edited(space: Space, graph: Graph, rng: np.random.Generator) -> Graph:
    """A feasible graph one to three random edits from `graph`, possibly the same.

    Only for spaces whose sink reads exactly what nobody else reads and whose roles follow from the inputs.
    """
    draft = _Draft.of(graph)
    for _ in range(1 + _pick(rng, _SEVERAL)):
        edit = _EDITS[int(rng.integers(len(_EDITS)))]
        edit(draft, space, rng)
    while (len(draft.models) > space.max_nodes or draft.flops(space) > space.cap) and len(draft.models) > 1:
        draft.remove(int(rng.integers(len(draft.models))))
    if draft.flops(space) > space.cap:
        return graph
    if rng.random() < _FILLED:
        _fill(draft, space, rng)
    return draft.graph()


@dataclass
class _Draft:
    """A graph under edit: models in topological order, the nodes that each reads, a sink."""

    models: list[str]
    preds: list[set[int]]
    sink: Sink = field(default=Sink("vote", None))

    @staticmethod
    def of(graph: Graph) -> _Draft:
        assert graph.sink is not None
        return _Draft([n.model for n in graph.nodes], [set(n.preds) for n in graph.nodes], graph.sink)

    def graph(self) -> Graph:
        nodes = [(m, "fuser" if p else "assistant") for m, p in zip(self.models, self.preds, strict=True)]
        return Graph.of(nodes, [(a, b) for b, inputs in enumerate(self.preds) for a in inputs], self.sink)

    def flops(self, space: Space) -> int:
        place = space.pool.names.index
        total = sum(space.flops[place(m)][len(p)] for m, p in zip(self.models, self.preds, strict=True))
        if self.sink.model is not None:
            total += space.flops[place(self.sink.model)][len(self.models) - len(set().union(*self.preds))]
        return total

    def remove(self, v: int) -> None:
        del self.models[v], self.preds[v]
        self.preds = [{p - (p > v) for p in inputs if p != v} for inputs in self.preds]

    def insert(self, v: int, model: str, inputs: set[int], readers: set[int]) -> None:
        """A new node before node v. inputs: nodes before v; readers: nodes from v on, numbered as now."""
        self.models.insert(v, model)
        later = [{p + (p >= v) for p in own} for own in self.preds]
        moved = [own | ({v} if u in readers else set()) for u, own in enumerate(later)]
        self.preds = [*moved[:v], set(inputs), *moved[v:]]

    def double(self, v: int, model: str | None = None) -> None:
        readers = {u for u, inputs in enumerate(self.preds) if v in inputs}
        self.insert(v + 1, model or self.models[v], self.preds[v], readers)


def _fill(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """Double nodes, in random order, while one more fits."""
    grown = True
    while grown and len(draft.models) < space.max_nodes:
        grown = False
        for v in rng.permutation(len(draft.models)).tolist():
            wider = _Draft(list(draft.models), [set(p) for p in draft.preds], draft.sink)
            wider.double(v)
            if wider.flops(space) <= space.cap:
                draft.models, draft.preds, grown = wider.models, wider.preds, True
                break


def _remodel(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    draft.models[_node(draft, rng)] = _model(space, rng)


def _remodel_twins(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """Another model for all nodes that are like one."""
    v, model = _node(draft, rng), _model(space, rng)
    like = (draft.models[v], draft.preds[v])
    draft.models = [model if (m, p) == like else m for m, p in zip(draft.models, draft.preds, strict=True)]


def _rewire(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """One edge more or less."""
    if len(draft.models) > 1:
        a, b = sorted(rng.choice(len(draft.models), 2, replace=False).tolist())
        draft.preds[b] ^= {a}


def _drop(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    if len(draft.models) > 1:
        draft.remove(_node(draft, rng))


def _double(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    draft.double(_node(draft, rng))


def _double_as(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    draft.double(_node(draft, rng), _model(space, rng))


def _add_source(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """A node without inputs, read by all fusers, by one node, or by the sink alone."""
    readers: list[set[int]] = [{v for v, p in enumerate(draft.preds) if p}, {_node(draft, rng)}, set()]
    draft.insert(0, _model(space, rng), set(), readers[int(rng.integers(3))])


def _add_fuser(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """A node that reads what the sink reads now, all of it or a random half."""
    unread = set(range(len(draft.models))).difference(*draft.preds)
    half = {v for v in sorted(unread) if rng.random() < 0.5} or unread
    draft.insert(len(draft.models), _model(space, rng), unread if rng.random() < 0.5 else half, set())


def _copy_inputs(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    """A node reads what an earlier or equal one reads."""
    a, b = sorted((_node(draft, rng), _node(draft, rng)))
    draft.preds[b] = set(draft.preds[a])


def _switch_sink(draft: _Draft, space: Space, rng: np.random.Generator) -> None:
    draft.sink = space.sinks[int(rng.integers(len(space.sinks)))]


_EDITS = (
    _remodel,
    _remodel_twins,
    _rewire,
    _rewire,
    _drop,
    _double,
    _double_as,
    _add_source,
    _add_fuser,
    _copy_inputs,
    _switch_sink,
)


def _node(draft: _Draft, rng: np.random.Generator) -> int:
    return int(rng.integers(len(draft.models)))


def _model(space: Space, rng: np.random.Generator) -> str:
    return space.pool.names[int(rng.integers(len(space.pool.names)))]


def _pick(rng: np.random.Generator, chances: tuple[float, ...]) -> int:
    return int(rng.choice(len(chances), p=chances))
