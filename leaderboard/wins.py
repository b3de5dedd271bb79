"""How often a method does better than a baseline: a share of instances, which no outlier can make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from leaderboard import captions
from leaderboard.paired import Floats, rounded_differences
from leaderboard.proportions import proportion_ci
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import data_cells
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["win_tables"]

_SHARE = Column("", "", "percent", digits=0, interval=True)


def win_tables(standings: Sequence[Standing], plan: Plan, first: Sequence[str] = ()) -> Iterator[Table]:
    """A table for each full, ranked board: the share of blocks won against each baseline, ties counted half.

    The baselines are `first` and the plan's reference. Against a fixed opponent, and not against everybody: so
    no other entry moves a method's share.
    """
    for standing in standings:
        board, ranking = standing
        opponents = [m for m in dict.fromkeys([*first, plan.reference]) if m in ranking.order]
        if board.full and board.ranked and opponents:
            yield _table(standing, opponents, plan)


def _table(standing: Standing, opponents: Sequence[str], plan: Plan) -> Table:
    board, ranking = standing
    columns = [Column("label", "method", "text")]
    for opponent in opponents:
        label = board.labels[opponent]
        columns += [
            replace(_SHARE, key=f"won_{opponent}", heading="\n".join(["against", *label.split()])),
            Column(f"tied_{opponent}", "tied", "percent", digits=0, view="wide"),
        ]
    columns += [Column("places", "compared", "count", digits=0)]
    columns += [Column(key, key, "text", view="data") for key in "method kind tier suite variant budget".split()]
    means = {method: _places(standing, method) for method in ranking.order}
    rows = []
    for method in ranking.order:
        cells: dict[str, Cell] = {"label": board.labels[method], "places": len(means[method])}
        for opponent in opponents:
            if opponent != method:
                cells |= _cells(means[method], means[opponent], opponent, 1 - plan.alpha)
        cells |= data_cells(board, method, board.runs[board.runs["method"] == method])
        rows.append(tuple(cells.get(column.key) for column in columns))
    place = "instances" if board.instances else "pairs of task and search seed"
    return Table(
        title=f"Share of {place} won: {captions.where(board)}",
        columns=tuple(columns),
        rows=tuple(rows),
        caption=f"{captions.origin(board, ranking, plan)} Share of {place} in which the method's recommended "
        "graph is more accurate than the baseline's; a tie counts half to each. Brackets: "
        f"{1 - plan.alpha:.0%} Wilson interval, unadjusted; an interval that holds 50 % does not say who "
        "wins more often. The size of a win does not count: many small wins and few large losses look good "
        "here, so read it beside the difference. Exploratory.",
        notes=tuple(captions.exclusions(ranking)),
    )


def _places(standing: Standing, method: str) -> Floats:
    """The accuracy at every place that counts: block by block, cell after cell."""
    return np.concatenate([matrix.mean(axis=1) for matrix in standing.ranking.samples.values[method]])


def _cells(own: Floats, other: Floats, opponent: str, level: float) -> dict[str, Cell]:
    differences, _ = rounded_differences(own, other)
    n, tied = len(differences), int((differences == 0).sum())
    won = int((differences > 0).sum()) + tied / 2
    low, high = proportion_ci(won, n, level)
    return {f"won_{opponent}": Interval(won / n, low, high), f"tied_{opponent}": tied / n}
