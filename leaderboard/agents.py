"""What the optimizer's own LLM costs, and what is left of a gain when that is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.effects import differing
from leaderboard.ranks import Plan, Ranking, Standing
from leaderboard.rows import take_costs
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["agent_tables"]


def agent_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked board of equal compute on which some method asked an LLM of its own.

    Beside it stands the board of equal executions that differs in nothing but the track.
    """
    whole = [s for s in standings if s.board.full and s.board.ranked]
    for standing in whole:
        board = standing.board
        if board.setting["search_currency"] != "flops" or not (board.runs["agent_units"] > 0).any():
            continue
        twins = [
            other
            for other in whole
            if (other.board.suite, other.board.budget, other.board.stratum)
            == (board.suite, board.budget, board.stratum)
            and differing(board, other.board) == {"search_currency"}
            and other.board.setting["search_currency"] == "executions"
        ]
        yield _table(standing, twins[0] if twins else None, plan)


def _table(compute: Standing, executions: Standing | None, plan: Plan) -> Table:
    board = compute.board
    reference = board.labels.get(plan.reference, plan.reference)
    costs_of = take_costs(board.runs, compute.ranking.samples.blocks)
    rows = []
    for method in [m for m in compute.ranking.order if costs_of[m].agent_share > 0]:
        costs = costs_of[method]
        rows.append(
            (
                board.labels[method],
                costs.agent_share,
                costs.means["agent_units"],
                costs.means["spent_units"],
                costs.means["agent_calls"],
                _difference(executions.ranking, method) if executions else None,
                _difference(compute.ranking, method),
                method,
            )
        )
    to = "\n".join(["to", *reference.split()])
    beside = f" and search {executions.board.search} (equal executions)" if executions else ""
    return Table(
        title=f"The agent's share: {captions.where(board)}",
        columns=(
            Column("label", "method", "text"),
            Column("agent_share", "agent's\nshare", "percent", digits=1),
            Column("agent_units", "agent's\ncompute", "count", unit="k units"),
            Column("units", "all\ncompute", "count", unit="k units"),
            Column("agent_calls", "calls", "count", digits=0),
            Column("executions", f"{to}\nequal executions", "points", digits=1, signed=True, interval=True),
            Column("compute", f"{to}\nequal compute", "points", digits=1, signed=True, interval=True),
            Column("method", "method", "text", view="data"),
        ),
        rows=tuple(rows),
        caption=f"Methods that ask an LLM of their own, at search {board.search} (equal compute){beside}; shares "
        "and spending are of the run at equal compute, where the agent's tokens are charged like any other. The "
        f"last column compares with what {reference} does with the same total compute: that is the difference of "
        "the compute track itself. A gain at equal executions that is gone at equal compute was bought with the "
        "agent's tokens. Intervals: Holm-adjusted, as on each board.",
    )


def _difference(ranking: Ranking, method: str) -> Cell:
    found = ranking.against_reference.get(method)
    return Interval(found.test.mean_difference, found.low, found.high) if found else None
