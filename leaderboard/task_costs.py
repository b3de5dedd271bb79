"""What a user of a graph asks of each task: how accurate, found how fast, and how slow to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import data_cells, take_costs
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["task_cost_tables"]

_COLUMNS = (
    Column("task", "task", "text"),
    Column("label", "method", "text"),
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("search_seconds", "search\ntime", "seconds"),
    Column("latency_serial", "latency\nserial", "seconds"),
    Column("latency_critical", "latency\ncritical", "seconds"),
    Column("latency_makespan", "latency\nmakespan", "seconds", view="wide"),
    Column("graph_units", "graph", "count", unit="units"),
    *(Column(key, key, "text", view="data") for key in "method kind tier suite variant budget".split()),
)


def task_cost_tables(tasks: Sequence[Sequence[Standing]], plan: Plan) -> Iterator[Table]:
    """A table for each board, given as the standings of its tasks; rows by task, best first."""
    for standings in tasks:
        if standings:
            yield _table(standings, plan)


def _table(standings: Sequence[Standing], plan: Plan) -> Table:
    first = standings[0].board
    rows = [row for standing in standings for row in _rows(standing)]
    return Table(
        title=f"Accuracy, search time and latency by task: {captions.where(first)}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=f"{captions.origin(*standings[0], plan)} Each task by itself; ±: {1 - plan.alpha:.0%} "
        f"interval over {first.units} of that task. Search time: modelled seconds of a run's search, "
        "geometric mean. Latency: modelled seconds a question of the recommended graph, its calls in "
        "series, along its longest path, and with few slots. Graph: its compute a question. Secondary: the "
        "plan's endpoint is the mean over all tasks.",
    )


def _rows(standing: Standing) -> Iterator[tuple[Cell, ...]]:
    board, ranking = standing
    costs = take_costs(board.runs, ranking.samples.blocks)
    for method in ranking.order:
        cells: dict[str, Cell] = {
            "task": board.tasks[0],
            "label": board.labels[method],
            "accuracy": Interval(*ranking.estimates[method]),
            "search_seconds": costs[method].search_seconds,
        }
        names = ("latency_serial", "latency_critical", "latency_makespan", "graph_units")
        cells |= {name: costs[method].means[name] for name in names}
        cells |= data_cells(board, method, board.runs[board.runs["method"] == method])
        yield tuple(cells.get(column.key) for column in _COLUMNS)
