"""What the records mean: ranks with ties, intervals and costs. Never runs a method.

The tables and the statistics are imported on first use: whoever reads a card or judges an entry waits for neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from leaderboard.render import render
from leaderboard.table import Table

if TYPE_CHECKING:
    from leaderboard import stats
    from leaderboard.tables import leaderboard_tables, overview

__all__ = ["Table", "leaderboard_tables", "overview", "render", "stats"]


def __getattr__(name: str) -> Any:
    if name == "stats":
        return import_module("leaderboard.stats")
    if name not in ("leaderboard_tables", "overview"):
        raise AttributeError(f"module 'leaderboard' has no attribute '{name}'")
    return getattr(import_module("leaderboard.tables"), name)
