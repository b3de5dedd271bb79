"""A picture with the numbers behind it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from leaderboard.charts.markup import standalone
from leaderboard.table import Table

__all__ = ["Figure", "figure_name"]

_LONGEST = 60


@dataclass(frozen=True)
class Figure:
    """One chart. name: lower-case letters, digits and hyphens, the prefix of every id in the picture.

    svg: an element for an HTML page, without colours of its own where the page sets `--chart-…`. data: the
    numbers that are drawn, and no others.
    """

    name: str
    title: str
    caption: str
    svg: str
    data: Table

    def standalone(self) -> str:
        """The picture as a file that follows the reader's light or dark by itself."""
        return standalone(self.svg)


def figure_name(*parts: str) -> str:
    """A name for files and ids; parts that lose something on the way get a digest, so that names stay apart.

    >>> figure_name("anytime", "quick", "")
    'anytime-quick'
    """
    kept = [part for part in parts if part]
    name = re.sub(r"[^a-z0-9]+", "-", "-".join(kept).lower()).strip("-")[:_LONGEST]
    if name != "-".join(kept):
        name = f"{name}-{hashlib.sha256(repr(kept).encode()).hexdigest()[:6]}"
    return name
