"""Whether a verdict holds: every method against the reference, variant by variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard import captions
from leaderboard.ranks import Comparison, Plan, Standing
from leaderboard.table import Cell, Column, Table

__all__ = ["letter", "verdict_tables"]

_WIDEST = 8
"""Variants that fit beside each other in a terminal."""


def verdict_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each suite, budget and ranked stratum with several variants that have the reference method."""
    groups: dict[tuple[str, str, str], list[Standing]] = {}
    for standing in standings:
        board = standing.board
        if board.full and board.ranked and standing.ranking.against_reference:
            groups.setdefault((board.suite, board.budget, board.stratum), []).append(standing)
    for group in groups.values():
        if len({standing.board.variant for standing in group}) > 1:
            parts = [group[at : at + _WIDEST] for at in range(0, len(group), _WIDEST)]
            for number, part in enumerate(parts, 1):
                which = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
                yield _table(part, group, which, plan)


def _table(part: Sequence[Standing], group: Sequence[Standing], which: str, plan: Plan) -> Table:
    """Columns for a part of the variants, the last one for all of them."""
    first = group[0].board
    reference = first.labels[plan.reference]
    columns = [Column("label", "method", "text")]
    for board, _ in part:
        heading = "\n".join((board.variant or "plain").split("-"))
        columns += [
            Column(f"difference_{board.variant}", heading, "points", digits=1, signed=True),
            Column(f"verdict_{board.variant}", "", "text"),
        ]
    columns += [Column("holds", "holds?", "text"), Column("method", "method", "text", view="data")]
    methods = dict.fromkeys(m for _, ranking in group for m in ranking.order if m in ranking.against_reference)
    rows = []
    for method in methods:
        found = [standing.ranking.against_reference.get(method) for standing in part]
        everywhere = [standing.ranking.against_reference.get(method) for standing in group]
        label = next(standing.board.labels[method] for standing in group if method in standing.board.labels)
        cells: list[Cell] = []
        for comparison in found:
            cells += [comparison.test.mean_difference, letter(comparison)] if comparison else [None, ""]
        rows.append((label, *cells, _holds([c for c in everywhere if c is not None]), method))
    return Table(
        title=f"Does the verdict hold{which}: {captions.where(first, 'variant', 'search', 'tier')}",
        columns=tuple(columns),
        rows=tuple(rows),
        caption=f"Mean difference of each method to {reference}, in points, in each variant at its full search "
        f"budget. b: better, w: worse, t: not separated, each by the variant's own test at {plan.alpha:.0%} with "
        f"Holm's correction. holds: the same separation in all {len(group)} variants that the method ran in; "
        "changes sign: better in one variant and worse in another; partly: separated in some variants alone. What "
        "holds in one variant only is a statement about that variant.",
    )


def letter(found: Comparison) -> str:
    """b: better, w: worse, t: not separated."""
    if not found.separated:
        return "t"
    return "b" if found.low > 0 else "w"


def _holds(found: Sequence[Comparison]) -> str:
    """In words how the verdicts of one method agree; nothing to say of a single one."""
    letters = {letter(comparison) for comparison in found}
    if len(found) < 2:
        return ""
    if {"b", "w"} <= letters:
        return "changes sign"
    if letters == {"t"}:
        return "not separated"
    return "holds" if len(letters) == 1 else "partly"
