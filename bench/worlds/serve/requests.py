"""Chat requests understood: JSON in, a node call out. Nothing is answered here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.errors import IsobudgetError
from bench.worlds.base import ROLE_KEYS
from bench.worlds.serve.library import Library, Place
from bench.worlds.wire import Parent, Tags, tags_from_metadata
from tasks.base import ROLES, parse_answers

__all__ = ["BadRequest", "Request", "json_object", "parsed"]

_TRIALS = 2**31


class BadRequest(IsobudgetError):
    """A request that gets an error: its HTTP status and OpenAI's name for the kind."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class Request(NamedTuple):
    """One call: the model's name, its question, whose call it is, and the answers it reads."""

    model: str
    place: Place
    tags: Tags
    answers: tuple[str, ...]


def parsed(data: Mapping[str, Any], library: Library, models: Sequence[str]) -> Request:
    """The call that a request makes. Raises BadRequest, or TaskError when questions are missing."""
    model = data.get("model")
    if model not in models:
        raise BadRequest(f"no model {model!r}: there are {', '.join(models)}", 404, "not_found_error")
    if data.get("stream") or data.get("n", 1) != 1:
        raise BadRequest("this server gives one whole answer a request: leave out stream and n")
    prompt = _prompt(data.get("messages"))
    answers = tuple(parse_answers(prompt))
    metadata = data.get("metadata")
    if isinstance(metadata, Mapping) and "item" in metadata:
        place, tags = _told(metadata, library)
    else:
        place, tags = _guessed(prompt, answers, data.get("seed"), str(model), library)
    if len(tags.parents) != len(answers):
        raise BadRequest(f"the metadata name {len(tags.parents)} parents, the prompt holds {len(answers)} answers")
    if tags.role not in ROLE_KEYS or tags.role == "vote":
        raise BadRequest(f"no role '{tags.role}' to play")
    unknown = {parent.model for parent in tags.parents} - set(models)
    if unknown:
        raise BadRequest(f"the metadata name unknown models: {', '.join(sorted(unknown))}")
    return Request(str(model), place, tags, answers)


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a request's body is. Raises BadRequest."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadRequest("the body is not a JSON object")
    return data


def _prompt(messages: object) -> str:
    """All texts of the conversation, whether contents are texts or lists of parts."""
    texts: list[str] = []
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if not texts:
        raise BadRequest("messages holds no text")
    return "\n\n".join(texts)


def _told(metadata: Mapping[str, Any], library: Library) -> tuple[Place, Tags]:
    try:
        tags = tags_from_metadata(metadata)
    except (KeyError, ValueError) as error:
        raise BadRequest(f"the metadata are not a node call's: {error!r}") from error
    if not (0 <= tags.salt < 2**64 and abs(tags.trial) < 2**62 and 0 <= tags.replica < 2**31):
        raise BadRequest("the metadata's salt, trial or replica is out of range")
    return library.at(tags.task, tags.item), tags


def _guessed(
    prompt: str, answers: Sequence[str], seed: object, model: str, library: Library
) -> tuple[Place, Tags]:
    """What a plain client's request amounts to: its seed is the trial, its prompt tells the role."""
    place = library.find(prompt)
    if place is None:
        raise BadRequest(
            "no known question in the prompt: this server plays models on the questions of its tasks only, "
            "so quote one of them word for word, or send the metadata of `isobudget run --world openai`"
        )
    trial = seed % _TRIALS if isinstance(seed, int) else 0
    parent = Parent(0, place.task.answer_tokens, "assistant", model)
    role = next((name for name, words in ROLES.items() if words in prompt), "fuser") if answers else "assistant"
    return place, Tags(place.task.name, place.item, trial, 0, role, 0, (parent,) * len(answers))
