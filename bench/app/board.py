"""From records to the text of a leaderboard."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.errors import IsobudgetError
from bench.frames import Records
from bench.records import load_records
from bench.suite import Suite, list_suites, load_suite

if TYPE_CHECKING:
    import pandas as pd

    from leaderboard.ranks import Plan

__all__ = ["board_text", "plan_of", "read_records", "write_text"]


def read_records(path: Path) -> Records:
    """The records at `path`; broken files are named on standard error and left out."""
    records = load_records(path)
    for error in records.broken:
        click.echo(f"isobudget: left out: {error}", err=True)
    if not records.records:
        broken = f" ({len(records.broken)} broken files)" if records.broken else ""
        raise IsobudgetError(f"no whole record in {path}{broken}: isobudget run quick -o {path} makes some")
    return records


def board_text(
    records: Records,
    form: str,
    wide: bool,
    overall: bool = False,
    suite: Suite | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The tables of a set of records in one format.

    overall: what a reader wants first, and how to see the rest. suite: where the records are of one that has no
    name here. only: for `variant`, `stratum` and `search` the values to keep (none: all).
    """
    from leaderboard import leaderboard_tables, overview, render

    runs, questions = _kept(records.runs_df(), only or {}), records.questions_df()
    texts = []
    for name, own in runs.groupby("suite"):
        plan = plan_of(str(name), str(own["plan"].iloc[0]), suite)
        if overall:
            tables, rest = overview(own, questions, plan)
        else:
            tables, rest = leaderboard_tables(own, questions, plan), ""
        texts += [render(table, form, wide=wide) for table in tables]  # type: ignore[arg-type]
        if rest:
            texts.append(f"more boards: isobudget leaderboard RESULTS, or part of them with {rest}\n")
    return "\n\n".join(texts)


def _kept(runs: pd.DataFrame, only: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The runs with the asked values; an error names the value that no run has."""
    for name, values in only.items():
        there = sorted(set(runs[name]) - {""})
        for value in values:
            if value not in there:
                among = f"there are {', '.join(there)}" if there else "these records have none"
                raise IsobudgetError(f"no run has {name} '{value}': {among}")
        if values:
            runs = runs[runs[name].isin(values)]
    if runs.empty:
        raise IsobudgetError("no run has all of these values of --variant, --stratum and --search at once")
    return runs


def plan_of(name: str, stamp: str, given: Suite | None) -> Plan:
    """What the suite with this plan hash fixed beforehand; where it is not here the defaults, which tables say."""
    from leaderboard.ranks import Plan

    named = [load_suite(name)] if name in list_suites() else []
    for suite in filter(None, (given, *named)):
        if suite.plan_hash == stamp:
            fixed = {field.name for field in fields(Plan)} & set(suite.plan)
            return Plan(**{name: suite.plan[name] for name in fixed})
    return Plan(assumed=True)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    Path(temporary).replace(path)
