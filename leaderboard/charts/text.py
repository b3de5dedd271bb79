"""Text of others, made fit for a picture."""

from __future__ import annotations

import unicodedata

from leaderboard.cells import clean

__all__ = ["shown"]

_LONGEST_LABEL = 40


def shown(text: str, longest: int = _LONGEST_LABEL) -> str:
    """One harmless line: no control or direction characters, cut where it is too long."""
    known = "".join(c for c in clean(text) if unicodedata.category(c) != "Cn")  # some of these XML cannot hold
    return known if len(known) <= longest else f"{known[: longest - 1].rstrip()}…"
