"""One cell as text and as plain values."""

import math

import pytest

from leaderboard.cells import cell_text, clean, raw_names, raw_values
from leaderboard.table import Column, Interval, Span

PERCENT = Column("accuracy", "accuracy", "percent", digits=1, interval=True)
POINTS = Column("difference", "difference", "points", digits=1, signed=True, interval=True)


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        (PERCENT, 0.5234, "52.3"),
        (PERCENT, Interval(0.5234, 0.5124, 0.5344), "52.3 ±1.1"),
        (PERCENT, Interval(0.99, 0.95, 0.995), "99.0 [95.0, 99.5]"),
        (PERCENT, Interval(0.5, -math.inf, math.inf), "50.0"),
        (PERCENT, Interval(0.5, 0.5, 0.5), "50.0 (const)"),
        (POINTS, Interval(0.021, 0.010, 0.032), "+2.1 ±1.1"),
        (POINTS, -0.0004, "0.0"),
        (POINTS, 0.0, "0.0"),
        (Column("rank", "rank", "rank"), Span(1, 4), "1-4"),
        (Column("rank", "rank", "rank"), Span(2, 2), "2"),
        (Column("p", "p", "pvalue"), 0.0499, ".050"),
        (Column("p", "p", "pvalue"), 0.0002, "<.001"),
        (Column("p", "p", "pvalue"), 1.0, "1.000"),
        (Column("units", "units", "count", unit="k"), 41_234.0, "41.2"),
        (Column("units", "units", "count", unit="k units"), 41_234.0, "41.2"),
        (Column("tokens", "tokens", "count", unit="M"), 2_400_000, "2.40"),
        (Column("executions", "executions", "count", digits=0), 3000.0, "3,000"),
        (Column("s", "s", "seconds"), 7388.2, "7,388"),
        (Column("s", "s", "seconds"), 0.01234, "0.0123"),
        (Column("s", "s", "seconds"), 0.0, "0"),
        (Column("usd", "usd", "usd"), 0.57, "0.57"),
        (Column("usd", "usd", "usd"), 1234.5, "1,234.50"),
        (Column("usd", "usd", "usd"), 0.00123, "0.0012"),
        (Column("x", "x", "count"), None, "–"),
        (Column("x", "x", "count"), math.nan, "–"),
        (Column("x", "x", "text"), None, ""),
    ],
)
def test_text(column, cell, text):
    assert cell_text(column, cell) == text


def test_raw_values_have_twelve_figures_and_names():
    assert raw_names(PERCENT) == ["accuracy", "accuracy_low", "accuracy_high"]
    assert raw_values(PERCENT, Interval(1 / 3, 0.1, 0.9)) == [0.333333333333, 0.1, 0.9]
    assert raw_values(PERCENT, Interval(1 / 3, -math.inf, math.inf)) == [0.333333333333, None, None]
    assert raw_values(PERCENT, None) == [None, None, None]
    assert raw_names(Column("rank", "rank", "rank")) == ["rank_best", "rank_worst"]
    assert raw_values(Column("rank", "rank", "rank"), Span(1, 4)) == [1, 4]
    assert raw_values(Column("s", "s", "seconds"), math.nan) == [None]


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "31mred"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("  ±μ×  ", "±μ×"),
    ],
)
def test_text_of_others_is_made_harmless(text, harmless):
    assert clean(text) == harmless
    assert cell_text(Column("label", "method", "text"), text) == harmless
    assert raw_values(Column("label", "method", "text"), text) == [harmless]
