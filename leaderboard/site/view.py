"""A Table as a page shows it: cells with what they sort by, rows with what they are filtered by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from leaderboard.boards import Board
from leaderboard.cells import EMPTY, cell_text, clean, raw_values
from leaderboard.site.source import Source
from leaderboard.site.study import track
from leaderboard.table import Cell, Column, Interval, Span, Table

__all__ = ["CellView", "Header", "RowView", "TableView", "Whisker", "facets", "table_view", "with_badges"]

_SPOKEN = {"*": "not separated from the best", "ties": "ties: methods that share a letter are not separated"}
_WHISKER_WIDTH = 110.0


@dataclass(frozen=True)
class Header:
    """One column's head. type: what its cells sort by, `number` or `text`."""

    text: str
    spoken: str
    type: str
    look: str


@dataclass(frozen=True)
class Whisker:
    """An interval drawn on the column's own scale, pixels; zero: where 0 is, None where it is off the scale."""

    low: float
    value: float
    high: float
    zero: float | None


@dataclass(frozen=True)
class CellView:
    """One cell. order: what it sorts by, empty where there is nothing; href: relative to the site's root."""

    text: str
    order: str
    look: str
    href: str = ""
    whisker: Whisker | None = None
    strong: bool = False


@dataclass(frozen=True)
class RowView:
    """One row. facets: what it can be filtered by."""

    cells: tuple[CellView, ...]
    facets: Mapping[str, str]


@dataclass(frozen=True)
class TableView:
    """A table of a page. name: of its anchor and its files; head: the column that names the row."""

    template = "table.html.j2"
    name: str
    heading: str
    where: str
    headers: tuple[Header, ...]
    rows: tuple[RowView, ...]
    head: int
    caption: str
    notes: tuple[str, ...]
    facets: Mapping[str, str]

    def first(self, rows: int) -> TableView:
        """The same table with its first rows; its files have all of them."""
        return replace(self, rows=self.rows[:rows])


def facets(board: Board) -> dict[str, str]:
    """What a table of this board can be filtered by."""
    found = {"track": track(board), "tier": board.tier, "budget": board.budget, "search": board.search}
    return found | ({"stratum": board.stratum} if board.stratum else {})


def with_badges(table: Table, source: Source) -> Table:
    """The table with a column that says how far each row's records were repeated, if its rows are methods."""
    keys = [column.key for column in table.columns]
    if "method" not in keys or "label" not in keys or "badge" in keys:
        return table
    at, name = keys.index("label") + 1, keys.index("method")
    badge = Column("badge", "badge", "text", view="narrow" if "rank" in keys else "wide")
    rows = tuple((*row[:at], source.badge(str(row[name])), *row[at:]) for row in table.rows)
    return replace(table, columns=(*table.columns[:at], badge, *table.columns[at:]), rows=rows)


def table_view(
    table: Table,
    name: str,
    links: Callable[[str], str],
    about: Mapping[str, str] | None = None,
    whiskers: Sequence[str] = (),
) -> TableView:
    """The table for a page. links: from a method to its page; about: facets of the whole table; whiskers: keys."""
    heading, _, where = table.title.partition(": ")
    shown = _shown(table)
    keys = [column.key for column in table.columns]
    scales = {at: _scale(table, at) for at in shown if keys[at] in whiskers}
    rows = tuple(_row(table, row, shown, links, scales) for row in table.rows)
    return TableView(
        name=name,
        heading=clean(heading),
        where=clean(where),
        headers=tuple(_header(table.columns[at]) for at in shown),
        rows=rows,
        head=next((place for place, at in enumerate(shown) if keys[at] == "label"), 0),
        caption=clean(table.caption),
        notes=tuple(clean(note) for note in table.notes),
        facets=dict(about or {}),
    )


def _shown(table: Table) -> list[int]:
    """The columns that hold anything, the row's name first."""
    keep = []
    for at, column in enumerate(table.columns):
        filled = any(cell_text(column, row[at]) not in ("", EMPTY) for row in table.rows)
        if column.view != "data" and (filled or not table.rows):
            keep.append(at)
    return sorted(keep, key=lambda at: table.columns[at].key != "label")


def _look(column: Column) -> str:
    """The classes of a cell."""
    found = ("wide", column.view == "wide"), ("number", column.kind != "text"), ("badge", column.key == "badge")
    return " ".join(name for name, holds in found if holds)


def _header(column: Column) -> Header:
    words = " ".join(column.heading.split("\n")).replace("- ", "")
    unit = column.unit or {"percent": "%", "points": "points", "seconds": "s", "usd": "USD"}.get(column.kind, "")
    text = f"{words} ({unit})" if unit else words
    return Header(
        text=clean(text),
        spoken=_SPOKEN.get(column.heading, "" if column.heading else column.key.replace("_", " ")),
        type="text" if column.kind == "text" else "number",
        look=_look(column),
    )


def _row(
    table: Table,
    row: tuple[Cell, ...],
    shown: Sequence[int],
    links: Callable[[str], str],
    scales: Mapping[int, tuple[float, float]],
) -> RowView:
    known = dict(zip((column.key for column in table.columns), row, strict=True))
    strong = known.get("tied_with_best") == "*"
    cells = []
    for at in shown:
        column, cell = table.columns[at], row[at]
        whisker = _whisker(cell, scales[at]) if at in scales else None
        cells.append(
            CellView(
                text=cell_text(column, cell),
                order=_order(column, cell),
                look=_look(column),
                href=_href(column.key, known, links),
                whisker=whisker,
                strong=strong and column.key == "label",
            )
        )
    names = ("task", "badge", "kind", "track", "tier", "budget", "search", "stratum")
    own = {name: clean(str(known[name])) for name in names if known.get(name) not in (None, "")}
    return RowView(tuple(cells), own)


def _href(key: str, known: Mapping[str, Cell], links: Callable[[str], str]) -> str:
    if key == "label" and known.get("page"):
        return str(known["page"])
    owner = {"label": "method", "other_label": "other"}.get(key, "")
    return links(str(known[owner])) if owner in known else ""


def _order(column: Column, cell: Cell) -> str:
    """What the cell sorts by; numbers unrounded and without the column's unit, which all of them share."""
    if column.kind == "text":
        return clean(str(cell)).casefold() if cell is not None else ""
    value = raw_values(column, cell)[0]
    if isinstance(cell, Span):  # by the best place, then by the worst
        return repr(cell.best + cell.worst / 1e6)
    return "" if value is None else repr(float(value))


def _scale(table: Table, at: int) -> tuple[float, float]:
    """The least and the greatest end of a column's intervals."""
    ends = [
        end
        for row in table.rows
        if isinstance(cell := row[at], Interval)
        for end in (cell.low, cell.value, cell.high)
        if math.isfinite(end)
    ]
    return (min(ends), max(ends)) if ends else (0.0, 0.0)


def _whisker(cell: Cell, scale: tuple[float, float]) -> Whisker | None:
    if not isinstance(cell, Interval) or not all(math.isfinite(end) for end in cell) or scale[0] == scale[1]:
        return None

    def place(value: float) -> float:
        return round(4 + (_WHISKER_WIDTH - 8) * (value - scale[0]) / (scale[1] - scale[0]), 1)

    zero = place(0.0) if scale[0] <= 0 <= scale[1] else None
    return Whisker(place(cell.low), place(cell.value), place(cell.high), zero)
