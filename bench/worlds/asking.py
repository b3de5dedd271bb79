"""What a node call asks, whoever answers it: its prompt, and the key under which a tape keeps the answer.

The key is the SHA-256 of what decides which draw of an answer it is: task, split, question, model, role, replica,
trial, salt, what is known of the predecessors, and the prompt with their full texts. Who answered (a server, a
revision) is no part of it: it is what a tape says of the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from bench.graph import Graph
from bench.keys import text_key
from bench.worlds.base import ABSENT, ROLE_KEYS, Answers, Calls, World
from bench.worlds.simulated import SPLITS
from bench.worlds.wire import Parent, Tags
from tasks import Question, Task

__all__ = ["Asked", "Facts", "TextWorld", "asked", "content", "graph_key", "pick_answers", "seed_of", "tags_of"]

_ROLES = {key: name for name, key in ROLE_KEYS.items()}
_SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text world knows of all its answers.

    server: its address or engine. sampling: by name, such as temperature. revisions: by the pool's names of
    models.
    """

    server: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)


class TextWorld(World, Protocol):
    """A world whose answers are texts: what a recorder needs beyond `World`."""

    @property
    def facts(self) -> Facts: ...

    def task(self, name: str) -> Task:
        """The task with its questions."""
        ...

    def text(self, handle: int) -> str:
        """The completion behind a handle."""
        ...

    def adopt(self, text: str) -> int:
        """The handle of a completion that somebody else made."""
        ...

    def finish(self, handle: int) -> str:
        """Why the completion ended, as the server said: `stop`, `length`, or "" where it is unknown."""
        ...


class Asked(NamedTuple):
    """One call. prompt: SHA-256 of its text. number: the question's place in the split."""

    key: bytes
    question: Question
    number: int
    model: str
    tags: Tags
    prompt: bytes


def asked(calls: Calls, row: int, task: Task, text: Callable[[int], str]) -> Asked:
    """What a row of a batch asks. text: of the predecessors' handles."""
    number = int(calls.question[row])
    question: Question = getattr(task, calls.split)[number]
    held = np.flatnonzero(calls.inputs[row] != ABSENT).tolist()
    tags = tags_of(calls, row, held)
    words = content(task, question, tags.role, [text(handle) for handle in calls.inputs[row, held].tolist()])
    prompt = hashlib.sha256(words.encode()).digest()
    model = calls.models[int(calls.model[row])]
    identity = [calls.split, question.id, model, *tags._replace(item=0), prompt.hex()]
    key = hashlib.sha256(json.dumps(identity).encode()).digest()
    return Asked(key, question, number, model, tags, prompt)


def content(task: Task, question: Question, role: str, answers: list[str]) -> str:
    """The text that the model is sent."""
    if not answers:
        return task.prompt(question)
    # An assistant that reads has no words of its own.
    return task.merge_prompt(question, "fuser" if role == "assistant" else role, answers)


def tags_of(calls: Calls, row: int, held: list[int]) -> Tags:
    """Whose call a row is. held: columns of its predecessors."""
    fields = (calls.input_level, calls.input_tokens, calls.input_role, calls.input_model)
    parents = zip(*(field[row, held].tolist() for field in fields), strict=True) if held else ()
    return Tags(
        task=calls.task,
        item=SPLITS[calls.split].first + int(calls.question[row]),
        trial=int(calls.trial[row]),
        salt=int(calls.salt[row]),
        role=_ROLES[int(calls.role[row])],
        replica=int(calls.replica[row]),
        parents=tuple(
            Parent(level, tokens, _ROLES[role], calls.models[model]) for level, tokens, role, model in parents
        ),
    )


def seed_of(tags: Tags) -> int:
    """The seed that a server is sent with this call."""
    return text_key(f"{tags.trial} {tags.salt} {tags.replica}") % _SEEDS


def graph_key(role: str, graph: Graph, task: str, split: str, question: str, trial: int, salt: int) -> bytes:
    """The key of one execution of a graph. role: as the tape's row has it."""
    return hashlib.sha256(json.dumps([role, graph.id, task, split, question, trial, salt]).encode()).digest()


def pick_answers(rows: int) -> Answers:
    """Room for the answers of so many calls, as a vote's: one attempt, nothing read or written."""
    return Answers(
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows),
        np.zeros(rows),
        np.ones(rows, np.int64),
    )
