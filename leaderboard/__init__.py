"""What the records mean: ranks with ties, intervals and costs. Never runs a method."""

from __future__ import annotations

from leaderboard import stats
from leaderboard.render import render
from leaderboard.table import Table
from leaderboard.tables import leaderboard_tables, overview

__all__ = ["Table", "leaderboard_tables", "overview", "render", "stats"]
