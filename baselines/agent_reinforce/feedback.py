"""What the agent is told: facts read off traces, the content of the textual gradient before it is text.

A `Report` is about one evaluation of one graph; a `Briefing` is all that is told at one consultation. Prompts
are rendered from these records and scripted policies read these records, so every kind of agent knows the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.graph import Graph
from bench.optimizer import Outcome
from bench.schedule import stages
from bench.space import Space

__all__ = ["Briefing", "Edge", "Report", "report"]


@dataclass(frozen=True, slots=True)
class Edge:
    """What passed along one edge, as shares of the questions: right answers lost, wrong answers repaired."""

    source: int
    target: int
    lost: float
    repaired: float


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation.

    accuracy: of this evaluation. units, latency (critical path, seconds), serial (seconds): a question. failed:
    the failed questions' places in the run's order. node_accuracy: share right, node by node, the sink last.
    idle: nodes that were never right where the graph was.
    """

    graph: Graph
    accuracy: float
    questions: int
    units: float
    latency: float
    serial: float
    failed: tuple[int, ...]
    node_accuracy: tuple[float, ...]
    edges: tuple[Edge, ...]
    idle: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """One consultation.

    reports: all evaluations so far, oldest first; the last `new` of them since the last consultation. scores:
    posterior mean accuracy by graph id. best: the graph with the highest. wider, deeper: how many evaluated
    graphs were wider, or deeper, than the best of their time. probabilities: the current ones, by name of the
    coordinate.
    """

    space: Space
    reports: tuple[Report, ...]
    new: int
    scores: dict[str, float]
    best: Graph
    wider: int
    deeper: int
    probabilities: dict[str, list[float]]


def report(outcome: Outcome) -> Report:
    """The facts of one evaluation; the outcome must carry traces."""
    right, final = outcome.node_right, outcome.correct
    assert right is not None
    edges = [
        Edge(p, v, float((right[:, p] & ~right[:, v]).mean()), float((~right[:, p] & right[:, v]).mean()))
        for v, preds in enumerate(stages(outcome.graph))
        for p in preds
    ]
    helped = right[final].any(axis=0) if final.any() else np.ones(right.shape[1], dtype=bool)
    return Report(
        graph=outcome.graph,
        accuracy=outcome.accuracy,
        questions=len(outcome.kinds),
        units=outcome.units,
        latency=outcome.latency_critical,
        serial=outcome.latency_serial,
        failed=tuple(int(p) for p in outcome.positions[~final]),
        node_accuracy=tuple(float(share) for share in right.mean(axis=0)),
        edges=tuple(edges),
        idle=tuple(int(v) for v in np.flatnonzero(~helped)),
    )
