"""The method card: a TOML head between two lines `+++`, then plain text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from leaderboard.names import label_problem, method_problem, text_problem

__all__ = ["FIELDS", "HERE", "card_problems", "parse_card"]

FIELDS: dict[str, type] = {
    "name": str,
    "label": str,
    "authors": list,
    "url": str,
    "licence": str,
    "tier": str,
    "prior_data": str,
    "agent": str,
    "tuning": str,
}
"""All of them are needed. docs/submissions.md says what each means."""

HERE = "this repository"
"""The address of methods that come with the suite."""

_LONGEST, _TEXT = 300, 20_000


class CardError(ValueError):
    """A card that cannot be read."""


def parse_card(text: str) -> tuple[dict[str, Any], str]:
    """The head and the text of a card. Raises CardError when it has no readable head."""
    lines = text.split("\n")
    if lines[0].rstrip() != "+++" or "+++" not in (rest := [line.rstrip() for line in lines[1:]]):
        raise CardError("needs a head of TOML between two lines +++")
    end = rest.index("+++") + 1
    try:
        return tomllib.loads("\n".join(lines[1:end])), "\n".join(lines[end + 1 :]).strip()
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CardError(f"its head is no TOML: {str(error)[:120]}") from error


def card_problems(text: str) -> Iterator[tuple[str, str]]:
    """(Field, what is wrong with it) for a card by itself."""
    try:
        head, body = parse_card(text)
    except CardError as error:
        yield "head", str(error)
        return
    for name in sorted(set(FIELDS) ^ set(head)):
        yield name[:40], "is missing" if name in FIELDS else "is no field of a card"
    for name, kind in FIELDS.items():
        if name in head and not isinstance(head[name], kind):
            yield name, f"must be {'a list of texts' if kind is list else 'a text'}"
        elif name in head and (words := _field_problem(name, head[name])):
            yield name, words
    if words := text_problem(body, _TEXT, lines=True):
        yield "text", words
    elif len(body.split()) < 5:
        yield "text", "say in a few sentences what the method does"


def _field_problem(name: str, value: Any) -> str | None:
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) and part.strip() for part in parts):
        return "must not be empty"
    if name == "name":
        return method_problem(value)
    if name == "label":
        return label_problem(value)
    if name == "tier" and value not in ("P0", "P1", "P2"):
        return "must be P0, P1 or P2"
    if name == "url" and not value.startswith(("https://", "http://")) and value != HERE:
        return "must begin with https:// or http://"
    return next((words for part in parts if (words := text_problem(part, _LONGEST))), None)
