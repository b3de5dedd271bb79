"""What a child may say: its messages against the protocol's schema, and which schemas it may hand on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = ["load_schema", "objection", "unsafe_schema"]

_NAMED = ("properties", "$defs", "definitions", "dependentSchemas")
_FORBIDDEN = ("$id", "$dynamicRef", "$recursiveRef", "pattern", "patternProperties")


@cache
def load_schema() -> dict[str, Any]:
    """The protocol's JSON Schema (draft 2020-12): `from_method` and `from_harness` list the messages."""
    text = (resources.files("bench") / "data" / "method-protocol.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(kind: str) -> Validator:
    from jsonschema import Draft202012Validator

    schema = load_schema()
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})


def objection(message: Mapping[str, Any], side: str = "from_method") -> str | None:
    """What is wrong with a message of that side; None when nothing is."""
    kind = message.get("type")
    known: dict[str, str] = load_schema()[side]
    if not isinstance(kind, str) or kind not in known:
        return f"its type is none of {', '.join(sorted(known))}"
    error = next(_validator(known[kind]).iter_errors(message), None)
    if error is None:
        return None
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"{kind}{where}: {error.message[:160]}"


def unsafe_schema(schema: Any) -> str | None:
    """Why a reply's schema from a method is not used; None when it is harmless.

    A validator would fetch what a reference names, and could be kept busy by a regular expression.
    """
    for key, value in _entries(schema):
        if key == "$ref" and not str(value).startswith("#"):
            return "refers to something outside itself"
        if key in _FORBIDDEN:
            return f"uses {key}"
    return None


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """All keywords of a schema with their values, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key, inner
            named = key in _NAMED and isinstance(inner, Mapping)  # its keys are names, not keywords
            yield from _entries(list(inner.values()) if named else inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner)
