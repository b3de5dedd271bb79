"""Search time and latency against the reference: ratios of geometric means, on the log scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from leaderboard import captions
from leaderboard.bootstrap import bootstrap_ci
from leaderboard.curves import amount, currency
from leaderboard.effects import Effect, effects
from leaderboard.numbers import Floats, data_seed
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.wide.common import METHOD, TEXT, against, block_values, compared, footing

__all__ = ["ratio_tables"]

_NAMES = {"spent_seconds": "search time", "latency_critical": "latency"}
_RESAMPLES = 2000


def ratio_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked board with the reference method and at least two blocks."""
    for standing in compared(standings):
        values = block_values(_censored(standing), list(_NAMES))
        if plan.reference in values:
            yield _table(standing, values, plan)


def _table(standing: Standing, values: dict[str, Floats], plan: Plan) -> Table:
    board, methods = standing.board, [m for m in against(standing) if m in values]
    logs = {
        f"{name} {method}": _log_ratios(values[method][..., at], values[plan.reference][..., at])
        for at, name in enumerate(_NAMES)
        for method in methods
    }
    known = {key: ratios for key, ratios in logs.items() if ratios is not None}
    found = {
        name: effects({key: ratios for key, ratios in known.items() if key.startswith(name)}, plan.alpha)
        for name in _NAMES
    }
    columns, rows = [TEXT], [[board.labels[method]] for method in methods]
    cells: list[list[Cell]] = [list(row) for row in rows]
    for name, words in _NAMES.items():
        columns += [
            Column(f"{name}_ratio", words, "ratio", unit="×", digits=2, interval=True),
            Column(f"{name}_p", "p\nHolm", "pvalue"),
            Column(f"{name}_bootstrap", "bootstrap", "ratio", digits=2, interval=True, view="wide"),
        ]
        for row, method in zip(cells, methods, strict=True):
            key = f"{name} {method}"
            row += _cells(found[name].get(key), known.get(key), plan.alpha)
    family = max(len(of_name) for of_name in found.values())
    return Table(
        title=f"Time ratios: {captions.where(board)}",
        columns=(*columns, METHOD),
        rows=tuple((*row, method) for row, method in zip(cells, methods, strict=True)),
        caption=f"Ratio of geometric means to {board.labels[plan.reference]}, of the modelled search time and of "
        "the "
        f"modelled critical path of the recommended graph; below 1: faster. ±: {1 - plan.alpha:.0%} t interval of "
        "the "
        f"mean log ratio over {board.units}, each the mean over tasks, adjusted by Holm over "
        f"{captions.counted(family, 'comparison')} a column; bootstrap: BCa, {_RESAMPLES} resamplings, "
        "unadjusted. "
        "A failed run's search counts with the cap of a time track, else with the longest search of any method on "
        "that block, never with what it got away with; a method that searches for no time at all has no ratio. "
        f"{footing(standing, plan)}",
    )


def _cells(effect: Effect | None, ratios: Floats | None, alpha: float) -> list[Cell]:
    if effect is None or ratios is None:
        return [None, None, None]
    interval = Interval(*(float(np.exp(end)) for end in effect.difference))
    spread = None
    if np.ptp(ratios) > 0:
        ends = bootstrap_ci(ratios, "mean", "bca", 1 - alpha, _RESAMPLES, data_seed("ratio", ratios))
        spread = Interval(interval.value, float(np.exp(ends.low)), float(np.exp(ends.high)))
    return [interval, effect.pvalue_holm, spread]


def _log_ratios(own: Floats, reference: Floats) -> Floats | None:
    """One mean log ratio a block, over its cells; None where either is not above 0 everywhere."""
    if (own <= 0).any() or (reference <= 0).any():
        return None
    return np.asarray(np.round((np.log(own) - np.log(reference)).mean(axis=1), 12))


def _censored(standing: Standing) -> Standing:
    """The board with the search time of failed runs at the cap: what broke early was not fast."""
    board = standing.board
    failed = board.runs["status"] == "method_fault"
    if not failed.any():
        return standing
    longest = board.runs.groupby(["cell", "block"])["spent_seconds"].transform("max")
    cap = np.maximum(longest, amount(board)) if currency(board) == "seconds" else longest
    runs = board.runs.assign(spent_seconds=board.runs["spent_seconds"].where(~failed, cap))
    return Standing(replace(board, runs=runs), standing.ranking)
