"""Whether boards tell one story: correlation of their orders, and ranks block by block as a diagnostic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from leaderboard import captions
from leaderboard.curves import curve_groups
from leaderboard.effects import differing
from leaderboard.mean_ranks import friedman, kendall_tau, mean_ranks, nemenyi_cd
from leaderboard.numbers import Floats
from leaderboard.ranks import Plan, Ranking, Standing
from leaderboard.table import Column, Table
from leaderboard.wide.common import METHOD, TEXT, footing

__all__ = ["agreement_tables"]

_WHAT = {"search": "search budget", "search_currency": "track", "tier": "prior tier", "models": "names"}

_PAIRS = (
    Column("what", "differ in", "text"),
    Column("one", "one", "text"),
    Column("other", "other", "text"),
    Column("methods", "methods", "count", digits=0),
    Column("tau", "Kendall's\ntau", "ratio", digits=2, signed=True),
    Column("pvalue", "p", "pvalue"),
    Column("turned", "pairs\nturned", "count", digits=0),
    Column("best", "same best?", "text"),
)


def agreement_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """The correlations of each suite, inference budget and stratum, then the mean ranks of each curve."""
    groups: dict[tuple[str, str, str], list[Standing]] = {}
    for standing in standings:
        board = standing.board
        if board.ranked:
            groups.setdefault((board.suite, board.budget, board.stratum), []).append(standing)
    for group in groups.values():
        pairs = [(what, a, b) for a, b in combinations(group, 2) if (what := _what(a, b))]
        if pairs:
            yield _correlations(pairs, group[0], plan)
    for group in curve_groups(standings):
        exact = all(standing.ranking.samples.exact for standing in group)
        if exact and len(group) > 1 and len(group[-1].ranking.order) > 1 and len(_blocks(group[-1].ranking)) > 1:
            yield _mean_ranks(group, plan)


def _what(one: Standing, other: Standing) -> str:
    """The one thing in which two boards differ, of those that make a reader ask; empty where it is not one."""
    a, b = one.board, other.board
    names = differing(a, b)
    if a.variant == b.variant and a.tier == b.tier:
        names &= {"search", "search_currency"}
    elif not (a.full and b.full):
        return ""
    return _WHAT.get(next(iter(names)), "") if len(names) == 1 else ""


def _correlations(pairs: Sequence[tuple[str, Standing, Standing]], first: Standing, plan: Plan) -> Table:
    rows = []
    for what, a, b in pairs:
        shared = [m for m in a.ranking.order if m in b.ranking.estimates]
        if len(shared) < 2:
            continue
        means = [[s.ranking.estimates[m].mean for m in shared] for s in (a, b)]
        tau, pvalue = kendall_tau(*means)
        turned = sum(
            (one[i] - one[j]) * (two[i] - two[j]) < 0
            for one, two in [np.round(means, 12)]
            for i, j in combinations(range(len(shared)), 2)
        )
        best = "yes" if a.ranking.tied & b.ranking.tied else "no"
        name = ["" if math.isnan(value) else value for value in (tau, pvalue)]
        rows.append(
            (
                what,
                _name(a),
                _name(b),
                len(shared),
                None if name[0] == "" else tau,
                None if name[1] == "" else pvalue,
                int(turned),
                best,
            )
        )
    return Table(
        title=f"Agreement: {captions.where(first.board, 'variant', 'search', 'tier')}",
        columns=_PAIRS,
        rows=tuple(rows),
        caption="Kendall's tau-b between the mean accuracies of the methods on two boards that differ in one "
        "thing: "
        "1 the same order, 0 none, -1 the reverse; p of no association, unadjusted, methods as the sample. Pairs "
        "turned: of methods whose order is the other way round, separated or not. Same best: some method is among "
        "those not separated from the best on both. Small differences turn easily: a low tau among methods that "
        "tie "
        f"says nothing. {footing(first, plan)}",
    )


def _name(standing: Standing) -> str:
    return " ".join(filter(None, (standing.board.variant, standing.board.search, standing.board.tier)))


def _mean_ranks(group: Sequence[Standing], plan: Plan) -> Table:
    last = group[-1]
    methods = [m for m in last.ranking.order if all(m in s.ranking.estimates for s in group)]
    columns, ranks, notes = [TEXT], [], []
    for standing in group:
        scores = np.stack([_blocks(standing.ranking, m) for m in methods], axis=1)
        columns.append(Column(f"rank_{standing.board.search}", standing.board.search, "ratio", digits=2))
        ranks.append(mean_ranks(scores))
        plain, corrected = friedman(scores), friedman(scores, ties_corrected=True)
        notes.append(
            f"{standing.board.search}: Friedman chi-square {plain.chi2:.1f} without, {corrected.chi2:.1f} with "
            "tie "
            f"correction, {plain.df} degrees of freedom (p {plain.pvalue:.2g} and {corrected.pvalue:.2g}); "
            f"Iman-Davenport F {plain.iman_davenport_f:.1f} (p {plain.f_pvalue:.2g}); Nemenyi distance "
            f"{nemenyi_cd(len(methods), len(scores), plan.alpha):.2f}"
        )
    board = last.board
    return Table(
        title=f"Mean ranks: {captions.where(board, 'search')}",
        columns=(*columns, METHOD),
        rows=tuple((board.labels[method], *(of[at] for of in ranks), method) for at, method in enumerate(methods)),
        caption=f"Diagnostic, for figures: mean rank over {board.units} at each search budget, 1 best, ties "
        "shared. "
        "Ranks hide how far apart methods are and change with who else is in the table; no verdict, letter or "
        "rank "
        f"interval of this leaderboard rests on them. {footing(last, plan)}",
        notes=tuple(notes),
    )


def _blocks(ranking: Ranking, method: str = "") -> Floats:
    """One accuracy a block, mean over cells."""
    values = ranking.samples.values[method or ranking.order[0]]
    return np.asarray(np.mean([matrix[:, 0] for matrix in values], axis=0))
