"""What methods that talk to an agent share: the problem in words, graphs as JSON, and what evaluations showed.

A `Report` is the record of one evaluation. Prompts are rendered from it (`told`) and policies that stand in for
an LLM read it, so every kind of agent knows the same. All prompts are in our own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.encoding import decode, encode
from bench.graph import ROLES, Graph, Sink
from bench.optimizer import Outcome, Problem
from bench.schedule import Job, on_critical_path, stages
from bench.space import Space

__all__ = [
    "Edge",
    "Report",
    "calibration",
    "graph_data",
    "graph_format",
    "graph_schema",
    "object_schema",
    "read_graph",
    "report",
    "setting",
    "told",
]

_ROLES = (
    " Roles: `assistant` answers by itself; `fuser` merges what it reads; `reviser` corrects the one answer that "
    "it reads; `critic` names mistakes in what it reads, then answers."
)
_SHOWN_DEGREES = 5
_SHOWN_FAILURES = 12


# the problem in words


def setting(problem: Problem) -> list[str]:
    """What is designed, what it may cost and what is maximised: the first lines of any prompt."""
    space = problem.space
    costs = [
        f"  {name}: {', '.join(f'{flops / space.unit:.2f}' for flops in row[:_SHOWN_DEGREES])}"
        for name, row in zip(space.pool.names, space.flops, strict=True)
    ]
    return [
        "You design a graph of language models that answer questions together. A node is one call of one model. "
        "A node that reads no other node answers the question; a node that reads others merges their answers "
        "into a better one. At the end a sink gives the final answer: `vote` takes the most frequent of the "
        "answers it reads, for free; `select M` has model M read them and decide.",
        f"Task: {problem.task}. Sinks: {', '.join(map(_sink_name, space.sinks))}. The sink reads "
        + ("any nodes." if space.free_reads else "exactly the nodes that no other node reads."),
        f"A graph may cost at most {space.cap / space.unit:.2f} units a question and have at most "
        f"{space.max_nodes} nodes. Cost of one call that reads 0, 1, 2, … answers, in units:",
        *costs,
        *_nominal_rule(space),
        f"Maximise {problem.goal}.",
    ]


def calibration(problem: Problem) -> list[str]:
    """The published calibration table in words; nothing in tier P0."""
    if problem.prior is None:
        return []
    rows = [
        f"  {' + '.join(f'{n}×{model}' for model, n in mix.items())}: {accuracy:.2f}"
        for mix, accuracy in problem.prior.mixes
    ]
    return ["Published accuracies of single models and of graphs with these models, however wired:", *rows]


def _nominal_rule(space: Space) -> list[str]:
    mixes = space.mixes()
    if not mixes:
        return []
    listed = ["+".join(f"{n}×{m}" for m, n in zip(space.pool.names, mix, strict=True) if n) for mix in mixes]
    return [f"A graph's models must be one of: {', '.join(listed)}."]


def _sink_name(sink: Sink) -> str:
    return sink.kind if sink.model is None else f"{sink.kind} {sink.model}"


# graphs as JSON


def object_schema(**properties: Any) -> dict[str, Any]:
    """JSON schema of an object with exactly these properties: the form that every server's decoder knows."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def graph_schema(space: Space) -> dict[str, Any]:
    """JSON schema of a graph as an agent writes it."""
    places = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": space.max_nodes - 1}}
    role = {"role": {"type": "string", "enum": list(ROLES)}} if space.free_roles else {}
    node = object_schema(model={"type": "string", "enum": list(space.pool.names)}, reads=places, **role)
    reads = {"sink_reads": places} if space.free_reads else {}
    return object_schema(
        nodes={"type": "array", "items": node, "minItems": 1, "maxItems": space.max_nodes},
        sink={"type": "string", "enum": [_sink_name(sink) for sink in space.sinks]},
        **reads,
    )


def graph_format(space: Space) -> str:
    """How a graph is written, in words."""
    role = ', "role": ROLE' if space.free_roles else ""
    reads = ', "sink_reads": [the nodes that the sink reads]' if space.free_reads else ""
    return (
        f'A graph is written {{"nodes": [{{"model": MODEL, "reads": [the nodes it reads]{role}}}, …], '
        f'"sink": SINK{reads}}}. Nodes are numbered from 0 in the order of the list and read only nodes before '
        "them." + (_ROLES if space.free_roles else "")
    )


def graph_data(space: Space, graph: Graph) -> dict[str, Any]:
    """A graph as an agent would write it."""
    assert graph.sink is not None
    nodes: list[dict[str, Any]] = [{"model": node.model, "reads": list(node.preds)} for node in graph.nodes]
    if space.free_roles:
        nodes = [entry | {"role": node.role} for entry, node in zip(nodes, graph.nodes, strict=True)]
    reads = {"sink_reads": list(graph.reads)} if space.free_reads else {}
    return {"nodes": nodes, "sink": _sink_name(graph.sink), **reads}


def read_graph(space: Space, data: Mapping[str, Any]) -> Graph:
    """The graph that an agent wrote. What does not fit the space is left out, nodes far from the sink first.

    Raises ValueError, KeyError or TypeError for what is no graph at all: cycles, unknown models or sinks.
    """
    sinks = {_sink_name(sink): sink for sink in space.sinks}
    graph = _trimmed(space, _written(data, sinks[data["sink"]], space))
    return graph if space.contains(graph) else decode(space, encode(space, graph))


def _written(data: Mapping[str, Any], sink: Sink, space: Space) -> Graph:
    models = [str(node["model"]) for node in data["nodes"]]
    if strangers := set(models) - set(space.pool.names):
        raise ValueError(f"no models {sorted(strangers)}")
    preds = [{int(p) for p in node["reads"]} for node in data["nodes"]]
    roles = [_role(node.get("role"), len(p)) for node, p in zip(data["nodes"], preds, strict=True)]
    edges = [(p, v) for v, read in enumerate(preds) for p in read]
    reads = {int(v) for v in data.get("sink_reads", ())} if space.free_reads else set()
    return Graph.of(list(zip(models, roles, strict=True)), edges, sink, reads or None)


def _role(wished: str | None, inputs: int) -> str:
    """The role wished for, if that in-degree may have it."""
    if inputs == 0:
        return "assistant"
    return "fuser" if wished not in ROLES or (wished == "reviser" and inputs != 1) else wished


def _trimmed(space: Space, graph: Graph) -> Graph:
    """At most as many nodes as the space has, the last ones: they are the nearest to the sink."""
    first = max(0, len(graph.nodes) - space.max_nodes)
    if not first:
        return graph
    kept = [(node.model, tuple(p - first for p in node.preds if p >= first)) for node in graph.nodes[first:]]
    edges = [(p, v) for v, (_, preds) in enumerate(kept) for p in preds]
    reads = [v - first for v in graph.reads if v >= first] if space.free_reads else None
    return Graph.of([(model, _role(None, len(preds))) for model, preds in kept], edges, graph.sink, reads)


# what an evaluation showed


@dataclass(frozen=True, slots=True)
class Edge:
    """What passed along one edge, as shares of the questions: right answers lost, wrong answers repaired.

    target: the number of nodes stands for the sink.
    """

    source: int
    target: int
    lost: float
    repaired: float


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation; nodes are counted in canonical order, the sink last.

    value: the objective at what this evaluation showed. units, latency (critical path, seconds), serial
    (seconds): a question. failed: the failed questions' places in the run's order; lost: those of them on which
    some node was right. node_accuracy: share right, node by node. edges: what passed along each. idle: nodes
    that were never right where the graph was. critical: nodes that lie on the critical path of most questions.
    The last four are empty without traces.
    """

    graph: Graph
    accuracy: float
    value: float
    questions: int
    units: float
    latency: float
    serial: float
    failed: tuple[int, ...]
    lost: tuple[int, ...] = ()
    node_accuracy: tuple[float, ...] = ()
    edges: tuple[Edge, ...] = ()
    idle: tuple[int, ...] = ()
    critical: tuple[int, ...] = ()


def report(outcome: Outcome, value: float | None = None) -> Report:
    """The facts of one evaluation. value: the objective at what it showed (default: its accuracy)."""
    final = outcome.correct
    return Report(
        graph=outcome.graph,
        accuracy=outcome.accuracy,
        value=outcome.accuracy if value is None else value,
        questions=len(outcome.kinds),
        units=outcome.units,
        latency=outcome.latency_critical,
        serial=outcome.latency_serial,
        failed=tuple(int(p) for p in outcome.positions[~final]),
        **({} if outcome.node_right is None else _traced(outcome, outcome.node_right)),
    )


def _traced(outcome: Outcome, right: np.ndarray) -> dict[str, Any]:
    final, inner = outcome.correct, right[:, : len(outcome.graph.nodes)]
    edges = [
        Edge(p, v, float((right[:, p] & ~right[:, v]).mean()), float((~right[:, p] & right[:, v]).mean()))
        for v, preds in enumerate(stages(outcome.graph))
        for p in preds
    ]
    helped = inner[final].any(axis=0) if final.any() else np.ones(inner.shape[1], dtype=bool)
    critical = np.zeros(right.shape[1], dtype=bool)
    if outcome.node_seconds is not None:
        critical = on_critical_path(Job(outcome.graph, outcome.node_seconds.T)).mean(axis=1) > 0.5
    return {
        "lost": tuple(int(p) for p in outcome.positions[~final & inner.any(axis=1)]),
        "node_accuracy": tuple(float(share) for share in right.mean(axis=0)),
        "edges": tuple(edges),
        "idle": tuple(int(v) for v in np.flatnonzero(~helped)),
        "critical": tuple(int(v) for v in np.flatnonzero(critical)),
    }


def told(entry: Report, traces: bool = True) -> list[str]:
    """The record in words; without `traces` only what was measured at the end of the graph."""
    lines = [f"{entry.accuracy:.3f} right on {entry.questions} questions (objective {entry.value:.3f})."]
    if not traces:
        return lines
    lines += [f"{entry.units:.2f} units, {entry.latency:.1f} s critical path, {entry.serial:.1f} s in series."]
    lines += [f"Failed questions: {_some(entry.failed)}; some node was right on {_some(entry.lost)}."]
    if entry.node_accuracy:
        sink, n = entry.graph.sink is not None, len(entry.graph.nodes)
        called = [*map(str, range(n)), *(["sink"] if sink else [])]
        shares = ", ".join(f"{name}: {s:.2f}" for name, s in zip(called, entry.node_accuracy, strict=True))
        edges = "; ".join(
            f"{e.source}→{called[e.target]} lost {e.lost:.2f}, repaired {e.repaired:.2f}" for e in entry.edges
        )
        lines += [f"Right by node: {shares}.", f"Right answers lost and wrong ones repaired: {edges}."]
        if entry.critical:
            lines += [f"On the critical path: {', '.join(called[v] for v in entry.critical)}."]
        if entry.idle:
            lines += [f"Nodes that added nothing: {', '.join(map(str, entry.idle))}."]
    return lines


def _some(places: tuple[int, ...]) -> str:
    shown = ", ".join(f"#{p}" for p in places[:_SHOWN_FAILURES])
    more = len(places) - _SHOWN_FAILURES
    return (shown or "none") + (f" and {more} more" if more > 0 else "")
