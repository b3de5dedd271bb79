"""Intention to treat: what was scheduled, run, failed and missing, and whether the gaps could turn a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.ranks import Comparison, Plan, Ranking, Standing, rank
from leaderboard.samples import own_questions
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.verdicts import letter
from leaderboard.wide.common import METHOD, TEXT, footing, whole

__all__ = ["failure_tables"]

_WORDS = {"b": "better", "w": "worse", "t": "not separated"}

_COLUMNS = (
    TEXT,
    *(
        Column(key, key, "count", digits=0)
        for key in ("scheduled", "run", "failed", "imputed", "missing", "unanswered")
    ),
    Column("difference", "difference", "points", digits=1, signed=True, interval=True),
    Column("lowest", "at worst", "points", digits=1, signed=True, interval=True),
    Column("highest", "at best", "points", digits=1, signed=True, interval=True),
    Column("verdict", "verdict", "text"),
    METHOD,
)


def failure_tables(
    standings: Sequence[Standing], plan: Plan, questions: pd.DataFrame | None = None
) -> Iterator[Table]:
    """A table for each full, ranked board; questions: the answers, where nothing is exact."""
    for standing in whole(standings):
        board, ranking = standing
        ends = _bounds(standing, plan, questions)
        rows = tuple(_row(standing, method, ends, questions) for method in ranking.order)
        family = len(ranking.against_reference)
        yield Table(
            title=f"Failures: {captions.where(board)}",
            columns=_COLUMNS,
            rows=rows,
            caption="Runs by what became of them; every scheduled run counts. Scheduled: a run of every block "
            "that "
            "any method has here. Failed: broken by the method; imputed: of these, scored with what the run had "
            "(its incumbent, or the fallback graph), an unanswered question as wrong. Missing: lost to "
            "infrastructure or not run; unanswered: test questions lost so. The difference to "
            f"{board.labels.get(plan.reference, plan.reference)}, in points, leaves a block with a gap out for "
            "all "
            "methods; at worst: every gap of the method counts as 0 and every gap of the reference as 1; at best: "
            "the other way round. Verdict: the same in all three, or not determined. Intervals: "
            f"{1 - plan.alpha:.0%}, adjusted by Holm over {captions.counted(family, 'comparison')}. "
            f"{footing(standing, plan)}",
            notes=tuple(captions.exclusions(ranking)),
        )


def _row(
    standing: Standing, method: str, ends: Sequence[Ranking], questions: pd.DataFrame | None
) -> tuple[Cell, ...]:
    board, ranking = standing
    found = [of.against_reference.get(method) for of in (ranking, *ends)]
    cells: dict[str, Cell] = {"label": board.labels[method], "method": method, **_counts(board, method, questions)}
    if found[0] is not None:
        known = [comparison for comparison in found if comparison is not None]
        intervals = [Interval(c.test.mean_difference, c.low, c.high) for c in known]
        cells |= zip(("difference", "lowest", "highest"), intervals, strict=True)
        cells["verdict"] = _verdict(known)
    return tuple(cells.get(column.key) for column in _COLUMNS)


def _verdict(found: Sequence[Comparison]) -> str:
    letters = {letter(comparison) for comparison in found}
    return _WORDS[letters.pop()] if len(letters) == 1 else "not determined"


def _counts(board: Board, method: str, questions: pd.DataFrame | None) -> dict[str, Cell]:
    status = board.runs.loc[board.runs["method"] == method, "status"]
    scheduled = len(_scheduled(board))
    run, failed = int((status != "infra").sum()), int((status == "method_fault").sum())
    lost = 0
    if questions is not None and not questions.empty and board.runs["accuracy"].isna().all():
        own = own_questions(board, questions)
        lost = int(((own["method"] == method) & (own["kind"] == "infra_error")).sum())
    return {
        "scheduled": scheduled,
        "run": run,
        "failed": failed,
        "imputed": failed,
        "missing": scheduled - run,
        "unanswered": lost,
    }


def _scheduled(board: Board) -> list[tuple[str, int, int]]:
    """(cell, block, seed) of every run that a method of this board should have."""
    places = sorted(set(zip(board.runs["block"], board.runs["seed"], strict=True)))
    return [(cell, int(block), int(seed)) for cell, (block, seed) in product(board.cells, places)]


def _bounds(standing: Standing, plan: Plan, questions: pd.DataFrame | None) -> list[Ranking]:
    """The verdicts with every gap at its worst, and at its best, for the methods other than the reference."""
    board, ranking = standing
    if not ranking.against_reference:
        return [ranking, ranking]
    live = not ranking.samples.exact
    found = []
    for own, other in ((0.0, 1.0), (1.0, 0.0)):
        worth = {method: other if method == plan.reference else own for method in board.methods}
        filled, asked = _filled(board, worth), questions
        if live and questions is not None:
            asked = _answered(board, questions, worth)
        unchanged = filled is board and asked is questions
        found.append(ranking if unchanged else rank(filled, asked, plan))
    return found


def _filled(board: Board, worth: dict[str, float]) -> Board:
    """The board with a whole run for every gap, its accuracy what the method's gaps are worth."""
    runs = board.runs
    there = set(zip(runs["method"], runs["cell"], runs["block"], runs["seed"], strict=True))
    lost = runs["status"] == "infra"
    gaps = [(m, *place) for m in board.methods for place in _scheduled(board) if (m, *place) not in there]
    if not gaps and not lost.any():
        return board
    exact = bool(runs.loc[~lost, "accuracy"].notna().all())
    kept = runs.copy()
    kept.loc[lost, "status"] = "ok"
    if exact:
        kept.loc[lost, "accuracy"] = kept.loc[lost, "method"].map(worth)
    parts = [kept]
    for method, cell, block, seed in gaps:
        like = kept[(kept["cell"] == cell) & (kept["block"] == block) & (kept["seed"] == seed)].iloc[:1]
        own = runs[runs["method"] == method].iloc[0]
        parts.append(
            like.assign(
                **{name: own[name] for name in ("method", "label", "kind", "note")},
                status="ok",
                accuracy=worth[method] if exact else float("nan"),
            )
        )
    return replace(board, runs=pd.concat(parts, ignore_index=True))


def _answered(board: Board, questions: pd.DataFrame, worth: dict[str, float]) -> pd.DataFrame:
    """The answers with every gap, of a missing run or an infrastructure error, right or wrong as it is worth."""
    asked = own_questions(board, questions)
    lost = asked["kind"] == "infra_error"
    faults = board.runs[board.runs["status"] == "method_fault"]
    broken = set(zip(faults["method"], faults["task"], faults["seed"], strict=True))
    rows = asked.copy()
    rows.loc[lost, "correct"] = rows.loc[lost, "method"].map(worth) == 1.0
    rows.loc[lost, "kind"] = rows.loc[lost, "correct"].map({True: "correct", False: "wrong"})
    items = {task: sorted(set(own["question"])) for task, own in asked.groupby("task")}
    there = set(zip(asked["method"], asked["task"], asked["seed"], strict=True))
    parts = [rows]
    for method, (task, _, seed) in product(board.methods, _scheduled(board)):
        if (method, task, seed) in there or (method, task, seed) in broken:
            continue
        like = asked[asked["task"] == task].iloc[:1]
        right = worth[method] == 1.0
        new = like.loc[like.index.repeat(len(items[task]))].assign(
            method=method,
            seed=seed,
            question=items[task],
            kind="correct" if right else "wrong",
            correct=right,
        )
        parts.append(new)
    return questions if not lost.any() and len(parts) == 1 else pd.concat(parts, ignore_index=True)
