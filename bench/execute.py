"""A graph on questions in a world: outcomes, charges, latencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from bench.cost import graph_cost
from bench.graph import Graph
from bench.keys import fold
from bench.ledger import Charge
from bench.levels import Request, Trace, run_graphs
from bench.pools import Pool, call_seconds, call_usd
from bench.schedule import Job, critical_path, makespan, remaining_path, stage_models, stages
from bench.worlds.base import World
from tasks import task_class
from tasks.base import GRADE_KINDS

__all__ = [
    "Estimate",
    "Execution",
    "Request",
    "estimate",
    "execute",
    "node_right",
    "nominal_latency",
    "round_seconds",
    "salt",
]


def salt(graph: Graph, draw: int) -> np.uint64:
    """What `noise = "fresh"` folds into the keys of this graph's calls at its draw-th pass."""
    return np.uint64(fold(np.uint64(graph.key), draw))


@dataclass(frozen=True)
class Execution:
    """One graph on K questions. codes int8 (K,): positions in GRADE_KINDS."""

    request: Request
    trace: Trace
    codes: npt.NDArray[np.int8]
    task: str
    pool: Pool

    @property
    def graph(self) -> Graph:
        return self.request.graph

    @property
    def kinds(self) -> tuple[str, ...]:
        """Grade kinds, one a question."""
        return tuple(str(GRADE_KINDS[code]) for code in self.codes)

    @cached_property
    def job(self) -> Job:
        return Job(self.graph, self.trace.seconds)

    def first(self, count: int) -> Execution:
        """The same graph on the first `count` of these questions alone."""
        request = Request(
            self.request.graph, self.request.question[:count], self.request.trial[:count], self.request.salt
        )
        if np.ndim(request.salt):
            request = request._replace(salt=request.salt[:count])
        parts = {name: getattr(self.trace, name)[:, :count] for name in Trace._fields if name != "final"}
        trace = Trace(**parts, final=self.trace.final[:count])
        return Execution(request, trace, self.codes[:count], self.task, self.pool)

    @property
    def serial(self) -> npt.NDArray[np.float64]:
        """All calls of a question in series, seconds (K,)."""
        return np.asarray(self.trace.seconds.sum(axis=0))

    @cached_property
    def critical(self) -> npt.NDArray[np.float64]:
        """The longest path, seconds (K,)."""
        return critical_path(self.job)

    @property
    def waited(self) -> npt.NDArray[np.float64]:
        """The longest path by measured seconds (K,); zeros where nothing is measured."""
        return critical_path(Job(self.graph, self.trace.wall))

    @property
    def charge(self) -> Charge:
        """What it cost, but for the seconds, which belong to the round."""
        questions = len(self.codes)
        prompt, completion = self.trace.prompt_tokens.sum(axis=1), self.trace.completion_tokens.sum(axis=1)
        usd = sum(
            call_usd(self.pool[model], int(read), int(written))
            for model, read, written in zip(stage_models(self.graph), prompt, completion, strict=True)
            if model is not None
        )
        return Charge(
            executions=questions,
            node_calls=_calls(self.graph) * questions,
            flops=graph_cost(self.graph, self.task, self.pool).flops * questions,
            prompt_tokens=int(prompt.sum()),
            completion_tokens=int(completion.sum()),
            usd=usd,
        )


def execute(world: World, task: str, split: str, pool: Pool, requests: Sequence[Request]) -> list[Execution]:
    """Run all requests level by level, grade their answers, in the order of the requests."""
    if (note := getattr(world, "note", None)) is not None:
        note(task, split, requests)  # a recorder keeps which calls belong to one graph
    traces = run_graphs(world, requests, task, split, pool.names)
    codes = world.grade(
        task,
        split,
        np.concatenate([request.question for request in requests]),
        np.concatenate([trace.final for trace in traces]),
    )
    ends = np.cumsum([len(request.question) for request in requests])[:-1]
    return [
        Execution(request, trace, part, task, pool)
        for request, trace, part in zip(requests, traces, np.split(codes, ends), strict=True)
    ]


def node_right(world: World, task: str, split: str, execution: Execution) -> npt.NDArray[np.bool_]:
    """Which nodes' own answers were right: bool (K, N), N the nodes plus the sink if there is one."""
    handles = execution.trace.handle
    question = np.broadcast_to(execution.request.question, handles.shape)
    codes = world.grade(task, split, question.ravel(), handles.ravel())
    return np.asarray((codes == 0).reshape(handles.shape).T)


def round_seconds(executions: Sequence[Execution], slots: int) -> float:
    """Modelled seconds of a round: the makespan of all its calls on `slots` slots a model."""
    return makespan([execution.job for execution in executions], slots)


def nominal_latency(graph: Graph, task: str, pool: Pool) -> float:
    """Critical path in seconds when every answer has exactly the task's nominal length and slots are idle."""
    return float(critical_path(Job(graph, _service_times(graph, task, pool, 1.0)[:, None]))[0])


@dataclass(frozen=True, slots=True)
class Estimate:
    """What questions of one graph will cost: exact where it is known before, else at the nominal lengths.

    one: a question's, without seconds. work: seconds of calls a question. path: seconds of the longest path.
    """

    one: Charge
    work: float
    path: float

    def charge(self, questions: int, slots: int) -> Charge:
        """Of so many questions together, on `slots` slots a model.

        No list schedule of calls of these lengths takes longer than this: at any moment either the longest
        remaining path shrinks or some model has all its slots busy.
        """
        one = self.one
        return Charge(
            one.executions * questions,
            one.node_calls * questions,
            one.flops * questions,
            one.prompt_tokens * questions,
            one.completion_tokens * questions,
            one.usd * questions,
            questions * self.work / slots + self.path,
        )


@lru_cache(maxsize=8192)
def estimate(graph: Graph, task: str, pool: Pool) -> Estimate:
    """What a question of a graph will cost when every answer has its nominal length and all slots are busy."""
    cost = graph_cost(graph, task, pool)
    times = _service_times(graph, task, pool, 1.0) * _BUSY
    one = Charge(1, _calls(graph), cost.flops, cost.prompt_tokens, cost.completion_tokens, cost.usd)
    path = float(remaining_path(Job(graph, times[:, None])).max())
    return Estimate(one, float(times.sum()), path)


_BUSY = 1.25
"""Eight busy slots slow decoding down by 1.21."""


def _service_times(graph: Graph, task: str, pool: Pool, stretch: float) -> npt.NDArray[np.float64]:
    """Seconds of each stage (N,) with answers `stretch` times the nominal length."""
    constants = task_class(task)
    written, seconds = stretch * constants.answer_tokens, []
    for model, preds in zip(stage_models(graph), stages(graph), strict=True):
        read = constants.prompt_tokens + len(preds) * written
        seconds.append(0.0 if model is None else call_seconds(pool[model], read, written))
    return np.array(seconds)


def _calls(graph: Graph) -> int:
    return sum(model is not None for model in stage_models(graph))
