"""Where nothing is to be found: the obvious is optimal, so a rank would order luck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from leaderboard.boards import Board
from leaderboard.ranks import Plan
from leaderboard.table import Column, Table

__all__ = ["trap_tables", "trapped"]

TRAP = 0.005
"""Headroom, a share, below which a cell holds nothing to find."""

_COLUMNS = (
    Column("place", "instance", "text"),
    Column("task", "task", "text"),
    Column("stratum", "stratum", "text"),
    Column("reference", "reference", "percent", digits=1),
    Column("best_fixed", "best\nfixed", "percent", digits=1),
    Column("random_search", "random\nsearch", "percent", digits=1),
    Column("over_fixed", "headroom\nover fixed", "points", digits=1),
    Column("over_random", "headroom\nover random", "points", digits=1),
)


def trapped(board: Board) -> list[str]:
    """The tasks of a board that hold nothing to find."""
    places = _places([board])
    tasks = places.groupby("task")[["over_fixed", "over_random"]].mean().min(axis=1)
    return sorted(str(task) for task in tasks[tasks < TRAP].index)


def trap_tables(boards: Sequence[Board], plan: Plan) -> Iterator[Table]:
    """A table for each suite and budget: instances of a family, or tasks where the plan sets traps apart."""
    groups: dict[tuple[str, str], list[Board]] = {}
    for board in boards:
        if board.full and (board.instances or plan.traps == "apart"):
            groups.setdefault((board.suite, board.budget), []).append(board)
    for (suite, budget), group in groups.items():
        places = _places(group)
        nothing = places[["over_fixed", "over_random"]].min(axis=1) < TRAP
        found = places[nothing | (places["stratum"] == "trap")]
        if not found.empty:
            yield _table(f"suite {suite}, budget {budget}", found, len(places))


def _table(where: str, found: pd.DataFrame, among: int) -> Table:
    names = [column.key for column in _COLUMNS]
    rows = [
        tuple(None if isinstance(value, float) and pd.isna(value) else value for value in row)
        for row in found[names].itertuples(index=False, name=None)
    ]
    return Table(
        title=f"Traps: {where}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=f"{len(found)} of {among}: the reference is less than {100 * TRAP:g} points above the best fixed "
        "architecture or above random search, or the stratum is that of traps. There is nothing to find here, so "
        "no method is ranked by it. Accuracies are exact; the reference may be a lower bound.",
    )


def _places(boards: Sequence[Board]) -> pd.DataFrame:
    """One row an instance, or a task in one world, with its headroom."""
    runs = pd.concat([board.runs for board in boards])
    values = ["reference", "best_fixed", "random_search"]
    by = ["stratum", "task", "world", "space", "pool"]
    places = runs.groupby(by)[values].mean().reset_index().drop_duplicates(["stratum", "task", "world"])
    return places.assign(
        place=places["world"],
        over_fixed=places["reference"] - places["best_fixed"],
        over_random=places["reference"] - places["random_search"],
    )
