"""Which methods of a chart have a colour: the best, the controls, and one on request; the rest is grey."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.charts.palette import SERIES
from leaderboard.charts.text import shown
from leaderboard.ranks import Plan, Standing

__all__ = [
    "REST",
    "Look",
    "budget_words",
    "identity",
    "level_words",
    "looks",
    "origin_words",
    "place_words",
    "several",
]


class Look(NamedTuple):
    """How a method is drawn: a colour's token, a marker of matplotlib, the width of its line in pixels."""

    token: str
    marker: str
    width: float


REST = Look("rest", "", 1.0)
_REFERENCE = Look("ink", "s", 2.0)
_MARKERS = ("o", "D", "^", "v", "P", "X")


def looks(last: Sequence[Standing], plan: Plan, highlight: str | None = None) -> dict[str, Look]:
    """The methods that stand out, each with its look; all others are `REST`.

    last: the standings that decide who is best. In this order, as far as there are colours: the method on request,
    the best of each standing, the controls as they are ranked in the first. The reference is in ink.
    """
    chosen = [highlight] if highlight is not None else []
    chosen += [standing.ranking.order[0] for standing in last]
    chosen += [
        method for standing in last[:1] for method in standing.ranking.order if _is_control(standing, method)
    ]
    named = [method for method in dict.fromkeys(chosen) if method != plan.reference][: len(SERIES)]
    found = {
        method: Look(token, marker, 3.0 if method == highlight else 2.0)
        for method, token, marker in zip(named, SERIES, _MARKERS, strict=False)
    }
    return found | {plan.reference: _REFERENCE}


def budget_words(standings: Sequence[Standing]) -> tuple[list[str], str]:
    """How search budgets are written on an axis: amounts, and their unit where all have the same."""
    names = [shown(standing.board.search, 12) for standing in standings]
    parts = [re.fullmatch(r"([\d.]+k?)([a-z]+)", name) for name in names]
    found = [part.groups() for part in parts if part]
    if len(found) < len(names) or len({unit for _, unit in found}) > 1:
        return names, ""
    units = {"ex": "question executions", "s": "seconds, modelled"}
    return [amount for amount, _ in found], f", {units.get(found[0][1], found[0][1])}"


def identity(board: Board) -> tuple[str, ...]:
    """What tells a board from others, for names of figures; its task where it has one alone."""
    task = board.tasks[0] if len(board.tasks) == 1 else ""
    return (board.suite, board.variant, board.budget, board.search, board.tier, board.stratum, task)


def several(tracks: int) -> str:
    """Part of a figure's name where it is of several tracks."""
    return f"{tracks}-tracks" if tracks > 1 else ""


def place_words(board: Board, *but: str) -> str:
    """What a board is of, for titles; its task where it has one alone."""
    task = f", task {board.tasks[0]}" if len(board.tasks) == 1 else ""
    return f"{captions.where(board, *but)}{task}"


def origin_words(boards: Sequence[Board]) -> str:
    """Whether what is drawn was simulated or measured, in a sentence."""
    worlds = {str(words) for board in boards for words in board.runs["provenance"]}
    kinds = sorted({words.split(" (")[0] for words in worlds})
    return f"Provenance: {'; '.join(kinds)}."


def level_words(board: Board, plan: Plan) -> str:
    """What an interval of a mean covers."""
    return f"{1 - plan.alpha:.0%} t intervals over {board.units}"


def _is_control(standing: Standing, method: str) -> bool:
    runs = standing.board.runs
    return str(runs["kind"].to_numpy()[(runs["method"] == method).to_numpy().argmax()]) == "control"
