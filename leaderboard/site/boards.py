"""Every board: an index that can be sorted and filtered, and a page each; the tasks the same way."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard import captions
from leaderboard.charts import effect_chart, pareto_chart
from leaderboard.ranks import Standing
from leaderboard.site.matrix import matrix_view
from leaderboard.site.page import Item, Links, Page, Section, Shelf, board_file
from leaderboard.site.slugs import slug
from leaderboard.site.study import Study, track
from leaderboard.site.view import facets
from leaderboard.standing import by_task, overall, pairwise
from leaderboard.table import Cell, Column, Table

__all__ = ["board_pages", "boards_page", "task_pages"]

_INDEX = (
    Column("label", "board", "text"),
    Column("track", "track", "text"),
    Column("tier", "tier", "text"),
    Column("budget", "inference\nbudget", "text"),
    Column("search", "search\nbudget", "text"),
    Column("stratum", "stratum", "text"),
    Column("ranked", "ranked", "text"),
    Column("methods", "methods", "count", digits=0),
    Column("blocks", "blocks", "count", digits=0),
    Column("better", "separated\nupwards", "count", digits=0),
    Column("worse", "separated\ndownwards", "count", digits=0),
    Column("detectable", "detectable", "points", digits=1),
    Column("best", "not separated from the best", "text"),
    Column("page", "page", "text", view="data"),
)


def boards_page(study: Study, shelf: Shelf) -> Page:
    """The index of boards."""
    table = Table(
        title=f"All boards: suite {study.source.suite}",
        columns=_INDEX,
        rows=tuple(_index_row(study, standing) for standing in study.standings),
        caption="One board a variant, inference budget, search budget, tier and stratum. Blocks: search "
        "seeds, or instances of a family. Separated: from the reference, Holm-adjusted within the board. "
        "Detectable: the minimum detectable difference of the median comparison. Every board is a claim of "
        "its own; boards of one track share their runs, so they are not independent of each other.",
    )
    return Page("boards.html", "All boards", (Section("All boards", (shelf.table(table),)),), "boards.html")


def board_pages(study: Study, shelf: Shelf) -> Iterator[Page]:
    """A page for every board: its table, its comparisons with the reference, its matrix."""
    for standing in study.standings:
        board, ranking = standing
        sections = [Section("Leaderboard", (shelf.of(standing, overall(*standing, study.plan)),))]
        if ranking.against_reference:
            drawn = board.full and board.ranked  # the smaller budgets have their curve, the other strata no claim
            chart = shelf.figure(lambda s=standing: effect_chart(s, study.plan)) if drawn else ()  # type: ignore[misc]
            table = shelf.of(standing, pairwise(*standing, study.plan))
            sections.append(Section("Against the reference", (*chart, table)))
        if ranking.pairs and board.ranked:
            sections.append(Section("Pairs", (matrix_view(standing, study.plan, shelf),)))
        yield Page(board_file(standing), captions.where(board), tuple(sections), "boards.html")


def task_pages(study: Study, shelf: Shelf) -> Iterator[Page]:
    """A page for each task and inference budget, and the index of them."""
    places: dict[tuple[str, str], list[tuple[Standing, Standing]]] = {}
    for standing in study.whole:
        for one in study.by_task(standing):
            places.setdefault((one.board.tasks[0], standing.board.budget), []).append((standing, one))
    links = []
    for (task, budget), group in sorted(places.items()):
        page = _task_page(study, shelf, task, budget, [one for _, one in group])
        links.append((page.path, f"{task}, inference budget {budget}"))
        yield page
    index = Section("Tasks", (Links(tuple(links)),), ("One page a task and inference budget, with every track.",))
    yield Page("tasks.html", "Tasks", (index,), "tasks.html", filters=False)


def _task_page(study: Study, shelf: Shelf, task: str, budget: str, group: list[Standing]) -> Page:
    sections = []
    for at, one in enumerate(group):
        about = facets(one.board) | {"task": task}
        items: list[Item] = [shelf.table(by_task(*one, study.plan), about, ["difference"])]
        if at == 0:
            items += shelf.figure(lambda s=one: pareto_chart(s, study.plan, "latency", "accuracy"), about)  # type: ignore[misc]
        sections.append(Section(captions.where(one.board, "suite", "budget"), tuple(items)))
    return Page(
        f"tasks/{slug(f'{task}-{budget}')}.html",
        f"Task {task}, inference budget {budget}",
        tuple(sections),
        "tasks.html",
        ("The plan's endpoint is the mean over all tasks; what one task says is secondary.",),
    )


def _index_row(study: Study, standing: Standing) -> tuple[Cell, ...]:
    board, ranking = standing
    found = ranking.against_reference.values()
    ranked = board.ranked and bool(ranking.pairs)
    tied = [board.labels[method] for method in ranking.order if method in ranking.tied]
    cells: dict[str, Cell] = {
        "label": captions.where(board, "suite"),
        "track": track(board),
        "tier": board.tier,
        "budget": board.budget,
        "search": board.search,
        "stratum": board.stratum,
        "ranked": "yes" if board.ranked else "no",
        "methods": len(ranking.order),
        "blocks": max(len(kept) for kept in ranking.samples.blocks.kept.values()),
        "better": sum(c.separated and c.low > 0 for c in found) if ranked else None,
        "worse": sum(c.separated and c.high < 0 for c in found) if ranked else None,
        "detectable": ranking.detectable[0] if ranking.detectable else None,
        "page": board_file(standing),
        "best": ("; ".join(tied[:3]) + (f"; and {len(tied) - 3} more" if len(tied) > 3 else "")) if ranked else "",
    }
    return tuple(cells[column.key] for column in _INDEX)
