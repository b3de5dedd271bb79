"""When calls run: three latencies of one set of service times, never mixed.

serial: all calls of a question one after another. critical: the longest path, unlimited slots. makespan: list
scheduling on C slots a model, the ready call with the longest remaining path first, ties by question and node.

Source: Graham 1969, "Bounds on multiprocessing timing anomalies" (list scheduling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

from bench.graph import Graph

__all__ = ["Job", "critical_path", "makespan", "remaining_path", "stages"]

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
    ends: list[F64] = []
    for preds, own in zip(stages(job.graph), job.seconds, strict=True):
        ready = np.max([ends[p] for p in preds], axis=0) if preds else 0.0
        ends.append(ready + own)
    return ends[-1] if job.graph.sink is not None else ends[job.graph.reads[0]]


def makespan(jobs: Sequence[Job], slots: int) -> float:
    """Seconds until every call of every job has ended, each model serving `slots` calls at a time."""
    plan = _Plan(jobs)
    free: dict[str | None, int] = {}
    ready: dict[str | None, list[tuple[float, int]]] = {}
    for call in plan.first:
        ready.setdefault(plan.model[call], []).append((plan.priority[call], call))
    for queue in ready.values():
        heapify(queue)
    running: list[tuple[float, int]] = []
    now = 0.0
    touched = list(ready)
    while True:
        for model in touched:
            queue, idle = ready[model], free.get(model, slots)
            while queue and (idle or model is None):
                call = heappop(queue)[1]
                heappush(running, (now + plan.seconds[call], call))
                idle -= 1
            free[model] = idle
        if not running:
            return now
        now, call = heappop(running)
        touched = [plan.model[call]]
        free[plan.model[call]] += 1
        for successor in plan.successors[call]:
            plan.waiting[successor] -= 1
            if not plan.waiting[successor]:
                model = plan.model[successor]
                heappush(ready.setdefault(model, []), (plan.priority[successor], successor))
                touched.append(model)


def _models(graph: Graph) -> list[str | None]:
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


class _Plan:
    """All calls of a round as flat lists; a call's number orders it by job, question and stage."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.model: list[str | None] = []
        self.seconds: list[float] = []
        self.priority: list[float] = []
        self.waiting: list[int] = []
        self.successors: list[list[int]] = []
        for job in jobs:
            self._add(job)
        self.first = [call for call, count in enumerate(self.waiting) if not count]

    def _add(self, job: Job) -> None:
        n, questions = job.seconds.shape
        needed = [len(preds) for preds in stages(job.graph)]
        follow = _successors(job.graph)
        self.seconds += job.seconds.T.ravel().tolist()
        self.priority += (-remaining_path(job)).T.ravel().tolist()
        self.model += _models(job.graph) * questions
        self.waiting += needed * questions
        for _ in range(questions):
            base = len(self.successors)
            self.successors += [[base + s for s in after] for after in follow]
        assert len(self.successors) == len(self.seconds) and n == len(needed)
