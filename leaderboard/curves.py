"""A rank is a curve over search budgets: one row a method, one column a search budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import Costs, take_costs
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["TRACKS", "curve_groups", "curve_tables", "search_amount", "search_currency", "search_groups"]

TRACKS = {
    "executions": "Track executions: equal question executions.",
    "flops": "Track compute: equal compute, the agent's included.",
    "seconds": "Track time: equal modelled search time.",
    "usd": "Track dollars: equal dollars, the agent's included.",
}


def curve_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each variant, budget and ranked stratum that has several search budgets."""
    for group in curve_groups(standings):
        yield _curve(group, plan)


def curve_groups(standings: Sequence[Standing]) -> Iterator[list[Standing]]:
    """The groups of `search_groups` that have several budgets."""
    yield from (group for group in search_groups(standings) if len(group) > 1)


def search_groups(standings: Sequence[Standing]) -> Iterator[list[Standing]]:
    """What differs in the search budget alone, smallest budget first; ranked strata only."""
    groups: dict[tuple[str, ...], list[Standing]] = {}
    for standing in standings:
        board = standing.board
        if board.ranked:
            key = (board.suite, board.variant, board.budget, board.tier, board.stratum, search_currency(board))
            groups.setdefault(key, []).append(standing)
    for group in groups.values():
        yield sorted(group, key=lambda standing: search_amount(standing.board))


def _curve(points: Sequence[Standing], plan: Plan) -> Table:
    """The same verdicts as the boards', side by side; rows in the order of the largest budget."""
    last = points[-1].board
    known = [plan.reference in point.ranking.order for point in points]
    everyone = dict.fromkeys(method for point in reversed(points) for method in point.ranking.order)
    columns = [Column("label", "method", "text")]
    for point, difference in zip(points, known, strict=True):
        columns += _columns(point.board, search_amount(points[0].board), difference)
    costs = {p.board.search: take_costs(p.board.runs, p.ranking.samples.blocks) for p in points}
    rows = []
    for method in everyone:
        row: list[Cell] = [next(p.board.labels[method] for p in reversed(points) if method in p.board.labels)]
        for point, difference in zip(points, known, strict=True):
            row += _cells(point, method, costs[point.board.search], difference)
        rows.append((*row, method))
    spoken = [
        TRACKS.get(search_currency(last), f"Track {search_currency(last)}."),
        _level_words(points, known, plan),
        "Methods that share a letter in a column are not separated there.",
        "Read along a row whether a lead holds, shrinks or turns as the search budget grows; a method that is "
        "good at one budget is good at that one. Rows in the order of the largest budget.",
    ]
    return Table(
        title=f"Curve over search budgets: {captions.where(last, 'search')}",
        columns=(*columns, Column("method", "method", "text", view="data")),
        rows=tuple(rows),
        caption=" ".join(spoken),
    )


def _columns(board: Board, smallest: float, difference: bool) -> list[Column]:
    heading = f"×{search_amount(board) / smallest:.3g}\n{board.search}"
    value = (
        Column(f"difference_{board.search}", heading, "points", digits=1, signed=True, interval=True)
        if difference
        else Column(f"accuracy_{board.search}", heading, "percent", digits=1, interval=True)
    )
    score = Column(f"score_{board.search}", f"score\n{board.search}", "ratio", digits=2, signed=True, view="wide")
    return [value, Column(f"letters_{board.search}", "ties", "text"), score]


def _cells(point: Standing, method: str, costs: dict[str, Costs], difference: bool) -> list[Cell]:
    ranking = point.ranking
    if method not in ranking.estimates:
        return [None, None, None]
    found = ranking.against_reference.get(method)
    value: Cell = None if difference else Interval(*ranking.estimates[method])
    if found is not None:
        value = Interval(found.test.mean_difference, found.low, found.high)
    return [value, ranking.letters[method], costs[method].score]


def _level_words(points: Sequence[Standing], known: Sequence[bool], plan: Plan) -> str:
    """What the values are, and the reference's own accuracy, without which differences have no level."""
    if not all(known):
        return (
            "Values: mean accuracy where the reference method has no runs, else differences to it, with intervals."
        )
    board = points[-1].board
    levels = [100 * point.ranking.estimates[plan.reference].mean for point in points]
    label = board.labels[plan.reference]
    return (
        f"Values: mean difference of true accuracy to {label}, in points, with Holm-adjusted "
        f"{1 - plan.alpha:.0%} intervals over {board.units}, the same as in the board of that budget; "
        f"{label} itself reaches {', '.join(f'{level:.1f}' for level in levels)} %."
    )


def search_currency(board: Board) -> str:
    """What its search budget is counted in."""
    return str(board.runs["search_currency"].iloc[0])


def search_amount(board: Board) -> float:
    """Its search budget, in its currency."""
    return float(board.runs["search_amount"].iloc[0])
