"""What these runs could have found, and what more of them would: of every comparison with the reference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from leaderboard import captions
from leaderboard.crossed import crossed_anova
from leaderboard.numbers import Floats
from leaderboard.paired import PairedTest
from leaderboard.power import detectable_by_t, minimum_detectable_effect, power_paired_t, power_t
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Table
from leaderboard.wide.common import METHOD, TEXT, against, compared, footing, task_differences

__all__ = ["power_tables"]

_MOST = 100_000

_COLUMNS = (
    TEXT,
    Column("standard_error", "standard\nerror", "points", digits=2),
    Column("df", "df", "ratio", digits=1),
    Column("detectable", "detectable", "points", digits=1),
    Column("detectable_first", "at Holm's\nfirst step", "points", digits=1),
    Column("power", "power\nat ROPE", "percent", digits=0),
    Column("needed", "blocks for\n80 % at ROPE", "count", digits=0),
    Column("sd_seed", "sd\nseeds", "points", digits=1),
    Column("sd_item", "sd\nquestions", "points", digits=1),
    Column("sd_rest", "sd\nrest", "points", digits=1),
    Column("more_seeds", "power, twice\nthe seeds", "percent", digits=0),
    Column("more_items", "power, twice\nthe questions", "percent", digits=0),
    Column("detectable_items", "detectable,\nseeds as fixed", "points", digits=1),
    METHOD,
)


class _Components(NamedTuple):
    """Variance components of the differences of one task (not below 0), and its size."""

    seed: float
    item: float
    rest: float
    seeds: int
    items: int


def power_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked board with the reference method and at least two blocks."""
    for standing in compared(standings):
        board, ranking = standing
        family = len(ranking.against_reference)
        exact = ranking.samples.exact
        yield Table(
            title=f"Power: {captions.where(board)}",
            columns=_COLUMNS,
            rows=tuple(_row(standing, method, plan) for method in against(standing)),
            caption=f"Of the difference to {board.labels[plan.reference]}, in points. Detectable: found with 80 % "
            f"power by one two-sided test at {plan.alpha:g} with these degrees of freedom; Holm's first step: at "
            f"{plan.alpha:g}/{family}, what the largest difference of the family must pass. Power at ROPE: of "
            f"finding a true difference of {100 * plan.rope:g} point{'' if plan.rope == 0.01 else 's'}. "
            f"{_exact_words(board.units) if exact else _CROSSED} "
            "Estimated from these very runs: for planning the next ones, not for judging these. "
            f"{footing(standing, plan)}",
        )


_CROSSED = (
    "sd: roots of the variance components of the differences on one question (seed, question, rest; crossed "
    "analysis of variance, mean over tasks, not below 0), from which the power with twice the seeds or questions "
    "follows. Seeds as fixed: Miller's formula, which counts the questions' variance alone; the search's own luck "
    "is missing from it."
)


def _exact_words(units: str) -> str:
    return f"Blocks: {units}. The accuracies are exact, so only more {units} help."


def _row(standing: Standing, method: str, plan: Plan) -> tuple[Cell, ...]:
    test = standing.ranking.against_reference[method].test
    cells: dict[str, Cell] = {"label": standing.board.labels[method], "method": method}
    # Where nothing varies there is no power to speak of: the sign flips decide (docs/statistics.md).
    if test.standard_error > 0:
        cells |= _of_test(test, plan, len(standing.ranking.against_reference))
        if standing.ranking.samples.exact:
            spread = test.standard_error * math.sqrt(test.df + 1)
            cells["needed"] = _needed(plan.rope / spread, plan.alpha)
        else:
            cells |= _of_components(task_differences(standing, method, plan.reference), test, plan)
    return tuple(cells.get(column.key) for column in _COLUMNS)


def _of_test(test: PairedTest, plan: Plan, family: int) -> dict[str, Cell]:
    return {
        "standard_error": test.standard_error,
        "df": test.df,
        "detectable": test.standard_error * detectable_by_t(test.df, plan.alpha),
        "detectable_first": test.standard_error * detectable_by_t(test.df, plan.alpha / family),
        "power": power_t(plan.rope / test.standard_error, test.df, plan.alpha),
    }


def _needed(effect_dz: float, alpha: float) -> int | None:
    """The fewest pairs that find the effect with 80 % power; None beyond a hundred thousand."""
    low, high = 1, 2
    while power_paired_t(effect_dz, high, alpha) < 0.8:
        low, high = high, high * 2
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_paired_t(effect_dz, middle, alpha) >= 0.8 else (middle, high)
    return high


def _of_components(tasks: Sequence[Floats], test: PairedTest, plan: Plan) -> dict[str, Cell]:
    if min(min(values.shape) for values in tasks) < 2:
        return {}
    parts = [_components(values) for values in tasks]
    items = [
        minimum_detectable_effect(part.items, part.item, part.rest, 0.0, part.seeds, 1, plan.alpha)
        for part in parts
    ]
    found = {
        name: math.sqrt(np.mean([getattr(part, name) for part in parts])) for name in ("seed", "item", "rest")
    }
    cells: dict[str, Cell] = {f"sd_{name}": value for name, value in found.items()}
    cells["detectable_items"] = float(np.linalg.norm(items)) / len(items)
    for name, seeds, questions in (("more_seeds", 2, 1), ("more_items", 1, 2)):
        error = _error(parts, seeds, questions)
        # More of either never has fewer degrees of freedom; these are kept, which is on the safe side.
        cells[name] = power_t(plan.rope / error, test.df, plan.alpha) if error > 0 else None
    return cells


def _components(values: Floats) -> _Components:
    found = crossed_anova(values)
    row, column, rest = (max(part, 0.0) for part in (found.row, found.column, found.residual))
    return _Components(row, column, rest, *values.shape)


def _error(parts: Sequence[_Components], seeds: int, items: int) -> float:
    """Standard error of the mean over tasks, were there so many times the seeds and questions."""
    variance = [
        p.seed / (seeds * p.seeds) + p.item / (items * p.items) + p.rest / (seeds * p.seeds * items * p.items)
        for p in parts
    ]
    return math.sqrt(sum(variance)) / len(parts)
