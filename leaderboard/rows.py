"""A method's row: the means of what its runs cost, and the cells that every table shares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.blocks import Blocks
from leaderboard.boards import Board
from leaderboard.paired import Floats
from leaderboard.ranks import Ranking
from leaderboard.table import Cell, Interval, Span

__all__ = ["Costs", "counted_runs", "data_cells", "ranked_cells", "score_samples", "summed_up", "take_costs"]

_COMPLETE = ("accuracy", "regret", "score")

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
        for cell, block, status in zip(*(runs[name].tolist() for name in ("cell", "block", "status")), strict=True)
    ]
    return runs[np.array(keep, dtype=bool)]


def take_costs(runs: pd.DataFrame, blocks: Blocks) -> dict[str, Costs]:
    """The costs of each method's counted runs: means over blocks, every cell with the same weight."""
    counted = counted_runs(runs, blocks)
    spent = counted["spent_seconds"].to_numpy(np.float64)
    seconds: dict[Any, Floats] = {
        method: spent[rows] for method, rows in counted.groupby("method").indices.items()
    }
    by_block = _by_block(counted)
    values = by_block.to_numpy(np.float64)
    cells: dict[Any, list[Floats]] = {method: [] for method in sorted(seconds)}
    groups: dict[Any, Any] = by_block.groupby(["method", "cell"]).indices
    for (method, _), rows in groups.items():
        cells[method].append(values[rows])
    return {str(method): _costs(by_block.columns, own, seconds[method]) for method, own in cells.items() if own}


def score_samples(runs: pd.DataFrame, blocks: Blocks) -> dict[str, Floats]:
    """By method the scores of which `take_costs` gives the mean: one a block, over its cells; NaN: unknown."""
    needed = runs[["method", "cell", "block", "status", "accuracy", "reference", "random_mean"]]
    scores = _by_block(counted_runs(needed, blocks))["score"].groupby(["method", "block"])
    means = scores.mean().where(scores.count() == scores.size())
    return {str(method): own.to_numpy(dtype=np.float64) for method, own in means.groupby("method")}


def _by_block(counted: pd.DataFrame) -> pd.DataFrame:
    """Means by method, cell and block of every number, and of score and regret."""
    room = counted["reference"] - counted["random_mean"]
    numbers = counted.select_dtypes("number").columns.difference(["seed", "block"])
    known = counted[["method", "cell", "block", *numbers]].assign(
        score=(counted["accuracy"] - counted["random_mean"]) / room.where(room != 0),
        regret=counted["reference"] - counted["accuracy"],
    )
    return known.groupby(["method", "cell", "block"]).mean()


def _costs(names: Iterable[str], cells: list[Floats], seconds: Floats) -> Costs:
    """One method's. cells: of each cell the values (blocks, names); seconds: of its runs' searches."""
    by_cell = {str(name): [_mean(cell[:, at].tolist()) for cell in cells] for at, name in enumerate(names)}
    means = {name: _mean(of_cells) for name, of_cells in by_cell.items()}
    # Where one cell is unknown, so is the mean: no task is dropped in silence.
    known = {name: means[name] if _all_known(by_cell[name]) else math.nan for name in _COMPLETE}
    return Costs(
        **known,
        search_seconds=_geometric(seconds),
        agent_share=_share(means["agent_units"], means["spent_units"]),
        means=means,
    )


def _mean(values: Sequence[float]) -> float:
    """Mean of what is known, NaN of nothing; exactly rounded: no layout of columns moves its last digit."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _all_known(values: Sequence[float]) -> bool:
    return not any(math.isnan(value) for value in values)


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


def _geometric(seconds: Floats) -> float:
    """Geometric mean; 0 as soon as one run spent nothing (a method that need not search)."""
    return 0.0 if (seconds == 0).any() else float(np.exp(np.log(seconds).mean()))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
