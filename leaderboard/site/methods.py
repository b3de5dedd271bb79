"""A page for every method: its card, its places, its graphs, its curve, what it spent, what failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leaderboard import captions
from leaderboard.captions import counted
from leaderboard.cells import clean
from leaderboard.charts import anytime_chart, cost_chart
from leaderboard.ranks import Standing
from leaderboard.site.graphs import graph_cards
from leaderboard.site.page import Item, Page, Section, Shelf, Text, board_file, method_file
from leaderboard.site.study import Study, track
from leaderboard.site.view import facets
from leaderboard.table import Cell, Column, Interval, Span, Table

__all__ = ["method_pages", "methods_page"]

_KINDS = {
    "method": "method",
    "control": "control: what a method must beat",
    "fixed": "fixed architecture",
    "bound": "bound: knows the truth, never ranked",
}
_PLACES = (
    Column("label", "board", "text"),
    Column("track", "track", "text"),
    Column("tier", "tier", "text"),
    Column("search", "search\nbudget", "text"),
    Column("rank", "rank", "rank"),
    Column("letters", "ties", "text"),
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("difference", "to reference", "points", digits=1, signed=True, interval=True),
    Column("pvalue_holm", "p\nHolm", "pvalue"),
    Column("score", "score", "ratio", digits=2, signed=True),
    Column("regret", "regret", "points", digits=1),
    Column("budget", "inference\nbudget", "text", view="wide"),
    Column("stratum", "stratum", "text", view="wide"),
    Column("page", "page", "text", view="data"),
)
_SPENT = (
    Column("label", "board", "text"),
    Column("executions", "execu-\ntions", "count", digits=0),
    Column("node_calls", "node\ncalls", "count", unit="k"),
    Column("units", "compute", "count", unit="k units"),
    Column("agent_share", "agent's\nshare", "percent", digits=1),
    Column("prompt_tokens", "prompt\ntokens", "count", unit="M"),
    Column("completion_tokens", "completion\ntokens", "count", unit="M"),
    Column("usd", "cost", "usd"),
    Column("search_seconds", "search\ntime", "seconds"),
    Column("optimizer_seconds", "optimizer\nCPU, measured", "seconds"),
    Column("page", "page", "text", view="data"),
)
_FAILURES = (
    Column("task", "task", "text"),
    Column("world", "world", "text"),
    Column("seed", "seed", "count", digits=0),
    Column("variant", "variant", "text"),
    Column("search", "search\nbudget", "text"),
    Column("status", "whose fault", "text"),
    Column("error", "what happened", "text"),
)
_INDEX = (
    Column("label", "method", "text"),
    Column("kind", "kind", "text"),
    Column("rank", "rank", "rank"),
    Column("accuracy", "accuracy", "percent", digits=1, interval=True),
    Column("runs", "runs", "count", digits=0),
    Column("failed", "failed", "count", digits=0),
    Column("note", "note", "text"),
    Column("method", "method", "text", view="data"),
)


def methods_page(study: Study, shelf: Shelf) -> Page:
    """The index of methods."""
    board, ranking = study.lead
    rows = []
    runs = study.source.runs
    whole = runs[~runs["checkpoint"].astype(bool)]
    for method in study.methods:
        own = whole[whole["method"] == method]
        notes = sorted({str(note) for note in own["note"].fillna("") if note})
        cells: dict[str, Cell] = {
            "label": study.labels[method],
            "kind": study.kind(method),
            "runs": len(own),
            "failed": int((own["status"] == "method_fault").sum()),
            "note": notes[0] + (f" (and {len(notes) - 1} more)" if len(notes) > 1 else "") if notes else "",
            "method": method,
        }
        if method in ranking.order:
            cells |= {"rank": Span(*ranking.ranks[method]), "accuracy": Interval(*ranking.estimates[method])}
        rows.append(tuple(cells.get(column.key) for column in _INDEX))
    table = Table(
        title=f"Methods: suite {study.source.suite}",
        columns=_INDEX,
        rows=tuple(rows),
        caption=f"Rank and accuracy: {captions.where(board)}. Runs: of all boards. Controls are what a "
        "method must beat; fixed architectures are tuned with the same budget; bounds know the truth and "
        "are never ranked.",
    )
    return Page("methods.html", "Methods", (Section("Methods", (shelf.table(table),)),), "methods.html")


def method_pages(study: Study, shelf: Shelf) -> Iterator[Page]:
    """A page for each method of the suite."""
    for method in study.methods:
        label = clean(study.labels[method])
        sections = [
            Section("Places", tuple(_places(study, shelf, method))),
            Section("Anytime curve", *_or(_curve(study, shelf, method), "No track has several search budgets.")),
            Section("Graphs it recommends most often", *_graphs(study, method)),
            Section("Where its compute went", tuple(_spending(study, shelf, method))),
            Section("Failures", *_failures(study, shelf, method)),
        ]
        if card := study.source.cards.get(method):
            sections.insert(
                0, Section("Card", (Text(_lines(card)),), ("As its authors wrote it, shown as text.",))
            )
        lead = f"{_KINDS.get(study.kind(method), study.kind(method))}; badge: {clean(study.source.badge(method))}"
        yield Page(method_file(method), label, tuple(sections), "methods.html", (f"{clean(method)}: {lead}.",))


def _places(study: Study, shelf: Shelf, method: str) -> Iterator[Item]:
    """Its row of every ranked board."""
    label = study.labels[method]
    rows = [
        _place(study, standing, method)
        for group in study.groups
        for standing in group
        if method in standing.board.labels
    ]
    where = f"suite {study.source.suite}, {label}"
    yield shelf.table(
        Table(
            title=f"Places of one method: {where}, {method}"
            if label != method
            else f"Places of one method: {where}",
            columns=_PLACES,
            rows=tuple(rows),
            caption="The same numbers as on each board. Difference: to the board's reference method, "
            "Holm-adjusted on "
            "that board. Boards of one track share their runs, so the rows are not independent of each other.",
        ),
        whiskers=["difference"],
    )


def _place(study: Study, standing: Standing, method: str) -> tuple[Cell, ...]:
    board, ranking = standing
    costs = study.costs(standing).get(method)
    cells: dict[str, Cell] = {"label": captions.where(board, "suite"), "page": board_file(standing)}
    cells |= {key: value for key, value in facets(board).items()}
    cells["track"] = track(board)
    if costs is not None:
        cells |= {"accuracy": costs.accuracy, "score": costs.score, "regret": costs.regret}
    if method in ranking.order:
        cells |= {"rank": Span(*ranking.ranks[method]), "letters": ranking.letters[method]}
        cells["accuracy"] = Interval(*ranking.estimates[method])
    if found := ranking.against_reference.get(method):
        cells["difference"] = Interval(found.test.mean_difference, found.low, found.high)
        cells["pvalue_holm"] = found.pvalue_holm if found.test.df else None
    return tuple(cells.get(column.key) for column in _PLACES)


def _curve(study: Study, shelf: Shelf, method: str) -> list[Item]:
    lead = study.lead.board
    tracks = [
        s for group in study.groups for s in group if s.board.tier == lead.tier and s.board.budget == lead.budget
    ]
    known = [s for s in tracks if method in s.board.labels]
    return list(shelf.figure(lambda: anytime_chart(known, study.plan, highlight=method)))


def _graphs(study: Study, method: str) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    standing = next((s for s in study.primary if method in s.board.labels), None)
    cards = graph_cards(study, standing, [method]) if standing else None
    words = () if standing is None else (f"In {captions.where(standing.board)}; one drawing a graph and task.",)
    return ((cards,), words) if cards else ((), ("No graph of this method is at hand.",))


def _spending(study: Study, shelf: Shelf, method: str) -> Iterator[Item]:
    rows = []
    for standing in [s for s in study.whole if method in s.board.labels]:
        costs = study.costs(standing).get(method)
        if costs is None:
            continue
        cells: dict[str, Cell] = {name.removeprefix("spent_"): mean for name, mean in costs.means.items()}
        cells |= {"agent_share": costs.agent_share, "search_seconds": costs.search_seconds}
        cells |= {"label": captions.where(standing.board, "suite"), "page": board_file(standing)}
        rows.append(tuple(cells.get(column.key) for column in _SPENT))
    owner = next((s for s in study.primary if method in s.board.methods), None)
    if owner is not None:
        yield from shelf.figure(lambda: cost_chart(owner, method))
    yield shelf.table(
        Table(
            title=f"Spending of one method: suite {study.source.suite}, {method}",
            columns=_SPENT,
            rows=tuple(rows),
            caption="Mean of a run's search at the full search budget, the optimizer's own LLM included; "
            "search time is modelled (geometric mean); the optimizer's own processor time is measured, and "
            "never charged.",
        )
    )


def _failures(study: Study, shelf: Shelf, method: str) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    runs = study.source.runs
    own = runs[(runs["method"] == method) & ~runs["checkpoint"].astype(bool)]
    bad = own[own["status"] != "ok"].sort_values(["task", "world", "seed", "variant", "search"], kind="stable")
    if bad.empty:
        return (), (f"All {counted(len(own), 'run')} ended without a failure.",)
    rows = [
        tuple(_plain(value) for value in row) for row in bad[[c.key for c in _FAILURES]].itertuples(index=False)
    ]
    table = Table(
        title=f"Failures of one method: suite {study.source.suite}, {method}",
        columns=_FAILURES,
        rows=tuple(rows),
        caption=f"{counted(len(bad), 'run')} of {len(own)}. method_fault: counted with what the run had, its "
        "incumbent or the fallback. infra: the harness's fault; the place is left out for all methods.",
    )
    return (shelf.table(table),), ()


def _plain(value: Any) -> Cell:
    return str(value) if isinstance(value, str) else int(value)


def _lines(card: str) -> str:
    """The card line by line, without control and direction characters."""
    return "\n".join(clean(line) for line in card.splitlines())


def _or(items: list[Item], nothing: str) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    return tuple(items), () if items else (nothing,)
