"""Reading what strangers wrote: plain files of bounded size, JSON without tricks, Parquet of one exact schema.

Nothing here executes, unpickles or follows anything. Every refusal is a BrokenRecord that names the file, and the
field where there is one. Sizes are checked twice: as a file declares them, before anything is unpacked, and as
they turn out to be.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import BrokenRecord

__all__ = ["DEEPEST", "MIB", "parse_json", "read_file", "read_table"]

MIB = 1 << 20

DEEPEST = 16
"""Levels of nesting in JSON; a record needs six."""

_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A text of JSON, or one that never ends, so that no text is gone through twice whatever stands in it."""
_INNERMOST = re.compile(r"[\[{][^\[\]{}]*[\]}]")

_ENDLESS = re.compile(r"\d{33,}|[eE]\+?\d{3,}")
"""More digits than any count of FLOPs or shortest exact float has, and exponents that lead to infinity."""


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a plain file of at most `most` bytes; links, devices and folders are refused."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        why = "is a symbolic link" if path.is_symlink() else error.strerror or "cannot be opened"
        raise BrokenRecord(f"{path}: {why}: an entry is plain files") from error
    with os.fdopen(handle, "rb") as file:
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode):
            raise BrokenRecord(f"{path}: is no plain file")
        if known.st_size > most:
            raise BrokenRecord(f"{path}: {known.st_size} bytes, at most {most} are read")
        data = file.read(most + 1)
    if len(data) > most:
        raise BrokenRecord(f"{path}: grew beyond {most} bytes while it was read")
    return data


def parse_json(data: bytes | str, where: str, deepest: int = DEEPEST) -> Any:
    """The value of a JSON text; duplicate keys, NaN, infinities, endless numbers and deep nesting are refused."""
    text = data if isinstance(data, str) else _utf8(data, where)
    bare = _TEXT.sub("", text)
    if found := _ENDLESS.search(bare):
        raise BrokenRecord(f"{where}: {found[0][:40]}… is no number that a record can hold")
    if _too_deep(bare, deepest):
        raise BrokenRecord(f"{where}: nested more than {deepest} levels deep")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenRecord(f"{where}: no strict JSON: {str(error)[:120]}") from error


def read_table(data: bytes, schema: pa.Schema, where: str, rows: int, size: int) -> pa.Table:
    """The table of a Parquet file held in memory, if it has exactly this schema.

    rows, size: the most rows, and bytes when unpacked; the values that lists hold are counted before reading.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _check_schema(file.schema_arrow, schema, where)
        _check_sizes(file.metadata, where, rows, size)
        parts, total = [], 0
        for batch in file.iter_batches(batch_size=1 << 16):
            total += batch.nbytes
            if total > size:
                raise BrokenRecord(f"{where}: unpacks to more than {size} bytes, whatever it declares")
            parts.append(batch)
        table = pa.Table.from_batches(parts, schema=file.schema_arrow)
        table.validate(full=True)
        return table.replace_schema_metadata(None).cast(schema)
    except BrokenRecord:
        raise
    except (OSError, pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise BrokenRecord(f"{where}: no readable Parquet ({type(error).__name__}: {str(error)[:120]})") from error


def _check_schema(found: pa.Schema, schema: pa.Schema, where: str) -> None:
    if found.names != schema.names:
        odd = sorted(set(found.names) ^ set(schema.names)) or ["their order"]
        raise BrokenRecord(f"{where}: its columns are not those of the format: {', '.join(odd)[:120]}")
    for have, want in zip(found, schema, strict=True):
        if have.type != want.type:
            raise BrokenRecord(f"{where}: column {want.name} has type {str(have.type)[:60]}, not {want.type}")


def _check_sizes(meta: pq.FileMetaData, where: str, rows: int, size: int) -> None:
    """Refuse by what the file declares, before a page of it is unpacked."""
    if not 0 <= meta.num_rows <= rows:
        raise BrokenRecord(f"{where}: declares {meta.num_rows} rows, at most {rows} are read")
    declared = 0
    for group in range(meta.num_row_groups):
        part = meta.row_group(group)
        for column in range(part.num_columns):
            chunk = part.column(column)
            declared += max(chunk.total_uncompressed_size, _width(chunk.physical_type) * chunk.num_values)
    if declared > size:
        raise BrokenRecord(f"{where}: declares {declared} bytes unpacked, at most {size} are read")


def _width(physical: str) -> int:
    """Bytes of a value at least: a long run of equal values takes next to nothing in the file."""
    return {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}.get(physical, 4)


def _utf8(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenRecord(f"{where}: is no UTF-8 text (byte {error.start})") from error


def _too_deep(left: str, deepest: int) -> bool:
    """Whether JSON is nested deeper, found without recursion: innermost brackets are taken away, level by level.

    left: the JSON without its texts.
    """
    for _ in range(deepest):
        left, found = _INNERMOST.subn("", left)
        if not found:
            return False
    return "[" in left or "{" in left


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"key {twice[:40]!r} stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")
