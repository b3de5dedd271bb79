"""What a change of setting does to a method: the same runs under two settings, paired block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.boards import Board
from leaderboard.multiple import adjust_pvalues, simultaneous_intervals
from leaderboard.paired import block_test
from leaderboard.ranks import Standing
from leaderboard.table import Interval

__all__ = ["Effect", "alike", "differing", "effects", "paired_differences", "whole_boards"]


class Effect(NamedTuple):
    """A mean difference, a share, with its Holm-adjusted interval; p None where there is one block."""

    difference: Interval
    pvalue_holm: float | None
    blocks: int


def whole_boards(standings: Sequence[Standing]) -> Iterator[list[Board]]:
    """The boards that variants may be compared on, by suite, budget and stratum: full, ranked, exact."""
    groups: dict[tuple[str, str, str], list[Board]] = {}
    for board, ranking in standings:
        if board.full and board.ranked and ranking.samples.exact:
            groups.setdefault((board.suite, board.budget, board.stratum), []).append(board)
    yield from groups.values()


def differing(board: Board, other: Board) -> set[str]:
    """In which settings two boards differ; `search` where they have more and less of the same currency."""
    names = {name for name, value in board.setting.items() if other.setting[name] != value}
    if "search_currency" not in names and board.search != other.search:
        names.add("search")
    # A method that recommends by itself has no use for what the shared final rule is given.
    if "own" in (board.setting["selection"], other.setting["selection"]):
        names -= {"held_back", "finalists"}
    return names


def alike(boards: Sequence[Board], but: set[str]) -> Iterator[list[Board]]:
    """Groups of boards that differ in nothing but these settings."""
    groups: list[list[Board]] = []
    for board in boards:
        home = next((group for group in groups if differing(group[0], board) <= but), None)
        if home is None:
            groups.append([board])
        else:
            home.append(board)
    yield from groups


def paired_differences(base: Board, other: Board) -> dict[str, pd.Series[float]]:
    """other minus base by method: one mean difference a block, indexed by seed or by the instance's world.

    Runs pair on method, its LLM, task, world and seed; an instance's seeds are averaged, and a seed counts when
    all tasks are there. Methods without a pair are left out.
    """
    keys = ["method", "agent", "task", "world", "seed"]
    sides = [board.runs[board.runs["status"] != "infra"][[*keys, "cell", "accuracy"]] for board in (base, other)]
    pairs = sides[0].merge(sides[1].drop(columns="cell"), on=keys, suffixes=("", "_other"), validate="1:1")
    pairs["difference"] = pairs["accuracy_other"] - pairs["accuracy"]
    block = "world" if base.instances else "seed"
    by_cell = pairs.groupby(["method", block, "cell"])["difference"].mean().unstack("cell")
    means = by_cell.reindex(columns=base.cells).mean(axis=1, skipna=False).dropna()
    return {str(method): own.droplevel("method") for method, own in means.groupby("method")}


def effects(vectors: Mapping[str, npt.ArrayLike], alpha: float) -> dict[str, Effect]:
    """The t test of each vector of differences, one value a block; Holm's correction over all of them."""
    tests = [block_test(np.asarray(vector, dtype=np.float64), 1 - alpha) for vector in vectors.values()]
    adjusted = adjust_pvalues([test.pvalue for test in tests])
    return {
        name: Effect(Interval(test.mean_difference, low, high), pvalue if test.df else None, int(test.df) + 1)
        for name, test, pvalue, (low, high) in zip(
            vectors, tests, adjusted, simultaneous_intervals(tests, alpha), strict=True
        )
    }
