"""One cell: as text for a reader, as plain values for a program."""

from __future__ import annotations

import math
import re
import unicodedata

from leaderboard.table import Cell, Column, Interval, Span

__all__ = ["cell_text", "clean", "raw_names", "raw_values"]

EMPTY = "–"

_SCALE = {"percent": 100.0, "points": 100.0}
_UNIT_SCALE = {"k": 1e-3, "M": 1e-6}
# Escape sequences go whole: dropping only the escape character would leave "[31m" in a name.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def clean(text: str) -> str:
    """Text of others made harmless: no terminal escapes, no control or direction characters, one line."""
    text = re.sub(r"\s+", " ", _ESCAPES.sub("", text))
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")).strip()


def cell_text(column: Column, cell: Cell) -> str:
    """A cell as a reader sees it: scaled to the column's unit and rounded."""
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, Span):
        return str(cell.best) if cell.best == cell.worst else f"{cell.best}-{cell.worst}"
    if isinstance(cell, Interval):
        return _interval_text(column, cell)
    if cell is None and column.kind == "text":
        return ""
    return EMPTY if cell is None or math.isnan(cell) else _number_text(column, cell)


def raw_names(column: Column) -> list[str]:
    """Names of the plain columns that a column becomes; rank and intervals become several."""
    if column.kind == "rank":
        return [f"{column.key}_best", f"{column.key}_worst"]
    if column.interval:
        return [column.key, f"{column.key}_low", f"{column.key}_high"]
    return [column.key]


def raw_values(column: Column, cell: Cell) -> list[str | int | float | None]:
    """The values under `raw_names`, to 12 significant figures; None where there is no finite number.

    The figures beyond depend on the processor's arithmetic, and the same records must give the same bytes.
    """
    names = raw_names(column)
    if isinstance(cell, str):
        return [clean(cell)]
    parts = list(cell) if isinstance(cell, tuple) else [cell]
    parts += [None] * (len(names) - len(parts))
    return [_rounded(part) if part is not None and math.isfinite(part) else None for part in parts]


def _rounded(value: int | float) -> int | float:
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _interval_text(column: Column, cell: Interval) -> str:
    value = cell_text(column, cell.value)
    if not (math.isfinite(cell.low) and math.isfinite(cell.high)):
        return value
    up, down = cell.high - cell.value, cell.value - cell.low
    if up == down == 0:
        return f"{value} (const)"
    if math.isclose(up, down, rel_tol=1e-6, abs_tol=1e-9):
        return f"{value} ±{_number_text(column, up).lstrip('+')}"
    return f"{value} [{_number_text(column, cell.low)}, {_number_text(column, cell.high)}]"


def _number_text(column: Column, value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if column.kind == "pvalue":
        return "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")
    scaled = value * _SCALE.get(column.kind, 1.0) * _UNIT_SCALE.get(column.unit[:1], 1.0)
    digits = _decimals(column, scaled) if column.digits is None else column.digits
    text = f"{scaled:{'+' if column.signed else ''},.{digits}f}"
    # A rounded zero has no sign: "-0.0" would claim a direction.
    return text.lstrip("+-") if not re.search("[1-9]", text) else text


def _decimals(column: Column, value: float) -> int:
    """Decimals that show three significant figures, six at most; money has cents, and two figures below."""
    if column.kind == "usd":
        return 2 if abs(value) >= 0.1 or value == 0 else min(6, 1 - math.floor(math.log10(abs(value))))
    return 0 if value == 0 else min(6, max(0, 2 - math.floor(math.log10(abs(value)))))
