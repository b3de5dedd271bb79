"""Pools and universes as TOML text, each figure with the note that says where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bench.pools import Pool

__all__ = ["pool_text", "toml_text"]

Notes = Mapping[tuple[str, ...], str]


def toml_text(data: Mapping[str, Any], notes: Notes, head: str = "") -> str:
    """Nested tables of numbers, texts and lists as TOML. notes: comments by path. head: the first comment."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()] + ([""] if head else [])
    lines += _table(data, (), notes)
    return "\n".join(lines).rstrip() + "\n"


def pool_text(pool: Pool, head: str, notes: Mapping[tuple[str, str], str] | None = None) -> str:
    """A pool file. notes: by (model, field)."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()] + [""]
    if pool.synthetic:
        lines += ["synthetic = true", ""]
    for model in pool.models:
        fields = asdict(model)
        nominal = fields.pop("nominal")
        lines.append("[[models]]")
        lines += [_line(key, value, (notes or {}).get((model.name, key), "")) for key, value in fields.items()]
        inner = ", ".join(f"{_key(key)} = {_value(value)}" for key, value in nominal.items())
        lines += [f"nominal = {{ {inner} }}", ""]
    lines += ["[agent]", *(_line(key, value, "") for key, value in asdict(pool.agent).items())]
    return "\n".join(lines) + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...], notes: Notes) -> list[str]:
    plain = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    lines = [f"[{'.'.join(map(_key, path))}]"] if path and plain else []
    lines += [_line(key, value, notes.get((*path, key), "")) for key, value in plain.items()]
    if plain:
        lines.append("")
    for key, value in data.items():
        if isinstance(value, Mapping):
            lines += _table(value, (*path, key), notes)
    return lines


def _line(key: str, value: Any, note: str) -> str:
    return f"{_key(key)} = {_value(value)}" + (f" # {note}" if note else "")


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(int(value))
