"""What a page is made of, and the shelf on which its tables are put for their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from leaderboard.cells import clean
from leaderboard.charts import Figure
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Standing
from leaderboard.site.data import table_files
from leaderboard.site.slugs import slug
from leaderboard.site.source import Source
from leaderboard.site.svg import safe_svg
from leaderboard.site.view import TableView, facets, table_view, with_badges
from leaderboard.table import Table

__all__ = ["FigureView", "Item", "Links", "Page", "Section", "Shelf", "Text", "Words", "board_file", "method_file"]

Item = Any
"""Something with a `template`: a view, a figure, words."""


@dataclass(frozen=True)
class FigureView:
    """A chart with what it shows in words; name: of the files with its numbers, empty where there are none."""

    template = "figure.html.j2"
    name: str
    title: str
    where: str
    caption: str
    svg: Markup
    facets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """A list of sentences. tone: `may`, `not` or empty."""

    template = "words.html.j2"
    title: str
    sentences: tuple[str, ...]
    tone: str = ""


@dataclass(frozen=True)
class Text:
    """Text of somebody else, shown as it is and never as markup."""

    template = "text.html.j2"
    text: str


@dataclass(frozen=True)
class Links:
    """A list of (path, words)."""

    template = "links.html.j2"
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading of its own."""

    title: str
    items: tuple[Item, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The name that a link leads to."""
        return slug(self.title)


@dataclass(frozen=True)
class Page:
    """One file. path: from the site's root; nav: which entry of the navigation it belongs to."""

    path: str
    title: str
    sections: tuple[Section, ...]
    nav: str
    lead: tuple[str, ...] = ()
    filters: bool = True

    @property
    def root(self) -> str:
        """What leads from the page back to the site's root."""
        return "../" * self.path.count("/")


def method_file(method: str) -> str:
    """Where a method's page is."""
    return f"methods/{slug(method)}.html"


def board_file(standing: Standing) -> str:
    """Where a board's page is."""
    board = standing.board
    parts = [board.variant or "all", board.budget, board.search, board.tier, board.stratum]
    return f"boards/{slug('-'.join(part for part in parts if part))}.html"


class Shelf:
    """Makes views of tables and figures, and keeps their data for the files that the pages link to."""

    def __init__(self, source: Source, methods: Sequence[str]) -> None:
        self._source = source
        self._methods = frozenset(methods)
        self._tables: dict[str, Table] = {}

    def table(
        self, table: Table, about: Mapping[str, str] | None = None, whiskers: Sequence[str] = ()
    ) -> TableView:
        """The view of a table, with badges, under a name that its title gives it."""
        badged = with_badges(table, self._source)
        return table_view(badged, self._keep(slug(clean(table.title)), badged), self.link, about, whiskers)

    def of(self, standing: Standing, table: Table, whiskers: Sequence[str] = ()) -> TableView:
        """The view of a board's own table."""
        return self.table(table, facets(standing.board), whiskers)

    def figure(self, draw: Callable[[], Figure], about: Mapping[str, str] | None = None) -> tuple[FigureView, ...]:
        """The figure, or nothing where there are no data for it, which is what its LeaderboardError says."""
        try:
            figure = draw()
        except LeaderboardError:
            return ()
        name = self._keep(f"figure-{figure.name}", with_badges(figure.data, self._source))
        title, _, where = figure.title.partition(": ")
        return (FigureView(name, title, where, figure.caption, safe_svg(figure.svg), dict(about or {})),)

    def link(self, method: str) -> str:
        """The page of a method of this suite; empty for anything else."""
        return method_file(method) if method in self._methods else ""

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every kept table in every format."""
        for name, table in sorted(self._tables.items()):
            yield from table_files(name, table)

    def _keep(self, name: str, table: Table) -> str:
        known = self._tables.setdefault(name, table)
        if known is not table and repr(known) != repr(table):  # NaN is unequal to itself
            raise LeaderboardError(f"two tables of one name: {table.title}")
        return name
