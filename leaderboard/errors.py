"""What `leaderboard` refuses to do, as an error with one line for the user."""

from __future__ import annotations

__all__ = ["LeaderboardError"]


class LeaderboardError(ValueError):
    """Records that cannot be ranked together; the message says which, and what to do."""
