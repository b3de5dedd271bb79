"""What one setting is worth: the same methods with and without prior data, with true and with false names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.effects import alike, effects, paired_differences, whole_boards
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Table

__all__ = ["contrast_tables"]


class _Contrast(NamedTuple):
    """A setting, the value that the others are compared with, and what a difference means."""

    setting: str
    base: str
    title: str
    meaning: str


_CONTRASTS = (
    _Contrast(
        "tier",
        "P0",
        "What prior data is worth",
        "what the published single-model accuracies add to a method that starts from nothing (P0). An interval "
        "above 0: the method turns them into better graphs. Methods that cannot use them stand at 0.",
    ),
    _Contrast(
        "models",
        "named",
        "Names",
        "what is lost when models are called by neutral names (aliased), or by each other's and in another order "
        "(permuted). An interval below 0: part of the method's result under true names is knowledge that it came "
        "with; what survives is adaptation to this world.",
    ),
)


def contrast_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each contrast and group of variants that differ in that setting alone."""
    for contrast in _CONTRASTS:
        for boards in whole_boards(standings):
            for group in alike(boards, {contrast.setting}):
                values = {board.setting[contrast.setting]: board for board in reversed(group)}
                base = values.pop(contrast.base, None)
                if base is not None and values:
                    yield _table(contrast, base, dict(sorted(values.items())), plan)


def _table(contrast: _Contrast, base: Board, others: dict[str, Board], plan: Plan) -> Table:
    pairs = {value: paired_differences(base, board) for value, board in others.items()}
    vectors = {
        f"{value} {method}": differences for value, found in pairs.items() for method, differences in found.items()
    }
    found = effects(vectors, plan.alpha)
    methods = sorted({method for of_value in pairs.values() for method in of_value})
    first = next(iter(others))
    columns = [
        Column("label", "method", "text"),
        Column("accuracy", f"accuracy\n{contrast.base}", "percent", digits=1),
    ]
    for value in others:
        columns += [
            Column(value, f"{value}\nminus {contrast.base}", "points", digits=1, signed=True, interval=True),
            Column(f"pvalue_{value}", "p\nHolm", "pvalue"),
            Column(f"blocks_{value}", "\n".join(base.units.split()), "count", digits=0),
        ]
    rows = []
    for method in methods:
        row: list[Cell] = [base.labels[method], _mean(base, method)]
        for value in others:
            effect = found.get(f"{value} {method}")
            row += [None, None, None] if effect is None else [*effect]
        rows.append((*row, method))

    def largest_first(row: tuple[Cell, ...]) -> tuple[float, str]:
        effect = found.get(f"{first} {row[-1]}")
        return (-round(effect.difference.value, 12) if effect else np.inf, str(row[-1]))

    named = [f"{board.variant} ({board.setting[contrast.setting]})" for board in (base, *others.values())]
    return Table(
        title=f"{contrast.title}: {captions.where(base, 'variant', contrast.setting)}",
        columns=(*columns, Column("method", "method", "text", view="data")),
        rows=tuple(sorted(rows, key=largest_first)),
        caption=f"Paired difference of true accuracy, in points: {contrast.meaning} ±: {1 - plan.alpha:.0%} t "
        f"interval over the {base.units} that a method has under both settings, adjusted by Holm over "
        f"{captions.counted(len(found), 'comparison')}. Exploratory: not the plan's endpoint. "
        f"Variants: {', '.join(named)}.",
    )


def _mean(board: Board, method: str) -> float:
    """Mean true accuracy over the method's own runs, cells weighted equally."""
    runs = board.runs[(board.runs["method"] == method) & (board.runs["status"] != "infra")]
    return float(runs.groupby("cell")["accuracy"].mean().mean())
