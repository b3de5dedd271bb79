"""Everybody against everybody: the comparisons behind ranks and letters."""

from __future__ import annotations

from leaderboard import captions
from leaderboard.ranks import Comparison, Plan, Standing
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["all_pairs", "reversed_pair"]

_COLUMNS = (
    Column("label", "method", "text"),
    Column("other_label", "minus", "text"),
    Column("difference", "difference", "points", digits=1, signed=True, interval=True),
    Column("adjusted", "Holm-adjusted", "points", digits=1, signed=True, interval=True),
    Column("pvalue", "p", "pvalue", view="wide"),
    Column("pvalue_holm", "p\nHolm", "pvalue"),
    Column("df", "df", "ratio", digits=1, view="wide"),
    Column("separated", "separated", "text"),
    Column("matters", "matters", "text"),
    Column("method", "method", "text", view="data"),
    Column("other", "other", "text", view="data"),
)


def all_pairs(standing: Standing, plan: Plan) -> Table:
    """Every pair of a board once, the better estimate first."""
    board, ranking = standing
    return Table(
        title=f"All pairs: {captions.where(board)}",
        columns=_COLUMNS,
        rows=tuple(_row(found, board.labels) for found in ranking.pairs),
        caption=f"{captions.origin(board, ranking, plan)} Mean difference of accuracy, in points, over "
        f"{board.units}: the first method minus the second. Adjusted: at the level of its step in Holm's "
        f"procedure over all {len(ranking.pairs)} pairs, so it excludes 0 exactly when the pair is "
        f"separated. Matters: it lies beyond ±{100 * plan.rope:g} point.",
        notes=tuple(captions.exclusions(ranking)),
    )


def reversed_pair(found: Comparison) -> Comparison:
    """The same comparison seen from the other method."""
    test = found.test._replace(
        statistic=-found.test.statistic,
        mean_difference=-found.test.mean_difference,
        ci_low=-found.test.ci_high,
        ci_high=-found.test.ci_low,
    )
    return Comparison(
        found.other,
        found.method,
        test,
        found.pvalue_holm,
        -found.high,
        -found.low,
        found.pvalue_flips,
        found.separated,
        found.matters,
    )


def _row(found: Comparison, labels: dict[str, str]) -> tuple[Cell, ...]:
    test = found.test
    return (
        labels[found.method],
        labels[found.other],
        Interval(test.mean_difference, test.ci_low, test.ci_high),
        Interval(test.mean_difference, found.low, found.high),
        test.pvalue if test.df else None,
        found.pvalue_holm if test.df else None,
        test.df,
        "yes" if found.separated else "no",
        "yes" if found.matters else "no",
        found.method,
        found.other,
    )
