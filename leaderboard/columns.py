"""The columns of the tables of one board, in order."""

from __future__ import annotations

from dataclasses import replace

from leaderboard.table import Column

__all__ = ["BY_TASK", "INSTANCES", "OVERALL", "PAIRWISE", "SHARED_DATA"]

SHARED_DATA: tuple[Column, ...] = tuple(
    Column(key, key, "text", view="data")
    for key in "method kind tier suite suite_version plan variant budget search stratum provenance".split()
)
"""Columns that make a row of CSV or JSON stand on its own."""

_RANKED = (
    Column("rank", "rank", "rank"),
    Column("letters", "ties", "text"),
    Column("tied_with_best", "*", "text"),
    Column("label", "method", "text"),
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("difference", "to reference", "points", digits=1, signed=True, interval=True),
    Column("pvalue_holm", "p\nHolm", "pvalue"),
    Column("regret", "regret", "points", digits=1),
)
_SCORE = Column("score", "score", "ratio", digits=2, signed=True)
_FAILED = Column("failed", "failed", "count", digits=0)
_RUNS = (Column("runs", "runs", "count", digits=0, view="wide"), _FAILED)
_NOTE = Column("note", "note", "text", view="wide")

OVERALL = (
    *_RANKED,
    Column("search_seconds", "search", "seconds"),
    Column("latency_serial", "latency\nserial", "seconds"),
    Column("latency_critical", "latency\ncritical", "seconds"),
    Column("executions", "execu-\ntions", "count", digits=0),
    Column("node_calls", "node\ncalls", "count", unit="k", view="wide"),
    Column("units", "compute", "count", unit="k units"),
    Column("prompt_tokens", "prompt\ntokens", "count", unit="M", view="wide"),
    Column("completion_tokens", "completion\ntokens", "count", unit="M", view="wide"),
    Column("usd", "cost", "usd"),
    Column("agent_share", "agent", "percent", digits=1),
    *_RUNS,
    Column("infra", "not\nrun", "count", digits=0, view="wide"),
    Column("optimizer_seconds", "optimizer\nCPU, measured", "seconds", view="wide"),
    _NOTE,
    *SHARED_DATA,
)
INSTANCES = (
    *_RANKED,
    _SCORE,
    *(
        replace(column, view="wide") if column.key == "latency_serial" else column
        for column in OVERALL[len(_RANKED) :]
    ),
)
"""The overall table of a family of worlds: what a score compares are instances of unlike difficulty."""

BY_TASK = (
    *_RANKED,
    _SCORE,
    Column("latency_serial", "latency\nserial", "seconds"),
    Column("latency_critical", "latency\ncritical", "seconds"),
    Column("latency_makespan", "latency\nmakespan", "seconds"),
    Column("graph_units", "graph", "count", unit="units"),
    *_RUNS,
    Column("reference", "reference", "percent", view="data"),
    Column("headroom", "headroom", "points", view="data"),
    _NOTE,
    Column("task", "task", "text", view="data"),
    *SHARED_DATA,
)
PAIRWISE = (
    Column("label", "method", "text"),
    Column("difference", "difference", "points", digits=1, signed=True, interval=True),
    Column("adjusted", "Holm-adjusted", "points", digits=1, signed=True, interval=True),
    Column("pvalue", "p", "pvalue"),
    Column("pvalue_holm", "p\nHolm", "pvalue"),
    Column("pvalue_flips", "p\nsign flips", "pvalue"),
    Column("df", "df", "ratio", digits=1),
    Column("detectable", "detectable", "points", digits=1),
    Column("separated", "separated", "text"),
    Column("matters", "matters", "text"),
    *SHARED_DATA,
)
