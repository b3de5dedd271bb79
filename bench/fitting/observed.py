"""What a tape shows of one task, as arrays: who was asked what, what they read, what they answered.

Answers are ids as in the simulated world: 0 right, −1 none, k ≥ 1 some wrong one, equal for equal answers to one
question. So a fit sees the same whether a tape holds texts, published results, or nothing but simulated ids.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.keys import text_key
from bench.levels import Request, Trace, run_graphs
from bench.tapes import ANSWER, CHOSEN, GRAPH, Tape
from bench.worlds.base import ABSENT, I64, ROLE_KEYS, World
from bench.worlds.replay import ReplayWorld

__all__ = ["Executed", "Sightings", "answer_ids", "executions", "halves", "ids_of", "imported", "sighted"]

F64 = npt.NDArray[np.float64]

NONE = -1
_VOTE = ROLE_KEYS["vote"]

Ids = Callable[[str, str, I64, I64], I64]
"""(task, split, question, handle) → answer ids, all (R,)."""


@dataclass(frozen=True)
class Sightings:
    """R calls of one task. models: what positions stand for.

    question int64 (R,): places among the distinct questions, 0…Q−1. model, role, answer, replica int64 (R,).
    inputs, input_level, input_model int64 (R, D): ABSENT where there are fewer. prompt, tokens int64 (R,);
    seconds, wall float64 (R,): charged and measured.
    """

    task: str
    models: tuple[str, ...]
    question: I64
    model: I64
    role: I64
    replica: I64
    answer: I64
    inputs: I64
    input_level: I64
    input_model: I64
    prompt: I64
    tokens: I64
    seconds: F64
    wall: F64

    @property
    def questions(self) -> int:
        """How many distinct questions there are."""
        return int(self.question.max()) + 1 if self.question.size else 0

    def where(self, mask: npt.NDArray[np.bool_]) -> Sightings:
        """The calls with True; places of questions stay."""
        return replace(self, **{name: getattr(self, name)[mask] for name in _ARRAYS})

    @property
    def alone(self) -> Sightings:
        """The calls that read nothing."""
        none = np.ones(len(self.model), np.bool_)
        return self.where(self.inputs[:, 0] == ABSENT if self.inputs.shape[1] else none)

    @property
    def reading(self) -> Sightings:
        """The calls that read."""
        if not self.inputs.shape[1]:
            return self.where(np.zeros(len(self.model), np.bool_))
        return self.where(self.inputs[:, 0] != ABSENT)


_ARRAYS = tuple(field.name for field in fields(Sightings) if field.name not in ("task", "models"))


@dataclass(frozen=True)
class Executed:
    """One graph on the questions on which a tape has it.

    chosen: picked by the grades of what the last node reads, so only that node's answers are a fair sample.
    """

    task: str
    split: str
    request: Request
    chosen: bool = False

    @property
    def graph(self) -> Graph:
        return self.request.graph


def executions(tape: Tape) -> list[Executed]:
    """Every graph that was recorded, with its questions, by task, split and graph."""
    found: dict[tuple[str, str, str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in tape.part(GRAPH).to_pylist():
        found[row["task"], row["split"], row["text"], row["role"] == CHOSEN].append(row)
    return [
        Executed(
            task,
            split,
            Request(
                Graph.from_dict(json.loads(data)),
                np.array([row["number"] for row in rows], dtype=np.int64),
                np.array([row["trial"] for row in rows], dtype=np.int64),
                np.array([row["salt"] for row in rows], dtype=np.uint64),
            ),
            chosen,
        )
        for (task, split, data, chosen), rows in sorted(found.items())
    ]


def halves(executed: Sequence[Executed]) -> tuple[list[Executed], list[Executed]]:
    """To fit and to hold out, by the graphs' ids: all executions of one graph are on one side.

    Chosen executions are fitted: they do not say how good a graph is, so there is nothing to predict. So are the
    teams that they were chosen from, which are all that such a tape tells of models alone.
    """
    sides: tuple[list[Executed], list[Executed]] = ([], [])
    planned = {(entry.task, entry.split) for entry in executed if entry.chosen}
    for entry in executed:
        team = (entry.task, entry.split) in planned and not _reads(entry.graph)
        sides[0 if entry.chosen or team else text_key(f"held out {entry.graph.id}") % 2].append(entry)
    return sides


def _reads(graph: Graph) -> bool:
    """Whether any model reads another's answer."""
    return any(node.preds for node in graph.nodes) or (graph.sink is not None and graph.sink.kind != "vote")


def ids_of(world: ReplayWorld) -> Ids:
    """How a replayed world's texts become answer ids."""
    known: dict[tuple[str, str, int], dict[str, int]] = defaultdict(dict)

    def ids(task: str, split: str, question: I64, handle: I64) -> I64:
        grades = world.grade(task, split, question, handle)
        keys = world.answer_keys(task, split, question, handle)
        found = np.full(len(handle), NONE, dtype=np.int64)
        for row, (number, grade, key) in enumerate(zip(question.tolist(), grades.tolist(), keys, strict=True)):
            if grade == 0:
                found[row] = 0
            elif key is not None and grade == 1:
                of_question = known[task, split, number]
                found[row] = of_question.setdefault(key, len(of_question) + 1)
        return found

    return ids


def sighted(world: World, executed: Sequence[Executed], models: tuple[str, ...], ids: Ids) -> dict[str, Sightings]:
    """The calls of these executions by task, each call once. Raises TapeMiss where the tape has holes."""
    by_task: dict[str, list[Executed]] = defaultdict(list)
    for entry in executed:
        by_task[entry.task].append(entry)
    return {task: _task(world, task, entries, models, ids) for task, entries in sorted(by_task.items())}


def imported(tape: Tape, models: tuple[str, ...] | None = None) -> Sightings:
    """Published answers as calls that read nothing. models: only these, in this order."""
    rows = tape.part(ANSWER).to_pylist()
    names = models or tuple(sorted({row["model"] for row in rows}))
    rows = [row for row in rows if row["model"] in names]
    if not rows:
        raise IsobudgetError(f"the tape has no answers of {', '.join(names)}: do the pool's names match it?")
    places = {question: i for i, question in enumerate(sorted({row["question"] for row in rows}))}
    columns = {
        "question": [places[row["question"]] for row in rows],
        "model": [names.index(row["model"]) for row in rows],
        "role": [ROLE_KEYS["assistant"]] * len(rows),
        "replica": [row["replica"] for row in rows],
        "answer": answer_ids(rows),
        "prompt": [row["prompt_tokens"] for row in rows],
        "tokens": [row["completion_tokens"] for row in rows],
    }
    nothing = np.full((len(rows), 0), ABSENT, dtype=np.int64)
    return Sightings(
        task=rows[0]["task"],
        models=names,
        inputs=nothing,
        input_level=nothing,
        input_model=nothing,
        **{name: np.array(values, dtype=np.int64) for name, values in columns.items()},
        seconds=np.array([row["seconds"] for row in rows], dtype=np.float64),
        wall=np.array([row["wall"] for row in rows], dtype=np.float64),
    )


def answer_ids(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of published answers; a question's wrong ones by how common they are, 1 the most common."""
    wrong: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["grade"] == 1:
            wrong[row["question"]][row["answer"]] += 1
    ranked = {
        question: {
            answer: i for i, (answer, _) in enumerate(sorted(count.items(), key=lambda e: (-e[1], e[0])), 1)
        }
        for question, count in wrong.items()
    }
    return [
        0 if row["grade"] == 0 else ranked[row["question"]][row["answer"]] if row["grade"] == 1 else NONE
        for row in rows
    ]


def _task(world: World, task: str, entries: Sequence[Executed], models: tuple[str, ...], ids: Ids) -> Sightings:
    places: dict[tuple[str, int], int] = {}
    seen: dict[tuple[Any, ...], None] = {}
    for split in sorted({entry.split for entry in entries}):
        part = [entry for entry in entries if entry.split == split]
        traces = run_graphs(world, [entry.request for entry in part], task, split, models)
        for entry, trace in zip(part, traces, strict=True):
            for row in _rows(entry, trace, ids, places, models):
                if row[2] or not entry.chosen:
                    seen.setdefault(row, None)
    return _gathered(task, models, list(seen))


def _rows(
    entry: Executed, trace: Trace, ids: Ids, places: dict[tuple[str, int], int], models: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    """One hashable row a node call: what tells two calls apart, then what came back."""
    graph, request = entry.graph, entry.request
    answers = ids(
        entry.task,
        entry.split,
        np.broadcast_to(request.question, trace.handle.shape).ravel(),
        trace.handle.ravel(),
    ).reshape(trace.handle.shape)
    nodes: list[tuple[str, str, int, tuple[int, ...]]] = [
        (node.model, node.role, replica, node.preds)
        for node, replica in zip(graph.nodes, graph.replicas, strict=True)
    ]
    if graph.sink is not None and graph.sink.kind != "vote":
        nodes.append((graph.sink.model or "", graph.sink.kind, 0, graph.reads))
    levels = graph.levels
    for q, number in enumerate(request.question.tolist()):
        place = places.setdefault((entry.split, number), len(places))
        trial, salt = int(request.trial[q]), int(np.broadcast_to(request.salt, request.question.shape)[q])
        for n, (model, role, replica, preds) in enumerate(nodes):
            inputs = tuple((int(answers[p, q]), levels[p], models.index(graph.nodes[p].model)) for p in preds)
            figures = (
                trace.prompt_tokens[n, q],
                trace.completion_tokens[n, q],
                trace.seconds[n, q],
                trace.wall[n, q],
            )
            yield (
                (place, trial, salt),
                (models.index(model), ROLE_KEYS[role], replica),
                inputs,
                int(answers[n, q]),
                tuple(float(figure) for figure in figures),
            )


def _gathered(task: str, models: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> Sightings:
    widest = max((len(row[2]) for row in rows), default=0)
    reads = np.full((len(rows), widest, 3), ABSENT, dtype=np.int64)
    for i, row in enumerate(rows):
        if row[2]:
            reads[i, : len(row[2])] = row[2]
    figures = np.array([row[4] for row in rows]).reshape(len(rows), 4)
    who = np.array([row[1] for row in rows], dtype=np.int64).reshape(len(rows), 3)
    return Sightings(
        task=task,
        models=models,
        question=np.array([row[0][0] for row in rows], dtype=np.int64),
        model=who[:, 0],
        role=who[:, 1],
        replica=who[:, 2],
        answer=np.array([row[3] for row in rows], dtype=np.int64),
        inputs=reads[..., 0],
        input_level=reads[..., 1],
        input_model=reads[..., 2],
        prompt=figures[:, 0].astype(np.int64),
        tokens=figures[:, 1].astype(np.int64),
        seconds=figures[:, 2],
        wall=figures[:, 3],
    )
