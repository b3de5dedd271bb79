"""A method's row: the means of what its runs cost, and the cells that every table shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leaderboard.boards import Blocks, Board
from leaderboard.ranks import Ranking
from leaderboard.table import Cell, Interval, Span

__all__ = ["Costs", "counted_runs", "data_cells", "ranked_cells", "take_costs"]


@dataclass(frozen=True)
class Costs:
    """Means over a method's counted runs; NaN where nothing is known.

    accuracy, regret, score: shares, tasks weighted equally. search_seconds: geometric mean. agent_share: of
    the units. Everything else: the arithmetic mean of the column of that name.
    """

    accuracy: float
    regret: float
    score: float
    search_seconds: float
    agent_share: float
    means: dict[str, float]


def counted_runs(runs: pd.DataFrame, blocks: Blocks) -> pd.DataFrame:
    """The runs on the blocks that count."""
    keep = [
        int(seed) in blocks.seeds[str(task)] and status != "infra"
        for task, seed, status in zip(runs["task"], runs["seed"], runs["status"], strict=True)
    ]
    return runs[np.array(keep, dtype=bool)]


def take_costs(runs: pd.DataFrame) -> Costs:
    """The costs of one method's counted runs, every task with the same weight."""
    numbers = runs.select_dtypes("number").columns.difference(["seed"])
    by_task = runs.groupby("task")[list(numbers)].mean()
    means = {str(name): float(by_task[name].mean()) for name in numbers}
    room = runs["reference"] - runs["random_mean"]
    score = ((runs["accuracy"] - runs["random_mean"]) / room.where(room != 0)).groupby(runs["task"]).mean()
    regret = (runs["reference"] - runs["accuracy"]).groupby(runs["task"]).mean()
    return Costs(
        accuracy=_complete_mean(runs["accuracy"].groupby(runs["task"]).mean()),
        regret=_complete_mean(regret),
        score=_complete_mean(score),
        search_seconds=_geometric(runs["spent_seconds"]),
        agent_share=_share(means["agent_units"], means["spent_units"]),
        means=means,
    )


def ranked_cells(board: Board, ranking: Ranking, method: str) -> dict[str, Cell]:
    """Rank, letters, mark, accuracy with interval, difference to the reference; of a bound only its label."""
    if method not in ranking.estimates:
        return {"label": f"{board.labels[method]} (bound)"}
    found = ranking.against_reference.get(method)
    cells: dict[str, Cell] = {
        "rank": Span(*ranking.ranks[method]),
        "letters": ranking.letters[method],
        "tied_with_best": "*" if method in ranking.tied else "",
        "label": board.labels[method],
        "accuracy": Interval(*ranking.estimates[method]),
    }
    if found is not None:
        cells["difference"] = Interval(found.test.mean_difference, found.low, found.high)
        cells["pvalue_holm"] = found.pvalue_holm if found.test.df else None
    return cells


def data_cells(board: Board, method: str, runs: pd.DataFrame) -> dict[str, Cell]:
    """The cells of `leaderboard.columns.SHARED_DATA`."""
    first = runs.iloc[0]
    return {
        "method": method,
        "kind": str(first["kind"]),
        "tier": str(first["tier"]),
        "suite": board.suite,
        "suite_version": board.version,
        "plan": board.plan,
        "budget": board.budget,
        "search": board.search,
        "provenance": "; ".join(sorted({str(words) for words in runs["provenance"]})),
    }


def _complete_mean(by_task: pd.Series[float]) -> float:
    """Mean over tasks; NaN as soon as one is unknown, so that no task is dropped in silence."""
    return float(by_task.mean(skipna=False))


def _geometric(seconds: pd.Series[float]) -> float:
    """Geometric mean; 0 as soon as one run spent nothing (a method that need not search)."""
    values = seconds.to_numpy(dtype=np.float64)
    return 0.0 if (values == 0).any() else float(np.exp(np.log(values).mean()))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
