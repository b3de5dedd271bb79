"""Whole distributions instead of means: how often a method reaches a score, how often it beats the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.aggregates import beats, iqm, probability_of_improvement, score_profile
from leaderboard.bootstrap import percentiles, resampled_counts
from leaderboard.numbers import Floats, data_seed
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.wide.common import METHOD, TEXT, block_values, footing, whole

__all__ = ["profile_tables"]

_TAUS = (0.0, 0.25, 0.5, 0.75, 0.9)
_RESAMPLES = 2000

_COLUMNS = (
    TEXT,
    Column("iqm", "score,\nIQM", "ratio", digits=2),
    *(Column(f"above_{tau:g}", f"score\n> {tau:g}", "percent", digits=1) for tau in _TAUS),
    Column("improvement", "probability of\nimprovement", "percent", digits=1, interval=True),
    METHOD,
)


def profile_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked, exact board on which scores are known."""
    for standing in whole(standings):
        scores = _scores(standing) if standing.ranking.samples.exact else {}
        if scores:
            yield _table(standing, scores, plan)


def _table(standing: Standing, scores: dict[str, list[Floats]], plan: Plan) -> Table:
    board = standing.board
    reference = scores.get(plan.reference)
    rows = []
    for method in [m for m in standing.ranking.order if m in scores]:
        own = scores[method]
        against = None if reference is None or method == plan.reference else _improvement(own, reference, plan)
        shares = score_profile(own, _TAUS)
        rows.append((board.labels[method], iqm(own), *shares, against, method))
    runs = sum(len(task) for task in next(iter(scores.values())))
    return Table(
        title=f"Score profile: {captions.where(board)}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=f"Share of {runs} runs, over all tasks, with a score above each value; 0 is the mean of random "
        "graphs, 1 the reference. IQM: mean of the middle half of the runs. Probability of improvement: that a "
        "run "
        f"of the method scores above a run of {board.labels.get(plan.reference, plan.reference)} on the same "
        "task, a "
        f"tie counts half, mean over tasks; ±: {1 - plan.alpha:.0%} percentile interval, {_RESAMPLES} resamplings "
        f"of the {board.units} of both at once, within each task; unadjusted. It says how often, not how much. "
        f"{footing(standing, plan)}",
    )


def _scores(standing: Standing) -> dict[str, list[Floats]]:
    """By method one vector of scores a task; blocks without room above random graphs are left out."""
    found = block_values(standing, ["accuracy", "random_mean", "reference"])
    if not found:
        return {}
    room = np.min([values[..., 2] - values[..., 1] for values in found.values()], axis=0)
    task = _tasks(standing, len(room))
    scores = {}
    for method, values in found.items():
        with_room = np.where(room > 0, values[..., 2] - values[..., 1], 1.0)
        score = (values[..., 0] - values[..., 1]) / with_room
        parts = [score[(task == name) & (room > 0)] for name in np.unique(task)]
        scores[method] = [part for part in parts if len(part)]
    return scores if all(scores.values()) else {}


def _tasks(standing: Standing, blocks: int) -> np.ndarray[tuple[int, int], np.dtype[np.str_]]:
    """The task of each block and cell."""
    board = standing.board
    if not board.instances:
        return np.tile(np.array(board.cells), (blocks, 1))
    of = dict(zip(board.runs["block"], board.runs["task"], strict=True))
    (kept,) = standing.ranking.samples.blocks.kept.values()
    return np.array([[of[block]] for block in kept])


def _improvement(x: list[Floats], y: list[Floats], plan: Plan) -> Cell:
    """Paired resampling: the counts weigh the comparisons of all runs with all."""
    estimate = probability_of_improvement(x, y)
    if min(len(task) for task in x) < 2:
        return Interval(estimate, -np.inf, np.inf)
    sizes = [len(task) for task in x]
    edges = np.cumsum(sizes)[:-1]
    tables = [beats(a, b) / len(a) ** 2 for a, b in zip(x, y, strict=True)]
    seed = data_seed("probability of improvement", *x, *y)
    replicates = np.concatenate(
        [
            np.mean(
                [
                    np.einsum("ri,ri->r", own @ table, own)
                    for own, table in zip(np.split(counts, edges, axis=1), tables, strict=True)
                ],
                axis=0,
            )
            for counts in resampled_counts(sizes, _RESAMPLES, seed)
        ]
    )
    return Interval(estimate, *percentiles(replicates, 1 - plan.alpha))
