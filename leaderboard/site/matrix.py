"""Everybody against everybody as a matrix: effect, interval and adjusted p in each cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leaderboard import captions
from leaderboard.cells import clean
from leaderboard.pairs import all_pairs, reversed_pair
from leaderboard.ranks import Comparison, Plan, Standing
from leaderboard.site.page import Page, Section, Shelf
from leaderboard.site.study import Study
from leaderboard.site.view import TableView

__all__ = ["MatrixView", "matrix_page", "matrix_view"]


@dataclass(frozen=True)
class MatrixCell:
    """One pair. verdict: `better` or `worse` for the row's method, `tied`, or `self` on the diagonal."""

    verdict: str
    effect: str = ""
    interval: str = ""
    pvalue: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """A method's row of the matrix."""

    number: int
    label: str
    href: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class MatrixView:
    """The matrix of a board, and the same pairs as a list that can be sorted and filtered."""

    template = "matrix.html.j2"
    name: str
    where: str
    rows: tuple[MatrixRow, ...]
    table: TableView


def matrix_page(study: Study, shelf: Shelf) -> Page:
    """The matrices of every ranked board at its full search budget."""
    whole = [standing for standing in study.whole if standing.ranking.pairs]
    sections = [
        Section(captions.where(standing.board, "suite"), (matrix_view(standing, study.plan, shelf),))
        for standing in whole
    ]
    lead = (
        "Each cell is the row's method minus the column's: points of accuracy, the Holm-adjusted interval, "
        "the adjusted p. Marked ▲ or ▼: separated. Unmarked: not separated, which is not the same as equal.",
    )
    nothing = Section("Pairs", (), ("One method alone has nobody to be compared with.",))
    return Page("pairs.html", "All pairs", tuple(sections) or (nothing,), "pairs.html", lead)


def matrix_view(standing: Standing, plan: Plan, shelf: Shelf) -> MatrixView:
    """The matrix of one board, methods in their order."""
    ranking = standing.ranking
    found = {(pair.method, pair.other): pair for pair in ranking.pairs}
    found |= {(pair.other, pair.method): reversed_pair(pair) for pair in ranking.pairs}
    rows = tuple(
        MatrixRow(
            number,
            clean(standing.board.labels[method]),
            shelf.link(method),
            tuple(_cell(found.get((method, other))) for other in ranking.order),
        )
        for number, method in enumerate(ranking.order, 1)
    )
    table = shelf.of(standing, all_pairs(standing, plan))
    return MatrixView(f"matrix-{table.name}", captions.where(standing.board), rows, table)


def _cell(found: Comparison | None) -> MatrixCell:
    if found is None:
        return MatrixCell("self")
    verdict = "tied" if not found.separated else "better" if found.low > 0 else "worse"
    finite = math.isfinite(found.low) and math.isfinite(found.high)
    return MatrixCell(
        verdict,
        _points(found.test.mean_difference),
        f"{_points(found.low)} to {_points(found.high)}" if finite else "no interval",
        ("p <.001" if found.pvalue_holm < 0.001 else f"p {found.pvalue_holm:.3f}") if found.test.df else "no p",
    )


def _points(share: float) -> str:
    text = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
