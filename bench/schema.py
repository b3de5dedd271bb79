"""The columns of a record file, and what must hold of their values before anything is computed from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.errors import InvalidGraph
from bench.graph import Graph
from tasks.base import GRADE_KINDS

__all__ = ["EVENTS", "PHASES", "column_bytes", "first_fault", "graphs_problem", "rows_problem"]

PHASES = ("search", "agent", "selection", "test")

_COLUMNS: dict[str, pa.DataType] = {
    "phase": pa.string(),
    "graph": pa.string(),
    "asked": pa.int32(),
    "question": pa.list_(pa.int32()),
    "draw": pa.list_(pa.int32()),
    "code": pa.list_(pa.int8()),
    "executions": pa.int64(),
    "node_calls": pa.int64(),
    "flops": pa.decimal128(38, 0),
    "prompt_tokens": pa.int64(),
    "completion_tokens": pa.int64(),
    "usd": pa.float64(),
    "seconds": pa.float64(),
    "latency_serial": pa.float64(),
    "latency_critical": pa.float64(),
    "makespan": pa.float64(),
    "incumbent": pa.string(),
    "measured_wall": pa.float64(),
    "measured_optimizer": pa.float64(),
    "measured_retries": pa.int64(),
}
EVENTS = pa.schema(list(_COLUMNS.items()))
"""Columns of a record file. flops: an exact integer (decimal128, scale 0)."""

_NUMBERS = ("usd", "seconds", "latency_serial", "latency_critical", "makespan")
_LISTS = ("question", "draw", "code")
_COUNTS = ("asked", "executions", "node_calls", "flops", "prompt_tokens", "completion_tokens")


def column_bytes(column: Any) -> Iterator[bytes]:
    """The values of an Arrow column: lengths where they vary, then the values, little-endian; texts as JSON."""
    if pa.types.is_list(column.type):
        yield pc.list_value_length(column).to_numpy().astype("<i8").tobytes()
        column = pc.list_flatten(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        kind = "<i8" if pa.types.is_integer(column.type) else "<f8"
        yield column.to_numpy().astype(kind).tobytes()
    else:
        yield json.dumps([str(value) for value in column.to_pylist()]).encode()


def graphs_problem(summary: Mapping[str, Any], thorough: bool) -> str | None:
    """What is wrong with a summary's graphs, as the end of a message; only the recommended one unless thorough."""
    graphs, recommended = summary.get("graphs"), summary.get("recommended")
    if not isinstance(graphs, Mapping) or recommended not in graphs:
        return ": the recommended graph is not among its graphs"
    for key in graphs if thorough else [recommended]:
        try:
            graph = Graph.from_dict(graphs[key])
        except InvalidGraph as error:
            return f": graph {key}: {error}"
        if graph.id != key:
            return f": the graph filed under {key} is {graph.id}"
    return None


def rows_problem(events: pa.Table, graphs: Mapping[str, Any]) -> str | None:
    """The first row that breaks a rule and which, as the end of a message; None when all keep them."""
    known = np.array([key in graphs for key in events["graph"].to_pylist()], dtype=bool)
    found = first_fault(events, known)
    return None if found is None else f", row {found[0]}: {found[1]}"


def first_fault(events: pa.Table, known: np.ndarray) -> tuple[int, str] | None:
    """The first row that breaks a rule, and which; known: bool a row, whether its record holds its graph."""
    found = [(int(np.argmax(bad)), words) for words, bad in _rules(events, known) if bad.any()]
    return min(found, key=lambda entry: entry[0]) if found else None


def _rules(events: pa.Table, known: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """(What is wrong, bool a row) for each rule."""
    if holes := [name for name in events.column_names if events[name].null_count]:
        return [
            (f"{name} is missing", _mask(pc.is_null(events[name]))) for name in holes
        ]  # the others need values
    if holes := [name for name in _LISTS if pc.list_flatten(events[name]).null_count]:
        return [(f"{name} holds nothing where a number must be", np.ones(len(events), bool)) for name in holes]
    values = {name: events[name].cast(pa.float64()).to_numpy() for name in (*_NUMBERS, *_COUNTS)}
    phase = {name: _mask(pc.is_in(events["phase"], pa.array([name]))) for name in PHASES}
    length = {name: pc.list_value_length(events[name]).to_numpy() for name in _LISTS}
    code = pc.list_flatten(events["code"]).to_numpy()
    bad_code = np.zeros(len(events), dtype=bool)
    bad_code[np.repeat(np.arange(len(events)), length["code"])[(code < 0) | (code >= len(GRADE_KINDS))]] = True
    return [
        *((f"{name} is negative", values[name] < 0) for name in _COUNTS),
        *(
            (f"{name} is not a finite number ≥ 0", ~(np.isfinite(values[name]) & (values[name] >= 0)))
            for name in _NUMBERS
        ),
        (f"the phase is none of {', '.join(PHASES)}", ~np.logical_or.reduce(list(phase.values()))),
        ("its graph is not among the record's graphs", ~known & ~phase["agent"]),
        (
            "question, draw and code differ in length",
            (length["question"] != length["draw"]) | (length["draw"] != length["code"]),
        ),
        (f"a grade code lies outside 0..{len(GRADE_KINDS) - 1}", bad_code),
        (
            "executions charged differ from questions run",
            ~phase["test"] & (values["executions"] != length["question"]),
        ),
    ]


def _mask(values: Any) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
