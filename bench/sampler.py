"""The published sampler: one distribution over a space, the initial design of every method.

A draw: a sink, uniformly among those that fit; a mix of models ~ Dirichlet(0.7); a share of the budget to
fill, uniform in (0, 1]; one of three wiring styles, uniformly:

- *density*: each node already there reads the new one with probability 0, .1, .25, .5 or .8 (one a graph);
- *few*: 0, 1, 2 or 3 readers with probability .4, .3, .2, .1;
- *chain*: read by the three nodes added last.

Nodes are added while one more fits the share; readers that do not fit are dropped at random. A node without
readers is read by the sink. Every feasible graph has positive probability, and no draw is ever rejected.
The sampler is a strong prior (it prefers few, large nodes to what a uniform draw over graphs would give):
`Space.sample_uniform` is the control that shows how much.
"""

from __future__ import annotations

import numpy as np

from bench.graph import Graph, Sink
from bench.growth import Growth, roles_for
from bench.space import Space

__all__ = ["sample"]

_DENSITIES = (0.0, 0.1, 0.25, 0.5, 0.8)
_FEW = (0.4, 0.3, 0.2, 0.1)
_STYLES = ("density", "few", "chain")


def sample(space: Space, rng: np.random.Generator) -> Graph:
    """One graph of `space`."""
    if space.nominal is not None:
        return _sample_nominal(space, rng)
    growth = Growth(space, _pick_sink(space, rng))
    # An atom at the whole budget: a graph that costs exactly the budget must have positive probability too.
    share = min(1.0, 1.02 * (1.0 - rng.random()))
    target = min(space.cap, max(int(share * space.cap), _least(space, growth)))
    wiring = _Wiring(rng)
    mix = rng.dirichlet([0.7] * len(space.pool.models))
    while len(growth.models) < space.max_nodes:
        left = target - growth.flops - growth.cheapest_placement()[0]
        weights = mix * [row[0] <= left for row in space.flops]
        if weights.sum() <= 0.0:
            break
        model = int(rng.choice(len(weights), p=weights / weights.sum()))
        _place(growth, model, wiring.readers(len(growth.models)), target, rng)
    return growth.graph((lambda _, inputs: _free_role(inputs, rng)) if space.free_roles else None)


def _pick_sink(space: Space, rng: np.random.Generator) -> Sink:
    fitting = [sink for sink in space.sinks if _least(space, Growth(space, sink)) <= space.cap]
    return fitting[int(rng.integers(len(fitting)))]


def _least(space: Space, empty: Growth) -> int:
    return empty.flops + empty.sink_step + min(row[0] for row in space.flops)


class _Wiring:
    """One graph's wiring style."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.style = _STYLES[int(rng.integers(len(_STYLES)))]
        self.density = _DENSITIES[int(rng.integers(len(_DENSITIES)))]

    def readers(self, n: int) -> list[int]:
        """Who, of the n nodes there, reads the next one."""
        if self.style == "density":
            return [v for v in range(n) if self.rng.random() < self.density]
        if self.style == "chain":
            return list(range(max(0, n - 3), n))
        count = min(n, int(self.rng.choice(len(_FEW), p=_FEW)))
        return [int(v) for v in self.rng.choice(n, count, replace=False)] if count else []


def _place(growth: Growth, model: int, readers: list[int], target: int, rng: np.random.Generator) -> None:
    """Add a node with these readers, or as many of them as fit; at the least the cheapest placement does."""
    free = growth.space.free_reads
    while True:
        by_sink = not readers or (free and bool(rng.random() < 0.5))
        if growth.flops + growth.price(model, readers, by_sink) <= target:
            growth.add(model, readers, by_sink)
            return
        if not readers:
            growth.add(model, *growth.cheapest_placement()[1:])
            return
        readers.pop(int(rng.integers(len(readers))))


def _free_role(inputs: int, rng: np.random.Generator) -> str:
    """Any role that suits the in-degree, uniformly."""
    fitting = roles_for(inputs)
    return fitting[int(rng.integers(len(fitting)))]


def _sample_nominal(space: Space, rng: np.random.Generator) -> Graph:
    """A graph whose nominal costs are exact: a mix, uniformly; then edges in random order while they fit."""
    mixes = space.mixes()
    mix = mixes[int(rng.integers(len(mixes)))]
    models = rng.permutation(np.repeat(np.arange(len(mix)), mix))
    n, density = len(models), _DENSITIES[int(rng.integers(len(_DENSITIES)))]
    wanted = [(a, b) for b in range(n) for a in range(b) if rng.random() < max(density, 0.05)]
    reads = [v for v in range(n) if rng.random() < 0.5] or [int(rng.integers(n))]
    while True:
        graph = _wired(space, models, wanted, reads)
        if space.cost(graph) <= space.cap or not (wanted or len(reads) > 1):
            return graph
        victims = wanted if wanted else reads
        victims.pop(int(rng.integers(len(victims))))


def _wired(space: Space, models: np.ndarray, edges: list[tuple[int, int]], reads: list[int]) -> Graph:
    fed = {b for _, b in edges}
    nodes = [(space.pool.names[int(m)], "fuser" if v in fed else "assistant") for v, m in enumerate(models)]
    return Graph.of(nodes, edges, space.sinks[0], reads)
