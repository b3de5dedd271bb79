"""Which graphs are allowed: models, roles, sinks, node count and, above all, the inference budget.

    >>> space = Space.preset("standard", task="math", budget="small")
    >>> space.contains(space.cheapest())
    True

Every graph of a space can be grown from its sink: each new node is read by nodes already there or by the
sink, so every addition costs more and every stage is feasible. Sampling, enumeration, encodings and
neighbours all build on that one fact (`bench.growth`), and none of them ever has to reject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from bench.cost import BUDGET_LEVELS, budget_flops, graph_cost, model_flops, unit_flops
from bench.errors import InfeasibleBudget, IsobudgetError, unknown
from bench.graph import Graph, Sink
from bench.pools import Pool, load_pool

__all__ = ["PRESETS", "Space"]

PRESETS = ("standard", "paper", "open")
_MAX_NODES = {"small": 8, "medium": 16, "large": 24}


@dataclass(frozen=True)
class Space:
    """A set of graphs on one task.

    cap: largest cost of a graph, in FLOPs a question. sinks: the allowed ones. max_nodes: the sink not counted.
    free_reads: the sink may also read inner nodes. dead_ends: nodes that nobody reads are allowed (and
    charged). free_roles: any role that suits the in-degree; otherwise assistant without predecessors, else
    fuser. nominal: when given, the models' nominal costs must sum to exactly this. sampler: what `sample` draws
    from, `published` or `uniform`.
    """

    name: str
    task: str
    pool: Pool
    cap: int
    budget: str
    sinks: tuple[Sink, ...]
    max_nodes: int
    free_reads: bool = False
    dead_ends: bool = False
    free_roles: bool = False
    nominal: int | None = None
    sampler: str = "published"

    @staticmethod
    def preset(
        name: str,
        task: str,
        budget: str | float,
        pool: str = "llama-small",
        sinks: str | None = None,
        sampler: str = "published",
    ) -> Space:
        """One of the documented spaces at an inference budget (`small`, `18units`, or a number of units).

        sinks: keep only this kind of sink (`select` or `vote`).
        Raises InfeasibleBudget when no graph fits; the message names the cheapest graph and its cost.
        """
        return _preset(name, task, budget, pool, sinks, sampler)

    @cached_property
    def flops(self) -> tuple[tuple[int, ...], ...]:
        """FLOPs of one call, by position of the model in the pool and in-degree 0..max_nodes."""
        degrees = range(self.max_nodes + 1)
        return tuple(tuple(model_flops(self.task, m, d) for d in degrees) for m in self.pool.models)

    @property
    def unit(self) -> float:
        """FLOPs of one unit on this task."""
        return unit_flops(self.task)

    def cost(self, graph: Graph) -> int:
        """Nominal FLOPs of the graph on one question."""
        return graph_cost(graph, self.task, self.pool).flops

    def contains(self, graph: Graph) -> bool:
        """Whether the graph is allowed here."""
        return self.why_not(graph) is None

    def why_not(self, graph: Graph) -> str | None:
        """What keeps the graph out of this space, in words; None when it belongs."""
        return next(self._objections(graph), None)

    def _objections(self, graph: Graph) -> Iterator[str]:
        strangers = sorted({node.model for node in graph.nodes} - set(self.pool.names))
        if strangers:
            yield f"model {strangers[0]} is not in pool {self.pool.name}"
            return
        if graph.sink not in self.sinks:
            yield f"sink {graph.sink} is not among the allowed ones"
            return
        if len(graph.nodes) > self.max_nodes:
            yield f"{len(graph.nodes)} nodes, at most {self.max_nodes} are allowed"
            return
        yield from self._wiring_objections(graph)
        nominal = sum(_nominal(self.pool, self.task, node.model) for node in graph.nodes)
        if self.nominal is not None and nominal != self.nominal:
            yield f"nominal costs sum to {nominal}, not {self.nominal}"
        if (cost := self.cost(graph)) > self.cap:
            yield f"costs {cost / self.unit:.3f} units a question, the budget is {self.cap / self.unit:.3f}"

    def _wiring_objections(self, graph: Graph) -> Iterator[str]:
        read = {p for node in graph.nodes for p in node.preds}
        unread = set(range(len(graph.nodes))) - read
        reads = set(graph.reads)
        if not self.free_reads and reads != unread:
            yield "the sink must read exactly the answers that nobody else reads"
        if not self.dead_ends and unread - reads:
            yield f"nobody reads node {min(unread - reads)}"
        if not self.free_roles:
            for v, node in enumerate(graph.nodes):
                if node.role != ("fuser" if node.preds else "assistant"):
                    yield f"node {v}: role {node.role} does not follow from its in-degree"

    def cheapest(self) -> Graph:
        """The cheapest feasible graph; ties go to the smaller id. Raises InfeasibleBudget when there is none."""
        if self.nominal is not None:
            candidates = [_loose(self, mix) for mix in self.mixes()]
            if not candidates:
                raise InfeasibleBudget(
                    f"no models of pool {self.pool.name} have nominal costs on {self.task} that sum to "
                    f"{self.nominal}, as space {self.name} asks at {self.budget}"
                )
        else:
            candidates = [
                Graph.of([(model, "assistant")], (), sink) for sink in self.sinks for model in self.pool.names
            ]
        best = min(candidates, key=lambda graph: (self.cost(graph), graph.id))
        if self.cost(best) > self.cap:
            raise InfeasibleBudget(
                f"no graph fits {self.cap / self.unit:.3g} units on {self.task}: "
                f"the cheapest, {best}, costs {self.cost(best) / self.unit:.3f} units"
            )
        return best

    def mixes(self) -> list[tuple[int, ...]]:
        """Counts of each model, smallest first, whose nominal costs sum to `nominal`; [] without one."""
        if self.nominal is None:
            return []
        prices = [_nominal(self.pool, self.task, name) for name in self.pool.names]
        return [mix for mix in _compositions(self.nominal, prices) if sum(mix) <= self.max_nodes]

    def sample(self, rng: np.random.Generator) -> Graph:
        """A graph from the space's sampler: the initial design of every method (see `bench.sampler`)."""
        from bench.sampler import sample

        if self.sampler == "uniform":
            return self.sample_uniform(rng)
        return sample(self, rng)

    def sample_uniform(self, rng: np.random.Generator) -> Graph:
        """A graph drawn uniformly over the isomorphism classes; only where the space can be enumerated."""
        graphs = self._all
        return graphs[int(rng.integers(len(graphs)))]

    def enumerate(self, max_nodes: int | None = None) -> list[Graph]:
        """Every feasible graph of at most `max_nodes` nodes once, sorted by (nodes, cost, id)."""
        from bench.enumeration import enumerate_space

        return enumerate_space(self, self.max_nodes if max_nodes is None else max_nodes)

    def size(self, limit: int = 100_000) -> int | None:
        """How many graphs up to isomorphism; None when there are more than `limit`."""
        from bench.enumeration import enumerate_up_to

        graphs = enumerate_up_to(self, limit)
        return None if graphs is None else len(graphs)

    @cached_property
    def _all(self) -> list[Graph]:
        if self.size() is None:
            raise IsobudgetError(f"space {self.name} at {self.budget} on {self.task} is too large to enumerate")
        return self.enumerate()


@lru_cache(maxsize=64)
def _preset(name: str, task: str, budget: str | float, pool: str, sinks: str | None, sampler: str) -> Space:
    """Every run, and every record that is read, asks for one of a few."""
    if name not in PRESETS:
        raise unknown("space", name, PRESETS)
    models = load_pool(pool)
    text = budget if isinstance(budget, str) else f"{budget:g}units"
    level = text if text in BUDGET_LEVELS else _nearest_level(budget_flops(budget, task), task)
    select = Sink("select", models.selector)
    space = Space(
        name,
        task,
        models,
        budget_flops(budget, task),
        text,
        (select, Sink("vote", None)),
        _MAX_NODES[level],
    )
    if name == "paper":
        if text not in BUDGET_LEVELS:
            levels = ", ".join(BUDGET_LEVELS)
            raise IsobudgetError(
                f"space paper needs a budget level ({levels}), not '{text}': it has nominal costs"
            )
        space = replace(space, sinks=(select,), free_reads=True, dead_ends=True, nominal=BUDGET_LEVELS[text])
    if name == "open":
        every = tuple(Sink("select", model) for model in models.names)
        space = replace(space, sinks=(*every, Sink("vote", None)), free_reads=True, free_roles=True)
    space = replace(space, sampler=sampler)
    if sinks is not None:
        space = replace(space, sinks=tuple(sink for sink in space.sinks if sink.kind == sinks))
    space.cheapest()
    return space


def _nominal(pool: Pool, task: str, model: str) -> int:
    prices = pool[model].nominal
    return prices.get(task, prices["default"])


def _nearest_level(cap: int, task: str) -> str:
    """The smallest level that is at least as large: it only decides the largest node count."""
    for level in BUDGET_LEVELS:
        if cap <= budget_flops(level, task) * 1.05:
            return level
    return max(BUDGET_LEVELS, key=BUDGET_LEVELS.__getitem__)


def _compositions(total: int, prices: list[int]) -> list[tuple[int, ...]]:
    if len(prices) == 1:
        return [(total // prices[0],)] if total % prices[0] == 0 else []
    return [
        (*rest, count)
        for count in range(total // prices[-1] + 1)
        for rest in _compositions(total - count * prices[-1], prices[:-1])
    ]


def _loose(space: Space, mix: tuple[int, ...]) -> Graph:
    """The cheapest graph of a mix: no edges, the sink reads one node."""
    nodes = [(name, "assistant") for name, count in zip(space.pool.names, mix, strict=True) for _ in range(count)]
    return Graph.of(nodes, (), space.sinks[0], [0])
