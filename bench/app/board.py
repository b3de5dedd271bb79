"""From records to the text of a leaderboard."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from bench.errors import IsobudgetError
from bench.frames import Records
from bench.records import load_records

__all__ = ["board_text", "read_records", "write_text"]


def read_records(path: Path) -> Records:
    """The records at `path`; broken files are named on standard error and left out."""
    records = load_records(path)
    for error in records.broken:
        click.echo(f"isobudget: left out: {error}", err=True)
    if not records.records:
        broken = f" ({len(records.broken)} broken files)" if records.broken else ""
        raise IsobudgetError(f"no whole record in {path}{broken}: isobudget run quick -o {path} makes some")
    return records


def board_text(records: Records, form: str, wide: bool, overall: bool = False) -> str:
    """The tables of a set of records in one format. overall: only the first table of each board."""
    from leaderboard import leaderboard_tables, render

    tables = leaderboard_tables(records.runs_df(), records.questions_df())
    shown = [table for table in tables if not overall or table.title.startswith("Leaderboard")]
    return "\n\n".join(render(table, form, wide=wide) for table in shown)  # type: ignore[arg-type]


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    Path(temporary).replace(path)
