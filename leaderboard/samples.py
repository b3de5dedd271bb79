"""From frames to numbers that can be compared: what each method did on the blocks that all methods share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leaderboard.blocks import Blocks, common_blocks
from leaderboard.boards import QUESTION_COLUMNS, Board
from leaderboard.errors import LeaderboardError
from leaderboard.paired import Floats

__all__ = ["Samples", "own_questions", "take_samples"]


@dataclass(frozen=True)
class Samples:
    """Outcomes of all methods on common blocks.

    exact: whether accuracies are exact expectations (simulated) or answers to questions. values: by method
    one blocks x items matrix a cell, in the order of `cells`; when exact the single item is the truth. items:
    questions by cell that count (1 when exact). remarks: what was left out or counted as wrong, in words.
    """

    exact: bool
    cells: tuple[str, ...]
    values: dict[str, list[Floats]]
    blocks: Blocks
    items: dict[str, int]
    remarks: tuple[str, ...]


def take_samples(board: Board, questions: pd.DataFrame | None) -> Samples:
    """The samples of a board; exact accuracy where the world knows it, graded questions otherwise.

    LeaderboardError when some runs have an exact accuracy and some do not, or neither is there.
    """
    counted = board.runs[board.runs["status"] != "infra"]
    known = counted["accuracy"].notna()
    if known.all():
        return _exact(board)
    if known.any():
        lacking = counted[~known].iloc[0]
        raise LeaderboardError(
            f"{lacking['method']} on {lacking['task']}, seed {lacking['seed']} has no exact accuracy although"
            " other runs have: a failed run is recorded with its incumbent's or the fallback's"
        )
    if board.instances or questions is None or questions.empty:
        raise LeaderboardError(f"suite {board.suite}: no exact accuracy and no graded questions to rank by")
    return _graded(board, questions)


def _exact(board: Board) -> Samples:
    blocks = common_blocks(board, whole=True)
    if not board.runs["accuracy"].dropna().between(0, 1).all():
        raise LeaderboardError("accuracy is a share: a value lies outside 0..1")
    # Several seeds in one instance are one block: more of them measure that world, not others.
    truth = board.runs.groupby(["method", "cell", "block"])["accuracy"].mean().to_dict()
    values = {
        method: [np.array([[truth[method, cell, block]] for block in blocks.kept[cell]]) for cell in board.cells]
        for method in board.methods
    }
    return Samples(True, tuple(board.cells), values, blocks, dict.fromkeys(board.cells, 1), ())


def _graded(board: Board, questions: pd.DataFrame) -> Samples:
    if missing := [name for name in QUESTION_COLUMNS if name not in questions.columns]:
        raise LeaderboardError(f"the questions frame lacks {', '.join(missing)}")
    blocks = common_blocks(board, whole=False)
    asked = own_questions(board, questions)
    failed = board.runs[board.runs["status"] == "method_fault"]
    faulty = {
        (str(method), str(task), int(seed))
        for method, task, seed in zip(failed["method"], failed["task"], failed["seed"], strict=True)
    }
    values: dict[str, list[Floats]] = {method: [] for method in board.methods}
    items, remarks = {}, []
    for task in board.tasks:
        rows = asked[(asked["task"] == task) & asked["seed"].isin(blocks.kept[task])]
        lost = set(rows.loc[rows["kind"] == "infra_error", "question"].tolist())
        kept = sorted(set(rows["question"].tolist()) - lost)
        if not kept:
            raise LeaderboardError(f"suite {board.suite}, {task}: no question was graded for all methods")
        if lost:
            remarks.append(f"{task}: {len(lost)} questions left out for all methods (infrastructure errors)")
        if broken := int((rows["kind"] == "grader_error").sum()):
            remarks.append(f"{task}: {broken} answers counted as wrong because the grader failed")
        items[task] = len(kept)
        for method in board.methods:
            own = rows[rows["method"] == method]
            values[method].append(_matrix(own, (method, task), blocks.kept[task], kept, faulty))
    return Samples(False, tuple(board.tasks), values, blocks, items, tuple(remarks))


def own_questions(board: Board, questions: pd.DataFrame) -> pd.DataFrame:
    """The rows of the board's runs; the frame may have several suites, variants, search budgets and tiers."""
    own = questions["method"].isin(board.methods) & (questions["budget"] == board.budget)
    for name in ("suite", "variant", "search", "tier"):
        if name in questions.columns:
            own &= questions[name] == getattr(board, name)
    return questions[own]


def _matrix(
    rows: pd.DataFrame,
    cell: tuple[str, str],
    seeds: Sequence[int],
    items: Sequence[int],
    faulty: set[tuple[str, str, int]],
) -> Floats:
    """Seeds x items of 0 and 1; what a failed run left unanswered is 0, any other gap is refused."""
    if rows.duplicated(["seed", "question"]).any():
        raise LeaderboardError(f"{cell[0]} on {cell[1]}: a question is graded twice in one run")
    found = rows.assign(correct=rows["correct"].astype(float)).pivot(
        index="seed", columns="question", values="correct"
    )
    found = found.reindex(index=list(seeds), columns=list(items))
    for seed in seeds:
        if found.loc[seed].isna().any() and (*cell, seed) not in faulty:
            raise LeaderboardError(f"{cell[0]} on {cell[1]}, seed {seed}: its test questions are not the others'")
    return found.fillna(0.0).to_numpy(dtype=np.float64)
