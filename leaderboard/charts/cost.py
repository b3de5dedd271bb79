"""Where one method's compute went: its search, the final selection, and the LLM it asked."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import identity, origin_words, place_words
from leaderboard.charts.style import Canvas, canvas
from leaderboard.charts.text import shown
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Standing
from leaderboard.rows import take_costs
from leaderboard.table import Column, Table

__all__ = ["cost_chart"]

_WIDTH, _HEIGHT, _TOP, _BAR, _SIDE = 720.0, 116.0, 38.0, 30.0, 12.0
_WRITTEN = 0.09
"""The least share of the bar that has room for its percentage."""


class _Part(NamedTuple):
    """One stretch of the bar: its colour and mean compute, in units."""

    name: str
    token: str
    units: float


def cost_chart(standing: Standing, method: str) -> Figure:
    """The mean compute of a method's runs as one bar: search, selection, agent.

    Search and selection are one stretch where the runs do not tell them apart (smaller search budgets).
    LeaderboardError on a method that has no counted run here.
    """
    board, ranking = standing
    costs = take_costs(board.runs[board.runs["method"] == method], ranking.samples.blocks).get(method)
    if costs is None:
        raise LeaderboardError(f"no cost chart: {method} has no run that counts in suite {board.suite}")
    parts = _parts(costs.means)
    total = math.fsum(part.units for part in parts)
    label = board.labels[method]
    title = f"Where the compute of {label} went: {place_words(board)}"
    name = figure_name("cost", method, *identity(board))
    with canvas(_WIDTH, _HEIGHT) as page:
        page.text(_SIDE, 16, f"{shown(label)}: {_units(total)} a run", fontweight="bold")
        axes = page.panel(_SIDE, _TOP, _WIDTH - 2 * _SIDE, _BAR)
        axes.set(xlim=(0, total or 1.0), ylim=(-0.5, 0.5))
        axes.set_axis_off()
        start, left = 0.0, _SIDE
        for part in parts:
            _stretch(page, axes, part, start, total)
            left = _key(page, part, left, total)
            start += part.units
        return page.figure(name, title, _caption(standing), _data(parts, total, title))


def _stretch(page: Canvas, axes: Axes, part: _Part, start: float, total: float) -> None:
    """A part of the bar, with its percentage where there is room."""
    share = _share(part, total)
    (patch,) = axes.barh(0, part.units, left=start, height=1, **_style(part))
    page.tip(patch, f"{part.name}: {share:.1%}, {part.units:,.0f} units")
    if share >= _WRITTEN:
        middle = _SIDE + (_WIDTH - 2 * _SIDE) * (start + part.units / 2) / total
        page.text(middle, _TOP + _BAR / 2, f"{share:.0%}", "paper", ha="center", fontweight="bold")


def _key(page: Canvas, part: _Part, left: float, total: float) -> float:
    """What a colour means, from `left`; where the next may begin."""
    swatch = page.panel(left, _TOP + _BAR + 19, 14, 10)
    swatch.set(xlim=(0, 1), ylim=(0, 1))
    swatch.set_axis_off()
    swatch.barh(0.5, 1, height=1, **_style(part))
    words = f"{part.name} {_units(part.units)} ({_share(part, total):.1%})"
    page.text(left + 20, _TOP + _BAR + 24, words, "muted")
    return left + 44 + 7.4 * len(words)


def _style(part: _Part) -> dict[str, Any]:
    return {"color": light(part.token), "edgecolor": light("paper"), "linewidth": 2}


def _share(part: _Part, total: float) -> float:
    return part.units / total if total else 0.0


def _parts(means: dict[str, float]) -> list[_Part]:
    agent, selection = means["agent_units"], means.get("selection_units", math.nan)
    rest = means["spent_units"] - agent
    if math.isnan(selection):
        return [_Part("search and selection", "1", rest), _Part("agent", "4", agent)]
    return [
        _Part("search", "1", rest - selection),
        _Part("selection", "3", selection),
        _Part("agent", "4", agent),
    ]


def _units(units: float) -> str:
    return f"{units / 1000:,.1f}k units" if units >= 1000 else f"{units:,.0f} units"


def _caption(standing: Standing) -> str:
    board = standing.board
    return (
        f"Mean compute of a run over {board.units}, at search {board.search}, in units of the published cost "
        "model. Search: graphs that the method had evaluated. Selection: the shared final choice. Agent: the LLM "
        f"that the method asked, charged like any other. {origin_words([board])}"
    )


def _data(parts: list[_Part], total: float, title: str) -> Table:
    return Table(
        title=title,
        columns=(
            Column("part", "part", "text"),
            Column("units", "compute", "count", unit="k units"),
            Column("share", "share", "percent", digits=1),
        ),
        rows=tuple((part.name, part.units, _share(part, total)) for part in parts),
        caption="The numbers behind the chart of the same title.",
    )
