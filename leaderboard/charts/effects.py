"""Every method against the reference: a forest plot with the region of practical equivalence."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from leaderboard import captions
from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import identity, origin_words, place_words
from leaderboard.charts.style import Canvas, canvas
from leaderboard.charts.text import shown
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Comparison, Plan, Standing
from leaderboard.standing import pairwise
from leaderboard.table import Column, Table

__all__ = ["effect_chart"]

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 860.0, 296.0, 170.0, 54.0, 24.0


def effect_chart(standing: Standing, plan: Plan) -> Figure:
    """Differences to the reference method with simultaneous (Holm-adjusted) intervals, and the ROPE as a band.

    Filled points are separated from 0. LeaderboardError where there is no comparison with the reference.
    """
    board, ranking = standing
    found = [ranking.against_reference[method] for method in ranking.order if method in ranking.against_reference]
    if not found:
        raise LeaderboardError(f"no effect chart: {plan.reference} has no runs to compare with here")
    label = board.labels[plan.reference]
    title = f"Difference to {label}: {place_words(board)}"
    high = _ROW * len(found)
    name = figure_name("effects", *identity(board))
    with canvas(_WIDTH, _TOP + high + 54) as page:
        axes = page.panel(_LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, high)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlim(*_limits(found, plan.rope))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", labelleft=False)
        axes.axvspan(-100 * plan.rope, 100 * plan.rope, color=light("band"), zorder=0.4)
        axes.axvline(0, color=light("muted"), linewidth=1.2, zorder=1)
        for at, comparison in enumerate(found):
            _row(page, axes, at, comparison, board.labels[comparison.method])
        middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
        page.text(
            middle, _TOP + high + 40, f"points of accuracy, method minus {shown(label)}", "muted", ha="center"
        )
        page.text(
            _LEFT, 16, f"worse than {shown(label)}  ◂   ▸  better; band: ±{100 * plan.rope:g} point", "muted"
        )
        page.text(_WIDTH - _RIGHT + 14, _TOP - 12, "difference, interval", "muted", fontsize=11)
        return page.figure(name, title, _caption(standing, found, plan), _data(standing, plan, title))


def _row(page: Canvas, axes: Axes, at: int, comparison: Comparison, label: str) -> None:
    """One method: its name, its interval, its difference, and both in figures."""
    token = "rest" if not comparison.separated else "1" if comparison.low > 0 else "2"
    if math.isfinite(comparison.low):
        axes.hlines(at, 100 * comparison.low, 100 * comparison.high, color=light(token), linewidth=2.4, zorder=2)
    face = light(token) if comparison.separated else light("paper")
    (point,) = axes.plot(
        100 * comparison.test.mean_difference,
        at,
        "o",
        markersize=7.5,
        color=light(token),
        mfc=face,
        mew=2,
        zorder=3,
    )
    page.tip(point, f"{label}: {_words(comparison)}")
    middle = _TOP + _ROW * (at + 0.5)
    page.text(_LEFT - 12, middle, shown(label), ha="right")
    page.text(_WIDTH - _RIGHT + 14, middle, _words(comparison), "muted", fontsize=11)


def _limits(found: list[Comparison], rope: float) -> tuple[float, float]:
    """All intervals, the zero line and the band, with a little room."""
    ends = [100 * end for c in found for end in (c.low, c.high, c.test.mean_difference) if math.isfinite(end)]
    low, high = min(*ends, -100 * rope), max(*ends, 100 * rope)
    room = 0.03 * (high - low) or 1.0
    return low - room, high + room


def _words(comparison: Comparison) -> str:
    """The difference with its interval, in points."""
    middle, low, high = (
        f"{100 * end:+.1f}" for end in (comparison.test.mean_difference, comparison.low, comparison.high)
    )
    words = f"{middle} [{low}, {high}]" if math.isfinite(comparison.low) else f"{middle}, no interval"
    return words.replace("-", "−")


def _caption(standing: Standing, found: list[Comparison], plan: Plan) -> str:
    board = standing.board
    return (
        f"Mean difference of accuracy to {board.labels[plan.reference]}, in points. Bars: "
        f"{1 - plan.alpha:.0%} intervals over {board.units}, Holm-adjusted over "
        f"{captions.counted(len(found), 'comparison')}. Filled: separated from 0; open and grey: not separated, "
        f"which is not the same as equal. Band: ±{100 * plan.rope:g} point, the region of practical equivalence: "
        f"an interval wholly beyond it matters, one wholly within it is too small to. {origin_words([board])}"
    )


def _data(standing: Standing, plan: Plan, title: str) -> Table:
    """The columns of the table of comparisons that are drawn."""
    whole = pairwise(*standing, plan)
    keys = ("label", "adjusted", "separated", "matters", "method")
    columns: list[Column] = [column for column in whole.columns if column.key in keys]
    rows = zip(*(whole.column(column.key) for column in columns), strict=True)
    return Table(title, tuple(columns), tuple(rows), "The numbers behind the chart of the same title.")
