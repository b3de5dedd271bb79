"""Writing an entry: the same bytes for the same records and library versions, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.entries import BADGES, ENTRY_FORMAT, MOST_RUNS, RUNS, STORED, columns, is_entry
from bench.errors import IsobudgetError
from bench.frames import Records
from bench.records import FORMAT, Record

__all__ = ["entry_files", "entry_manifest", "slug", "write_entry"]

_WORDS = ("phase", "graph", "incumbent", "code.list.element", "asked", "executions")
"""Columns of few values, which a dictionary makes small; the others are smaller without one."""


def slug(method: str) -> str:
    """The folder's name for a method with its parameters: safe on every file system, different for different ones.

    >>> slug("random"), slug("agent-reinforce[agent=random]")
    ('random', 'agent-reinforce-agent-random-7cd7f5')
    """
    name = re.sub(r"[^a-z0-9]+", "-", method.lower()).strip("-")[:60]
    if name == method:
        return name
    return f"{name}-{hashlib.sha256(method.encode()).hexdigest()[:6]}"


def write_entry(records: Iterable[Record], card: str, folder: Path) -> dict[str, Any]:
    """Write the entry of these records into `folder`, which an older entry may fill; returns its manifest.

    Raises IsobudgetError when they are not all of one method and suite, or when one run is there twice.
    """
    whole = Records.of(records)
    files = entry_files(whole, card)
    manifest = entry_manifest(whole, files)
    files["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    if folder.exists() and not is_entry(folder) and any(folder.iterdir()):
        raise IsobudgetError(f"{folder} holds something else than an entry: give an empty or new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part"))
    try:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
        fresh.chmod(0o755)
        if folder.exists():
            folder.replace(fresh.with_suffix(".old"))
        fresh.replace(folder)
    finally:
        for left in (fresh, fresh.with_suffix(".old")):
            shutil.rmtree(left, ignore_errors=True)
    return manifest


def entry_files(records: Records, card: str) -> dict[str, bytes]:
    """The files that the manifest names, as bytes."""
    _one_entry(records)
    events = [record.events for record in records]
    run = np.repeat(np.arange(len(events), dtype=np.int32), [len(table) for table in events])
    column = pa.chunked_array([pa.array(run)])
    stored = pa.concat_tables(events).combine_chunks().add_column(0, STORED.field("run"), column)
    runs = pa.table(columns(records.records), schema=RUNS)
    return {
        "card.md": card.encode(),
        "runs.parquet": _parquet(runs, ()),
        "events.parquet": _parquet(stored.cast(STORED), _WORDS),
    }


def entry_manifest(records: Records, files: dict[str, bytes]) -> dict[str, Any]:
    """What the entry says it is; every field follows from its records and files."""
    specs = [record.spec for record in records]
    summaries = [record.summary for record in records]
    return {
        "format": ENTRY_FORMAT,
        "record_format": FORMAT,
        "suite": specs[0].suite,
        "suite_version": specs[0].suite_version,
        "plans": _distinct(spec.plan for spec in specs),
        "method": specs[0].method,
        "label": summaries[0]["label"],
        "kind": summaries[0]["kind"],
        "tiers": _distinct(spec.tier for spec in specs),
        "variants": _distinct(spec.variant for spec in specs),
        "provenance": _distinct(" ".join(summary["provenance"].split()[:1]) for summary in summaries),
        "runs": len(specs),
        "events": sum(len(record.events) for record in records),
        "failed": sum(summary["status"] != "ok" for summary in summaries),
        "digest": records.digest(),
        "software": _software(records),
        "badge": BADGES[0],
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        },
    }


def _one_entry(records: Records) -> None:
    """Refuse what is not one entry."""
    if not records.records:
        raise IsobudgetError("an entry needs at least one run")
    for what in ("suite", "suite_version", "method"):
        if len(values := _distinct(getattr(record.spec, what) for record in records)) > 1:
            raise IsobudgetError(f"an entry has one {what.replace('_', ' ')}, these runs have {', '.join(values)}")
    for what in ("label", "kind"):
        if len(values := _distinct(record.summary[what] for record in records)) > 1:
            raise IsobudgetError(f"an entry has one {what}, these runs have {', '.join(values)}")
    seen: set[str] = set()
    for record in records:
        if record.spec.id in seen:
            raise IsobudgetError(f"run {record.spec.filename} is there twice")
        seen.add(record.spec.id)
    if len(seen) > MOST_RUNS:
        raise IsobudgetError(f"{len(seen)} runs, an entry has at most {MOST_RUNS}")


def _software(records: Sequence[Record] | Records) -> list[dict[str, Any]]:
    """The distinct environments that ran the runs."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        made = {name: value for name, value in record.manifest.items() if name != "seconds"}
        found[json.dumps(made, sort_keys=True)] = made
    return [found[key] for key in sorted(found)]


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def _parquet(table: pa.Table, words: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=19,
        use_dictionary=list(words) or False,  # type: ignore[arg-type]
        row_group_size=1 << 30,
        data_page_size=8 << 20,
        write_statistics=False,
        store_schema=False,
    )
    return buffer.getvalue()
