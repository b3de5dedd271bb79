"""Which blocks of a board count: those that every ranked method has."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from leaderboard.boards import Board
from leaderboard.errors import LeaderboardError

__all__ = ["Blocks", "common_blocks"]


@dataclass(frozen=True)
class Blocks:
    """What every ranked method has: blocks by cell; left_out says for each dropped block why."""

    kept: dict[str, tuple[int, ...]]
    left_out: tuple[str, ...]


def common_blocks(board: Board, whole: bool) -> Blocks:
    """The blocks that every ranked method has in each cell, without infrastructure faults.

    whole: a block counts only when it is there in every cell (the simulated analysis averages over tasks within a
    seed). An instance that was run with several seeds counts when every method has all of them. What one method
    lacks is left out for all. LeaderboardError when nothing common remains.
    """
    runs = board.runs
    keys = list(zip(runs["method"], runs["cell"], runs["block"], runs["seed"], strict=True))
    status = dict(zip(keys, runs["status"], strict=True))
    wanted = sorted({(int(block), int(seed)) for _, _, block, seed in keys})
    lost: dict[tuple[str, int], list[str]] = {}
    for cell, (block, seed), method in product(board.cells, wanted, board.methods):
        found = status.get((method, cell, block, seed), "missing")
        if found in ("missing", "infra"):
            why = "no run of" if found == "missing" else "infrastructure fault of"
            lost.setdefault((cell, block), []).append(f"{why} {board.labels[method]}")
    dropped = set(lost)
    if whole:
        dropped |= {(cell, block) for _, block in lost for cell in board.cells}
    blocks = sorted({block for block, _ in wanted})
    kept = {cell: tuple(block for block in blocks if (cell, block) not in dropped) for cell in board.cells}
    names = _names(board)
    reasons = tuple(
        f"{names[block] if board.instances else f'{cell} seed {block}'} ({_few(list(dict.fromkeys(why)))})"
        for (cell, block), why in sorted(lost.items())
    )
    for cell in board.cells:
        if not kept[cell]:
            unit = "instance" if board.instances else "seed"
            raise LeaderboardError(
                f"suite {board.suite}, {cell}: no {unit} is shared by all methods: {'; '.join(reasons[:3])}; "
                "finish the suite (the same `isobudget run` resumes) or leave the method out"
            )
    return Blocks(kept, reasons)


def _few(reasons: list[str]) -> str:
    """The first three, and how many more."""
    rest = len(reasons) - 3
    return ", ".join(reasons[:3]) + (f" and {rest} more" if rest > 0 else "")


def _names(board: Board) -> dict[int, str]:
    """The worlds of a family by block."""
    return dict(zip(board.runs["block"], board.runs["world"].astype(str), strict=True))
