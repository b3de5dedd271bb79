"""The first page: everything a reader needs to judge the suite, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard.agents import agent_tables
from leaderboard.charts import effect_chart, regret_chart
from leaderboard.contrasts import contrast_tables
from leaderboard.factorial import factorial_tables
from leaderboard.live import live_tables
from leaderboard.objectives import objective_tables
from leaderboard.regret import regret_tables
from leaderboard.scores import score_tables
from leaderboard.site import words
from leaderboard.site.page import Item, Links, Page, Section, Shelf, Words
from leaderboard.site.study import Study
from leaderboard.site.view import facets
from leaderboard.standing import pairwise
from leaderboard.table import Table
from leaderboard.task_costs import task_cost_tables
from leaderboard.traps import trap_tables
from leaderboard.verdicts import verdict_tables
from leaderboard.wins import win_tables

__all__ = ["overview_page"]


def overview_page(study: Study, shelf: Shelf) -> Page:
    """Tables from the score to simulated against live, then what may be concluded and what may not."""
    parts = [part(study, shelf) for part in _PARTS]
    return Page("index.html", "Leaderboard", tuple(parts), "index.html", tuple(words.headline(study)))


def _score(study: Study, shelf: Shelf) -> Section:
    group = study.groups[0] if study.groups else [study.lead]
    last = f"value_{group[-1].board.search}"
    tables = [shelf.of(group[-1], table, [last]) for table in score_tables(group, study.plan, study.first)]
    return Section(tables[0].heading, tuple(tables))


def _reference(study: Study, shelf: Shelf) -> Section:
    items: list[Item] = []
    for standing in study.primary:
        if standing.ranking.against_reference:
            items += shelf.figure(lambda s=standing: effect_chart(s, study.plan), facets(standing.board))  # type: ignore[misc]
            items.append(shelf.of(standing, pairwise(*standing, study.plan)))
    return _section("Against the reference", items, "The reference method has no runs here.")


def _wins(study: Study, shelf: Shelf) -> Section:
    tables = [shelf.of(s, t) for s in study.primary for t in win_tables([s], study.plan, study.first)]
    return _section("Share of instances won", tables, "No baseline has runs here.")


def _tasks(study: Study, shelf: Shelf) -> Section:
    tables = [shelf.of(s, t) for s in study.primary for t in task_cost_tables([study.by_task(s)], study.plan)]
    more = Links((("tasks.html", "Each task on every track, with its reference and its ranks"),))
    return Section("Accuracy, search time and latency by task", (*tables, more))


def _regret(study: Study, shelf: Shelf) -> Section:
    items: list[Item] = []
    for standing in study.primary:
        items += shelf.figure(lambda s=standing: regret_chart(s, study.plan), facets(standing.board))  # type: ignore[misc]
        items += [shelf.of(standing, table) for table in regret_tables([standing], study.plan)]
    return _section(
        "Where the regret is",
        items,
        "These runs do not record the best graph that each search visited, so regret cannot be split into "
        "what was never visited and what was visited but not recommended (suites with `visited = true` do).",
    )


def _agents(study: Study, shelf: Shelf) -> Section:
    return _across(
        study,
        shelf,
        "The agent's share",
        agent_tables(study.ranked, study.plan),
        "No method asked an LLM of its own on a track of equal compute.",
    )


def _prior(study: Study, shelf: Shelf) -> Section:
    tables = [t for t in contrast_tables(study.ranked, study.plan) if t.title.startswith("What prior data")]
    return _across(study, shelf, "What prior data is worth", tables, "Only one prior tier was run.")


def _traps(study: Study, shelf: Shelf) -> Section:
    return _across(
        study,
        shelf,
        "Traps",
        trap_tables(study.boards, study.plan),
        "No place was set apart as a trap: the plan ranks every task.",
    )


def _live(study: Study, shelf: Shelf) -> Section:
    nothing = words.origin_sentence(study) + (
        " No live records are at hand to compare with." if study.simulated else " There are no simulated records."
    )
    return _across(study, shelf, "Simulated against live", live_tables(study.ranked, study.plan), nothing)


def _more(study: Study, shelf: Shelf) -> Section:
    """What only some suites have."""
    contrasts = contrast_tables(study.ranked, study.plan)
    tables = [
        *(t for t in contrasts if not t.title.startswith("What prior data")),
        *factorial_tables(study.ranked, study.plan),
        *verdict_tables(study.ranked, study.plan),
        *objective_tables(study.ranked, study.plan),
    ]
    return _across(study, shelf, "Does it hold elsewhere", tables, "This suite has one variant.")


def _conclusions(study: Study, shelf: Shelf) -> Section:
    return Section(
        "What you may conclude",
        (
            Words("The data allow", tuple(words.may(study)), "may"),
            Words("The data do not allow", tuple(words.may_not(study)), "not"),
        ),
    )


_PARTS = (
    _score,
    _reference,
    _wins,
    _tasks,
    _regret,
    _agents,
    _prior,
    _traps,
    _live,
    _more,
    _conclusions,
)
"""In the order of reading."""


def _across(
    study: Study, shelf: Shelf, title: str, tables: Iterator[Table] | Sequence[Table], nothing: str
) -> Section:
    return _section(title, [shelf.table(table) for table in tables], nothing)


def _section(title: str, items: Sequence[Item], nothing: str) -> Section:
    return Section(title, tuple(items), () if items else (nothing,))
