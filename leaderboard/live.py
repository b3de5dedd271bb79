"""The same methods in a simulated and in a measured world: does the sign of a difference survive?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["live_tables", "simulated"]

_COLUMNS = (
    Column("label", "method", "text"),
    Column("simulated", "to reference,\nsimulated", "points", digits=1, signed=True, interval=True),
    Column("live", "to reference,\nlive", "points", digits=1, signed=True, interval=True),
    Column("sign", "same sign", "text"),
    Column("method", "method", "text", view="data"),
)


def simulated(board: Board) -> bool:
    """Whether all of its answers came from statistical models."""
    return all(str(words).startswith("simulated") for words in board.runs["provenance"].unique())


def live_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each pair of full, ranked boards, one simulated and one not, with a common reference."""
    whole = [s for s in standings if s.board.full and s.board.ranked and s.ranking.against_reference]
    models = [standing for standing in whole if simulated(standing.board)]
    measured = [standing for standing in whole if not simulated(standing.board)]
    for live in measured:
        for model in models:
            if (model.board.budget, model.board.tier) == (live.board.budget, live.board.tier):
                yield _table(model, live, plan)


def _table(model: Standing, live: Standing, plan: Plan) -> Table:
    left, right = model.ranking.against_reference, live.ranking.against_reference
    rows: list[tuple[Cell, ...]] = []
    agreed = separated = 0
    for method in [method for method in model.ranking.order if method in left and method in right]:
        a, b = left[method], right[method]
        sign = "not separated in both"
        if a.separated and b.separated:
            separated += 1
            same = (a.low > 0) == (b.low > 0)
            agreed += same
            sign = "yes" if same else "no"
        values = [Interval(c.test.mean_difference, c.low, c.high) for c in (a, b)]
        rows.append((model.board.labels[method], *values, sign, method))
    return Table(
        title=f"Simulated against live: {captions.where(live.board)}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=f"Difference of accuracy to {live.board.labels[plan.reference]}, in points, with "
        f"Holm-adjusted intervals, in the simulated board ({captions.where(model.board)}) and in the live "
        f"one. Same sign in {agreed} of {separated} methods that are separated in both; a method that is not "
        "separated in both says nothing.",
    )
