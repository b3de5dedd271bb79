"""Entries: all records of one method for one suite in a folder, small enough to be published.

    manifest.json    what the entry says it is, and the hash of every other file
    card.md          who made the method, what it knew before, what it may be called (leaderboard.cards reads it)
    runs.parquet     one row a run: spec, summary, graphs and manifest as canonical JSON
    events.parquet   all events of all runs: the run's row in runs.parquet, then the columns of a record
    badge.json       what a repetition found; written by `isobudget submit verify`, no part of the entry itself

An entry gives back exactly the records it was made of, so digests do not depend on how records are stored. Its
events stay packed in memory and are unpacked an entry at a time. An entry with one bad row is left out whole: a
part of it would be a choice of somebody's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from bench.errors import BrokenRecord
from bench.records import Record
from bench.schema import EVENTS, first_fault, graphs_problem
from bench.spec import RunSpec
from bench.untrusted import MIB, parse_json, read_file, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BADGES", "ENTRY_FORMAT", "FILES", "RUNS", "Entry", "is_entry", "read_entry"]

ENTRY_FORMAT = 1
"""Version of the folder's format; readers refuse others."""

FILES = ("card.md", "runs.parquet", "events.parquet")
"""What the manifest holds the hashes of."""

BADGES = ("self-reported", "replayed", "verified")
"""How far an entry was repeated, in ascending order."""

RUNS = pa.schema([(name, pa.string()) for name in ("spec", "summary", "graphs", "manifest")])
STORED = pa.schema([pa.field("run", pa.int32()), *EVENTS])

MOST_RUNS = 20_000
_LARGEST = {"manifest.json": MIB, "card.md": MIB // 4, "badge.json": MIB}
_PACKED, _UNPACKED, _ROWS = 64 * MIB, 1024 * MIB, 8_000_000
_LONGEST = {"spec": 20_000, "summary": 2 * MIB, "graphs": 4 * MIB, "manifest": 20_000}
"""Characters of one text in runs.parquet."""


class Graphs(Mapping[str, Any]):
    """The graphs of one run, id → data, parsed when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _data(self) -> dict[str, Any]:
        return dict(json.loads(self._text))

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


class EntryRecord(Record):
    """A record that lives in an entry: read from it when asked, never kept."""

    def __init__(self, entry: Entry, run: int) -> None:
        for name, value in {"spec": entry.specs[run], "entry": entry, "run": run}.items():
            object.__setattr__(self, name, value)

    entry: Entry
    run: int

    @property
    def events(self) -> pa.Table:
        """Its rows of the entry's events."""
        first, last = self.entry.ends[self.run : self.run + 2]
        return _unpacked(self.entry).slice(int(first), int(last - first))

    @property
    def summary(self) -> dict[str, Any]:
        """Its summary; the graphs in it are parsed when one is asked for."""
        return self.entry.summary(self.run)

    @property
    def manifest(self) -> dict[str, Any]:
        """What was measured of it."""
        measured: dict[str, Any] = self.entry.json("manifest", self.run)
        return measured

    @property
    def badge(self) -> str:
        """How far its entry was repeated."""
        return self.entry.badge


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry as it lies in a folder. runs: schema `RUNS`. ends: int64 (runs + 1,), where each run's events end.

    files: the bytes of the files as read. badge: one of `BADGES`.
    """

    path: Path
    manifest: dict[str, Any]
    files: Mapping[str, bytes] = field(repr=False)
    runs: pa.Table = field(repr=False)
    specs: tuple[RunSpec, ...] = field(repr=False)
    ends: NDArray[np.int64] = field(repr=False)
    badge: str = BADGES[0]

    @property
    def card(self) -> str:
        """The text of its card."""
        return self.files["card.md"].decode("utf-8")

    @property
    def method(self) -> str:
        """The method with its parameters, as its runs name it."""
        return self.specs[0].method

    def records(self) -> list[Record]:
        """Its runs, in the order of runs.parquet."""
        return [EntryRecord(self, run) for run in range(len(self.specs))]

    def json(self, column: str, run: int) -> Any:
        """The JSON value of one cell of runs.parquet, all of which were checked when the entry was read."""
        return json.loads(self.runs[column][run].as_py())

    def summary(self, run: int) -> dict[str, Any]:
        """One run's summary with its graphs."""
        data: dict[str, Any] = self.json("summary", run)
        return data | {"graphs": Graphs(self.runs["graphs"][run].as_py())}


def is_entry(path: Path) -> bool:
    """Whether `path` is the folder of an entry."""
    return (path / "manifest.json").exists() or (path / "events.parquet").exists()


def read_entry(path: Path) -> Entry:
    """Read and check an entry. Raises BrokenRecord naming the file, the run and the row or field."""
    where = path / "manifest.json"
    manifest = parse_json(read_file(where, _LARGEST["manifest.json"]), str(where))
    files = {name: _hashed(path, name, manifest) for name in FILES}
    runs = read_table(files["runs.parquet"], RUNS, str(path / "runs.parquet"), MOST_RUNS, _UNPACKED)
    if not len(runs):
        raise BrokenRecord(f"{path / 'runs.parquet'}: holds no run")
    stored = _stored(path, files["events.parquet"])
    ends = _ends(path, stored, len(runs))
    named = stored["graph"].to_pylist()
    known = np.ones(len(stored), dtype=bool)
    specs = []
    for run, texts in enumerate(runs.to_pylist()):
        spec, graphs = _checked_run(f"{path / 'runs.parquet'}, run {run}", texts)
        specs.append(spec)
        first, last = ends[run : run + 2]
        known[first:last] = [key in graphs for key in named[first:last]]
    _check_events(path, stored.drop_columns("run"), known, ends)
    return Entry(path, manifest, files, runs, tuple(specs), ends, _badge(path, manifest))


@lru_cache(maxsize=1)
def _unpacked(entry: Entry) -> pa.Table:
    """An entry's events. Readers go through an entry at a time, so one is kept."""
    return _stored(entry.path, entry.files["events.parquet"]).drop_columns("run").combine_chunks()


def _stored(path: Path, data: bytes) -> pa.Table:
    return read_table(data, STORED, str(path / "events.parquet"), _ROWS, _UNPACKED)


def _hashed(path: Path, name: str, manifest: Any) -> bytes:
    """The bytes of one file, if they are those that the manifest names."""
    where = path / "manifest.json"
    if not isinstance(manifest, dict) or manifest.get("format") != ENTRY_FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else manifest
        raise BrokenRecord(f"{where}: format is {str(found)[:40]}, this version reads {ENTRY_FORMAT}")
    listed = manifest.get("files")
    if not isinstance(listed, dict) or set(listed) != set(FILES):
        odd = sorted(set(listed) ^ set(FILES)) if isinstance(listed, dict) else ["an object"]
        raise BrokenRecord(f"{where}: files must name exactly {', '.join(FILES)}; not so: {', '.join(odd)[:120]}")
    data = read_file(path / name, _LARGEST.get(name, _PACKED))
    claimed = listed[name].get("sha256") if isinstance(listed[name], dict) else None
    if hashlib.sha256(data).hexdigest() != claimed:
        raise BrokenRecord(f"{path / name}: its SHA-256 is not the one in manifest.json, files.{name}.sha256")
    return data


def _checked_run(where: str, texts: dict[str, str | None]) -> tuple[RunSpec, Mapping[str, Any]]:
    """The spec and the graphs of one row of runs.parquet, after all its texts were read with suspicion."""
    data = {}
    for name, text in texts.items():
        if text is None or len(text) > _LONGEST[name]:
            why = "is missing" if text is None else f"has {len(text)} characters, at most {_LONGEST[name]}"
            raise BrokenRecord(f"{where}: {name} {why}")
        data[name] = parse_json(text, f"{where}, {name}")
        if not isinstance(data[name], dict):
            raise BrokenRecord(f"{where}: {name} is no JSON object")
    if "graphs" in data["summary"]:
        raise BrokenRecord(f"{where}, summary: graphs have a column of their own")
    if problem := graphs_problem(data["summary"] | {"graphs": data["graphs"]}, thorough=False):
        raise BrokenRecord(f"{where}, graphs{problem}")
    try:
        return RunSpec.from_dict(data["spec"]), data["graphs"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenRecord(f"{where}, spec: not the fields of a run ({str(error)[:120]})") from error


def _ends(path: Path, stored: pa.Table, runs: int) -> NDArray[np.int64]:
    """Where each run's events begin and end; they must stand in the order of the runs, none without any."""
    if stored["run"].null_count:
        raise BrokenRecord(f"{path / 'events.parquet'}: run is missing in a row")
    run = stored["run"].to_numpy()
    steps = np.diff(run, prepend=-1)
    if not len(run) or run[-1] != runs - 1 or ((steps != 0) & (steps != 1)).any():
        raise BrokenRecord(f"{path / 'events.parquet'}: run must count 0..{runs - 1} in order, each with events")
    return np.append(np.flatnonzero(steps), len(run)).astype(np.int64)


def _check_events(path: Path, events: pa.Table, known: NDArray[np.bool_], ends: NDArray[np.int64]) -> None:
    """The rules that single records are read by, for all runs at once."""
    if (found := first_fault(events, known)) is not None:
        run = int(np.searchsorted(ends, found[0], side="right")) - 1
        raise BrokenRecord(f"{path / 'events.parquet'}, run {run}, row {found[0] - ends[run]}: {found[1]}")


def _badge(path: Path, manifest: Mapping[str, Any]) -> str:
    """The badge of badge.json, if it was given to these very records; else self-reported."""
    where = path / "badge.json"
    if not where.exists():
        return BADGES[0]
    data = parse_json(read_file(where, _LARGEST["badge.json"]), str(where))
    if not isinstance(data, dict) or data.get("badge") not in BADGES:
        raise BrokenRecord(f"{where}: badge is none of {', '.join(BADGES)}")
    return str(data["badge"]) if data.get("digest") == manifest.get("digest") else BADGES[0]


def canonical(data: Any) -> str:
    """One text for equal JSON data: sorted keys, no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, default=dict)


def columns(records: Sequence[Record]) -> dict[str, list[str]]:
    """The texts of runs.parquet, one a record."""
    rows = []
    for record in records:
        summary = dict(record.summary)
        graphs = summary.pop("graphs")
        parts = {"spec": record.spec.to_dict(), "summary": summary, "graphs": graphs, "manifest": record.manifest}
        rows.append({name: canonical(part) for name, part in parts.items()})
    return {name: [row[name] for row in rows] for name in RUNS.names}
