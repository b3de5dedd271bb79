"""What live runs took on this machine, method by method: measured seconds, beside the tables' modelled ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from tabulate import tabulate

from bench.records import Record

__all__ = ["measured_text"]

_HEADERS = ("method", "latency, s", "run, s", "calls/s", "tokens/s", "busy", "running")
_NOTE = (
    "Measured on this machine, means over runs. latency: of the recommended graph on the test questions (longest\n"
    "path of its calls, waiting for the engine included, under the load of the whole test). tokens: written.\n"
    "busy: share of a run in which an engine computed (servers do not say). running: requests under way while\n"
    "one did, with servers over the whole run; a server counts whoever asks it."
)


def measured_text(records: Iterable[Record]) -> str:
    """A table of what was measured; "" where nothing was."""
    live = [record for record in records if record.manifest.get("latency")]
    methods = {
        record.summary["label"]: [r for r in live if r.summary["label"] == record.summary["label"]]
        for record in live
    }
    if not methods:
        return ""
    rows = [_row(label, own) for label, own in methods.items()] + [_row("all", live)]
    return f"{tabulate(rows, _HEADERS, floatfmt='.3g', tablefmt='simple')}\n{_NOTE}"


def _row(label: str, records: list[Record]) -> list[Any]:
    used: list[Mapping[str, float]] = [r.manifest["world"] for r in records if r.manifest.get("world")]
    row: list[Any] = [
        label,
        mean(r.manifest["latency"] for r in records),
        mean(r.manifest["seconds"] for r in records),
    ]
    elapsed = sum(u["elapsed_seconds"] for u in used)
    if not elapsed:
        return row
    names = ("calls", "completion_tokens", "busy_seconds", "prefill_seconds", "decode_seconds")
    calls, written, busy, reading, writing = (sum(u.get(name, 0.0) for u in used) for name in names)
    share = f"{busy / elapsed:.0%}" if busy else "–"
    return [*row, calls / elapsed, written / elapsed, share, (reading + writing) / (busy or elapsed)]
