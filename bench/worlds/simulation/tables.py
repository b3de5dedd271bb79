"""Parameters arranged for gathering: one column for each (role, model), one call's column taken at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from bench.keys import U64
from bench.worlds.base import ROLE_KEYS
from bench.worlds.simulation.items import threshold
from bench.worlds.simulation.universe import Universe
from tasks.base import Task

__all__ = ["Tables", "tables"]

F64 = npt.NDArray[np.float64]

_ROLES = 1 + max(ROLE_KEYS.values())


class Tables(NamedTuple):
    """One task's parameters for M models.

    reader float64 (4, roles·M): pull of each vote, trust in the own attempt, pull of agreeing inputs, and
    1/context². none uint64 (M,): threshold of no answer among wrong ones. cut uint64 (M,): threshold below
    which a wrong answer ends before the length limit. length float64 (M,): mean tokens of an answer before
    its factor for right or wrong, so that the mean over a single model's answers is the task's.
    """

    reader: F64
    none: U64
    cut: U64
    length: F64


def tables(universe: Universe, task: type[Task]) -> Tables:
    """The tables of `task` for the models of `universe.task_models`."""
    physics, common = universe.task(task.name), universe.common
    models = universe.task_models(task.name)
    accuracy = np.array([physics.accuracy[model] for model in models])
    mean = accuracy * common.right_length + (1 - accuracy) * common.wrong_length
    longer = np.array([physics.lengths.get(model, 1.0) for model in models])
    length = task.answer_tokens * longer / mean
    return Tables(
        reader=_reader(universe, task.name),
        none=threshold([physics.no_answer[model] for model in models]),
        cut=_cut(universe, task, length * common.wrong_length),
        length=length,
    )


def _reader(universe: Universe, task: str) -> F64:
    physics, common = universe.task(task), universe.common
    models = [universe.models[model] for model in universe.task_models(task)]
    columns = np.zeros((4, _ROLES, len(models)))
    columns[0] = [m.plurality for m in models]
    columns[1] = [physics.self_trust + m.self_trust for m in models]
    columns[2] = physics.anchor
    columns[3] = [m.context**-2 for m in models]
    columns[1, ROLE_KEYS["select"]] += common.select_self_trust
    columns[2, ROLE_KEYS["select"]] += common.select_anchor
    columns[2, ROLE_KEYS["assistant"]] = 0.0  # an assistant that is shown answers is not swayed by them
    return columns.reshape(4, -1)


def _cut(universe: Universe, task: type[Task], median_like: F64) -> U64:
    """Chance that a wrong answer's length stays below the limit."""
    sd = universe.task(task.name).token_spread
    limit = universe.common.longest * task.answer_tokens - 0.5  # lengths are rounded
    return threshold(ndtr((np.log(limit / median_like) + sd * sd / 2) / sd))
