"""The leaderboard as tables: each board, then what only several boards together show.

for table in leaderboard_tables(records.runs_df(), records.questions_df()):
    print(render(table))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from leaderboard.agents import agent_tables
from leaderboard.boards import Board, split_boards
from leaderboard.contrasts import contrast_tables
from leaderboard.curves import curve_tables
from leaderboard.factorial import factorial_tables
from leaderboard.objectives import objective_tables
from leaderboard.ranks import Plan, Standing, rank
from leaderboard.regret import regret_tables
from leaderboard.standing import by_task, overall, pairwise
from leaderboard.table import Table
from leaderboard.traps import trap_tables, trapped
from leaderboard.verdicts import verdict_tables

__all__ = ["ACROSS", "Overview", "leaderboard_tables", "ordered_boards", "overview", "stand"]

ACROSS: tuple[Callable[[Sequence[Standing], Plan], Iterator[Table]], ...] = (
    curve_tables,
    regret_tables,
    contrast_tables,
    factorial_tables,
    agent_tables,
    verdict_tables,
    objective_tables,
)
"""What boards together show, in the order of reading; each makes only the tables that there are data for."""


class Overview(NamedTuple):
    """What a reader wants first, and in words which boards there are besides (empty: none)."""

    tables: list[Table]
    rest: str


def leaderboard_tables(
    runs: pd.DataFrame, questions: pd.DataFrame | None = None, plan: Plan | None = None
) -> list[Table]:
    """All tables of a set of runs: every board's, then those across boards.

    Of each board the overall table; at the full search budget of a ranked stratum also each task and every method
    against the reference. runs, questions: the frames of `load_records(path)`; questions are needed where no exact
    accuracy is known. plan: what the suite fixed beforehand. LeaderboardError on runs that cannot be ranked
    together.
    """
    plan = plan or Plan()
    boards = ordered_boards(runs, plan)
    standings = [stand(board, questions, plan) for board in boards]
    return [
        *(table for standing in standings for table in _board_tables(standing, questions, plan)),
        *(table for tables in ACROSS for table in tables(standings, plan)),
        *trap_tables(boards, plan),
    ]


def overview(runs: pd.DataFrame, questions: pd.DataFrame | None = None, plan: Plan | None = None) -> Overview:
    """The overall table of the primary variant at its full search budget, then how methods fare at smaller ones.

    Where variants differ in nothing but what the search budget is counted in, the curves of all of them. A suite
    without a primary variant compares its variants instead. Parameters and errors as of `leaderboard_tables`.
    """
    plan = plan or Plan()
    boards = ordered_boards(runs, plan)
    standings = [stand(board, questions, plan) for board in boards if board.ranked]
    whole = [standing for standing in standings if standing.board.full]
    primary = [standing for standing in whole if standing.board.variant == plan.primary]
    tables = [overall(*standing, plan) for standing in primary or whole[:1]]
    tracks = [s for s in standings if any(_same_but_track(s.board, first.board) for first in primary or whole[:1])]
    tables += curve_tables(tracks, plan)
    if not primary:
        tables += verdict_tables(standings, plan)
    return Overview(tables, _rest(boards))


def ordered_boards(runs: pd.DataFrame, plan: Plan) -> list[Board]:
    """The boards, the primary variant's first."""
    return sorted(split_boards(runs), key=lambda board: (board.suite, board.variant != plan.primary))


def stand(board: Board, questions: pd.DataFrame | None, plan: Plan) -> Standing:
    """A board and its verdict; where the plan says so without the tasks that hold nothing to find."""
    traps = trapped(board) if plan.traps == "apart" and not board.instances else []
    if traps and set(traps) < set(board.tasks):
        board = board.without(traps)
    return Standing(board, rank(board, questions, plan))


def _board_tables(standing: Standing, questions: pd.DataFrame | None, plan: Plan) -> Iterator[Table]:
    board = standing.board
    yield overall(*standing, plan)
    if board.full and board.ranked:
        for task in board.tasks:
            one = board.only(task)
            yield by_task(one, rank(one, questions, plan), plan)
        if standing.ranking.against_reference:
            yield pairwise(*standing, plan)


def _same_but_track(board: Board, other: Board) -> bool:
    """Whether two boards are of the same worlds and differ in nothing but what the search budget counts."""
    names = [name for name in board.setting if name != "search_currency"]
    apart = set(board.runs["world"]).isdisjoint(other.runs["world"])
    return not apart and all(board.setting[name] == other.setting[name] for name in names)


def _rest(boards: Sequence[Board]) -> str:
    """Which options of `isobudget leaderboard` choose among the boards; empty where there is one choice."""
    words = []
    for option in ("variant", "stratum", "search"):
        values = list(dict.fromkeys(getattr(board, option) for board in boards))
        if len(values) > 1:
            words.append(f"--{option} {'|'.join(values)}")
    return " ".join(words)
