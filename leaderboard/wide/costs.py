"""What each run of a curve spent until it reached a target: the matter of the tables of targets and profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.anytime import best_so_far
from leaderboard.curves import currency
from leaderboard.numbers import Floats
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import counted_runs

__all__ = ["TARGETS", "Searches", "searches", "spent_until", "target_values"]

TARGETS = {
    "best_fixed": "best fixed architecture",
    "half": "half the room",
    "near": "within the ROPE of the reference",
}

_SPENT = {"executions": "spent_executions", "flops": "spent_units", "seconds": "spent_seconds", "usd": "spent_usd"}


class Searches(NamedTuple):
    """The searches of a curve: methods x problems x budgets, smallest budget first.

    accuracy: of what each would recommend; spent: in the track's currency. Problems are the runs on common blocks
    (a task, a world, a seed); reference, best_fixed, random: of each problem; tasks: its task.
    """

    methods: tuple[str, ...]
    accuracy: Floats
    spent: Floats
    reference: Floats
    best_fixed: Floats
    random: Floats
    tasks: tuple[str, ...]


def searches(group: Sequence[Standing]) -> Searches | None:
    """A group of boards (`curve_groups`) by run, of methods that have every budget; None without exact truth."""
    if not all(standing.ranking.samples.exact for standing in group):
        return None
    names = ["accuracy", _SPENT[currency(group[0].board)], "reference", "best_fixed", "random_mean"]
    by = ["method", "task", "world", "seed"]
    frames = [counted_runs(s.board.runs, s.ranking.samples.blocks).set_index(by)[names] for s in group]
    # The order of rows must not matter, nor a block that one budget lacks.
    shared = frames[0].index
    for frame in frames[1:]:
        shared = shared.intersection(frame.index)
    problems = sorted({place[1:] for place in shared})
    everyone = [m for m in group[-1].ranking.order if all(m in s.ranking.estimates for s in group)]
    methods = [m for m in everyone if all((m, *problem) in shared for problem in problems)]
    if not methods or not problems:
        return None
    index = pd.MultiIndex.from_tuples([(m, *problem) for m in methods for problem in problems], names=by)
    cube = np.stack([frame.reindex(index).to_numpy(dtype=np.float64) for frame in frames], axis=1)
    cube = cube.reshape(len(methods), len(problems), len(group), len(names))
    accuracy, spent, reference, best_fixed, random = (cube[..., at] for at in range(len(names)))
    if np.isnan(accuracy).any() or np.isnan(reference).any() or np.isnan(random).any():
        return None
    return Searches(
        tuple(methods),
        accuracy,
        spent,
        reference[0, :, -1],
        best_fixed[0, :, -1],
        random[0, :, -1],
        tuple(str(task) for task, _, _ in problems),
    )


def target_values(found: Searches, plan: Plan) -> dict[str, Floats]:
    """The accuracy that reaches each target, by problem; a target that is unknown somewhere is left out."""
    values = {
        "best_fixed": found.best_fixed,
        "half": (found.random + found.reference) / 2,
        "near": found.reference - plan.rope,
    }
    return {name: value for name, value in values.items() if not np.isnan(value).any()}


def spent_until(found: Searches, target: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """methods x problems: what was spent at the first budget whose recommendation reaches the target, and whether.

    Where none does: what the whole search spent, and False.
    """
    best = np.apply_along_axis(best_so_far, 2, found.accuracy)
    reached = np.round(best - target[:, None], 12) >= 0
    first = np.where(reached.any(axis=2), reached.argmax(axis=2), -1)
    spent = np.take_along_axis(found.spent, (first % found.spent.shape[2])[..., None], axis=2)[..., 0]
    return np.asarray(spent), np.asarray(reached.any(axis=2))
