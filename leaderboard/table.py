"""A table before it has a look: typed columns, raw values, and what the numbers mean in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["Cell", "Column", "Interval", "Kind", "Span", "Table", "View"]

Kind = Literal["text", "rank", "percent", "points", "ratio", "pvalue", "seconds", "count", "usd"]
"""What a column holds. Raw values are shares for percent and points, seconds, single things, dollars."""

View = Literal["narrow", "wide", "data"]
"""Where a column shows: everywhere; not in the narrow terminal table; in CSV and JSON only."""


class Interval(NamedTuple):
    """A value with the ends of its interval; infinite ends mean that none can be given."""

    value: float
    low: float
    high: float


class Span(NamedTuple):
    """The best and the worst rank that the data allow."""

    best: int
    worst: int


Cell = str | int | float | Interval | Span | None


@dataclass(frozen=True)
class Column:
    """One column. key: in CSV and JSON. heading, unit: for readers; unit k or M divides counts when shown.

    digits: decimals shown; None: three significant figures. signed: show a plus. interval: the cells are
    Intervals. width: characters after which the terminal folds a text.
    """

    key: str
    heading: str
    kind: Kind
    unit: str = ""
    digits: int | None = None
    view: View = "narrow"
    signed: bool = False
    interval: bool = False
    width: int = 24


@dataclass(frozen=True)
class Table:
    """Title, columns, rows (one cell a column), caption, notes; `leaderboard.render` gives it a look."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"rows: {len(row)} cells for {len(self.columns)} columns")

    def column(self, key: str) -> list[Cell]:
        """The raw cells of one column, top to bottom. KeyError when there is no such column."""
        for position, column in enumerate(self.columns):
            if column.key == key:
                return [row[position] for row in self.rows]
        raise KeyError(key)
