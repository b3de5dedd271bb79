"""Ranks as the search budget grows: the places that the data allow, and how they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import (
    REST,
    Look,
    budget_words,
    identity,
    looks,
    origin_words,
    place_words,
    several,
)
from leaderboard.charts.style import Canvas, canvas
from leaderboard.charts.text import shown
from leaderboard.curves import TRACKS, curve_groups, search_amount, search_currency
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Column, Span, Table

__all__ = ["rank_chart"]

_WIDTH, _LEFT, _LABELS, _TOP, _ROW, _BETWEEN = 900.0, 40.0, 286.0, 46.0, 18.0, 74.0
_FILLED = 0.72
"""Share of a budget's column that its bars take; the rest is for the lines to the next."""


class _Place(NamedTuple):
    """A method at one budget: its place in the order, and the places that the data allow."""

    place: int
    span: Span


def rank_chart(standings: Sequence[Standing], plan: Plan, highlight: str | None = None) -> Figure:
    """Rank intervals by search budget, one panel a track: a bar from the best to the worst possible rank.

    Within a budget the methods stand side by side in their order, so a board without a tie is a staircase of dots
    and one where nothing is known a wall. highlight: a method that stands out. LeaderboardError where no track has
    several budgets.
    """
    groups = list(curve_groups(standings))
    if not groups:
        raise LeaderboardError("no rank chart: no track has runs at several search budgets")
    if highlight is not None and not any(highlight in group[-1].ranking.order for group in groups):
        raise LeaderboardError(f"no rank chart of {shown(highlight)}: it has no runs on these tracks")
    first = groups[0][-1].board
    look = looks([group[-1] for group in groups], plan, highlight)
    title = f"Ranks as the search budget grows: {place_words(first, 'search')}"
    name = figure_name("ranks", *identity(first), several(len(groups)), highlight or "")
    heights = [_ROW * max(len(standing.ranking.order) for standing in group) for group in groups]
    with canvas(_WIDTH, _TOP + sum(heights) + _BETWEEN * len(groups)) as page:
        top = _TOP
        for group, height in zip(groups, heights, strict=True):
            _panel(page, group, look, top, height)
            top += height + _BETWEEN
        return page.figure(name, title, _caption(groups, plan), _data(groups, title))


def _panel(page: Canvas, group: Sequence[Standing], look: Mapping[str, Look], top: float, height: float) -> None:
    axes = page.panel(_LEFT, top, _WIDTH - _LEFT - _LABELS, height)
    many = round(height / _ROW)
    axes.set(xlim=(0, len(group)), ylim=(many + 0.5, 0.5))
    amounts, unit = budget_words(group)
    axes.set_xticks([at + 0.5 for at in range(len(group))], amounts)
    axes.set_xlabel(f"search budget{unit}", labelpad=8)
    axes.set_yticks([1, *range(5, many + 1, 5)])
    axes.grid(axis="x", visible=False)
    currency = search_currency(group[-1].board)
    axes.set_title(TRACKS.get(currency, f"Track {currency}").partition(":")[0], pad=10)
    page.text(_LEFT - 30, top - 8, "rank", "muted", fontsize=11)
    places = [_places(standing) for standing in group]
    labels = {method: name for standing in group for method, name in standing.board.labels.items()}
    for method in sorted({m for column in places for m in column}, key=lambda m: (m in look, m)):
        _method(
            page, axes, [column.get(method) for column in places], many, look.get(method, REST), labels[method]
        )
    for method, found in places[-1].items():
        token = look[method].token if method in look else "muted"
        page.text(_WIDTH - _LABELS + 10, top + _ROW * (found.place - 0.5), shown(labels[method]), token)


def _places(standing: Standing) -> dict[str, _Place]:
    ranking = standing.ranking
    return {method: _Place(at, Span(*ranking.ranks[method])) for at, method in enumerate(ranking.order, 1)}


def _method(page: Canvas, axes: Axes, places: Sequence[_Place | None], many: int, look: Look, label: str) -> None:
    """One method over the budgets: dots at its places, bars over its rank intervals, a line through the dots."""
    found = [(at, place) for at, place in enumerate(places) if place is not None]
    x = [at + 0.5 + _FILLED * ((place.place - 0.5) / many - 0.5) for at, place in found]
    drawn = look is not REST
    style: dict[str, Any] = {"color": light(look.token), "zorder": 3.0 if drawn else 2.0}
    (line,) = axes.plot(
        x, [place.place for _, place in found], marker="o", markersize=6.5 if drawn else 4.5, markeredgewidth=0,
        linewidth=look.width if drawn else 0.7, **style,
    )  # fmt: skip
    page.tip(line, label)
    spans = [place.span for _, place in found]
    bars = axes.vlines(
        x,
        [s.best - 0.25 for s in spans],
        [s.worst + 0.25 for s in spans],
        linewidth=2.6 if drawn else 1.8,
        **style,
    )
    page.tip(bars, label)


def _caption(groups: Sequence[Sequence[Standing]], plan: Plan) -> str:
    boards = [standing.board for group in groups for standing in group]
    return (
        "Dot: place in the order by mean accuracy. Bar: the ranks that the data allow at that budget, from all "
        f"pairs with Holm's correction at {plan.alpha:.0%}; long bars mean that the order is mostly chance. "
        "Methods stand side by side in their order at each budget; a line follows a method from budget to budget. "
        f"In colour: the best at the largest budget and the controls. {origin_words(boards)}"
    )


def _data(groups: Sequence[Sequence[Standing]], title: str) -> Table:
    rows = [
        (
            standing.board.labels[method],
            search_currency(standing.board),
            standing.board.search,
            found.place,
            found.span,
            search_amount(standing.board),
            method,
        )
        for group in groups
        for standing in group
        for method, found in _places(standing).items()
    ]
    return Table(
        title=title,
        columns=(
            Column("label", "method", "text"),
            Column("track", "track", "text"),
            Column("search", "search budget", "text"),
            Column("place", "place", "count", digits=0),
            Column("rank", "rank", "rank"),
            Column("amount", "amount", "count", view="data"),
            Column("method", "method", "text", view="data"),
        ),
        rows=tuple(rows),
        caption="The numbers behind the chart of the same title.",
    )
