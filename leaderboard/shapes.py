"""The shapes of an entry's JSON, as JSON schemas: what may stand where, before anything is computed from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

__all__ = ["shape_problems"]

_TEXT = {"type": "string", "maxLength": 2000}
_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_AMOUNT = {"type": "number", "minimum": 0, "maximum": 1e25}
_CURRENCIES = ("executions", "node_calls", "flops", "prompt_tokens", "completion_tokens", "usd", "seconds")
_LATENCIES = ("latency_serial", "latency_critical", "latency_makespan")


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], longest: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": longest}


_CHARGE = _object(dict.fromkeys(_CURRENCIES, _AMOUNT))
_CHECKPOINT = _object(
    {
        "search": _TEXT,
        "recommended": _TEXT,
        "accuracy": _SHARE,
        "spent": _CHARGE,
        "agent": _CHARGE,
        **dict.fromkeys(_LATENCIES, _AMOUNT),
    }
)
_TRUTH = _object(
    {},
    {
        **dict.fromkeys(
            ("accuracy", "reference", "best_fixed", "random_mean", "random_search", "best_visited"), _SHARE
        ),
        "reference_how": _TEXT,
        "stratum": _TEXT,
    },
)
_SUMMARY = _object(
    {
        **dict.fromkeys(("recommended", "status", "error", "label", "kind", "note", "provenance"), _TEXT),
        "test": _object(dict.fromkeys(_LATENCIES, _AMOUNT)),
        "truth": _TRUTH,
        "checkpoints": _list(_CHECKPOINT, 20),
    },
    {
        "front": _list(_object({"graph": _TEXT, "accuracy": _SHARE, "latency": _AMOUNT}), 10),
        "cheapest_latency": _AMOUNT,
        "transcript": _list(
            _object({"prompt": _TEXT, "reply": {"type": "string"}, "usable": {"type": "boolean"}}), 100_000
        ),
    },
)
_MEASURED = _object(
    {
        "software": {"type": "object", "additionalProperties": _TEXT, "maxProperties": 50},
        **dict.fromkeys(("python", "system", "machine"), _TEXT),
        "seconds": {"type": "number", "minimum": 0, "maximum": 1e9},
    },
    {
        "latency": {"type": "number", "minimum": 0, "maximum": 1e9},
        "replayed": _TEXT,
        "world": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1e15},
            "maxProperties": 20,
        },
    },
)
_SHAPES = {"summary": _SUMMARY, "manifest": _MEASURED}


@cache
def _validator(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(_SHAPES[name])


def shape_problems(name: str, data: Any) -> Iterator[tuple[str, str]]:
    """(Field, what is wrong with it) of a run's `summary` (without graphs) or `manifest`."""
    for error in _validator(name).iter_errors(data):
        field = ".".join(str(part)[:40] for part in error.absolute_path)
        yield field, error.message[:160]
