"""The exact split of regret: graphs that were never visited, and visited ones that were not recommended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes

from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import identity, origin_words, place_words
from leaderboard.charts.style import Canvas, canvas
from leaderboard.charts.text import shown
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Plan, Standing
from leaderboard.regret import regret_tables
from leaderboard.table import Table

__all__ = ["regret_chart"]

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 860.0, 296.0, 70.0, 50.0, 24.0


class _Split(NamedTuple):
    """Points of accuracy; regret is the sum of the other two."""

    label: str
    regret: float
    never_visited: float
    not_recommended: float


_PARTS: Mapping[str, tuple[str, str]] = {
    "never_visited": ("1", "never visited: better proposals would help"),
    "not_recommended": ("2", "visited, not recommended: better selection would help"),
}
"""Part to its colour and its words."""


def regret_chart(standing: Standing, plan: Plan) -> Figure:
    """Stacked bars of the two parts of every method's regret, parts below 0 to the left of it, a mark at the sum.

    The numbers are those of the table Regret split. LeaderboardError where the runs do not say how good the best
    visited graph was.
    """
    board = standing.board
    data = next(regret_tables([standing], plan), None)
    if data is None:
        raise LeaderboardError(
            f"no regret chart of suite {board.suite} at {board.search}: the split is known at the full budget of "
            "runs that record the best graph they visited"
        )
    splits = _splits(data)
    name = figure_name("regret", *identity(board))
    height = _ROW * len(splits)
    title = f"Where the regret is: {place_words(board)}"
    with canvas(_WIDTH, _TOP + height + 54) as page:
        axes = page.panel(_LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, height)
        axes.set(ylim=(len(splits) - 0.5, -0.5), xlim=_limits(splits))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", labelleft=False)
        for at, split in enumerate(splits):
            _bar(page, axes, at, split)
            page.text(_LEFT - 12, _TOP + _ROW * (at + 0.5), shown(split.label), ha="right")
            total = f"{split.regret:.1f}".replace("-", "−")
            page.text(_WIDTH - 12, _TOP + _ROW * (at + 0.5), total, ha="right", fontsize=11)
        axes.axvline(0, color=light("muted"), linewidth=1.2, zorder=4)
        _legend(page)
        middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
        page.text(middle, _TOP + height + 40, "regret, points of accuracy", "muted", ha="center")
        caption = f"{data.caption} Diamond: the sum. {origin_words([board])}"
        return page.figure(name, title, caption, data)


def _splits(data: Table) -> list[_Split]:
    keys = ("label", "regret", "never_visited", "not_recommended")
    rows = zip(*(data.column(key) for key in keys), strict=True)
    return [
        _Split(str(row[0]), *(100 * float(cell) for cell in row[1:] if isinstance(cell, float))) for row in rows
    ]


def _bar(page: Canvas, axes: Axes, at: int, split: _Split) -> None:
    """Positive parts from 0 to the right, negative ones to the left."""
    ends = {True: 0.0, False: 0.0}
    for key, (token, words) in _PARTS.items():
        value = float(getattr(split, key))
        (patch,) = axes.barh(
            at, value, left=ends[value > 0], height=0.66, color=light(token),  zorder=2,
            edgecolor=light("paper"), linewidth=1.5,
        )  # fmt: skip
        ends[value > 0] += value
        page.tip(patch, f"{split.label}: {value:.1f} points, {words.partition(':')[0]}")
    axes.plot(split.regret, at, "D", markersize=7, color=light("ink"), mfc=light("paper"), mew=1.6, zorder=5)


def _limits(splits: list[_Split]) -> tuple[float, float]:
    ends = [0.0]
    for split in splits:
        parts = (split.never_visited, split.not_recommended)
        ends += [sum(part for part in parts if part > 0), sum(part for part in parts if part < 0)]
    room = 0.03 * (max(ends) - min(ends)) or 1.0
    return min(ends) - (room if min(ends) < 0 else 0.0), max(ends) + room


def _legend(page: Canvas) -> None:
    left = _LEFT
    for token, words in _PARTS.values():
        axes = page.panel(left, 12, 18, 12)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        axes.barh(0.5, 1, height=1, color=light(token))
        page.text(left + 24, 18, words.partition(":")[0], "muted")
        left += 40 + 7.2 * len(words.partition(":")[0])
    axes = page.panel(left, 12, 12, 12)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    axes.plot(0.5, 0.5, "D", markersize=7, color=light("ink"), mfc=light("paper"), mew=1.6, clip_on=False)
    page.text(left + 18, 18, "sum", "muted")
    page.text(_WIDTH - 12, _TOP - 10, "regret", "muted", ha="right", fontsize=11)
