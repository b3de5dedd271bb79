"""Small changes of a graph, for policies that revise graphs: on graphs as agents write them, in any space.

What a change makes infeasible is repaired by `read_graph`, as it is for every agent. Nodes keep their order.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from baselines._talk import graph_data, read_graph
from bench.graph import ROLES, Graph
from bench.space import Space

__all__ = ["added", "dropped", "edited", "merged", "replaced"]

Data = dict[str, Any]


def replaced(data: Data, node: int, model: str) -> Data:
    """Another model at a node."""
    changed = deepcopy(data)
    changed["nodes"][node]["model"] = model
    return changed


def dropped(data: Data, node: int) -> Data:
    """One node less; who read it goes without. The last node stays."""
    if len(data["nodes"]) == 1:
        return data
    changed = deepcopy(data)
    del changed["nodes"][node]
    for entry in changed["nodes"]:
        entry["reads"] = [v - (v > node) for v in entry["reads"] if v != node]
    if "sink_reads" in data:
        changed["sink_reads"] = [v - (v > node) for v in data["sink_reads"] if v != node]
    return changed


def added(data: Data, model: str, reader: int | None = None) -> Data:
    """One more answer, for one node to read; for the sink where reader is None."""
    changed, new = deepcopy(data), len(data["nodes"])
    changed["nodes"].append({"model": model, "reads": []})
    if reader is not None:
        changed["nodes"][reader]["reads"].append(new)
    elif "sink_reads" in data:
        changed["sink_reads"].append(new)
    return changed


def merged(data: Data, model: str) -> Data:
    """One more node, which reads what the sink read and is all that it reads now."""
    changed, new = deepcopy(data), len(data["nodes"])
    inner = {v for entry in data["nodes"] for v in entry["reads"]}
    changed["nodes"].append({"model": model, "reads": data.get("sink_reads", sorted(set(range(new)) - inner))})
    if "sink_reads" in data:
        changed["sink_reads"] = [new]
    return changed


def edited(space: Space, graph: Graph, rng: np.random.Generator) -> tuple[str, Graph]:
    """A random one of all these changes, of one edge or of the sink: what was changed, and the graph.

    It may be the same graph again, where the change did not fit.
    """
    data, n = graph_data(space, graph), len(graph.nodes)
    model = space.pool.names[int(rng.integers(len(space.pool.names)))]
    node, other = int(rng.integers(n)), int(rng.integers(n))
    kind = _KINDS[int(rng.integers(len(_KINDS)))]
    if kind == "replace":
        change, data = f"{graph.nodes[node].model} replaced by {model}", replaced(data, node, model)
    elif kind == "drop":
        change, data = f"{graph.nodes[node].model} dropped", dropped(data, node)
    elif kind == "add":
        change, data = f"{model} added", added(data, model)
    elif kind == "feed":
        change, data = f"{model} added for another node to read", added(data, model, node)
    elif kind == "merge":
        change, data = f"{model} added to merge the answers", merged(data, model)
    elif kind == "edge" and node != other:
        change = _toggled(data["nodes"], *sorted((node, other)))
    else:
        change = _finished(space, data, node, rng)
    return change, read_graph(space, data)


_KINDS = ("replace", "replace", "drop", "add", "feed", "merge", "edge", "edge", "sink")


def _toggled(nodes: list[Data], source: int, target: int) -> str:
    """One edge more or less, in place."""
    reads = nodes[target]["reads"]
    if source in reads:
        reads.remove(source)
        return "edge cut"
    reads.append(source)
    return "edge added"


def _finished(space: Space, data: Data, node: int, rng: np.random.Generator) -> str:
    """Another sink, or where roles are free another role, in place."""
    if space.free_roles and rng.random() < 0.5:
        data["nodes"][node]["role"] = ROLES[int(rng.integers(len(ROLES)))]
        return f"role {data['nodes'][node]['role']}"
    sink = space.sinks[int(rng.integers(len(space.sinks)))]
    data["sink"] = " ".join(filter(None, sink))
    return f"sink {data['sink']}"
