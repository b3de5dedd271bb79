"""One Table, five looks: terminal, Markdown, LaTeX (by tabulate), CSV and JSON (raw values).

The same table gives the same bytes: no clock, no terminal size, no locale.
"""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from tabulate import SEPARATING_LINE, tabulate

from leaderboard.cells import EMPTY, cell_text, clean, raw_names, raw_values
from leaderboard.table import Column, Table

__all__ = ["Format", "render"]

Format = Literal["table", "md", "csv", "latex", "json"]

_TEXT_WIDTH = 120
# What a spreadsheet would run as a formula, full-width forms included.
_FORMULA = tuple("=+-@＝＋－＠")
_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\^{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
}
_LATEX_SYMBOLS = {
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "–": "--",
    "−": "-",
    "∞": r"\ensuremath{\infty}",
}


def render(table: Table, format: Format = "table", wide: bool = False) -> str:
    """The table as text that ends with a newline.

    format: table (terminal), md, csv, latex or json. wide: all columns in the terminal too, where the default
    leaves some out to fit about 150 characters. Markdown and LaTeX show all but the data-only columns and
    those without a single value; CSV and JSON have every column, with raw values (shares, seconds, dollars).
    ValueError on an unknown format.
    """
    if format not in get_args(Format):
        raise ValueError(f"format: one of {', '.join(get_args(Format))}, not {format!r}")
    if format == "table":
        return _terminal(table, wide)
    looks: dict[str, Callable[[Table], str]] = {"md": _markdown, "csv": _csv, "latex": _latex, "json": _json}
    return looks[format](table)


def _terminal(table: Table, wide: bool) -> str:
    columns, rows = _shown(table, ("narrow", "wide") if wide else ("narrow",))
    headers = ["\n".join(_heading_lines(column)) for column in columns]
    rows = [[_folded(column, cell) for column, cell in zip(columns, row, strict=True)] for row in rows]
    # Headings go in as a row: tabulate pads what it knows as headings by two characters a column.
    body = _grid(columns, [headers, SEPARATING_LINE, *rows], (), "simple")
    lines = [f"note: {clean(note)}" for note in table.notes]
    words = [_wrapped(clean(table.caption)), *(_wrapped(line, "  ") for line in lines)]
    return "\n".join([clean(table.title), "", body, "", *words]) + "\n"


def _markdown(table: Table) -> str:
    columns, rows = _shown(table, ("narrow", "wide"))
    headers = [_escape_markdown(_heading(column)) for column in columns]
    body = _grid(columns, [[_escape_markdown(cell) for cell in row] for row in rows], headers, "pipe")
    parts = [f"### {_escape_markdown(clean(table.title))}", body, _escape_markdown(clean(table.caption))]
    if table.notes:
        parts.append("\n".join(f"- {_escape_markdown(clean(note))}" for note in table.notes))
    return "\n\n".join(parts) + "\n"


def _latex(table: Table) -> str:
    columns, rows = _shown(table, ("narrow", "wide"))
    headers = [_heading(column) for column in columns]
    body = _grid(columns, rows, headers, "latex_booktabs")
    caption = f"{_escape_latex(clean(table.title))}. {_escape_latex(clean(table.caption))}"
    notes = [f"\\par\\footnotesize {_escape_latex(clean(note))}" for note in table.notes]
    lines = ["\\begin{table}", "\\centering", f"\\caption{{{caption}}}", body, *notes, "\\end{table}"]
    return _translated("\n".join(lines), _LATEX_SYMBOLS) + "\n"


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in raw_names(column)])
    for row in table.rows:
        pairs = zip(table.columns, row, strict=True)
        values = [value for column, cell in pairs for value in raw_values(column, cell)]
        writer.writerow([_defused(value) if isinstance(value, str) else value for value in values])
    return out.getvalue()


def _json(table: Table) -> str:
    rows = []
    for row in table.rows:
        entry: dict[str, str | int | float | None] = {}
        for column, cell in zip(table.columns, row, strict=True):
            entry |= zip(raw_names(column), raw_values(column, cell), strict=True)
        rows.append(entry)
    columns = [
        {"names": raw_names(column), "heading": _heading(column), "kind": column.kind} for column in table.columns
    ]
    data = {
        "title": clean(table.title),
        "caption": clean(table.caption),
        "notes": [clean(n) for n in table.notes],
    }
    return (
        json.dumps({**data, "columns": columns, "rows": rows}, indent=1, ensure_ascii=False, allow_nan=False)
        + "\n"
    )


def _shown(table: Table, views: tuple[str, ...]) -> tuple[list[Column], list[list[str]]]:
    """The columns of these views that hold anything, and their cells as text."""
    texts = [[cell_text(c, cell) for c, cell in zip(table.columns, row, strict=True)] for row in table.rows]
    keep = [
        position
        for position, column in enumerate(table.columns)
        if column.view in views and (not texts or any(row[position] not in ("", EMPTY) for row in texts))
    ]
    return [table.columns[at] for at in keep], [[row[at] for at in keep] for row in texts]


def _grid(
    columns: list[Column], rows: Sequence[list[str] | str], headers: list[str] | tuple[()], style: str
) -> str:
    align = ["left" if column.kind in ("text", "rank") else "right" for column in columns]
    # Numbers are already text, rounded as their column says; tabulate must not read them again.
    text = tabulate(rows, headers, tablefmt=style, disable_numparse=True, colalign=align if rows else None)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _heading(column: Column) -> str:
    """The heading on one line; a word divided over two is whole again."""
    return " ".join(_heading_lines(column)).replace("- ", "")


def _heading_lines(column: Column) -> list[str]:
    unit = column.unit or {"percent": "%", "points": "points", "seconds": "s", "usd": "USD"}.get(column.kind, "")
    return [*column.heading.split("\n"), *([f"({unit})"] if unit else [])]


def _folded(column: Column, text: str) -> str:
    """A long name on several lines, so that one label does not set the width of the table."""
    if column.kind != "text":
        return text
    return "\n".join(textwrap.wrap(text, column.width, break_on_hyphens=False)) or text


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, _TEXT_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _defused(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _escape_markdown(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)


def _escape_latex(text: str) -> str:
    return _translated(text, _LATEX)


def _translated(text: str, symbols: dict[str, str]) -> str:
    return "".join(symbols.get(symbol, symbol) for symbol in text)
