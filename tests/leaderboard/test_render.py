"""Five looks of one table, whole outputs."""

import csv
import io
import json
import re

import pytest

from leaderboard.render import render
from leaderboard.table import Column, Interval, Span, Table

COLUMNS = (
    Column("rank", "rank", "rank"),
    Column("label", "method", "text"),
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("units", "com-\npute", "count", unit="k units"),
    Column("note", "note", "text", view="wide"),
    Column("empty", "never filled", "usd"),
    Column("plan", "plan", "text", view="data"),
)
TABLE = Table(
    title="A & B",
    columns=COLUMNS,
    rows=(
        (Span(1, 2), "one_*|<b>\\", Interval(0.51239, 0.5, 0.52478), 41000.0, "50 % {x}", None, "p"),
        (None, "=SUM(A1)", 0.4, None, "", None, "p"),
    ),
    caption="What ± is",
    notes=("#1 note",),
)


def test_terminal():
    assert (
        render(TABLE)
        == """\
A & B

----  ----------  ---------  ---------
rank  method       accuracy       com-
                        (%)       pute
                             (k units)
----  ----------  ---------  ---------
1-2   one_*|<b>\\  51.2 ±1.2       41.0
–     =SUM(A1)         40.0          –
----  ----------  ---------  ---------

What ± is
note: #1 note
"""
    )


def squeezed(text):
    """Runs of spaces and rules shortened: the padding is tabulate's affair."""
    return re.sub(r"-{3,}", "-", re.sub(r" +", " ", text))


def test_markdown():
    expected = r"""### A &amp; B

| rank | method | accuracy (%) | compute (k units) | note |
|:-|:-|-:|-:|:-|
| 1-2 | one\_\*\|&lt;b&gt;\\ | 51.2 ±1.2 | 41.0 | 50 % {x} |
| – | =SUM(A1) | 40.0 | – | |

What ± is

- #1 note
"""

    assert squeezed(render(TABLE, "md")) == expected


def test_csv_has_every_column_raw_and_no_formula():
    text = render(TABLE, "csv")

    assert list(csv.DictReader(io.StringIO(text))) == [
        {
            "rank_best": "1", "rank_worst": "2", "label": "one_*|<b>\\", "accuracy": "0.51239",
            "accuracy_low": "0.5", "accuracy_high": "0.52478", "units": "41000.0", "note": "50 % {x}",
            "empty": "", "plan": "p",
        },
        {
            "rank_best": "", "rank_worst": "", "label": "'=SUM(A1)", "accuracy": "0.4", "accuracy_low": "",
            "accuracy_high": "", "units": "", "note": "", "empty": "", "plan": "p",
        },
    ]  # fmt: skip
    assert "\r" not in text


@pytest.mark.parametrize("start", [*"=+-@＝", "\t=", " @", "\x1b[0m-"])
def test_cells_that_a_spreadsheet_would_run_are_quoted(start):
    table = Table("t", (Column("label", "method", "text"),), ((f"{start}1+1",),), "")
    (cell,) = csv.DictReader(io.StringIO(render(table, "csv")))

    assert cell["label"].startswith("'")


def test_negative_numbers_stay_numbers():
    table = Table("t", (Column("d", "d", "points"),), ((-0.25,),), "")

    assert render(table, "csv") == "d\n-0.25\n"


def test_json():
    data = json.loads(render(TABLE, "json"))

    assert (data["title"], data["caption"], data["notes"]) == ("A & B", "What ± is", ["#1 note"])
    assert data["columns"][2]["names"] == ["accuracy", "accuracy_low", "accuracy_high"]
    assert data["rows"][0]["accuracy"] == 0.51239 and data["rows"][1]["accuracy_low"] is None
    assert data["rows"][1]["label"] == "=SUM(A1)"


def test_latex_is_escaped():
    expected = r"""\begin{table}
\centering
\caption{A \& B. What \ensuremath{\pm} is}
\begin{tabular}{llrrl}
\toprule
 rank & method & accuracy (\%) & compute (k units) & note \\
\midrule
 1-2 & one\_*|\ensuremath{<}b\ensuremath{>}\textbackslash{} & 51.2 \ensuremath{\pm}1.2 & 41.0 & 50 \% \{x\} \\
 -- & =SUM(A1) & 40.0 & -- & \\
\bottomrule
\end{tabular}
\par\footnotesize \#1 note
\end{table}
"""

    assert re.sub(r" +", " ", render(TABLE, "latex")) == expected


def test_wide_shows_what_the_narrow_table_leaves_out():
    assert "50 % {x}" not in render(TABLE)
    assert "50 % {x}" in render(TABLE, wide=True)
    assert "never filled" not in render(TABLE, wide=True)


@pytest.mark.parametrize("format", ["table", "md", "csv", "latex", "json"])
def test_no_escape_sequence_passes(format):
    evil = "\x1b[2Jname\u202e"
    table = Table(evil, (Column("label", "method", "text"),), ((evil,),), evil, (evil,))

    assert not set("\x1b\u202e") & set(render(table, format))
    assert "name" in render(table, format)


@pytest.mark.parametrize("format", ["table", "md", "csv", "latex", "json"])
def test_a_table_without_rows_is_still_a_table(format):
    assert "label" in render(Table("t", (Column("label", "label", "text"),), (), "c"), format)


def test_long_names_are_folded():
    table = Table("t", (Column("label", "method", "text"),), (("Agent-REINFORCE (scripted agent)",),), "")

    assert "Agent-REINFORCE\n(scripted agent)\n" in render(table)


def test_bad_tables_and_formats_are_refused():
    with pytest.raises(ValueError, match="format: one of table, md, csv, latex, json, not 'html'"):
        render(TABLE, "html")
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Table("t", COLUMNS[:2], (("x",),), "")
    with pytest.raises(KeyError):
        TABLE.column("nothing")
