"""What a table may call itself: confirmatory only what the suite fixed before its first run, and ran whole."""

from __future__ import annotations

from leaderboard.boards import Board
from leaderboard.ranks import Plan

__all__ = ["claim", "confirmatory"]


def confirmatory(board: Board, plan: Plan) -> bool:
    """Whether the board is the endpoint of the installed suite's own plan, with all that the plan names."""
    return claim(board, plan).startswith("Confirmatory")


def claim(board: Board, plan: Plan) -> str:
    """Confirmatory, secondary or exploratory, and why."""
    if plan.assumed:
        return "Exploratory: plan differs; it is not that of an installed suite, so nothing here is confirmatory."
    if plan.unfinished:
        return f"Exploratory: plan differs; of the places that it names {plan.unfinished} have no run."
    if plan.budgets and board.budget != plan.budgets[0]:
        return f"Secondary: the plan's endpoint is at the inference budget {plan.budgets[0]}."
    if board.variant != plan.primary:
        where = f"the variant {plan.primary}" if plan.primary else "no single variant"
        return f"Secondary: the plan's endpoint is of {where}."
    if not (board.full and board.ranked):
        return "Secondary: the plan's endpoint is the ranked stratum at its full search budget."
    return "Confirmatory: the plan's endpoint, fixed before the first run."
