"""What is stored of a run: one Parquet file, written whole or not at all, read with suspicion.

A file has one row an event, in order, and JSON metadata in its footer. docs/records.md describes every column.
A record's identity is its `digest`, over canonical *values* (schema order, row order, little-endian), because
Parquet bytes differ between library versions. Columns and metadata that are measured (wall clock, host,
software) stand apart, with the prefix `measured_`, and are no part of the digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import BrokenRecord
from bench.graph import Graph
from bench.schema import EVENTS, column_bytes, graphs_problem, rows_problem
from bench.spec import RunSpec

if TYPE_CHECKING:
    from bench.frames import Records

__all__ = ["FORMAT", "Record", "load_head", "load_records"]

FORMAT = 2
"""Version of the file format; readers refuse others."""

_META = b"isobudget"


@dataclass(frozen=True)
class Record:
    """One run: its spec, its events (a table with schema `EVENTS`), and its summary.

    summary: JSON data; `graphs` (id → data of every graph that is mentioned), `recommended` (id),
    `status` (ok or method_fault), `error`, `label`, `kind`, `note`, `provenance`, `truth` (accuracy and
    reference values, where the world knows them), `checkpoints` (what smaller budgets would have recommended).
    manifest: measured; software and host.
    """

    spec: RunSpec
    events: pa.Table
    summary: dict[str, Any]
    manifest: dict[str, Any]

    def rows(self, *phases: str) -> list[dict[str, Any]]:
        """The events of these phases (all without any) as plain data, in order."""
        return (self.part(*phases) if phases else self.events).to_pylist()

    def part(self, *phases: str) -> pa.Table:
        """The events of these phases, in order."""
        return self.events.filter(pc.is_in(self.events["phase"], pa.array(phases)))

    @property
    def badge(self) -> str:
        """How far a published entry was repeated (`bench.entries.BADGES`); empty for a run's own file."""
        return ""

    @cached_property
    def recommended(self) -> Graph:
        """The graph the run ended with."""
        summary = self.summary
        return Graph.from_dict(summary["graphs"][summary["recommended"]])

    @property
    def provenance(self) -> str:
        """How its numbers are called: the world's words, and that they come from a tape where they do."""
        tape, words = self.manifest.get("replayed", ""), str(self.summary["provenance"])
        return f"replayed (tape {tape}): {words}" if tape else words

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything that is not measured."""
        digest = hashlib.sha256(f"isobudget record {FORMAT}\n".encode())
        digest.update(_canonical({"spec": self.spec.to_dict(), "summary": self.summary}))
        for name in EVENTS.names:
            if not name.startswith("measured_"):
                digest.update(f"{name}\n".encode())
                for part in column_bytes(self.events[name]):
                    digest.update(part)
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write the file atomically: a reader sees the whole record or none."""
        meta = {
            "format": FORMAT,
            "spec": self.spec.to_dict(),
            "summary": self.summary,
            "manifest": self.manifest,
        }
        table = self.events.replace_schema_metadata({_META: _canonical(meta)})
        write_parquet(table, path)

    @staticmethod
    def load(path: Path, thorough: bool = False) -> Record:
        """Read and check one file. Raises BrokenRecord naming the file and, where there is one, the row.

        thorough: also check that every graph it mentions, and not only the recommended one, is what its id says.
        """
        try:
            table = pq.ParquetFile(path).read()
            meta = json.loads((table.schema.metadata or {})[_META])
            if meta["format"] != FORMAT:
                raise BrokenRecord(f"{path}: record format {meta['format']}, this version reads {FORMAT}")
            spec, summary, manifest = RunSpec.from_dict(meta["spec"]), meta["summary"], meta["manifest"]
            events = table.replace_schema_metadata(None).select(EVENTS.names).cast(EVENTS)
        except BrokenRecord:
            raise
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, RecursionError) as error:
            raise BrokenRecord(f"{path}: not a record ({type(error).__name__}: {str(error)[:120]})") from error
        if problem := graphs_problem(summary, thorough) or rows_problem(events, summary["graphs"]):
            raise BrokenRecord(f"{path}{problem}")
        return Record(spec, events, summary, manifest)


def load_head(path: Path) -> tuple[RunSpec, dict[str, Any]]:
    """Spec and summary of one file alone, ten times quicker than `Record.load`: the events are left unread.

    Raises BrokenRecord; what is written in part has no footer, so it is noticed.
    """
    try:
        meta = json.loads((pq.read_schema(path).metadata or {})[_META])
        if meta["format"] != FORMAT:
            raise BrokenRecord(f"{path}: record format {meta['format']}, this version reads {FORMAT}")
        return RunSpec.from_dict(meta["spec"]), meta["summary"]
    except BrokenRecord:
        raise
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise BrokenRecord(f"{path}: not a record ({type(error).__name__}: {str(error)[:120]})") from error


def load_records(path: str | Path) -> Records:
    """All records at `path`: a file, or a folder searched for records and entries, in any mixture.

    What is broken is named in `.broken` and left out: a record's file, or an entry as a whole.
    """
    from bench.frames import read_all

    return read_all(Path(path))


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a Parquet file whole or not at all, and so that it survives a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def events_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """A table with schema `EVENTS` from one mapping a row."""
    return pa.Table.from_pylist(list(rows), schema=EVENTS)


def _canonical(data: Any) -> bytes:
    """One byte string for equal JSON data: sorted keys, shortest exact floats, no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=True, default=dict).encode()
