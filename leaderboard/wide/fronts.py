"""Accuracy, latency and compute of what is recommended, without weights: who is on the front, how surely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leaderboard import captions
from leaderboard.bootstrap import resampled_counts
from leaderboard.numbers import Floats, data_seed
from leaderboard.pareto import hypervolume, on_front, pareto_front
from leaderboard.ranks import Plan, Standing
from leaderboard.table import Column, Table
from leaderboard.wide.common import METHOD, TEXT, block_values, footing, strata_of, whole

__all__ = ["front_tables"]

_NAMES = ("accuracy", "latency_critical", "graph_units")
_AXES = (True, False, False)
_RESAMPLES = 2000

_COLUMNS = (
    TEXT,
    Column("accuracy", "accuracy", "percent", digits=1),
    Column("latency_critical", "latency\ncritical", "seconds"),
    Column("graph_units", "graph\ncompute", "count", unit="units", digits=1),
    Column("front", "front", "text"),
    Column("membership", "on the\nfront", "percent", digits=0),
    Column("own_volume", "volume\nof its own", "percent", digits=1),
    METHOD,
)


def front_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked, exact board of at least two methods and two blocks."""
    for standing in whole(standings):
        values = block_values(standing, _NAMES) if standing.ranking.samples.exact else {}
        if len(values) > 1 and len(next(iter(values.values()))) > 1:
            yield _table(standing, values, plan)


def _table(standing: Standing, values: dict[str, Floats], plan: Plan) -> Table:
    board = standing.board
    order = [method for method in standing.ranking.order if method in values]
    # blocks x methods x aims; every cell of a block weighs the same
    blocks = np.stack([values[method].mean(axis=1) for method in order], axis=1)
    means = np.round(blocks.mean(axis=0), 12)
    front = set(pareto_front(means, _AXES))
    shares = _membership(standing, blocks)
    worst = (0.0, *means[:, 1:].max(axis=0).tolist())
    volume = hypervolume(means, worst, _AXES)
    rows = []
    for at, method in enumerate(order):
        others = hypervolume(np.delete(means, at, axis=0), worst, _AXES)
        own = (volume - others) / volume if volume > 0 else 0.0
        point = (float(value) for value in means[at])
        rows.append((board.labels[method], *point, "*" if at in front else "", float(shares[at]), own, method))
    return Table(
        title=f"Front: {captions.where(board)}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=f"Means over {board.units} of the recommended graph: exact accuracy, modelled critical path in "
        "seconds a question, compute in units a question. *: no method is at least as good in all three and "
        "better "
        f"in one. On the front: share of {_RESAMPLES} resamplings of {board.units} (within each task, all methods "
        "at once) in which that is so; a method whose share is far from 0 and 1 is there or not by luck. Volume "
        "of "
        "its own: share of the hypervolume, from accuracy 0 and the largest mean latency and compute in the "
        "table, "
        "that is lost without the method. All of it depends on who is in the table. "
        f"{footing(standing, plan)}",
    )


def _membership(standing: Standing, blocks: Floats) -> Floats:
    """The share of resamplings of the blocks in which each method is on the front."""
    strata = strata_of(standing) if standing.board.instances else [list(range(len(blocks)))]
    ordered = blocks[[at for rows in strata for at in rows]]
    signs = np.where(_AXES, 1.0, -1.0)
    # The draws depend on the blocks alone: another entry in the table must not change them.
    seed = data_seed("front", [len(rows) for rows in strata])
    found = []
    for counts in resampled_counts([len(rows) for rows in strata], _RESAMPLES, seed):
        for part in np.array_split(counts, max(1, counts.shape[0] * blocks.shape[1] ** 2 // 200_000)):
            means = np.einsum("rb,bma->rma", part, ordered) / len(blocks)
            found.append(on_front(np.round(means * signs, 12)))
    return np.asarray(np.concatenate(found).mean(axis=0))
