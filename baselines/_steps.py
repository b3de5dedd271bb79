"""One random step from a graph: what evolution, local search and annealing move by."""

from __future__ import annotations

import numpy as np

from baselines._edits import edited
from bench.graph import Graph
from bench.space import Space

_TRIES = 16
"""Edits that do not fit leave the graph as it is; so many in a row, and there may be no other graph."""


def step(space: Space, graph: Graph, rng: np.random.Generator) -> Graph:
    """A feasible graph one random edit away; the graph itself where no edit changes anything."""
    for _ in range(_TRIES):
        _, other = edited(space, graph, rng)
        if other.id != graph.id:
            return other
    return graph
