"""Where the gain came from: racing, shared selection and the sampler, crossed with the methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.effects import Effect, alike, differing, effects, paired_differences, whole_boards
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Table

__all__ = ["factorial_tables"]

_FACTORS = {"allocation": ("own", "racing"), "selection": ("own", "shared"), "sampler": ("published", "uniform")}
"""Each factor's base value and the other one."""


def factorial_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each group of variants that differ in two or three of the factors, and in nothing else."""
    for boards in whole_boards(standings):
        for group in alike(boards, set(_FACTORS)):
            cells = {_cell(board): board for board in reversed(group)}
            varying = [factor for factor in _FACTORS if len({board.setting[factor] for board in group}) > 1]
            if len(varying) > 1:
                yield _table(dict(sorted(cells.items())), varying, plan)


def _table(cells: dict[tuple[str, ...], Board], varying: Sequence[str], plan: Plan) -> Table:
    boards = list(cells.values())
    main = {factor: _main_effects(boards, factor) for factor in varying}
    vectors = {
        f"{factor} {method}": values for factor, of_factor in main.items() for method, values in of_factor.items()
    }
    found = effects(vectors, plan.alpha)
    means = {board.variant: _means(board) for board in boards}
    methods = sorted({method for of_cell in means.values() for method in of_cell.index})
    crossed = {
        method for method in methods if sum(method in of_cell.index for of_cell in means.values()) == len(boards)
    }
    # A method that ran in one cell only, such as a fixed architecture, says nothing about a factor.
    shown = [method for method in methods if any(f"{factor} {method}" in found for factor in varying)]
    best_first = sorted(shown, key=lambda m: (-max(of_cell.get(m, 0.0) for of_cell in means.values()), m))
    rows = [_row(m, boards, means, [found.get(f"{factor} {m}") for factor in varying]) for m in best_first]
    settled = [f"{factor} {boards[0].setting[factor]}" for factor in _FACTORS if factor not in varying]
    incomplete = [method for method in shown if method not in crossed]
    first = boards[0]
    return Table(
        title=f"Where the gain came from: {captions.where(first, 'variant')}",
        columns=_columns(cells, varying),
        rows=tuple(rows),
        caption=f"Mean true accuracy of each method in each cell ({', '.join(varying)}"
        f"{'; all with ' + ', '.join(settled) if settled else ''}), and main effects in points: the same blocks "
        "with and without the factor, paired, averaged over the settings of the other factors. ±: "
        f"{1 - plan.alpha:.0%} t interval over {first.units}, adjusted by Holm over "
        f"{captions.counted(len(found), 'effect')}. A gain that stands in a main effect belongs to the service, "
        "which is open to every method; what differs between methods within one cell is the method's own. "
        "Exploratory: not the plan's endpoint.",
        notes=(f"not in all cells, effects over those where it ran: {_labels(boards, incomplete)}",)
        if incomplete
        else (),
    )


def _columns(cells: dict[tuple[str, ...], Board], varying: Sequence[str]) -> tuple[Column, ...]:
    values = [
        Column(
            f"accuracy_{board.variant}",
            "\n".join(value for factor, value in zip(_FACTORS, cell, strict=True) if factor in varying),
            "percent",
            digits=1,
        )
        for cell, board in cells.items()
    ]
    gains = [
        Column(
            f"effect_{factor}",
            "\nminus ".join(reversed(_FACTORS[factor])),
            "points",
            digits=1,
            signed=True,
            interval=True,
        )
        for factor in varying
    ]
    method = Column("method", "method", "text", view="data")
    return (Column("label", "method", "text"), *values, *gains, method)


def _main_effects(boards: Sequence[Board], factor: str) -> dict[str, pd.Series[float]]:
    """By method one value a block: with minus without the factor, mean over the pairs of cells that it ran in."""
    base, other = _FACTORS[factor]
    found: dict[str, list[pd.Series[float]]] = {}
    for a, b in combinations(boards, 2):
        low, high = (a, b) if a.setting[factor] == base else (b, a)
        values = (low.setting[factor], high.setting[factor])
        if differing(a, b) == {factor} and values == (base, other):
            for method, differences in paired_differences(low, high).items():
                found.setdefault(method, []).append(differences)
    # A block counts when all of the method's pairs have it, else pairs would weigh differently in it.
    means = {method: pd.concat(parts, axis=1, join="inner").mean(axis=1) for method, parts in found.items()}
    return {method: values for method, values in means.items() if len(values)}


def _row(
    method: str, boards: Sequence[Board], means: dict[str, pd.Series[float]], gains: Sequence[Effect | None]
) -> tuple[Cell, ...]:
    label = next(board.labels[method] for board in boards if method in board.labels)
    values: list[Cell] = [means[board.variant].get(method) for board in boards]
    return (label, *values, *(None if gain is None else gain.difference for gain in gains), method)


def _means(board: Board) -> pd.Series[float]:
    """Mean true accuracy by method, cells weighted equally."""
    runs = board.runs[board.runs["status"] != "infra"]
    return runs.groupby(["method", "cell"])["accuracy"].mean().groupby("method").mean()


def _cell(board: Board) -> tuple[str, ...]:
    return tuple(board.setting[factor] for factor in _FACTORS)


def _labels(boards: Sequence[Board], methods: Sequence[str]) -> str:
    return ", ".join(next(b.labels[method] for b in boards if method in b.labels) for method in methods)
