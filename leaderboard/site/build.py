"""From records to the files of a site, one after another; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from leaderboard.cells import clean
from leaderboard.charts import variables
from leaderboard.site.boards import board_pages, boards_page, task_pages
from leaderboard.site.charts_pages import budgets_page, pareto_page
from leaderboard.site.data import FORMATS, parquet_bytes
from leaderboard.site.graphs import graphs_page
from leaderboard.site.matrix import matrix_page
from leaderboard.site.methods import method_pages, methods_page
from leaderboard.site.origin import provenance_page, runs_frame
from leaderboard.site.overview import overview_page
from leaderboard.site.page import Page, Shelf
from leaderboard.site.source import Source
from leaderboard.site.study import Study

__all__ = ["build_site", "chooser"]

_NAV = (
    ("index.html", "Leaderboard"),
    ("methods.html", "Methods"),
    ("tasks.html", "Tasks"),
    ("budgets.html", "Search budget"),
    ("pareto.html", "Pareto"),
    ("pairs.html", "Pairs"),
    ("graphs.html", "Graphs"),
    ("boards.html", "All boards"),
    ("provenance.html", "Provenance"),
)


def build_site(source: Source) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file of one suite's site; the same source gives the same bytes.

    LeaderboardError on records that cannot be ranked together.
    """
    study = Study(source)
    shelf = Shelf(source, study.methods)
    for page in _pages(study, shelf):
        yield page.path, _render(page, source)
    yield from shelf.files()
    frame = runs_frame(source.runs)
    yield (
        "data/runs.parquet",
        parquet_bytes(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()),
    )
    yield from _assets()


def chooser(suites: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """The first page of a folder that holds the sites of several suites: (folder, name) of each."""
    template = _environment().get_template("chooser.html.j2")
    yield "index.html", template.render(suites=suites, root="").encode()
    yield from _assets()


def _pages(study: Study, shelf: Shelf) -> Iterator[Page]:
    yield overview_page(study, shelf)
    yield methods_page(study, shelf)
    yield from method_pages(study, shelf)
    yield from task_pages(study, shelf)
    yield budgets_page(study, shelf)
    yield pareto_page(study, shelf)
    yield matrix_page(study, shelf)
    yield graphs_page(study)
    yield boards_page(study, shelf)
    yield from board_pages(study, shelf)
    yield provenance_page(study, shelf)


def _render(page: Page, source: Source) -> bytes:
    template = _environment().get_template("page.html.j2")
    text = template.render(
        page=page,
        root=page.root,
        nav=_NAV,
        suite=clean(source.suite),
        suite_title=clean(source.title),
        formats=FORMATS,
        filters=_filters(page) if page.filters else None,
    )
    return text.encode()


def _filters(page: Page) -> dict[str, list[str]] | None:
    """What the page's tables and rows can be filtered by: every facet that has two values or more.

    None where there is neither a row nor such a facet.
    """
    rows = 0
    found: dict[str, set[str]] = {}
    for section in page.sections:
        for item in section.items:
            own = [
                getattr(item, "facets", {}),
                *(row.facets for row in getattr(item, "rows", ()) if hasattr(row, "facets")),
            ]
            table = getattr(item, "table", None)
            own += [table.facets, *(row.facets for row in table.rows)] if table is not None else []
            rows += len(getattr(table or item, "rows", ()))
            for choice in getattr(item, "choices", ()):
                own.append(choice.figure.facets)
            for facets in own:
                for name, value in facets.items():
                    found.setdefault(name, set()).add(value)
    order = ("track", "tier", "task", "budget", "search", "stratum", "kind", "badge")
    several = {name: sorted(found[name]) for name in order if len(found.get(name, ())) > 1}
    return several if several or rows else None


def _assets() -> Iterator[tuple[str, bytes]]:
    folder = resources.files("leaderboard.site") / "assets"
    colours = f":root {{ {variables('light')} }}\n"
    dark = variables("dark")
    style = (folder / "site.css").read_text(encoding="utf-8")
    both = (
        f"{colours}@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
        f":root[data-theme=dark] {{ {dark} }}\n"
    )
    yield "assets/site.css", (both + style).encode()
    yield "assets/site.js", (folder / "site.js").read_bytes()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("leaderboard.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
