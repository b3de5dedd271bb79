"""Where the regret is: graphs that the search never visited, or one that it visited and did not recommend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import take_costs
from leaderboard.table import Cell, Column, Table

__all__ = ["regret_tables"]

_COLUMNS = (
    Column("label", "method", "text"),
    Column("regret", "regret", "points", digits=1),
    Column("never_visited", "never\nvisited", "points", digits=1),
    Column("not_recommended", "visited, not\nrecommended", "points", digits=1),
    Column("best_visited", "best\nvisited", "percent", digits=1),
    Column("method", "method", "text", view="data"),
)


def regret_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked board whose runs say how good the best graph was that they evaluated."""
    for board, ranking in standings:
        known = board.runs["best_visited"].notna() & board.runs["reference"].notna()
        if not (board.full and board.ranked and known.any()):
            continue
        costs = take_costs(board.runs[known], ranking.samples.blocks)
        rows = [_row(board.labels[m], m, costs[m].means) for m in ranking.order if m in costs]
        yield Table(
            title=f"Regret split: {captions.where(board)}",
            columns=_COLUMNS,
            rows=tuple(rows),
            caption=f"Regret, in points of true accuracy, mean over {board.units}: reference minus recommended "
            "graph. It is the sum of two parts: reference minus the best graph that the search evaluated (never "
            "visited: better proposals would help), and that graph minus the recommended one (visited, not "
            "recommended: more questions, or a better choice among what was seen, would help). Below 0 where the "
            "reference is a lower bound, or where the recommended graph was never evaluated. Runs that evaluated "
            "nothing are not counted.",
        )


def _row(label: str, method: str, means: dict[str, float]) -> tuple[Cell, ...]:
    reference, visited, accuracy = means["reference"], means["best_visited"], means["accuracy"]
    return label, reference - accuracy, reference - visited, visited - accuracy, visited, method
