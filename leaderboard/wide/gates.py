"""The smaller search budgets as further claims: in a fixed order, each only if the one before holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.claims import confirmatory
from leaderboard.curves import amount, curve_groups
from leaderboard.multiple import adjust_pvalues, gatekeeping
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.wide.common import METHOD, TEXT, against, footing

__all__ = ["gate_tables"]


def gate_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each ranked stratum of a variant that has several search budgets and the reference in all."""
    for group in curve_groups(standings):
        order = sorted(group, key=lambda standing: -amount(standing.board))
        methods = [m for m in against(order[0]) if all(m in s.ranking.against_reference for s in order)]
        if len(order) > 1 and methods:
            yield _table(order, methods, plan)


def _table(order: Sequence[Standing], methods: Sequence[str], plan: Plan) -> Table:
    board, fixed = order[0].board, confirmatory(order[0].board, plan)
    raw = [[s.ranking.against_reference[m].test.pvalue for s in order] for m in methods]
    if fixed:
        adjusted = gatekeeping(raw)
    else:
        flat = adjust_pvalues([p for row in raw for p in row], "bh")
        adjusted = np.reshape(flat, (len(methods), len(order))).tolist()
    columns = [TEXT]
    for standing in order:
        search = standing.board.search
        columns += [
            Column(f"difference_{search}", search, "points", digits=1, signed=True, interval=True),
            Column(f"pvalue_{search}", "p" if fixed else "q", "pvalue"),
        ]
    rows = []
    for method, pvalues in zip(methods, adjusted, strict=True):
        cells: list[Cell] = [board.labels[method]]
        for standing, pvalue in zip(order, pvalues, strict=True):
            test = standing.ranking.against_reference[method].test
            cells += [Interval(test.mean_difference, test.ci_low, test.ci_high), pvalue]
        rows.append((*cells, _down_to(order, method, pvalues, plan.alpha), method))
    names = " > ".join(standing.board.search for standing in order)
    return Table(
        title=f"Budgets in order: {captions.where(board, 'search')}",
        columns=(*columns, Column("holds", "holds down to" if fixed else "q below level", "text"), METHOD),
        rows=tuple(rows),
        caption=f"Difference to {board.labels[plan.reference]}, in points, with unadjusted {1 - plan.alpha:.0%} "
        f"intervals over {board.units if order[0].ranking.samples.exact else 'seeds and questions'}. "
        f"{_fixed_words(len(methods), names, plan) if fixed else _free_words(len(methods) * len(order))} "
        f"{footing(order[0], plan, exploratory=not fixed)}",
    )


def _fixed_words(methods: int, names: str, plan: Plan) -> str:
    return (
        f"p: gatekeeping over {captions.counted(methods, 'method')} in the order {names}, which no result can "
        "change:"
        " a method's next budget is tested only if the one before is separated. Each method starts with "
        f"{plan.alpha:g}/{methods}; the share of a method that passes to the end goes to the others (Bretz et al. "
        f"2009). All claims of this table together are wrong in at most {plan.alpha:.0%} of suites."
    )


def _free_words(tests: int) -> str:
    return (
        f"q: false discovery rate of Benjamini and Hochberg over {tests} tests, no order fixed beforehand. "
        "Exploratory."
    )


def _down_to(order: Sequence[Standing], method: str, pvalues: Sequence[float], alpha: float) -> str:
    """The smallest budget of the unbroken row of separations, with its direction."""
    passed = ""
    for standing, pvalue in zip(order, pvalues, strict=True):
        if pvalue > alpha:
            break
        mean = standing.ranking.against_reference[method].test.mean_difference
        passed = f"{standing.board.search} ({'better' if mean > 0 else 'worse'})"
    return passed
