"""Tapes: real node calls as content-addressed Parquet, which a whole search can be replayed from.

A row is one node call (`kind` call), one execution of a graph on a question (`kind` graph: which calls belong
together), or one answer from elsewhere (`kind` answer: published per-question results). `key` is the SHA-256 of
what was asked; the rest is what came back. Two rows with one key must say the same, but for `MEASURED` columns; a
tape with its rows sorted by key is the same whatever order it was recorded or merged in. docs/tapes.md lists the
columns.

While something records, a tape is a folder of parts beside its file: each part is written whole or not at all, so
a recorder that is killed loses only the calls that were under way. Readers see file and parts as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import IsobudgetError, WorldError
from bench.records import write_parquet

__all__ = [
    "ANSWER",
    "CALL",
    "CHOSEN",
    "COLUMNS",
    "GRAPH",
    "MEASURED",
    "BrokenTape",
    "Head",
    "Tape",
    "TapeConflict",
    "TapeMiss",
    "compact",
    "exists",
    "merge",
    "read_tape",
    "row_of",
    "write_part",
]

FORMAT = 1
"""Version of the file format; readers refuse others."""

CALL, GRAPH, ANSWER = "call", "graph", "answer"

CHOSEN = "chosen"
"""Role of a graph row whose execution was picked by its inputs' grades: it tells of the reader alone."""

_TEXTS = (
    "kind task split question model role parents sampling text answer finish revision world server provenance"
).split()
_COUNTS = "number replica trial seed prompt_tokens completion_tokens attempts".split()
_OTHERS: dict[str, pa.DataType] = {
    "salt": pa.uint64(),
    "grade": pa.int8(),
    "prompt": pa.binary(32),
    "seconds": pa.float64(),
    "wall": pa.float64(),
}
_KINDS: dict[str, pa.DataType] = {"key": pa.binary(32)}
_KINDS |= dict.fromkeys(_TEXTS, pa.string()) | dict.fromkeys(_COUNTS, pa.int64()) | _OTHERS
COLUMNS = pa.schema(_KINDS)
MEASURED = ("wall", "attempts", "server", "provenance", "world", "number")
"""Columns in which two recordings of one call may differ: the first one stays."""

_BLANK: dict[str, Any] = {name: "" for name in _TEXTS} | {
    "number": -1,
    "replica": 0,
    "trial": 0,
    "seed": 0,
    "salt": 0,
    "grade": -1,
    "prompt": None,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "attempts": 1,
    "seconds": 0.0,
    "wall": 0.0,
}
_META = b"isobudget tape"
_CONTENT = tuple(name for name in COLUMNS.names if name not in MEASURED)


class BrokenTape(IsobudgetError):
    """A file that is not a tape, or not a whole one."""


class TapeConflict(IsobudgetError):
    """Two rows with one key that say different things."""


class TapeMiss(WorldError):
    """A replay needs calls that are not on the tape."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a tape says of itself.

    world, options: who was recorded, as a run's spec names it. runs: ids of the runs that were recorded to their
    end. labels: how the recorded numbers are to be called (their world's provenance). pool: the model pool's name.
    """

    world: str = ""
    options: tuple[tuple[str, str], ...] = ()
    pool: str = ""
    labels: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    @property
    def imported(self) -> bool:
        """Whether it holds published results rather than recorded calls."""
        return self.world == "import"

    def joined(self, other: Head) -> Head:
        """Of both tapes together. Raises TapeConflict where they are of different worlds."""
        if (self.world, self.options) != (other.world, other.options):
            raise TapeConflict(
                f"tapes of different worlds do not merge: {self.described} and {other.described}; keep two tapes"
            )
        pool = self.pool if self.pool == other.pool else ""
        labels = tuple(sorted({*self.labels, *other.labels}))
        return replace(self, pool=pool, labels=labels, runs=tuple(sorted({*self.runs, *other.runs})))

    @property
    def described(self) -> str:
        """The world in a few words."""
        return " ".join([self.world or "nowhere", *(f"{k}={v}" for k, v in self.options)])


@dataclass(frozen=True)
class Tape:
    """A whole tape in memory: its head and its rows, sorted by key."""

    head: Head
    table: pa.Table
    path: Path | None = field(default=None, compare=False)

    @cached_property
    def index(self) -> dict[bytes, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(_keys(self.table))}

    def part(self, kind: str) -> pa.Table:
        """The rows of one kind."""
        return self.table.filter(pc.equal(self.table["kind"], pa.scalar(kind)))

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything that is not measured; independent of the order of recording."""
        digest = hashlib.sha256(f"isobudget tape {FORMAT} {self.head.described}\n".encode())
        for row in self.table.select(_CONTENT).to_pylist():
            digest.update(_content(row))
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        _write(path, self.table, self.head)


def row_of(key: bytes, kind: str, **values: Any) -> dict[str, Any]:
    """One row as plain data; what is not given is blank. Raises KeyError for a column that does not exist."""
    if odd := sorted(set(values) - set(_BLANK)):
        raise KeyError(f"no such columns: {', '.join(odd)}")
    return {"key": key, **_BLANK, "kind": kind, **values}


def exists(path: str | Path) -> bool:
    """Whether there is a tape at `path`, be it parts alone."""
    return Path(path).is_file() or bool(_parts(Path(path)))


def read_tape(path: str | Path) -> Tape:
    """The tape at `path` with the parts beside it. Raises BrokenTape, TapeConflict."""
    path = Path(path)
    files = [*([path] if path.is_file() else []), *_parts(path)]
    if not files:
        raise BrokenTape(f"no tape at {path}: isobudget record SUITE --tape {path} makes one")
    return replace(_joined([_read(file) for file in files], [str(file) for file in files]), path=path)


def merge(paths: Sequence[str | Path]) -> Tape:
    """All rows of several tapes. Equal rows count once; unequal rows under one key raise TapeConflict."""
    if not paths:
        raise IsobudgetError("name the tapes to merge")
    return _joined([read_tape(path) for path in paths], [str(path) for path in paths])


def write_part(path: Path, rows: Iterable[Mapping[str, Any]], head: Head) -> None:
    """Add rows to the tape at `path`: a part of its own beside the file, whole or not at all."""
    table = _sorted(pa.Table.from_pylist(list(rows), schema=COLUMNS))
    name = hashlib.sha256(b"".join(_keys(table)) + repr(head).encode()).hexdigest()[:16]
    _write(_folder(path) / f"{name}.parquet", table, head)


def compact(path: Path) -> Tape:
    """Put the parts beside a tape into its file. A kill in between leaves both, which readers see as one."""
    parts = _parts(path)
    tape = read_tape(path)
    if parts:
        tape.save(path)
        for part in parts:
            part.unlink(missing_ok=True)
    return tape


def _folder(path: Path) -> Path:
    return path.with_name(path.name + ".parts")


def _parts(path: Path) -> list[Path]:
    return sorted(_folder(path).glob("[!.]*.parquet"))


def _keys(table: pa.Table) -> list[bytes]:
    return [bytes(key) for key in table["key"].to_pylist() if key is not None]


def _sorted(table: pa.Table) -> pa.Table:
    return table.take(pc.sort_indices(table, sort_keys=[("key", "ascending")]))


def _joined(tapes: Sequence[Tape], names: Sequence[str]) -> Tape:
    """One tape of all. names: of the tapes, for messages."""
    head = tapes[0].head
    for tape in tapes[1:]:
        head = head.joined(tape.head)
    whole = pa.concat_tables([tape.table for tape in tapes])
    source = [name for tape, name in zip(tapes, names, strict=True) for _ in range(len(tape.table))]
    keys = _keys(whole)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    kept: list[int] = []
    for row in order:
        if kept and keys[kept[-1]] == keys[row]:
            _check_same(whole, kept[-1], row, source)
        else:
            kept.append(row)
    return Tape(head, whole.take(pa.array(kept, pa.int64())).combine_chunks())


def _check_same(table: pa.Table, first: int, second: int, source: Sequence[str]) -> None:
    """Raise TapeConflict where two rows with one key differ in what is not measured."""
    one, other = (table.slice(row, 1).to_pylist()[0] for row in (first, second))
    if odd := [name for name in _CONTENT if one[name] != other[name]]:
        where = source[first] if source[first] == source[second] else f"{source[first]} and {source[second]}"
        values = f"{str(one[odd[0]])[:60]!r} and {str(other[odd[0]])[:60]!r}"
        raise TapeConflict(
            f"{where}: one call, two contents (key {one['key'].hex()[:16]}, {described(one)}): {', '.join(odd)} "
            f"differ, such as {odd[0]} {values}; keep the tape that you trust"
        )


def described(row: Mapping[str, Any]) -> str:
    """A call in words, for messages: model, role, task, question and draw."""
    draw = f"trial {row['trial']}, salt {row['salt']:x}, replica {row['replica']}"
    who = f"model {row['model']}, role {row['role']}" if row["model"] else str(row["role"])
    return f"{who}, task {row['task']}, {row['split']} question {row['question']}, {draw}"


def _content(row: Mapping[str, Any]) -> bytes:
    """One byte string for equal contents."""
    plain = {k: v.hex() if isinstance(v, bytes) else v for k, v in row.items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> Tape:
    try:
        table = pq.ParquetFile(path).read()
        meta = json.loads((table.schema.metadata or {})[_META])
        if meta["format"] != FORMAT:
            raise BrokenTape(f"{path}: tape format {meta['format']}, this version reads {FORMAT}")
        head = _head(meta["head"])
        table = table.replace_schema_metadata(None).select(COLUMNS.names).cast(COLUMNS)
    except BrokenTape:
        raise
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise BrokenTape(f"{path}: not a tape ({type(error).__name__}: {str(error)[:120]})") from error
    if holes := [name for name in COLUMNS.names if name != "prompt" and table[name].null_count]:
        raise BrokenTape(f"{path}: empty cells in {', '.join(holes)}")
    return Tape(head, table)


def _head(data: Mapping[str, Any]) -> Head:
    return Head(
        world=str(data["world"]),
        options=tuple((str(k), str(v)) for k, v in data["options"]),
        pool=str(data["pool"]),
        labels=tuple(map(str, data["labels"])),
        runs=tuple(map(str, data["runs"])),
    )


def _write(path: Path, table: pa.Table, head: Head) -> None:
    names = ("world", "options", "pool", "labels", "runs")
    meta = json.dumps({"format": FORMAT, "head": {name: getattr(head, name) for name in names}})
    write_parquet(table.replace_schema_metadata({_META: meta.encode()}), path)
