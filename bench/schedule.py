"""When calls run: three latencies of one set of service times, never mixed.

serial: all calls of a question one after another. critical: the longest path, unlimited slots. makespan: list
scheduling on C slots a model, the ready call with the longest remaining path first, ties by question and node.

Source: Graham 1969, "Bounds on multiprocessing timing anomalies" (list scheduling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.graph import Graph

__all__ = ["Job", "critical_path", "makespan", "on_critical_path", "remaining_path", "stage_models", "stages"]

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Job:
    """Service times of one graph on K questions: seconds float64 (N, K), N its nodes plus its sink if any."""

    graph: Graph
    seconds: F64


def stages(graph: Graph) -> list[tuple[int, ...]]:
    """Predecessors of each stage: the nodes in canonical order, then the sink if there is one."""
    listed = [node.preds for node in graph.nodes]
    return listed if graph.sink is None else [*listed, graph.reads]


def critical_path(job: Job) -> F64:
    """Longest path to the answer, seconds a question (K,)."""
    ends = _ends(job)
    return ends[-1] if job.graph.sink is not None else ends[job.graph.reads[0]]


def on_critical_path(job: Job) -> npt.NDArray[np.bool_]:
    """Whether each stage lies on a longest path to the answer: bool (N, K)."""
    ends, preds = _ends(job), stages(job.graph)
    found = np.zeros(job.seconds.shape, dtype=bool)
    found[-1 if job.graph.sink is not None else job.graph.reads[0]] = True
    for v in reversed(range(len(ends))):
        last = np.max([ends[p] for p in preds[v]], axis=0) if preds[v] else 0.0
        for p in preds[v]:
            found[p] |= found[v] & (ends[p] == last)
    return found


def _ends(job: Job) -> list[F64]:
    """When each stage ends, seconds after the start (K,), with unlimited slots."""
    ends: list[F64] = []
    for preds, own in zip(stages(job.graph), job.seconds, strict=True):
        ready = np.max([ends[p] for p in preds], axis=0) if preds else 0.0
        ends.append(ready + own)
    return ends


def makespan(jobs: Sequence[Job], slots: int) -> float:
    """Seconds until every call of every job has ended, each model serving `slots` calls at a time."""
    plan = _plan(jobs)
    seconds, model, successors, waiting = plan.seconds, plan.model, plan.successors, list(plan.waiting)
    models = max(model, default=-1) + 1
    free, ready = [slots] * models, [[] for _ in range(models)]  # type: list[int], list[list[int]]
    running: list[tuple[float, int]] = []
    for call, count in enumerate(waiting):
        if not count:
            ready[model[call]].append(call)  # ascending, so already a heap
    now, touched = 0.0, list(range(models))
    while True:
        for m in touched:
            queue = ready[m]
            while queue and free[m]:
                free[m] -= 1
                call = heappop(queue)
                heappush(running, (now + seconds[call], call))
        if not running:
            return now
        now, call = heappop(running)
        m = model[call]
        free[m] += 1
        touched = [m]
        for successor in successors[call]:
            waiting[successor] -= 1
            if not waiting[successor]:
                heappush(ready[model[successor]], successor)
                touched.append(model[successor])


def stage_models(graph: Graph) -> list[str | None]:
    """The model of each stage; None for a vote."""
    names: list[str | None] = [node.model for node in graph.nodes]
    return names if graph.sink is None else [*names, graph.sink.model]


def _successors(graph: Graph) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in stages(graph)]
    for stage, preds in enumerate(stages(graph)):
        for p in preds:
            found[p].append(stage)
    return found


def remaining_path(job: Job) -> F64:
    """Longest path from the start of each stage to the end of the graph, seconds (N, K)."""
    left = job.seconds.copy()
    successors = _successors(job.graph)
    for stage in reversed(range(len(left))):
        if successors[stage]:
            left[stage] += np.max(left[successors[stage]], axis=0)
    return left


class _Plan(NamedTuple):
    """All calls of a round, numbered by priority: the one with the longest remaining path is call 0."""

    model: list[int]
    seconds: list[float]
    waiting: list[int]
    successors: list[list[int]]


def _plan(jobs: Sequence[Job]) -> _Plan:
    """Lay out the calls of all jobs; a vote takes no time and nobody waits for it, so it is left out."""
    names: dict[str | None, int] = {}
    model, seconds, priority, waiting, sources, targets = [], [], [], [], [], []
    base = 0
    for job in jobs:
        calls = [
            (m, preds)
            for m, preds in zip(stage_models(job.graph), stages(job.graph), strict=True)
            if m is not None
        ]
        n, questions = len(calls), job.seconds.shape[1]
        number = base + np.arange(questions * n).reshape(questions, n)
        model.append(np.tile([names.setdefault(m, len(names)) for m, _ in calls], questions))
        seconds.append(job.seconds[:n].T.ravel())
        priority.append(remaining_path(job)[:n].T.ravel())
        waiting.append(np.tile([len(preds) for _, preds in calls], questions))
        for v, (_, preds) in enumerate(calls):
            for p in preds:
                sources.append(number[:, p])
                targets.append(number[:, v])
        base += questions * n
    if not base:
        return _Plan([], [], [], [])
    order = np.argsort(-np.concatenate(priority), kind="stable")
    place = np.empty(base, np.int64)
    place[order] = np.arange(base)
    successors: list[list[int]] = [[] for _ in range(base)]
    if sources:
        edges = zip(place[np.concatenate(sources)].tolist(), place[np.concatenate(targets)].tolist(), strict=True)
        for source, target in edges:
            successors[source].append(target)
    flat = [np.concatenate(part)[order].tolist() for part in (model, seconds, waiting)]
    return _Plan(flat[0], flat[1], flat[2], successors)
