"""Two of accuracy, latency and cost against each other, with the front that nothing beats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from leaderboard.charts.figure import Figure, figure_name
from leaderboard.charts.palette import light
from leaderboard.charts.series import identity, level_words, origin_words, place_words
from leaderboard.charts.style import LINE, Canvas, canvas, spread
from leaderboard.charts.text import shown
from leaderboard.errors import LeaderboardError
from leaderboard.pareto import pareto_front
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import take_costs
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["AIMS", "pareto_chart"]

Aim = Literal["accuracy", "latency", "cost"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _LABELS, _FOOT = 900.0, 470.0, 44.0, 38.0, 310.0, 56.0


class _Meaning(NamedTuple):
    """A column of the runs, how an axis says it, by what it is multiplied there, and the table's kind."""

    key: str
    words: str
    scale: float
    column: Column


AIMS: Mapping[str, _Meaning] = {
    "accuracy": _Meaning(
        "accuracy", "accuracy, %", 100.0, Column("accuracy", "accuracy", "percent", digits=1, interval=True)
    ),
    "latency": _Meaning(
        "latency_critical",
        "latency of the recommended graph, critical path, seconds a question",
        1.0,
        Column("latency", "latency\ncritical", "seconds"),
    ),
    "cost": _Meaning(
        "graph_units",
        "compute of the recommended graph, units a question",
        1.0,
        Column("cost", "graph", "count", unit="units"),
    ),
}


def pareto_chart(
    standing: Standing,
    plan: Plan,
    x: Aim = "latency",
    y: Aim = "accuracy",
    membership: Mapping[str, float] | None = None,
) -> Figure:
    """Means of every ranked method in two aims; filled and joined by steps where no method is better in both.

    membership: by method the share of bootstrap replicates in which it is on the front; shown beside the names.
    ValueError on an aim twice or unknown; LeaderboardError where an aim is unknown for every method.
    """
    if x == y or x not in AIMS or y not in AIMS:
        raise ValueError(f"x, y: two of {', '.join(AIMS)}, not {x!r} and {y!r}")
    board, ranking = standing
    costs = take_costs(board.runs, ranking.samples.blocks)
    values = {
        m: (_value(standing, costs[m].means, m, x), _value(standing, costs[m].means, m, y)) for m in ranking.order
    }
    points = {method: pair for method, pair in values.items() if not any(map(math.isnan, pair))}
    if not points:
        raise LeaderboardError(f"no Pareto chart of {x} and {y}: not known for any method")
    front = dict(zip(points, _front(list(points.values()), x, y), strict=True))
    title = f"{y.capitalize()} against {x}: {place_words(board)}"
    name = figure_name("pareto", x, y, *identity(board))
    with canvas(_WIDTH, _HEIGHT) as page:
        _draw(page, standing, points, front, (x, y), membership or {})
        data = _data(standing, points, front, (x, y), membership, title)
        return page.figure(name, title, _caption(standing, plan, (x, y), membership), data)


def _value(standing: Standing, means: Mapping[str, float], method: str, aim: Aim) -> float:
    """In the data's own unit; accuracy is the board's estimate, which live runs have too."""
    return standing.ranking.estimates[method].mean if aim == "accuracy" else means[AIMS[aim].key]


def _front(points: Sequence[tuple[float, float]], x: Aim, y: Aim) -> list[bool]:
    """On the front or not; what is not accuracy is better when it is less."""
    gain, cost = (0, 1) if x == "accuracy" else (1, 0)
    sign = 1.0 if "accuracy" in (x, y) else -1.0
    return [bool(on) for on in pareto_front([(sign * point[gain], point[cost]) for point in points])]


def _draw(
    page: Canvas,
    standing: Standing,
    points: Mapping[str, tuple[float, float]],
    front: Mapping[str, bool],
    aims: tuple[Aim, Aim],
    membership: Mapping[str, float],
) -> None:
    meanings = [AIMS[aim] for aim in aims]
    width, height = _WIDTH - _LEFT - _LABELS, _HEIGHT - _TOP - _FOOT
    axes = page.panel(_LEFT, _TOP, width, height)
    at = {method: (meanings[0].scale * pair[0], meanings[1].scale * pair[1]) for method, pair in points.items()}
    limits = [_limits([place[axis] for place in at.values()]) for axis in (0, 1)]
    axes.set(xlim=limits[0], ylim=limits[1])
    _stairs(axes, [at[method] for method in points if front[method]], aims)
    labels = standing.board.labels
    pixels = {
        method: _TOP + height * (limits[1][1] - place[1]) / (limits[1][1] - limits[1][0])
        for method, place in at.items()
    }
    places = dict(zip(at, spread(list(pixels.values()), LINE, _TOP, _TOP + height), strict=True))
    for method, place in at.items():
        token = "1" if front[method] else "rest"
        face = light(token) if front[method] else light("paper")
        (point,) = axes.plot(*place, "o", markersize=9, color=light(token), mfc=face, mew=2, zorder=3)
        words = shown(labels[method]) + (f"  {membership[method]:.0%}" if method in membership else "")
        page.tip(point, words)
        _lead(page, axes, place, places[method])
        page.text(
            _WIDTH - _LABELS + 26, places[method], words, "1" if front[method] else "muted", fontweight="normal"
        )
    page.text(12, 12, _axis_words(aims[1], "up"), "muted")
    page.text(_LEFT + width / 2, _HEIGHT - 14, _axis_words(aims[0], "right"), "muted", ha="center")


def _lead(page: Canvas, axes: Axes, place: tuple[float, float], label: float) -> None:
    """A hairline from a point to its name in the margin."""
    axes.annotate(
        "", xy=place, xytext=((_WIDTH - _LABELS + 22) / page.width, 1 - label / page.height),
        textcoords="figure fraction", annotation_clip=False, zorder=1,
        arrowprops={"arrowstyle": "-", "color": light("rest"), "linewidth": 0.6, "shrinkA": 0, "shrinkB": 5},
    )  # fmt: skip


def _stairs(axes: Axes, front: Sequence[tuple[float, float]], aims: tuple[Aim, Aim]) -> None:
    """The edge of what the front dominates."""
    if aims[0] == "accuracy":
        steps = [(place[1], place[0]) for place in sorted(front, key=lambda place: (place[1], place[0]))]
        axes.step(
            [b for _, b in steps], [a for a, _ in steps], where="pre", color=light("1"), linewidth=1.2, zorder=2
        )
        return
    steps = sorted((place[0], place[1]) for place in front)
    axes.step(
        [a for a, _ in steps], [b for _, b in steps], where="post", color=light("1"), linewidth=1.2, zorder=2
    )


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.07 * (high - low) or max(abs(high), 1.0) * 0.05
    return low - room, high + room


def _axis_words(aim: Aim, direction: str) -> str:
    """What an axis shows, and where better is."""
    better = {("accuracy", "up"): "↑", ("accuracy", "right"): "→", ("x", "up"): "↓", ("x", "right"): "←"}
    key = "accuracy" if aim == "accuracy" else "x"
    return f"{AIMS[aim].words} ({better[key, direction]} better)"


def _caption(standing: Standing, plan: Plan, aims: tuple[Aim, Aim], membership: Mapping[str, float] | None) -> str:
    board = standing.board
    share = " Percentages: in how many bootstrap replicates the method is on the front." if membership else ""
    intervals = f" {level_words(board, plan)} of the accuracies are in the table." if "accuracy" in aims else ""
    return (
        f"Means of the recommended graphs over {board.units}. Filled: on the front, where no method is better in "
        f"both; open: dominated. The front is of means: whether neighbours differ is for the comparisons to say."
        f"{share}{intervals} Latency and compute are modelled. {origin_words([board])}"
    )


def _data(
    standing: Standing,
    points: Mapping[str, tuple[float, float]],
    front: Mapping[str, bool],
    aims: tuple[Aim, Aim],
    membership: Mapping[str, float] | None,
    title: str,
) -> Table:
    board, ranking = standing
    rows = []
    for method, pair in points.items():
        cells: list[Cell] = [board.labels[method]]
        for aim, value in zip(aims, pair, strict=True):
            cells.append(Interval(*ranking.estimates[method]) if aim == "accuracy" else float(np.float64(value)))
        share = [] if membership is None else [membership.get(method)]
        rows.append((*cells, "*" if front[method] else "", *share, method))
    shares = () if membership is None else (Column("membership", "on the\nfront", "percent", digits=0),)
    return Table(
        title=title,
        columns=(
            Column("label", "method", "text"),
            *(AIMS[aim].column for aim in aims),
            Column("front", "front", "text"),
            *shares,
            Column("method", "method", "text", view="data"),
        ),
        rows=tuple(rows),
        caption="The numbers behind the chart of the same title.",
    )
