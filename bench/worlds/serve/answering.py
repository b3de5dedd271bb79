"""Requests answered by the simulated world: texts to ids, one kernel call for many requests, ids to texts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.worlds.base import ABSENT, ROLE_KEYS, Calls
from bench.worlds.serve.library import Library
from bench.worlds.serve.requests import Request, json_object, parsed
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.text import NONE, is_foreign, speaker

__all__ = ["Answerer", "Reply"]


class Reply(NamedTuple):
    """What a model answered: its text and tokens, and whether it ran into the length limit."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    cut: bool


class Row(NamedTuple):
    """A request whose parents' answers are read, waiting for the kernel."""

    request: Request
    ids: tuple[int, ...]
    reply: asyncio.Future[tuple[int, int, int]]


class Answerer:
    """One universe's models on real questions. Used from one event loop; slow texts are made in threads."""

    def __init__(self, universe: str, data_dir: str | Path | None, *, unsafe_local: bool) -> None:
        self.world = SimulatedWorld(universe)
        self.library = Library(data_dir, unsafe_local=unsafe_local)
        tasks = self.world.universe.tasks
        self.models = tuple(dict.fromkeys(m for task in tasks for m in self.world.universe.task_models(task)))
        self._waiting: list[Row] = []

    async def reply(self, body: bytes) -> tuple[Request, Reply]:
        """The answer to a request's body. Raises what `parsed` raises, or SandboxUnavailable."""
        request = await self._parsed(body)
        place = request.place
        voice = speaker(place.task, place.question, place.item)
        ids = tuple(
            [
                voice.read(text) if voice.has_read(text) else await asyncio.to_thread(voice.read, text)
                for text in request.answers
            ]
        )
        chosen, prompt_tokens, completion_tokens = await self._decided(request, ids)
        if is_foreign(chosen):
            text = request.answers[ids.index(chosen)]
        elif voice.knows(chosen):
            text = voice.say(chosen)
        else:
            text = await asyncio.to_thread(voice.say, chosen)
        longest = int(self.world.universe.common.longest * place.task.answer_tokens)
        cut = chosen == NONE and completion_tokens >= longest
        return request, Reply(text, prompt_tokens, completion_tokens, cut)

    async def _parsed(self, body: bytes) -> Request:
        """Loading a task takes seconds and searching a prompt some time, so another thread does these."""
        data = json_object(body)
        tags = data.get("metadata")
        if isinstance(tags, dict) and self.library.has(str(tags.get("task"))):
            return parsed(data, self.library, self.models)
        return await asyncio.to_thread(parsed, data, self.library, self.models)

    def _decided(self, request: Request, ids: tuple[int, ...]) -> asyncio.Future[tuple[int, int, int]]:
        """Answer id, prompt and completion tokens; requests that came in together are decided together."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._decide)
        row = Row(request, ids, loop.create_future())
        self._waiting.append(row)
        return row.reply

    def _decide(self) -> None:
        rows, self._waiting = self._waiting, []
        kinds = {(row.request.place.task.name, row.request.place.split) for row in rows}
        for kind in sorted(kinds):
            same = [r for r in rows if (r.request.place.task.name, r.request.place.split) == kind]
            try:
                answers = self.world.answer(_calls(same, self.models))
            except Exception as error:  # every waiting request must hear of it
                for row in same:
                    if not row.reply.done():
                        row.reply.set_exception(error)
                continue
            columns = (answers.handle, answers.prompt_tokens, answers.completion_tokens)
            for row, *figures in zip(same, *(column.tolist() for column in columns), strict=True):
                if not row.reply.done():  # its client may be gone
                    row.reply.set_result((figures[0], figures[1], figures[2]))


def _calls(rows: Sequence[Row], models: tuple[str, ...]) -> Calls:
    """The rows, all of one task and split, as a batch of node calls."""
    place, model = rows[0].request.place, {name: i for i, name in enumerate(models)}
    tags = [row.request.tags for row in rows]
    parents = [tag.parents for tag in tags]
    return Calls(
        task=place.task.name,
        split=place.split,
        models=models,
        question=np.array([row.request.place.number for row in rows], dtype=np.int64),
        trial=np.array([tag.trial for tag in tags], dtype=np.int64),
        salt=np.array([tag.salt for tag in tags], dtype=np.uint64),
        model=np.array([model[row.request.model] for row in rows], dtype=np.int64),
        role=np.array([ROLE_KEYS[tag.role] for tag in tags], dtype=np.int64),
        replica=np.array([tag.replica for tag in tags], dtype=np.int64),
        inputs=_padded([row.ids for row in rows], ABSENT),
        input_level=_padded([[p.level for p in few] for few in parents]),
        input_tokens=_padded([[p.tokens for p in few] for few in parents]),
        input_role=_padded([[ROLE_KEYS.get(p.role, 0) for p in few] for few in parents]),
        input_model=_padded([[model[p.model] for p in few] for few in parents]),
    )


def _padded(rows: Sequence[Sequence[int]], filler: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rows of unequal length as int64 (R, D)."""
    widest = max(map(len, rows))
    padded = [[*row, *[filler] * (widest - len(row))] for row in rows]
    return np.array(padded, dtype=np.int64).reshape(len(rows), widest)


def completion_id(body: bytes) -> str:
    """A reply's id: equal requests get equal replies, byte for byte."""
    return f"chatcmpl-{hashlib.blake2b(body, digest_size=12).hexdigest()}"
