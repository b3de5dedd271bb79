"""What the tables behind the ranks share: which boards they are of, values block by block, words under a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.claims import claim
from leaderboard.numbers import Floats
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import counted_runs
from leaderboard.table import Column

__all__ = [
    "METHOD",
    "TEXT",
    "against",
    "block_values",
    "compared",
    "footing",
    "strata_of",
    "task_differences",
    "whole",
]

TEXT = Column("label", "method", "text")
METHOD = Column("method", "method", "text", view="data")


def whole(standings: Sequence[Standing]) -> Iterator[Standing]:
    """The boards at the full search budget of ranked strata."""
    yield from (standing for standing in standings if standing.board.full and standing.board.ranked)


def compared(standings: Sequence[Standing]) -> Iterator[Standing]:
    """Those of them on which methods are compared with the reference over at least two blocks."""
    for standing in whole(standings):
        kept = standing.ranking.samples.blocks.kept.values()
        if standing.ranking.against_reference and min(len(blocks) for blocks in kept) > 1:
            yield standing


def against(standing: Standing) -> list[str]:
    """The methods that are compared with the reference, best first."""
    return [method for method in standing.ranking.order if method in standing.ranking.against_reference]


def task_differences(standing: Standing, method: str, other: str) -> list[Floats]:
    """method minus other, one blocks x items matrix a task; the instances of a family are parted by their task."""
    values = standing.ranking.samples.values
    found = [a - b for a, b in zip(values[method], values[other], strict=True)]
    return [found[0][rows] for rows in strata_of(standing)] if standing.board.instances else found


def strata_of(standing: Standing) -> list[list[int]]:
    """Positions of the blocks that count, by task; of one world all blocks, once."""
    board, (first, *_) = standing.board, standing.ranking.samples.blocks.kept.values()
    if not board.instances:
        return [list(range(len(first)))]
    task = dict(zip(board.runs["block"], board.runs["task"], strict=True))
    return [[at for at, block in enumerate(first) if task[block] == name] for name in _tasks(board, first)]


def block_values(standing: Standing, names: Sequence[str]) -> dict[str, Floats]:
    """By method the means of some columns of its runs: blocks x cells x names, on the blocks that all cells have.

    A method with a run less is left out: its blocks would not be the others'.
    """
    blocks = standing.ranking.samples.blocks
    shared = sorted(set.intersection(*(set(kept) for kept in blocks.kept.values())))
    runs = counted_runs(standing.board.runs, blocks)
    means = runs.groupby(["method", "block", "cell"])[list(names)].mean()
    cells = standing.board.cells
    found = {}
    for method, own in means.groupby("method"):
        table = own.droplevel("method").reindex([(block, cell) for block in shared for cell in cells])
        values = table.to_numpy(dtype=np.float64).reshape(len(shared), len(cells), len(names))
        if not np.isnan(values).all(axis=(0, 1)).any():
            found[str(method)] = values
    return found


def footing(standing: Standing, plan: Plan, exploratory: bool = True) -> str:
    """Where the numbers are from, and what may be concluded from them."""
    board, ranking = standing
    words = "Exploratory: beside the plan's endpoint, never instead of it." if exploratory else claim(board, plan)
    return f"{captions.origin(board, ranking, plan)} {words}"


def _tasks(board: Board, blocks: Sequence[int]) -> list[str]:
    runs = board.runs[board.runs["block"].isin(blocks)]
    return sorted(str(task) for task in runs["task"].unique())
