"""How every chart looks, and why it is the same bytes each time.

Sizes and places are CSS pixels and fixed: no layout depends on how wide the drawing machine's fonts are, no
pyplot, no state that outlives a chart, no mathematics in text, no clock.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing

from leaderboard.charts.figure import Figure
from leaderboard.charts.markup import inline
from leaderboard.charts.palette import light
from leaderboard.charts.text import shown
from leaderboard.table import Table

__all__ = ["LINE", "Canvas", "canvas", "spread"]

LINE = 15.0
"""Pixels from one line of small text to the next."""

_DPI = 72
_RC: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "isobudget",
    "text.parse_math": False,
    "path.simplify": False,
    "font.family": "DejaVu Sans",  # matplotlib brings it, so that text is measured alike everywhere
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": light("ink"),
    "axes.labelsize": 12,
    "axes.labelcolor": light("muted"),
    "axes.edgecolor": light("grid"),
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "grid.color": light("grid"),
    "grid.linewidth": 1,
    "text.color": light("ink"),
    "xtick.color": light("grid"),
    "ytick.color": light("grid"),
    "xtick.labelcolor": light("muted"),
    "ytick.labelcolor": light("muted"),
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "xtick.major.size": 4,
    "xtick.minor.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "none",
    "patch.linewidth": 0,
}


class Canvas:
    """A drawing of fixed size, from the top left in pixels. Make one with `canvas`."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.drawing = Drawing(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
        self._tips: dict[str, str] = {}
        FigureCanvasSVG(self.drawing)

    def panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes at that place, with a grid and a line at the bottom."""
        return self.drawing.add_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def text(self, left: float, top: float, words: str, token: str = "ink", **style: Any) -> None:
        """Text with the middle of its first line at that height. style: matplotlib's text properties."""
        place = (left / self.width, 1 - top / self.height)
        self.drawing.text(*place, words, **{"color": light(token), "va": "center", "fontsize": 12, **style})

    def tip(self, artist: Artist, words: str) -> None:
        """Say this when the reader points at the artist."""
        key = f"tip{len(self._tips)}"
        artist.set_gid(key)
        self._tips[key] = shown(words, 200)

    def figure(self, name: str, title: str, caption: str, data: Table) -> Figure:
        """The finished chart with the numbers behind it."""
        title, caption = shown(title, 300), shown(caption, 3000)
        return Figure(name, title, caption, self.svg(name, title, caption), data)

    def svg(self, name: str, title: str, caption: str) -> str:
        """The finished chart; title and caption are also its text for those who cannot see it."""
        text = io.StringIO()
        with warnings.catch_warnings():
            # The page's own fonts show what this one lacks.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            nothing = dict.fromkeys(("Date", "Creator", "Type", "Format"))
            self.drawing.savefig(text, format="svg", metadata=nothing)
        return inline(text.getvalue(), name, shown(title, 300), shown(caption, 3000), self._tips)


@contextmanager
def canvas(width: float, height: float) -> Iterator[Canvas]:
    """A canvas under our own settings, whatever the user's matplotlibrc says; theirs are back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield Canvas(width, height)


def spread(places: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places for labels: as near to the wanted ones as can be, in their order, at least `apart`, within low, high.

    Neighbours that would overlap move as one block around their common middle; more than fit are set equally.

    >>> spread([10, 12, 40], 10, 0, 100)
    [6.0, 16.0, 40.0]
    """
    if not places:
        return []
    apart = min(apart, (high - low) / max(1, len(places) - 1))
    order = sorted(range(len(places)), key=lambda at: (places[at], at))
    blocks: list[tuple[float, int]] = []  # (the first label's place, how many)
    for at in order:
        blocks.append((min(max(float(places[at]), low), high), 1))
        while len(blocks) > 1 and blocks[-1][0] < blocks[-2][0] + apart * blocks[-2][1]:
            (first, n), (second, m) = blocks[-2:]
            middle = (n * (first + apart * (n - 1) / 2) + m * (second + apart * (m - 1) / 2)) / (n + m)
            start = middle - apart * (n + m - 1) / 2
            blocks[-2:] = [(min(max(start, low), high - apart * (n + m - 1)), n + m)]
    found = [0.0] * len(places)
    slots = [start + apart * step for start, many in blocks for step in range(many)]
    for at, slot in zip(order, slots, strict=True):
        found[at] = slot
    return found
