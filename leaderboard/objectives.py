"""Boards whose runs sought more than accuracy: by what they sought, and without any weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from leaderboard import captions
from leaderboard.effects import effects
from leaderboard.paired import Floats
from leaderboard.pareto import hypervolume, pareto_front
from leaderboard.ranks import Plan, Standing
from leaderboard.rows import counted_runs
from leaderboard.table import Cell, Column, Table

__all__ = ["objective_tables"]

_MEANING = {
    "joint": "accuracy minus a weight times log2 of the critical path relative to that of the cheapest feasible "
    "graph (so a doubling of the latency costs the weight, 0.05 unless it is given)",
    "deadline": "accuracy where the critical path is within the deadline, and accuracy minus 1 where it is not",
}

_AXES = (True, False)
"""More accuracy is better, more latency is not."""


def objective_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked, exact board with an objective other than accuracy."""
    for board, ranking in standings:
        objective = board.setting["objective"]
        if board.full and board.ranked and ranking.samples.exact and objective != "accuracy":
            yield _table(Standing(board, ranking), objective, plan)


def _table(standing: Standing, objective: str, plan: Plan) -> Table:
    board, ranking = standing
    runs = counted_runs(board.runs, ranking.samples.blocks)
    values = {method: _by_block(runs, method) for method in ranking.order}
    order = sorted(values, key=lambda method: (-round(float(values[method].mean()), 12), method))
    others = [method for method in order if method != plan.reference and plan.reference in values]
    found = effects({method: values[method] - values[plan.reference] for method in others}, plan.alpha)
    means = runs.groupby(["method", "cell"])[["accuracy", "latency_critical"]].mean().groupby("method").mean()
    points = means.loc[order].to_numpy(dtype=np.float64)
    volumes = _volumes(runs)
    rows = []
    on_front = set(pareto_front(points, _AXES))
    for at, method in enumerate(order):
        effect = found.get(method)
        difference: list[Cell] = [None, None] if effect is None else [effect.difference, effect.pvalue_holm]
        accuracy, latency = means["accuracy"][method], means["latency_critical"][method]
        value = float(values[method].mean())
        front = "*" if at in on_front else ""
        rows.append((board.labels[method], value, *difference, accuracy, latency, front, volumes[method], method))
    reference = board.labels.get(plan.reference, plan.reference)
    return Table(
        title=f"Objective: {captions.where(board)}",
        columns=(
            Column("label", "method", "text"),
            Column("value", "objective", "points", digits=1),
            Column("difference", f"to\n{reference}", "points", digits=1, signed=True, interval=True),
            Column("pvalue_holm", "p\nHolm", "pvalue"),
            Column("accuracy", "accuracy", "percent", digits=1),
            Column("latency_critical", "latency\ncritical", "seconds"),
            Column("front", "front", "text"),
            Column("hypervolume", "hyper-\nvolume", "percent", digits=1),
            Column("method", "method", "text", view="data"),
        ),
        rows=tuple(rows),
        caption=f"Objective {objective}, mean: {_MEANING.get(objective.partition('=')[0], 'see the suite')}; "
        f"ours, no published formula. ±: {1 - plan.alpha:.0%} t interval over {board.units}, adjusted by Holm "
        f"over {captions.counted(len(found), 'comparison')}. front: no method has both a higher mean accuracy "
        "and a lower mean latency. Hypervolume: what a method's recommended graphs dominate together in one task "
        "of one world, as a share of the rectangle from accuracy 0 and the slowest graph that any method here "
        "recommended there; it needs no weight, but depends on who is in the table.",
    )


def _by_block(runs: pd.DataFrame, method: str) -> Floats:
    """The mean objective over cells in each block."""
    own = runs[runs["method"] == method].groupby(["block", "cell"])["objective_value"].mean()
    means: Floats = own.groupby("block").mean().to_numpy(dtype=np.float64)
    return means


def _volumes(runs: pd.DataFrame) -> dict[str, float]:
    """Mean hypervolume by method over problems (a task in a world), each a share of its own rectangle."""
    names = ["accuracy", "latency_critical"]
    shares: dict[str, list[float]] = {}
    for _, problem in runs.groupby(["cell", "task", "world"]):
        slowest = float(problem["latency_critical"].max())
        for method, own in problem.groupby("method"):
            area = hypervolume(own[names].to_numpy(dtype=np.float64), (0.0, slowest), _AXES)
            shares.setdefault(str(method), []).append(area / slowest if slowest > 0 else 0.0)
    return {method: float(np.mean(of_method)) for method, of_method in shares.items()}
