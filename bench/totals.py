"""What the events of many runs add up to, some hundred runs at a time: a run at a time takes ten times as long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.ledger import CURRENCIES
from bench.records import Record

__all__ = ["totals"]

_BATCH = 500
"""Runs at a time: memory for their events, and no more."""

Sums = dict[str, list[Any]]


def totals(records: Sequence[Record]) -> Iterator[tuple[Record, dict[str, Any]]]:
    """Each record with its sums, in order.

    Everything charged by currency, and `measured_optimizer`; `agent_calls`, `agent_flops`, `agent_usd`,
    `agent_seconds`; `selection_flops`; `evaluations` and `distinct_graphs` of the search; `test_n` and
    `test_correct`.
    """
    for start in range(0, len(records), _BATCH):
        part = records[start : start + _BATCH]
        sums = _sums([record.events for record in part])
        for i, record in enumerate(part):
            yield record, {name: values[i] for name, values in sums.items()}


def _sums(events: Sequence[pa.Table]) -> Sums:
    runs = len(events)
    run = np.repeat(np.arange(runs, dtype=np.int32), [len(table) for table in events])
    table = pa.concat_tables(events).append_column("run", pa.array(run))
    agent, searched, test = (_of(table, name) for name in ("agent", "search", "test"))
    charged = _of(table, "search", "agent", "selection")
    spent = _added(charged, runs, [(name, "sum") for name in (*CURRENCIES, "measured_optimizer")])
    by_agent = _added(agent, runs, [("flops", "sum"), ("usd", "sum"), ("seconds", "sum"), ("phase", "count")])
    selected = _added(_of(table, "selection"), runs, [("flops", "sum")])
    found = _added(searched, runs, [("phase", "count"), ("graph", "count_distinct")])
    return {
        **{name: spent[f"{name}_sum"] for name in (*CURRENCIES, "measured_optimizer")},
        "agent_calls": by_agent["phase_count"],
        **{f"agent_{name}": by_agent[f"{name}_sum"] for name in ("flops", "usd", "seconds")},
        "selection_flops": selected["flops_sum"],
        "evaluations": found["phase_count"],
        "distinct_graphs": found["graph_count_distinct"],
        **_graded(test, runs),
    }


def _of(table: pa.Table, *phases: str) -> pa.Table:
    return table.filter(pc.is_in(table["phase"], pa.array(phases)))


def _added(table: pa.Table, runs: int, wanted: list[tuple[str, str]]) -> Sums:
    """The aggregates by run, 0 for runs without such a row; without threads, so that sums of floats repeat."""
    grouped = table.group_by("run", use_threads=False).aggregate(wanted)  # type: ignore[arg-type]
    place: list[Any] = grouped["run"].to_pylist()
    found: Sums = {}
    for name in grouped.column_names:
        values = grouped[name].to_pylist()
        whole: list[Any] = [0] * runs
        for at, value in zip(place, values, strict=True):
            whole[at] = int(value) if isinstance(value, Decimal) else value
        found[name] = whole
    return found


def _graded(test: pa.Table, runs: int) -> Sums:
    """How many test questions each run answered, and how many right."""
    owner = np.repeat(test["run"].to_numpy(), pc.list_value_length(test["code"]).to_numpy())
    right = pc.list_flatten(test["code"]).to_numpy() == 0
    return {
        "test_n": np.bincount(owner, minlength=runs).tolist(),
        "test_correct": np.bincount(owner[right], minlength=runs).tolist(),
    }
