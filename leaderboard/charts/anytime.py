"""Quality against the search budget: one panel a track, one line a method."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import (
    REST,
    Look,
    budget_words,
    identity,
    level_words,
    looks,
    origin_words,
    place_words,
    several,
)
from leaderboard.charts.style import LINE, Canvas, canvas, spread
from leaderboard.charts.text import shown
from leaderboard.curves import TRACKS, curve_groups, search_amount, search_currency
from leaderboard.errors import LeaderboardError
from leaderboard.paired import block_test
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import score_samples
from leaderboard.table import Column, Interval, Kind, Table

__all__ = ["anytime_chart"]

Value = Literal["score", "difference", "accuracy"]
Points = Mapping[str, list[tuple[float, Interval]]]

_WIDTH, _TOP, _LEFT, _LABELS, _GAP, _HIGH = 980.0, 56.0, 44.0, 286.0, 30.0, 330.0
_ASIDE = 4.0
"""Pixels from one named method's points to the next one's."""

_VALUES: Mapping[str, tuple[str, float]] = {
    "score": ("score", 1.0),
    "difference": ("difference of accuracy to {reference}, points", 100.0),
    "accuracy": ("accuracy, %", 100.0),
}
"""What the vertical axis says, and by what a share is multiplied there."""


_KINDS: Mapping[str, tuple[Kind, int]] = {
    "score": ("ratio", 2),
    "difference": ("points", 1),
    "accuracy": ("percent", 1),
}


class _Track(NamedTuple):
    """One panel: the standings from the smallest budget on, and each method's values at them."""

    standings: Sequence[Standing]
    points: Points

    @property
    def board(self) -> Board:
        """The board of the largest budget."""
        return self.standings[-1].board

    @property
    def labels(self) -> dict[str, str]:
        """Display names, also of methods that have runs at a smaller budget alone."""
        return {method: label for standing in self.standings for method, label in standing.board.labels.items()}

    @property
    def heading(self) -> str:
        currency = search_currency(self.board)
        return TRACKS.get(currency, f"Track {currency}").partition(":")[0]


def anytime_chart(
    standings: Sequence[Standing], plan: Plan, highlight: str | None = None, value: Value = "score"
) -> Figure:
    """What methods have to show after each search budget, on a panel for each track of `standings`.

    value: score (0 at the mean of random graphs, 1 at the reference optimum; accuracy where no optimum is
    known), difference (to the reference method, Holm-adjusted intervals as in the tables), or accuracy.
    highlight: a method that stands out beside the best and the controls. LeaderboardError where no track has
    several budgets.
    """
    groups = curve_groups(standings)
    if value == "score" and any(standing.board.runs["random_mean"].isna().all() for standing in standings):
        value = "accuracy"
    tracks = [_Track(group, _points(group, plan, value)) for group in groups]
    tracks = [track for track in tracks if track.points]
    if not tracks:
        raise LeaderboardError("no anytime chart: no track has runs at several search budgets")
    if highlight is not None and not any(highlight in track.points for track in tracks):
        raise LeaderboardError(f"no anytime chart of {shown(highlight)}: it has no runs on these tracks")
    first = tracks[0].board
    look = looks([track.standings[-1] for track in tracks], plan, highlight)
    words = {"score": "Score", "difference": "Difference to the reference", "accuracy": "Accuracy"}[value]
    title = f"{words} against the search budget: {place_words(first, *_apart(tracks))}"
    name = figure_name("anytime", value, *identity(first), several(len(tracks)), highlight or "")
    with canvas(_WIDTH, _TOP + _HIGH + 52) as page:
        _draw(page, tracks, look, plan, value)
        return page.figure(name, title, _caption(tracks, plan, value), _data(tracks, title, value))


def _points(group: Sequence[Standing], plan: Plan, value: Value) -> Points:
    """By method (search budget, value with its interval), in the order of the largest budget."""
    found: dict[str, list[tuple[float, Interval]]] = {method: [] for method in group[-1].ranking.order}
    for standing in group:
        for method, interval in _values(standing, plan, value).items():
            found.setdefault(method, []).append((search_amount(standing.board), interval))
    return {method: points for method, points in found.items() if points}


def _values(standing: Standing, plan: Plan, value: Value) -> dict[str, Interval]:
    board, ranking = standing
    if value == "accuracy":
        return {method: Interval(*estimate) for method, estimate in ranking.estimates.items()}
    if value == "difference":
        found = {m: Interval(c.test.mean_difference, c.low, c.high) for m, c in ranking.against_reference.items()}
        return ({plan.reference: Interval(0.0, 0.0, 0.0)} | found) if found else {}
    scores = score_samples(board.runs, ranking.samples.blocks)
    known = {method: own[~np.isnan(own)] for method, own in scores.items()}
    tests = {method: block_test(own, 1 - plan.alpha) for method, own in known.items() if len(own)}
    return {method: Interval(test.mean_difference, test.ci_low, test.ci_high) for method, test in tests.items()}


def _apart(tracks: Sequence[_Track]) -> list[str]:
    """What of a board the tracks differ in, the search budget included."""
    names = ("variant", "budget", "tier", "stratum")
    return ["search", *(name for name in names if len({getattr(track.board, name) for track in tracks}) > 1)]


def _headings(tracks: Sequence[_Track]) -> list[str]:
    """Of each panel its track; and where several are of one track, what else tells them apart."""
    names = [track.heading for track in tracks]
    apart = _apart(tracks)[1:]
    return [
        name
        if names.count(name) == 1
        else ", ".join([name, *(shown(str(getattr(track.board, n))) for n in apart)])
        for name, track in zip(names, tracks, strict=True)
    ]


def _draw(page: Canvas, tracks: Sequence[_Track], look: Mapping[str, Look], plan: Plan, value: Value) -> None:
    label, scale = _VALUES[value]
    label = label.format(reference=shown(tracks[0].board.labels.get(plan.reference, plan.reference)))
    width = (_WIDTH - _LEFT - _LABELS - _GAP * (len(tracks) - 1)) / len(tracks)
    low, high = _limits(tracks, look, scale)
    for at, (track, heading) in enumerate(zip(tracks, _headings(tracks), strict=True)):
        axes = page.panel(_LEFT + at * (width + _GAP), _TOP, width, _HIGH)
        axes.set(xscale="log", ylim=(low, high))
        axes.set_title(heading, pad=10)
        _budget_axis(axes, track, width)
        _lines(page, axes, track, look, scale, width)
        if at:
            axes.tick_params(axis="y", labelleft=False)
        if low < 0 < high:
            axes.axhline(0, color=light("muted"), linewidth=1, zorder=1)
    page.text(12, 14, label, "muted")
    _labels(page, tracks[-1], look, (low, high), scale)


def _lines(page: Canvas, axes: Axes, track: _Track, look: Mapping[str, Look], scale: float, width: float) -> None:
    """Grey first, then who stands out; their intervals side by side, so that none covers another."""
    labels = track.labels
    named = [method for method in look if method in track.points]
    low, high = axes.get_xlim()
    # Multiplying moves a point on the logarithmic axis by the same pixels everywhere.
    step = (high / low) ** (_ASIDE / width)
    for method in [*(m for m in track.points if m not in look), *reversed(named)]:
        own = look.get(method, REST)
        shift = step ** (named.index(method) - (len(named) - 1) / 2) if method in named else 1.0
        x = [amount * shift for amount, _ in track.points[method]]
        y = [scale * interval.value for _, interval in track.points[method]]
        style: dict[str, Any] = {
            "color": light(own.token),
            "linewidth": own.width,
            "zorder": 3.0 if method in named else 2.0,
        }
        (line,) = axes.plot(x, y, marker=own.marker, markersize=6, markeredgewidth=0, **style)
        page.tip(line, labels[method])
        if method in named:
            lows, highs = ([scale * interval[end] for _, interval in track.points[method]] for end in (1, 2))
            drawn = [(a, b, c) for a, b, c in zip(x, lows, highs, strict=True) if math.isfinite(b) and c > b]
            axes.vlines(*zip(*drawn, strict=True), color=light(own.token), linewidth=1.4) if drawn else None


def _limits(tracks: Sequence[_Track], look: Mapping[str, Look], scale: float) -> tuple[float, float]:
    """All that is drawn, with a little room."""
    ends = [0.0]
    for track in tracks:
        for method, points in track.points.items():
            for _, interval in points:
                ends += [
                    scale * end for end in (interval if method in look else interval[:1]) if math.isfinite(end)
                ]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    return min(ends) - room, max(ends) + room


def _budget_axis(axes: Axes, track: _Track, width: float) -> None:
    """A tick at each budget, numbered as the records name it; fewer numbers where they would touch."""
    amounts = [search_amount(standing.board) for standing in track.standings]
    labels, unit = budget_words(track.standings)
    step = math.ceil(len(labels) * 7.5 * max(map(len, labels)) / width)
    labels = [text if (len(labels) - 1 - at) % step == 0 else "" for at, text in enumerate(labels)]
    axes.set_xlabel(f"search budget{unit}", labelpad=8)
    axes.xaxis.set_major_locator(FixedLocator(amounts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels(labels)
    axes.set_xlim(amounts[0] / 1.5, amounts[-1] * 1.5)


def _labels(
    page: Canvas, track: _Track, look: Mapping[str, Look], limits: tuple[float, float], scale: float
) -> None:
    """Names at the ends of the last panel's lines, moved apart where they would overlap."""
    low, high = limits
    labels = track.labels
    named = [method for method in look if method in track.points]

    def height(method: str) -> float:
        return _TOP + _HIGH * (high - scale * track.points[method][-1][1].value) / (high - low)

    places = spread([height(method) for method in named], LINE, _TOP, _TOP + _HIGH - LINE)
    for method, place in zip(named, places, strict=True):
        page.text(_WIDTH - _LABELS + 10, place, shown(labels[method]), look[method].token)
    rest = len(track.points) - len(named)
    if rest:
        page.text(
            _WIDTH - _LABELS + 10, _TOP + _HIGH - 2, f"grey: {captions.counted(rest, 'other method')}", "muted"
        )


def _caption(tracks: Sequence[_Track], plan: Plan, value: Value) -> str:
    board = tracks[0].board
    reference = board.labels.get(plan.reference, plan.reference)
    words = {
        "score": "Score: 0 at the mean of random graphs, 1 at the reference optimum, mean over "
        f"{board.units}, unclipped. Bars: {level_words(board, plan)}; they say how much the level varies, not "
        "who is better: for that see the differences, which are paired.",
        "difference": f"Mean difference of accuracy to {reference}, in points. Bars: Holm-adjusted "
        f"{1 - plan.alpha:.0%} intervals, the same as in the table of that budget.",
        "accuracy": f"Mean accuracy. Bars: {1 - plan.alpha:.0%} intervals, as in the table of that budget.",
    }[value]
    return (
        f"{words} Bars are drawn for the named methods, moved apart sideways; the table has those of all. Named: "
        "the best at the largest budget of each track, and the controls. Search budget on a logarithmic axis. "
        f"{origin_words([standing.board for track in tracks for standing in track.standings])}"
    )


def _data(tracks: Sequence[_Track], title: str, value: Value) -> Table:
    kind, digits = _KINDS[value]
    rows = [
        (
            next(s.board.labels[method] for s in reversed(track.standings) if method in s.board.labels),
            heading,
            next(s.board.search for s in track.standings if search_amount(s.board) == amount),
            interval,
            amount,
            method,
        )
        for track, heading in zip(tracks, _headings(tracks), strict=True)
        for method, points in track.points.items()
        for amount, interval in points
    ]
    return Table(
        title=title,
        columns=(
            Column("label", "method", "text"),
            Column("track", "track", "text"),
            Column("search", "search budget", "text"),
            Column(value, value, kind, digits=digits, signed=value == "difference", interval=True),
            Column("amount", "amount", "count", view="data"),
            Column("method", "method", "text", view="data"),
        ),
        rows=tuple(rows),
        caption="The numbers behind the chart of the same title.",
    )
