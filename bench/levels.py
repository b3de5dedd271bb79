"""Graphs as batches of calls: the level loop that every world shares.

Nodes of equal level do not depend on each other, so a level of one or many graphs on many questions is
one batch of rows. A `Plan` holds the nodes of all graphs sorted by level; `run_graphs` answers them in a
world and gives each graph its `Trace`; `final_handles` is the lean form that needs handles alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.errors import InvalidGraph
from bench.graph import Graph
from bench.keys import U64
from bench.worlds.base import ABSENT, ROLE_KEYS, Answering, Answers, Calls, World

__all__ = ["Block", "Plan", "Request", "Trace", "final_handles", "merged_plans", "plan", "run_graphs"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_VOTE = ROLE_KEYS["vote"]
_FIELDS = tuple(field.name for field in fields(Answers))
_CELLS = 6_000_000  # handles kept at a time while accuracies are measured: 48 MB


class Request(NamedTuple):
    """A graph to be run on Q questions. salt (may be a scalar) is folded into the keys where it is not 0."""

    graph: Graph
    question: I64
    trial: I64
    salt: U64


class Trace(NamedTuple):
    """What happened, (N, Q): N the graph's nodes in canonical order, then its sink if there is one.

    The fields are those of `Answers`; final int64 (Q,) are the handles of the graph's answer.
    """

    handle: I64
    prompt_tokens: I64
    completion_tokens: I64
    seconds: F64
    wall: F64
    attempts: I64
    final: I64


class Stage(NamedTuple):
    """One node before it is placed: what sorts it, what its calls are, which nodes (by place) it reads."""

    order: int
    model: int
    role: int
    replica: int
    level: int
    preds: tuple[int, ...]


class Block(NamedTuple):
    """The questions of J jobs, padded to the longest: (J, Q) each; length int64 (J,)."""

    question: I64
    trial: I64
    salt: U64
    length: I64

    @staticmethod
    def of(question: I64, trial: I64) -> Block:
        """One job without salt."""
        salt = np.zeros((1, len(question)), dtype=np.uint64)
        return Block(question[None], trial[None], salt, np.array([len(question)]))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """S nodes of G graphs, sorted by level and within it by in-degree.

    model (position in `models`, −1 for a vote), role, replica, level, degree, job: int64 (S,). preds int64
    (S, D): rows of the plan, S where there are fewer. starts: the first node of each level, then S. places:
    rows of each graph's nodes in canonical order, then its sink (absent from merged plans). final int64 (G,).
    """

    models: tuple[str, ...]
    model: I64
    role: I64
    replica: I64
    level: I64
    degree: I64
    job: I64
    preds: I64
    starts: tuple[int, ...]
    places: tuple[I64, ...]
    final: I64


def run_graphs(
    world: World, requests: Sequence[Request], task: str, split: str, models: tuple[str, ...]
) -> list[Trace]:
    """Run all requests level by level, each level of all of them as one batch. Traces in their order.

    A world that can have several batches under way gets the questions in two halves, whose levels take turns: the
    end of a level, where ever fewer requests are left, is filled by the other half's.

    models: what positions in `Calls.model` stand for. Raises InvalidGraph for a graph of other models, and
    whatever the world raises.
    """
    if not requests:
        return []
    begin = getattr(world, "begin", None)
    if begin is None or max(len(request.question) for request in requests) < 2:
        return _driven([_levels(requests, task, split, models)], lambda calls: _Answered(world.answer(calls)))[0]
    halves = [_levels(half, task, split, models) for half in _halves(requests)]
    return [_joined(pair) for pair in zip(*_driven(halves, begin), strict=True)]


class _Answered(NamedTuple):
    """Answers that are there at once, with the face of those that are not."""

    answers: Answers

    def result(self) -> Answers:
        return self.answers

    def cancel(self) -> None:
        pass


def _levels(
    requests: Sequence[Request], task: str, split: str, models: tuple[str, ...]
) -> Generator[Calls, Answers, list[Trace]]:
    """Yields the calls of each level, is sent their answers, and returns the traces."""
    block = _block(requests)
    whole = plan(tuple(request.graph for request in requests), models)
    grid = _grid(len(whole.model), block.question.shape[1])
    for at, calls in _batches(whole, block, task, split, grid.handle, grid.completion_tokens):
        answers = yield calls
        for name in _FIELDS:
            getattr(grid, name).reshape(-1)[at] = getattr(answers, name)
    return [
        Trace(
            **{name: getattr(grid, name)[places, :length] for name in _FIELDS},
            final=grid.handle[final, :length],
        )
        for places, length, final in zip(whole.places, block.length.tolist(), whole.final, strict=True)
    ]


def _driven(
    runs: Sequence[Generator[Calls, Answers, list[Trace]]], begin: Callable[[Calls], Answering]
) -> list[list[Trace]]:
    """The traces of each run, one batch of each under way at a time."""
    traces: list[list[Trace]] = [[] for _ in runs]
    under_way: deque[tuple[int, Generator[Calls, Answers, list[Trace]], Answering]] = deque()
    try:
        for i, run in enumerate(runs):
            under_way.append((i, run, begin(next(run))))
        while under_way:
            i, run, batch = under_way.popleft()
            try:
                calls = run.send(batch.result())
            except StopIteration as end:
                traces[i] = end.value
            else:
                under_way.append((i, run, begin(calls)))
    finally:
        for _, _, batch in under_way:
            batch.cancel()
    return traces


def _halves(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """The same graphs, each half on half of their questions."""
    for second in (False, True):
        half = []
        for graph, question, trial, salt in requests:
            middle = (len(question) + 1) // 2
            at = slice(middle, None) if second else slice(middle)
            half.append(Request(graph, question[at], trial[at], np.broadcast_to(salt, len(question))[at]))
        yield half


def _joined(halves: tuple[Trace, ...]) -> Trace:
    return Trace(*(np.concatenate(parts, axis=-1) for parts in zip(*halves, strict=True)))


def final_handles(
    answer: Callable[[Calls], I64], plan: Plan, block: Block, task: str, split: str, max_rows: int
) -> I64:
    """Handles (G, Q) of the graphs' answers, where `answer` needs no tokens and gives handles alone.

    Batches have at most `max_rows` rows, or one node's.
    """
    handle = _blank(len(plan.model), block.question.shape[1])
    for at, calls in _batches(plan, block, task, split, handle, None, max_rows):
        handle.reshape(-1)[at] = answer(calls)
    return np.asarray(handle[plan.final])


@lru_cache(maxsize=256)
def plan(graphs: tuple[Graph, ...], models: tuple[str, ...]) -> Plan:
    """The plan of separate graphs: job j is the j-th of them."""
    stages: list[Stage] = []
    jobs: list[int] = []
    tops = [0]
    for j, graph in enumerate(graphs):
        own = _stages(graph, models)
        stages += [stage._replace(preds=tuple(p + tops[-1] for p in stage.preds)) for stage in own]
        jobs += [j] * len(own)
        tops.append(len(stages))
    final = [_final(graph) + top for graph, top in zip(graphs, tops, strict=False)]
    return _placed(stages, jobs, models, final, (range(a, b) for a, b in pairwise(tops)))


def merged_plans(graphs: Iterable[Graph], models: tuple[str, ...], questions: int) -> Iterator[Plan]:
    """Plans that answer equal nodes once, for graphs that all see the same questions without salt.

    Two nodes are equal when model, role, replica and all that they read are. A plan ends when its handles on
    `questions` questions would fill the memory set aside; the graphs' order is kept.
    """
    stages: list[Stage] = []
    seen: dict[Stage, int] = {}
    final: list[int] = []
    for graph in graphs:
        rows: list[int] = []
        for stage in _stages(graph, models):
            preds = [rows[p] for p in stage.preds]
            # Only a vote's ties depend on the order of what it reads.
            key = stage._replace(preds=tuple(preds if stage.role == _VOTE else sorted(preds)))
            if key not in seen:
                seen[key] = len(stages)
                stages.append(key)
            rows.append(seen[key])
        final.append(rows[_final(graph)])
        if len(stages) * questions > _CELLS:
            yield _placed(stages, [0] * len(stages), models, final, [])
            stages, seen, final = [], {}, []
    if final:
        yield _placed(stages, [0] * len(stages), models, final, [])


def _final(graph: Graph) -> int:
    return graph.reads[0] if graph.sink is None else len(graph.nodes)


@lru_cache(maxsize=4096)
def _stages(graph: Graph, models: tuple[str, ...]) -> tuple[Stage, ...]:
    """The nodes of a graph, then its sink if there is one, a level above what it reads."""
    position = {model: i for i, model in enumerate(models)}
    try:
        stages = [
            Stage(level, position[node.model], ROLE_KEYS[node.role], replica, level, node.preds)
            for node, level, replica in zip(graph.nodes, graph.levels, graph.replicas, strict=True)
        ]
        if graph.sink is not None:
            model = -1 if graph.sink.model is None else position[graph.sink.model]
            level = 1 + max(graph.levels[v] for v in graph.reads)
            stages.append(Stage(level, model, ROLE_KEYS[graph.sink.kind], 0, level, graph.reads))
    except KeyError as error:
        known = ", ".join(models)
        raise InvalidGraph(f"the graph uses model {error}, which is not among {known}: {graph}") from error
    return tuple(stages)


def _placed(
    stages: Sequence[Stage],
    jobs: Sequence[int],
    models: tuple[str, ...],
    final: list[int],
    parts: Iterable[range],
) -> Plan:
    """Stages put in the order of a plan. parts: the rows of each graph, before they are moved."""
    count = len(stages)
    order = sorted(range(count), key=lambda s: (stages[s].order, len(stages[s].preds)))
    place = np.empty(count + 1, dtype=np.int64)
    place[order], place[count] = np.arange(count), count
    moved = [stages[s] for s in order]
    widest = max((len(stage.preds) for stage in moved), default=0)
    padded = [stage.preds + (count,) * (widest - len(stage.preds)) for stage in moved]
    model, role, replica, level = np.array([stage[1:5] for stage in moved], dtype=np.int64).T.copy()
    rank = [stage.order for stage in moved]
    starts = [s for s in range(count) if s == 0 or rank[s] != rank[s - 1]]
    return Plan(
        models,
        model,
        role,
        replica,
        level,
        degree=np.array([len(stage.preds) for stage in moved], dtype=np.int64),
        job=np.array(jobs, dtype=np.int64)[order],
        preds=place[np.array(padded, dtype=np.int64).reshape(count, widest)],
        starts=(*starts, count),
        places=tuple(place[part] for part in parts),
        final=place[final],
    )


def _block(requests: Sequence[Request]) -> Block:
    length = np.array([len(request.question) for request in requests])
    shape = (len(requests), int(length.max()))
    question, trial, salt = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.uint64)
    for j, request in enumerate(requests):
        question[j, : length[j]] = request.question
        trial[j, : length[j]] = request.trial
        salt[j, : length[j]] = request.salt
    return Block(question, trial, salt, length)


def _grid(nodes: int, questions: int) -> Answers:
    """Room for all answers of a plan and one row more, which stands for absent inputs: (S + 1, Q) each."""
    shape = (nodes + 1, questions)
    return Answers(
        handle=_blank(nodes, questions),
        prompt_tokens=np.zeros(shape, dtype=np.int64),
        completion_tokens=np.zeros(shape, dtype=np.int64),
        seconds=np.zeros(shape),
        wall=np.zeros(shape),
        attempts=np.zeros(shape, dtype=np.int64),
    )


def _blank(nodes: int, questions: int) -> I64:
    return np.full((nodes + 1, questions), ABSENT, dtype=np.int64)


def _batches(
    plan: Plan,
    block: Block,
    task: str,
    split: str,
    handle: I64,
    tokens: I64 | None,
    max_rows: int | None = None,
) -> Iterator[tuple[slice | I64, Calls]]:
    """The calls of each level in turn, and where their answers belong in the flattened (S + 1, Q) grids.

    The caller writes the answers into `handle` (and `tokens`) before it asks for the next batch.
    """
    width = block.question.shape[1]
    ragged = bool((block.length != width).any())
    for start, end in pairwise(plan.starts):
        step = end - start if max_rows is None else max(1, max_rows // width)
        for a in range(start, end, step):
            b = min(a + step, end)
            calls = _calls(plan, block, task, split, handle, tokens, slice(a, b))
            if not ragged:
                yield slice(a * width, b * width), calls
                continue
            held = np.flatnonzero((np.arange(width) < block.length[plan.job[a:b], None]).ravel())
            arrays = (getattr(calls, field.name)[held] for field in fields(Calls)[3:])
            yield held + a * width, Calls(task, split, plan.models, *arrays)


def _calls(plan: Plan, block: Block, task: str, split: str, handle: I64, tokens: I64 | None, at: slice) -> Calls:
    """The calls of some nodes of one level, node by node, each on all its questions."""
    width = block.question.shape[1]
    job = plan.job[at]
    preds = plan.preds[at, : plan.degree[at].max()].T  # (D, nodes): what a world gets is read column by column
    known = np.minimum(preds, len(plan.model) - 1)  # what stands where inputs are absent does not matter
    shape = (len(preds), len(job) * width)
    unknown_length = np.broadcast_to(np.int64(0), shape)
    return Calls(
        task=task,
        split=split,
        models=plan.models,
        question=block.question[job].ravel(),
        trial=block.trial[job].ravel(),
        salt=block.salt[job].ravel(),
        model=plan.model[at].repeat(width),
        role=plan.role[at].repeat(width),
        replica=plan.replica[at].repeat(width),
        inputs=handle[preds].reshape(shape).T,
        input_level=plan.level[known].repeat(width, axis=1).T,
        input_tokens=unknown_length.T if tokens is None else tokens[preds].reshape(shape).T,
        input_role=plan.role[known].repeat(width, axis=1).T,
        input_model=plan.model[known].repeat(width, axis=1).T,
    )
