"""How much search it takes to get somewhere: expected runtime to named targets, and profiles of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.aggregates import performance_profile
from leaderboard.anytime import expected_runtime
from leaderboard.curves import amount, currency, curve_groups
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Table
from leaderboard.wide.common import METHOD, TEXT, footing
from leaderboard.wide.costs import TARGETS, Searches, searches, spent_until, target_values

__all__ = ["target_tables"]

_UNIT = {"executions": "executions", "flops": "units", "seconds": "s", "usd": "USD"}
_TAUS = (1, 4, 16, 64)


def target_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """For each ranked, exact curve over search budgets: the runtimes, then their profile to the middle target."""
    for group in curve_groups(standings):
        found = searches(group) if len(group) > 1 else None
        if found is not None:
            yield _runtimes(group, found, plan)
            yield _profile(group, found, plan)


def _runtimes(group: Sequence[Standing], found: Searches, plan: Plan) -> Table:
    board, targets = group[-1].board, target_values(found, plan)
    columns, cells = [TEXT], [[board.labels[method]] for method in found.methods]
    rows: list[list[Cell]] = [list(row) for row in cells]
    for name, target in targets.items():
        heading = "\n".join(TARGETS[name].split(" ", 2))
        columns += [
            Column(f"ert_{name}", heading, "ratio", unit=_UNIT[currency(board)], digits=0),
            Column(f"reached_{name}", "reached", "text"),
        ]
        for row, spent, reached in zip(rows, *spent_until(found, target), strict=True):
            row += [expected_runtime(spent, reached), f"{int(reached.sum())}/{len(reached)}"]
    return Table(
        title=f"Targets: {captions.where(board, 'search')}",
        columns=(*columns, METHOD),
        rows=tuple((*row, method) for row, method in zip(rows, found.methods, strict=True)),
        caption=f"Expected runtime (ERT) in {_UNIT[currency(board)]} to an accuracy: what all {len(found.tasks)} "
        "runs spent until they got there, or in all, divided by the number that got there; ∞: none did. A run "
        "gets "
        f"there at the first of the search budgets {_budgets(group)} at which what it would recommend has the "
        "accuracy, so the figure is an upper bound on this grid; of a method that plans with its budget, each "
        "budget "
        "is a run of its own. Half the room: halfway from random graphs to the reference. ROPE: "
        f"{100 * plan.rope:g} point{'' if plan.rope == 0.01 else 's'}. No interval: compare the counts. "
        f"{footing(group[-1], plan)}",
    )


def _profile(group: Sequence[Standing], found: Searches, plan: Plan) -> Table:
    board = group[-1].board
    spent, reached = spent_until(found, target_values(found, plan)["half"])
    costs = np.where(reached, spent, np.inf)
    shares = performance_profile(costs.T, _TAUS)
    order = sorted(range(len(shares)), key=lambda at: ([-share for share in shares[at]], found.methods[at]))
    nobody = int((~reached.any(axis=0)).sum())
    return Table(
        title=f"Performance profile: {captions.where(board, 'search')}",
        columns=(
            TEXT,
            *(Column(f"within_{tau}", f"within\n×{tau}", "percent", digits=1) for tau in _TAUS),
            METHOD,
        ),
        rows=tuple(
            (board.labels[found.methods[at]], *(float(share) for share in shares[at]), found.methods[at])
            for at in order
        ),
        caption=f"Share of {len(found.tasks)} problems (a task in a world with a seed) in which a method gets "
        "half "
        f"the room for at most so many times the {_UNIT[currency(board)]} of the method that gets it cheapest "
        f"there (Dolan, Moré 2002). A method that never got there counts as failed; {nobody} of the problems "
        "nobody "
        "solved, and they count too. Relative to who is in the table: not a measure of a method by itself. "
        f"{footing(group[-1], plan)}",
    )


def _budgets(group: Sequence[Standing]) -> str:
    return ", ".join(standing.board.search for standing in sorted(group, key=lambda s: amount(s.board)))
