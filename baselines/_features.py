"""A graph as a vector of numbers, for surrogate models.

Sixteen numbers of the graph as a whole, then one for each sink of the space, then six for each model of its pool;
each is scaled by what bounds it in the space, so all lie between 0 and 1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bench.graph import ROLES, Graph
from bench.space import Space

F64 = npt.NDArray[np.float64]

WHOLE = (
    "nodes",  # of the largest number
    "log nodes",  # the same on a logarithmic scale
    "depth",  # levels, of the largest number of nodes
    "width",  # nodes on the fullest level
    "sources",  # share of nodes that read nothing
    "edges",  # a node, of the largest number of nodes
    "density",  # edges, of the pairs of nodes
    "mean in-degree",  # of the nodes that read something
    "most in-degree",  # of any node
    "reads",  # answers that the sink reads, of the largest number of nodes
    "share read",  # of the nodes, by the sink
    "units",  # cost, of the inference budget
    "path",  # FLOPs of the longest path, of the graph's: what latency grows with
    *(f"role {role}" for role in ROLES[1:]),  # share of nodes
)
OF_MODEL = (
    "count",  # nodes of the model, of the largest number
    "share",  # of the nodes
    "of what is read",  # share of the sink's answers
    "of the depths",  # share of the nodes that read something
    "mean in-degree",  # of its nodes
    "most in-degree",
)


def names(space: Space) -> list[str]:
    """What each feature is."""
    sinks = [f"sink {' '.join(filter(None, sink))}" for sink in space.sinks]
    return [*WHOLE, *sinks, *(f"{model} {name}" for model in space.pool.names for name in OF_MODEL)]


def features(space: Space, graph: Graph) -> F64:
    """float64 (F,), F the number of `names`."""
    nodes, most, n = graph.nodes, space.max_nodes, len(graph.nodes)
    inputs = np.array([len(node.preds) for node in nodes])
    model = np.array([space.pool.names.index(node.model) for node in nodes])
    readers, edges, reads = int((inputs > 0).sum()), int(inputs.sum()), list(graph.reads)
    whole = [
        n / most,
        math.log(n) / math.log(max(2, most)),
        graph.depth / most,
        graph.width / most,
        1 - readers / n,
        edges / n / most,
        edges / max(1, n * (n - 1) / 2),
        edges / max(1, readers) / most,
        inputs.max() / most,
        len(reads) / most,
        len(reads) / n,
        space.cost(graph) / space.cap,
        _path(space, graph, model) / space.cap,
        *(sum(node.role == role for node in nodes) / n for role in ROLES[1:]),
    ]
    sinks = [float(sink == graph.sink) for sink in space.sinks]
    each = []
    for m in range(len(space.pool.names)):
        mine = model == m
        own = inputs[mine]
        each += [
            len(own) / most,
            len(own) / n,
            mine[reads].mean(),
            (own > 0).sum() / max(1, readers),
            own.mean() / most if len(own) else 0.0,
            own.max() / most if len(own) else 0.0,
        ]
    return np.array([*whole, *sinks, *each])


def _path(space: Space, graph: Graph, model: npt.NDArray[np.int64]) -> float:
    """FLOPs of the nodes along the most expensive path to the sink."""
    ends: list[float] = []
    for v, node in enumerate(graph.nodes):
        own = space.flops[model[v]][len(node.preds)]
        ends.append(own + max((ends[p] for p in node.preds), default=0.0))
    return max(ends[v] for v in graph.reads)
