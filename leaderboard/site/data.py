"""The files behind a table: CSV, Parquet, Markdown, LaTeX, all from the same Table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.cells import raw_names, raw_values
from leaderboard.render import render
from leaderboard.table import Table

__all__ = ["FORMATS", "parquet_bytes", "table_files"]

FORMATS = {"csv": "CSV", "parquet": "Parquet", "md": "Markdown", "tex": "LaTeX"}
"""File suffix to what a link calls it."""


def table_files(name: str, table: Table) -> Iterator[tuple[str, bytes]]:
    """Path and content of each format."""
    yield f"data/{name}.csv", render(table, "csv").encode()
    yield f"data/{name}.parquet", parquet_bytes(_arrow(table))
    yield f"data/{name}.md", render(table, "md").encode()
    yield f"data/{name}.tex", render(table, "latex").encode()


def parquet_bytes(table: pa.Table) -> bytes:
    """A Parquet file; the same bytes with the same version of the library."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _arrow(table: Table) -> pa.Table:
    """The raw values; texts as strings, everything else as doubles."""
    columns: dict[str, pa.Array[Any]] = {}
    for at, column in enumerate(table.columns):
        names = raw_names(column)
        values = [raw_values(column, row[at]) for row in table.rows]
        for place, name in enumerate(names):
            columns[_free(name, columns)] = _array(column.kind == "text", [parts[place] for parts in values])
    title = {b"isobudget.title": table.title.encode(), b"isobudget.caption": table.caption.encode()}
    return pa.table(columns).replace_schema_metadata(title)


def _array(text: bool, values: Sequence[Any]) -> pa.Array[Any]:
    if text:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def _free(name: str, taken: dict[str, pa.Array[Any]]) -> str:
    """The name, with a number where a table has it twice."""
    return name if name not in taken else next(n for i in range(2, 99) if (n := f"{name}_{i}") not in taken)
