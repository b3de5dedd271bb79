"""How good a method is while it searches: area under its curve, and regret at the end, run by run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.aggregates import aggregate, iqm
from leaderboard.anytime import anytime_auc, normalised_regret
from leaderboard.bootstrap import stratified_bootstrap_ci
from leaderboard.curves import amount, curve_groups
from leaderboard.numbers import Floats, data_seed
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.wide.common import METHOD, TEXT, footing
from leaderboard.wide.costs import Searches, searches

__all__ = ["anytime_tables"]

_RESAMPLES = 2000

_COLUMNS = (
    TEXT,
    Column("area", "area", "ratio", digits=3, interval=True),
    Column("area_iqm", "area, IQM", "ratio", digits=3, interval=True),
    Column("regret", "regret\nleft", "ratio", digits=3, interval=True),
    Column("regret_iqm", "regret left,\nIQM", "ratio", digits=3, interval=True),
    Column("regret_median", "regret left,\nmedian task", "ratio", digits=3, view="wide"),
    METHOD,
)


def anytime_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each ranked, exact curve over search budgets."""
    for group in curve_groups(standings):
        found = searches(group) if len(group) > 1 else None
        if found is not None and (found.reference > found.random).any():
            yield _table(group, found, plan)


def _table(group: Sequence[Standing], found: Searches, plan: Plan) -> Table:
    board = group[-1].board
    budgets = [amount(standing.board) for standing in group]
    # Without room between random graphs and the reference a score has no meaning.
    known = [at for at, room in enumerate(found.reference - found.random) if room > 0]
    rows = [
        (board.labels[method], *_cells(found, of_method, known, budgets, plan), method)
        for method, of_method in zip(found.methods, found.accuracy, strict=True)
    ]
    flat = len(found.tasks) - len(known)
    searched = ", ".join(standing.board.search for standing in group)
    return Table(
        title=f"Anytime: {captions.where(board, 'search')}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption="Scores: 0 at the mean of random graphs, 1 at the reference of the problem, unclipped. Area: time "
        f"average of the score over the search budget up to {board.search}; a step curve that starts at 0 and "
        "takes "
        f"what the run would recommend at {searched}, from there on (so the last one has no weight). Regret left: "
        "1 minus the score at the full budget. Mean: of the tasks' means; IQM: mean of the middle half of all "
        "runs. "
        f"±: {1 - plan.alpha:.0%} percentile interval, {_RESAMPLES} resamplings of {board.units} within each "
        "task, "
        f"seeded by the data; unadjusted. {captions.counted(len(known), 'run')} a method. "
        f"{footing(group[-1], plan)}",
        notes=(f"without room between random graphs and reference, left out: {flat} runs a method",)
        if flat
        else (),
    )


def _cells(
    found: Searches, accuracy: Floats, known: Sequence[int], budgets: Sequence[float], plan: Plan
) -> list[Cell]:
    """accuracy: problems x budgets of one method."""
    regrets = np.array(
        [normalised_regret(accuracy[at], float(found.reference[at]), float(found.random[at])) for at in known]
    )
    areas = np.array([anytime_auc(budgets, 1 - regret, budgets[-1], 0.0) for regret in regrets])
    tasks = [found.tasks[at] for at in known]
    area, left = _by_task(areas, tasks), _by_task(regrets[:, -1], tasks)
    return [
        *(_interval(scores, kind, plan.alpha) for scores in (area, left) for kind in ("mean", "iqm")),
        aggregate(left, "median"),
    ]


def _by_task(values: Floats, tasks: Sequence[str]) -> list[Floats]:
    names = np.array(tasks)
    return [values[names == task] for task in sorted(set(tasks))]


def _interval(scores: list[Floats], kind: str, alpha: float) -> Cell:
    estimate = iqm(scores) if kind == "iqm" else aggregate(scores, kind)
    if min(len(task) for task in scores) < 2 or all(np.ptp(task) == 0 for task in scores):
        return Interval(estimate, -np.inf, np.inf)
    seed = data_seed(f"anytime {kind}", *scores)
    return Interval(estimate, *stratified_bootstrap_ci(scores, kind, 1 - alpha, _RESAMPLES, seed))
