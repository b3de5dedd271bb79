"""Real questions through any OpenAI-compatible server, or through `isobudget serve`, simulating the models.

A node's call is one chat request: the task's prompt, or its merge prompt with the predecessors' full
completions. Votes are counted here, by the tasks' answer keys. Only the successful attempt of a call is
charged; faults are counted apart. Service seconds are modelled from the real token counts at the pool's
speeds, so they do not depend on who else uses the server; the measured ones stand beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError, unknown
from bench.pools import CALL_OVERHEAD, load_pool
from bench.worlds.asking import Facts, content, pick_answers, seed_of, tags_of
from bench.worlds.base import ABSENT, LONGEST_ANSWER, ROLE_KEYS, Answers, Calls, Faults
from bench.worlds.cache import AnswerCache
from bench.worlds.client import Client, Completion, Pending, Policy
from bench.worlds.servers import Servers, addresses
from bench.worlds.texts import Tasks, Texts
from bench.worlds.wire import OWNER
from tasks import Question, Task

__all__ = ["OpenAIWorld"]

I64 = npt.NDArray[np.int64]

_VOTE = ROLE_KEYS["vote"]
_SPLITS = ("search", "test")
_SLOT_DRAG = 0.03  # slowing of decoding by each further busy slot


class _Ask(NamedTuple):
    """One request: the row it answers, its body, and the key under which a cache keeps the answer."""

    row: int
    body: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class _Options:
    """What all requests share. names: the server's names of models, where they are not the pool's."""

    temperature: float
    names: Mapping[str, str]
    tagged: bool
    provenance: str
    revisions: Mapping[str, str]


class _Answering:
    """A batch that a world has asked for."""

    def __init__(
        self, world: OpenAIWorld, calls: Calls, got: Mapping[int, Completion], pending: Pending | None
    ) -> None:
        self._world, self._calls, self._got, self._pending = world, calls, got, pending

    def result(self) -> Answers:
        """Wait for the answers. What came is in the cache whatever happens."""
        try:
            if self._pending is not None:
                self._pending.result()
        finally:
            self._world._flush()
        return self._world._answers(self._calls, self._got)

    def cancel(self) -> None:
        """Give up what has not been answered."""
        if self._pending is not None:
            self._pending.cancel()
        self._world._flush()


class OpenAIWorld:
    """One or several servers. Opening it asks for their model lists, so a wrong address is told at once."""

    name: ClassVar[str] = "openai"

    def __init__(
        self,
        base_url: str | Mapping[str, str] = "http://127.0.0.1:8000/v1",
        *,
        data_dir: str | Path | None = None,
        pool: str = "llama",
        models: Mapping[str, str] | str | None = None,
        timeout: float | str = 60.0,
        concurrency: int | str = 32,
        retries: int | str = 7,
        backoff: float | str = 0.2,
        outage: float | str = 600.0,
        temperature: float | str = 0.7,
        slots: int | str = 8,
        metadata: bool | str | None = None,
        cache: str | Path | None = None,
        unsafe_local: bool | str = False,
        api_key: str | None = None,
    ) -> None:
        """Options may be texts, as a command line gives them.

        base_url: one address, or one a model: a mapping or `S=http://…/v1,M=http://…/v1`. data_dir: the
        questions' folder (None: the hub). pool: whose speeds the modelled seconds use. models:
        server's names of the pool's models, a mapping or `1B=name,8B=other`. timeout, concurrency, retries,
        backoff, outage: see `client.Policy`, for each server. slots: concurrent calls a model that the modelled
        seconds assume.
        metadata: whether requests carry the node call's metadata (None: only to `isobudget serve`; others
        may refuse them). cache: file in which answers are kept. unsafe_local: grade code without a
        sandbox. api_key: instead of OPENAI_API_KEY. Raises Unreachable, BadReply, IsobudgetError.
        """
        names = _mapping(models)
        policy = Policy(_number(timeout), int(concurrency), int(retries), _number(backoff), outage=_number(outage))
        self._pool, self._busy = load_pool(pool), 1 + _SLOT_DRAG * (int(slots) - 1)
        self._tasks = Tasks(data_dir, _flag(unsafe_local))
        self._texts = Texts()
        self._finish: dict[int, str] = {}
        self._client = self._connect(base_url, names, api_key or os.environ.get("OPENAI_API_KEY"), policy)
        self._finalizer = weakref.finalize(self, _close, self._client, None)
        try:
            listed = self._client.models()
            provenance = _provenance(listed)
            tagged = provenance.startswith("simulated") if metadata is None else _flag(metadata)
            revisions = _revisions(listed, names, self._pool.names)
            self._options = _Options(_number(temperature), names, tagged, provenance, revisions)
            self._cache = None if cache is None else AnswerCache(cache)
            self._client.take()  # what was done before is not this world's
        except BaseException:
            self._finalizer()
            raise
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _close, self._client, self._cache)

    def _connect(
        self, base_url: str | Mapping[str, str], names: Mapping[str, str], api_key: str | None, policy: Policy
    ) -> Client:
        """What the requests go through."""
        return Servers(addresses(base_url), names, api_key, policy)

    @property
    def provenance(self) -> str:
        """ "measured live", or that the server's models are simulated ones."""
        return self._options.provenance

    @property
    def faults(self) -> Faults:
        """Attempts that failed, and calls that were given up, since the world was opened."""
        return Faults(self._client.retries, self._client.gave_up)

    def measured(self) -> dict[str, float]:
        """What its servers say that they did since the last time; empty where they say nothing (docs/vllm.md)."""
        return self._client.take()

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has. Raises IsobudgetError or TaskError."""
        return len(self._questions(task, split))

    @property
    def facts(self) -> Facts:
        """The server, the sampling parameters of every request, and the revisions that it named."""
        sampling = {"temperature": self._options.temperature, "max_tokens": f"{LONGEST_ANSWER} x answer_tokens"}
        return Facts(self._client.where, sampling, self._options.revisions)

    def task(self, name: str) -> Task:
        """The task with its questions."""
        return self._tasks[name]

    def text(self, handle: int) -> str:
        """The completion behind a handle."""
        return self._texts[handle]

    def adopt(self, text: str) -> int:
        """The handle of a completion that somebody else made."""
        return self._texts.add(text)

    def finish(self, handle: int) -> str:
        """Why the completion ended, as the server said; "" where it is unknown."""
        return self._finish.get(handle, "")

    def answer(self, calls: Calls) -> Answers:
        """Ask for every row at once, but for votes and for answers that the cache has.

        Raises Unreachable, BadReply, or IsobudgetError for a task or question that is not there.
        """
        return self.begin(calls).result()

    def begin(self, calls: Calls) -> _Answering:
        """Ask, and wait later: see `World.begin`."""
        asks = [self._ask(calls, row) for row in np.flatnonzero(calls.role != _VOTE).tolist()]
        kept = self._cache.get([ask.key for ask in asks]) if self._cache else {}
        got = {ask.row: kept[ask.key] for ask in asks if ask.key in kept}
        missing = [ask for ask in asks if ask.key not in kept]

        def done(i: int, completion: Completion) -> None:
            got[missing[i].row] = completion
            if self._cache:
                self._cache.put(missing[i].key, completion)

        pending = self._client.begin([ask.body for ask in missing], done) if missing else None
        return _Answering(self, calls, got, pending)

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """Positions in `GRADE_KINDS`, by the task's grader; each distinct completion is graded once."""
        known = self._questions(task, split)
        asked = [known[i] for i in question.tolist()]
        return self._texts.grades(self._tasks[task], asked, handle).astype(np.int8)

    def close(self) -> None:
        """Close the connections and the cache. A world that is dropped closes itself."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(self, calls: Calls, got: Mapping[int, Completion]) -> Answers:
        """The completions by row as answers, votes counted."""
        answers = pick_answers(len(calls.question))
        for row, completion in got.items():
            handle = self._texts.add(completion.text)
            self._finish[handle] = completion.finish
            answers.handle[row], answers.attempts[row] = handle, completion.attempts
            answers.prompt_tokens[row], answers.wall[row] = completion.prompt_tokens, completion.wall
            answers.completion_tokens[row] = completion.completion_tokens
        for row in np.flatnonzero(calls.role == _VOTE).tolist():
            answers.handle[row] = self._vote(calls, row)
        answers.seconds[:] = self._seconds(calls, answers.prompt_tokens, answers.completion_tokens)
        return answers

    def _flush(self) -> None:
        if self._cache:
            self._cache.flush()

    def _ask(self, calls: Calls, row: int) -> _Ask:
        """The request of one row."""
        task, question = self._tasks[calls.task], self._question(calls, row)
        held = [k for k, handle in enumerate(calls.inputs[row].tolist()) if handle != ABSENT]
        answers = [self._texts[int(calls.inputs[row, k])] for k in held]
        tags = tags_of(calls, row, held)
        model = calls.models[int(calls.model[row])]
        data: dict[str, Any] = {
            "model": self._options.names.get(model, model),
            "messages": [{"role": "user", "content": content(task, question, tags.role, answers)}],
            "max_tokens": LONGEST_ANSWER * task.answer_tokens,
            "temperature": self._options.temperature,
            "seed": seed_of(tags),
        }
        key = b""
        if self._cache:
            # All that may change an answer, and whose call it is: the same prompt elsewhere is another draw.
            revision = self._options.revisions.get(model, "")
            identity = [self._options.provenance, calls.split, question.id, model, revision, *tags, data]
            key = hashlib.sha256(json.dumps(identity).encode()).digest()
        if self._options.tagged:
            data["metadata"] = tags.metadata()
        return _Ask(row, json.dumps(data).encode(), key)

    def _vote(self, calls: Calls, row: int) -> int:
        handles = [handle for handle in calls.inputs[row].tolist() if handle != ABSENT]
        return self._texts.plurality(self._tasks[calls.task], self._question(calls, row), handles)

    def _seconds(self, calls: Calls, prompt: I64, completion: I64) -> npt.NDArray[np.float64]:
        """Modelled service times (R,): overhead, reading, writing in one of the busy slots; 0 for a vote."""
        rates = [self._pool[name] for name in calls.models]
        prefill = np.array([model.prefill for model in rates])[calls.model]
        decode = np.array([model.decode for model in rates])[calls.model] / self._busy
        return np.where(calls.role == _VOTE, 0.0, CALL_OVERHEAD + prompt / prefill + completion / decode)

    def _question(self, calls: Calls, row: int) -> Question:
        return self._questions(calls.task, calls.split)[int(calls.question[row])]

    def _questions(self, task: str, split: str) -> list[Question]:
        if split not in _SPLITS:
            raise unknown("split", split, _SPLITS)
        questions: list[Question] = getattr(self._tasks[task], split)
        return questions


def _provenance(listed: Mapping[str, Any]) -> str:
    """How numbers are labelled, by what a server says about its models."""
    entries = listed.get("data")
    owners = (
        [entry.get("owned_by") for entry in entries if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )
    if OWNER in owners:
        return f"simulated (universe {listed.get('universe', 'unknown')}), over HTTP"
    return "measured live"


def _revisions(listed: Mapping[str, Any], names: Mapping[str, str], pool: tuple[str, ...]) -> dict[str, str]:
    """What the server says that stands behind each model's name: vLLM lists the `root` it was loaded from."""
    entries = listed.get("data")
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    roots = {entry.get("id"): str(entry.get("root") or entry.get("id")) for entry in entries}
    return {model: roots[names.get(model, model)] for model in pool if names.get(model, model) in roots}


def _close(client: Client, cache: AnswerCache | None) -> None:
    client.close()
    if cache is not None:
        cache.close()


def _mapping(models: Mapping[str, str] | str | None) -> Mapping[str, str]:
    if not isinstance(models, str):
        return dict(models or {})
    pairs = [pair.partition("=") for pair in models.split(",") if pair.strip()]
    if not all(equals and name.strip() and other.strip() for name, equals, other in pairs):
        raise IsobudgetError(f"models '{models}' names no models: write it as 1B=name-on-the-server,8B=other-name")
    return {name.strip(): other.strip() for name, _, other in pairs}


def _number(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise IsobudgetError(f"world openai: '{value}' is no number") from None


def _flag(value: bool | str) -> bool:
    return value.lower() in ("1", "true", "yes") if isinstance(value, str) else bool(value)
