"""The first table of a reader: the score at each search budget, with intervals and ties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.curves import search_amount, search_currency, search_groups
from leaderboard.paired import Floats, block_test
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import data_cells, score_samples, take_costs
from leaderboard.table import Cell, Column, Interval, Span, Table

__all__ = ["lead_rows", "score_tables"]

_AGAINST = {
    "flops": "total compute",
    "executions": "question executions",
    "seconds": "search time",
    "usd": "dollars",
}

_AFTER = (
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("units", "compute\nspent", "count", unit="k units"),
    Column("agent_share", "agent's\nshare", "percent", digits=1),
    Column("failed", "failed", "count", digits=0, view="wide"),
    *(Column(key, key, "text", view="data") for key in "method kind tier suite variant budget stratum".split()),
)


def score_tables(standings: Sequence[Standing], plan: Plan, first: Sequence[str] = ()) -> Iterator[Table]:
    """A table for each track (variant, inference budget, tier, ranked stratum), its search budgets side by side.

    first: the methods that stand at the top whatever their rank: the baselines to beat. Rank and letters are those
    of the largest search budget. Without a known optimum the values are accuracies, and the caption says so.
    """
    for group in search_groups(standings):
        yield _table(group, plan, first)


def lead_rows(order: Sequence[str], first: Sequence[str]) -> list[str]:
    """The methods in order, but for those that stand first."""
    leading = [method for method in first if method in order]
    return [*leading, *(method for method in order if method not in leading)]


def _table(group: Sequence[Standing], plan: Plan, first: Sequence[str]) -> Table:
    board, ranking = group[-1]
    scored = all(_everyone(point.board)["reference"].notna().all() for point in group)
    values = [_values(point, plan, scored) for point in group]
    costs = take_costs(_everyone(board), ranking.samples.blocks)
    ranked = lead_rows(ranking.order, first)
    elsewhere = sorted({method for point in group for method in point.ranking.order} - set(ranked))
    rows = []
    for method in [*ranked, *elsewhere, *sorted(board.bounds["method"].unique())]:
        cells: dict[str, Cell] = {
            f"value_{point.board.search}": found.get(method) for point, found in zip(group, values, strict=True)
        }
        if method in costs:
            cells |= {"units": costs[method].means["spent_units"], "agent_share": costs[method].agent_share}
        rows.append(_row(group, method, cells, scored))
    return Table(
        title=f"Score against {_AGAINST.get(search_currency(board), 'the search budget')}: "
        f"{captions.where(board, 'search')}",
        columns=_columns(group, scored),
        rows=tuple(rows),
        caption=_caption(group, plan, scored, ranked[: len([m for m in first if m in ranked])]),
        notes=tuple(captions.exclusions(ranking)),
    )


def _columns(group: Sequence[Standing], scored: bool) -> tuple[Column, ...]:
    smallest = search_amount(group[0].board)
    kind = ("ratio", 2) if scored else ("percent", 1)
    word = "score" if scored else "accuracy"
    values = tuple(
        Column(
            f"value_{board.search}",
            f"×{search_amount(board) / smallest:.3g}\n{board.search}"
            if len(group) > 1
            else f"{word}\n{board.search}",
            kind[0],  # type: ignore[arg-type]
            digits=kind[1],
            signed=scored,
            interval=True,
        )
        for board, _ in group
    )
    ranks = (
        Column("rank", "rank", "rank"),
        Column("letters", "ties", "text"),
        Column("tied_with_best", "*", "text"),
        Column("label", "method", "text"),
    )
    after = _AFTER if scored else _AFTER[1:]
    return (*ranks, *values, *after)


def _row(group: Sequence[Standing], method: str, cells: dict[str, Cell], scored: bool) -> tuple[Cell, ...]:
    board, ranking = next((p for p in reversed(group) if method in p.board.labels), group[-1])
    runs = _everyone(board)
    own = runs[runs["method"] == method]
    cells |= data_cells(board, method, own) | {"label": board.labels[method]}
    cells["failed"] = int((own["status"] == "method_fault").sum())
    if method in ranking.order:
        cells |= {"rank": Span(*ranking.ranks[method]), "letters": ranking.letters[method]}
        cells["tied_with_best"] = "*" if method in ranking.tied else ""
        cells["accuracy"] = Interval(*ranking.estimates[method])
    else:
        cells["label"] = f"{board.labels[method]} (bound)"
    return tuple(cells.get(column.key) for column in _columns(group, scored))


def _values(standing: Standing, plan: Plan, scored: bool) -> dict[str, Interval]:
    """By method the mean score with its t interval over blocks; else the accuracy as it was ranked."""
    board, ranking = standing
    if not scored:
        return {method: Interval(*estimate) for method, estimate in ranking.estimates.items()}
    found = score_samples(_everyone(board), ranking.samples.blocks)
    return {method: _mean(scores, 1 - plan.alpha) for method, scores in found.items() if scores.size}


def _mean(scores: Floats, level: float) -> Interval:
    if not (scores == scores).all():
        return Interval(float("nan"), float("nan"), float("nan"))
    test = block_test(scores, level)
    return Interval(test.mean_difference, test.ci_low, test.ci_high)


def _everyone(board: Board) -> pd.DataFrame:
    return pd.concat([board.runs, board.bounds]) if len(board.bounds) else board.runs


def _caption(group: Sequence[Standing], plan: Plan, scored: bool, first: Sequence[str]) -> str:
    board, ranking = group[-1]
    unit = "its instance" if board.instances else "its task"
    level = f"{1 - plan.alpha:.0%}"
    words = [captions.origin(board, ranking, plan)]
    if scored:
        words.append(
            f"Score: 0 at the mean of random graphs, 1 at the reference optimum of {unit}, unclipped; mean with a "
            f"{level} t interval over {board.units}."
        )
    else:
        words.append("No reference optimum is known, so the values are accuracies, with the board's intervals.")
    pairs = len(ranking.pairs)
    words.append(
        f"Rank, ties and * are of the largest search budget, from accuracy: all {pairs} pairs with Holm's "
        f"correction at {plan.alpha:.0%}; methods that share a letter are not separated."
    )
    if first:
        words.append(f"First rows, whatever their rank: {', '.join(board.labels[method] for method in first)}.")
    words.append("Intervals of two rows may overlap although the rows are separated: the tests are paired.")
    return " ".join(words)
