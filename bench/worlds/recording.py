"""A recorder around any world whose answers are texts: answers as that world does, and keeps every call.

What the tape already has is answered from it, never asked again: so a recording that was killed goes on where it
was, one call has one answer, and the tape cannot contradict the records that were made beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError
from bench.levels import Request
from bench.tapes import CALL, CHOSEN, GRAPH, Head, TapeConflict, exists, read_tape, row_of, write_part
from bench.worlds.asking import Asked, Facts, TextWorld, asked, graph_key, pick_answers, seed_of
from bench.worlds.base import I64, ROLE_KEYS, Answers, Calls
from bench.worlds.simulation.engine import pick
from tasks import Task

__all__ = ["Recorder"]

_VOTE = ROLE_KEYS["vote"]
_HELD = 2_000  # rows written together: what a kill can lose of a long run
_NEEDED = ("facts", "task", "text", "adopt", "finish")
_FROM_ROW = ("prompt_tokens", "completion_tokens", "seconds", "wall", "attempts")


class Recorder:
    """A world that records another. Close it, or use it as a context, so that the last rows are written."""

    def __init__(
        self,
        world: TextWorld,
        path: str | Path,
        options: Sequence[tuple[str, str]] = (),
        pool: str = "",
    ) -> None:
        """options: what else than its name defines the world, as a run's spec has it. pool: of the models.

        Raises IsobudgetError for a world without texts, BrokenTape, or TapeConflict where the tape at `path` is of
        another world.
        """
        if lacks := [name for name in _NEEDED if not hasattr(world, name)]:
            raise IsobudgetError(
                f"world {world.name} cannot be recorded: it has no {', '.join(lacks)} (its answers are not texts)"
            )
        self.world, self.path = world, Path(path)
        self.head = Head(world.name, tuple(options), pool, (world.provenance,))
        self._facts: Facts = world.facts
        self._sampling = json.dumps(dict(self._facts.sampling), sort_keys=True)
        self._known: dict[bytes, dict[str, Any]] = {}
        self._held: list[dict[str, Any]] = []
        self._graphs: set[bytes] = set()
        self.chosen = False  # whether executions are picked by their inputs' grades, and so say nothing of a graph
        self._load()

    @property
    def name(self) -> str:
        """The recorded world's: a run through a recorder is that world's run."""
        return self.world.name

    @property
    def provenance(self) -> str:
        """The recorded world's."""
        return self.world.provenance

    def measured(self) -> dict[str, Any]:
        """What the recorded world says that it used; empty where it does not say."""
        inner = getattr(self.world, "measured", None)
        return {} if inner is None else dict(inner())

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has."""
        return self.world.questions(task, split)

    def task(self, name: str) -> Task:
        """The task with its questions."""
        return self.world.task(name)

    def text(self, handle: int) -> str:
        """The completion behind a handle."""
        return self.world.text(handle)

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """As the recorded world grades."""
        return self.world.grade(task, split, question, handle)

    def answer(self, calls: Calls) -> Answers:
        """What the tape has from the tape, everything else from the world; all of it is on the tape afterwards."""
        task = self.world.task(calls.task)
        rows = {
            row: asked(calls, row, task, self.world.text) for row in np.flatnonzero(calls.role != _VOTE).tolist()
        }
        first: dict[bytes, int] = {}
        for row, ask in rows.items():
            if ask.key not in self._known:
                first.setdefault(ask.key, row)
        there = pick_answers(len(calls.question))
        fresh = np.array(sorted({*first.values(), *np.flatnonzero(calls.role == _VOTE).tolist()}), dtype=np.int64)
        if fresh.size:
            got = self.world.answer(pick(calls, fresh))
            for name in ("handle", *_FROM_ROW):
                getattr(there, name)[fresh] = getattr(got, name)
            for row in fresh.tolist():
                if row in rows:
                    self._keep(calls.task, calls.split, rows[row], there, row)
        for row, ask in rows.items():
            if first.get(ask.key) != row:
                self._fill(there, row, self._known[ask.key])
        if len(self._held) >= _HELD:
            self.flush()
        return there

    def note(self, task: str, split: str, requests: Sequence[Request]) -> None:
        """Keep which graphs were run on which questions: `execute` says so."""
        questions, role = getattr(self.world.task(task), split), CHOSEN if self.chosen else GRAPH
        for graph, number, trials, salts in requests:
            data = json.dumps(graph.to_dict(), sort_keys=True)
            shape = np.broadcast_to(salts, len(number)), np.broadcast_to(trials, len(number))
            for i, salt, trial in zip(number.tolist(), *(values.tolist() for values in shape), strict=True):
                key = graph_key(role, graph, task, split, questions[i].id, trial, salt)
                if key not in self._graphs:
                    self._graphs.add(key)
                    place = {"task": task, "split": split, "question": questions[i].id, "number": i}
                    self._held.append(row_of(key, GRAPH, **place, trial=trial, salt=salt, role=role, text=data))

    def flush(self, runs: Sequence[str] = ()) -> None:
        """Write what is held. runs: ids of runs that are now wholly on the tape."""
        if self._held or runs:
            write_part(self.path, self._held, replace(self.head, runs=tuple(runs)))
            self._held = []

    def close(self) -> None:
        """Write what is held and close the world."""
        self.flush()
        close = getattr(self.world, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self) -> None:
        """Know what the tape has already."""
        if not exists(self.path):
            return
        tape = read_tape(self.path)
        self.head.joined(tape.head)
        for row in tape.part(CALL).to_pylist():
            if row["sampling"] != self._sampling:
                raise TapeConflict(
                    f"{self.path} was recorded with sampling {row['sampling']}, this would be {self._sampling}: "
                    "record to another tape"
                )
            self._known[row["key"]] = row
        self._graphs = {row["key"] for row in tape.part(GRAPH).select(["key"]).to_pylist()}

    def _keep(self, task: str, split: str, ask: Asked, there: Answers, row: int) -> None:
        handle, tags = int(there.handle[row]), ask.tags
        parents = [(p.level, p.tokens, p.role, p.model) for p in tags.parents]
        values = {name: getattr(there, name)[row].item() for name in _FROM_ROW}
        kept = row_of(
            ask.key,
            CALL,
            task=task,
            split=split,
            question=ask.question.id,
            number=ask.number,
            model=ask.model,
            role=tags.role,
            replica=tags.replica,
            trial=tags.trial,
            salt=tags.salt,
            seed=seed_of(tags),
            parents=json.dumps(parents),
            prompt=ask.prompt,
            sampling=self._sampling,
            text=self.world.text(handle),
            finish=self.world.finish(handle),
            revision=self._facts.revisions.get(ask.model, ""),
            world=self.world.name,
            server=self._facts.server,
            provenance=self.world.provenance,
            **values,
        )
        self._known[ask.key] = kept
        self._held.append(kept)

    def _fill(self, there: Answers, row: int, kept: Mapping[str, Any]) -> None:
        """Answer a row from the tape."""
        there.handle[row] = self.world.adopt(kept["text"])
        for name in _FROM_ROW:
            getattr(there, name)[row] = kept[name]
