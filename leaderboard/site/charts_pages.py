"""Pages that are mostly pictures: the Pareto explorer and the search budget."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard import captions
from leaderboard.charts import anytime_chart, pareto_chart, rank_chart
from leaderboard.curves import curve_tables
from leaderboard.ranks import Standing
from leaderboard.site.page import FigureView, Item, Page, Section, Shelf
from leaderboard.site.study import Study
from leaderboard.site.view import TableView, facets

__all__ = ["budgets_page", "pareto_page"]

_AXES = (("latency", "accuracy"), ("cost", "accuracy"), ("latency", "cost"))


@dataclass(frozen=True)
class Choice:
    """One pair of axes with its picture and its numbers."""

    key: str
    words: str
    figure: FigureView


@dataclass(frozen=True)
class Explorer:
    """Pictures of which one is shown at a time; all of them where there is no script."""

    template = "explorer.html.j2"
    name: str
    choices: tuple[Choice, ...]


def pareto_page(study: Study, shelf: Shelf) -> Page:
    """Accuracy, latency and cost, two at a time."""
    sections: list[Section] = []
    for standing in study.whole:
        choices = [choice for x, y in _AXES for choice in _choices(study, shelf, standing, x, y)]
        if choices:
            name = f"axes-{len(sections) + 1}"
            sections.append(Section(captions.where(standing.board, "suite"), (Explorer(name, tuple(choices)),)))
    lead = (
        "What a user of a graph pays for accuracy: seconds and compute of each question that the "
        "recommended graph answers. A method is on the front when no other is at least as good in both and "
        "better in one.",
    )
    nothing = Section("Fronts", (), ("No board has what a front needs.",))
    return Page("pareto.html", "Pareto explorer", tuple(sections) or (nothing,), "pareto.html", lead)


def _choices(study: Study, shelf: Shelf, standing: Standing, x: str, y: str) -> list[Choice]:
    found = shelf.figure(lambda: pareto_chart(standing, study.plan, x, y), facets(standing.board))  # type: ignore[arg-type]
    return [Choice(f"{x}-{y}", f"{y} against {x}", figure) for figure in found]


def budgets_page(study: Study, shelf: Shelf) -> Page:
    """Curves over search budgets, and ranks as they change."""
    lead = study.lead.board
    sections = []
    tiers = dict.fromkeys((s.board.tier, s.board.budget) for group in study.groups for s in group)
    for tier, budget in tiers:
        own = [s for group in study.groups for s in group if (s.board.tier, s.board.budget) == (tier, budget)]
        about = {"tier": tier, "budget": budget}
        items: list[Item] = [
            *shelf.figure(lambda s=own: anytime_chart(s, study.plan), about),  # type: ignore[misc]
            *shelf.figure(lambda s=own: anytime_chart(s, study.plan, value="difference"), about),  # type: ignore[misc]
            *shelf.figure(lambda s=own: rank_chart(s, study.plan), about),  # type: ignore[misc]
            *_tables(study, shelf, tier, budget),
        ]
        if items:
            sections.append(Section(f"Tier {tier}, inference budget {budget}", tuple(items)))
    words = (
        "A rank is a curve over search budgets, not a point. Every run also says what it would have "
        "recommended at the smaller budgets, so the columns of a row share their runs: do not test one "
        "against another by eye.",
    )
    nothing = Section("Search budgets", (), (f"Every run has one search budget, {lead.search}.",))
    return Page("budgets.html", "Search budget", tuple(sections) or (nothing,), "budgets.html", words)


def _tables(study: Study, shelf: Shelf, tier: str, budget: str) -> list[TableView]:
    own = [s for s in study.ranked if (s.board.tier, s.board.budget) == (tier, budget)]
    found = []
    for group in study.groups:
        if len(group) > 1 and group[0] in own:
            found += [shelf.of(group[-1], table) for table in curve_tables(group, study.plan)]
    return found
