"""A method's row: the means of what its runs cost, and the cells that every table shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leaderboard.blocks import Blocks
from leaderboard.boards import Board
from leaderboard.ranks import Ranking
from leaderboard.table import Cell, Interval, Span

__all__ = ["Costs", "counted_runs", "data_cells", "ranked_cells", "summed_up", "take_costs"]

_FEW = 6
"""Names that are listed in full."""


@dataclass(frozen=True)
class Costs:
    """Means over a method's counted runs; NaN where nothing is known.

    accuracy, regret, score: shares, cells weighted equally. search_seconds: geometric mean. agent_share: of
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
        block in blocks.kept.get(str(cell), ()) and status != "infra"
        for cell, block, status in zip(runs["cell"], runs["block"], runs["status"], strict=True)
    ]
    return runs[np.array(keep, dtype=bool)]


def take_costs(runs: pd.DataFrame) -> Costs:
    """The costs of one method's counted runs: means over blocks, every cell with the same weight."""
    numbers = list(runs.select_dtypes("number").columns.difference(["seed", "block"]))
    by_cell = _by_cell(runs, numbers)
    means = {str(name): float(by_cell[name].mean()) for name in numbers}
    room = runs["reference"] - runs["random_mean"]
    shares = runs.assign(
        score=(runs["accuracy"] - runs["random_mean"]) / room.where(room != 0),
        regret=runs["reference"] - runs["accuracy"],
    )
    of_cell = _by_cell(shares, ["accuracy", "regret", "score"])
    return Costs(
        accuracy=_complete_mean(of_cell["accuracy"]),
        regret=_complete_mean(of_cell["regret"]),
        score=_complete_mean(of_cell["score"]),
        search_seconds=_geometric(runs["spent_seconds"]),
        agent_share=_share(means["agent_units"], means["spent_units"]),
        means=means,
    )


def ranked_cells(board: Board, ranking: Ranking, method: str) -> dict[str, Cell]:
    """Rank, letters, mark, accuracy with interval, difference to the reference; of a bound only its label.

    Of a stratum that is not ranked neither rank nor letters nor mark.
    """
    if method not in ranking.estimates:
        return {"label": f"{board.labels[method]} (bound)"}
    found = ranking.against_reference.get(method)
    cells: dict[str, Cell] = {
        "label": board.labels[method],
        "accuracy": Interval(*ranking.estimates[method]),
    }
    if board.ranked:
        cells["rank"] = Span(*ranking.ranks[method])
        cells["letters"] = ranking.letters[method]
        cells["tied_with_best"] = "*" if method in ranking.tied else ""
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
        "variant": board.variant,
        "budget": board.budget,
        "search": board.search,
        "stratum": board.stratum,
        "provenance": summed_up(sorted({str(words) for words in runs["provenance"]})),
    }


def summed_up(names: Sequence[str]) -> str:
    """A few names in full; of many, such as the worlds of a family, the first and how many more there are."""
    return "; ".join(names) if len(names) <= _FEW else f"{names[0]}; and {len(names) - 1} more"


def _by_cell(runs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Means by cell of the means by block."""
    return runs.groupby(["cell", "block"])[names].mean().groupby("cell").mean()


def _complete_mean(by_cell: pd.Series[float]) -> float:
    """Mean over cells; NaN as soon as one is unknown, so that no task is dropped in silence."""
    return float(by_cell.mean(skipna=False))


def _geometric(seconds: pd.Series[float]) -> float:
    """Geometric mean; 0 as soon as one run spent nothing (a method that need not search)."""
    values = seconds.to_numpy(dtype=np.float64)
    if not len(values):
        return float("nan")
    return 0.0 if (values == 0).any() else float(np.exp(np.log(values).mean()))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
