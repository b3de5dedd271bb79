"""The graphs that methods end with, drawn: a gallery for the suite and a few for each method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from leaderboard import captions
from leaderboard.cells import clean
from leaderboard.drawing import graph_svg
from leaderboard.ranks import Standing
from leaderboard.rows import counted_runs
from leaderboard.site.page import Page, Section, method_file
from leaderboard.site.study import Study
from leaderboard.site.svg import safe_svg

__all__ = ["GraphCards", "graph_cards", "graphs_page"]

_OF_ONE = 2
"""Graphs of a method and task on its own page; on the gallery it is one."""


class Owner(NamedTuple):
    """A method that recommends a graph: how often, of how many runs on that task, how accurate there."""

    label: str
    href: str
    times: int
    runs: int
    accuracy: str


@dataclass(frozen=True)
class GraphCard:
    """One graph on one task."""

    key: str
    task: str
    words: str
    facts: str
    svg: Markup
    owners: tuple[Owner, ...]


@dataclass(frozen=True)
class GraphCards:
    """Drawings side by side."""

    template = "graphs.html.j2"
    cards: tuple[GraphCard, ...]


def graphs_page(study: Study) -> Page:
    """Of every method and task of the lead's board the graph it recommends most often."""
    standing = study.lead
    found = graph_cards(study, standing, standing.ranking.order, 1)
    by_task: dict[str, list[GraphCard]] = {}
    for card in found.cards if found else ():
        by_task.setdefault(card.task, []).append(card)
    sections = [
        Section(f"Task {clean(task)}", (GraphCards(tuple(cards)),)) for task, cards in sorted(by_task.items())
    ]
    lead = (
        f"What each method recommends most often on each task, in {captions.where(standing.board)}. Boxes "
        "are LLM calls, arrows answers that are read, the last shape the sink. A graph that several methods "
        "share is drawn once. Counts and accuracies are over the runs that ended with that graph, so they "
        "are no comparison of graphs.",
    )
    nothing = Section("Graphs", (), ("No graph is at hand.",))
    return Page("graphs.html", "Graph gallery", tuple(sections) or (nothing,), "graphs.html", lead, filters=False)


def graph_cards(
    study: Study, standing: Standing, methods: Sequence[str], each: int = _OF_ONE
) -> GraphCards | None:
    """The graphs that these methods recommend most often on each task; None where no graph's data are known."""
    everyone = pd.concat([standing.board.runs, standing.board.bounds])
    runs = study.source.runs
    keys = ["method", "task", "world", "seed"]
    board = standing.board
    own = runs[
        (runs["variant"] == board.variant) & (runs["search"] == board.search) & (runs["tier"] == board.tier)
    ]
    own = own[(own["budget"] == board.budget) & own["method"].isin(methods)]
    counted = counted_runs(everyone, standing.ranking.samples.blocks)
    known = counted[keys].merge(own, on=keys)
    known = known[known["graph_id"].isin(list(study.source.graphs))]
    cards: dict[tuple[str, str], GraphCard] = {}
    for (task, method), mine in known.groupby(["task", "method"]):
        counts = mine.groupby("graph_id").size()
        most = sorted(counts.index, key=lambda graph: (-int(counts[graph]), str(graph)))[:each]
        for graph in most:
            _add(cards, study, str(task), str(method), mine[mine["graph_id"] == graph], len(mine))
    place = {method: at for at, method in enumerate(study.methods)}
    ordered = sorted(cards.values(), key=lambda card: (card.task, -len(card.owners), *_first(card, study, place)))
    return GraphCards(tuple(ordered)) if ordered else None


def _add(
    cards: dict[tuple[str, str], GraphCard], study: Study, task: str, method: str, mine: pd.DataFrame, runs: int
) -> None:
    first = mine.iloc[0]
    graph = str(first["graph_id"])
    accuracy = mine["accuracy"].mean()
    owner = Owner(
        clean(study.labels[method]),
        method_file(method),
        len(mine),
        runs,
        "" if pd.isna(accuracy) else f"mean accuracy {100 * float(accuracy):.1f} %",
    )
    known = cards.get((task, graph))
    if known is not None:
        cards[task, graph] = GraphCard(*_fields(known)[:-1], (*known.owners, owner))
        return
    words = clean(str(first["graph"]))
    facts = f"{first['graph_units']:.1f} units a question, depth {first['depth']}, width {first['width']}"
    svg = safe_svg(graph_svg(study.source.graphs[graph], words, study.models))
    cards[task, graph] = GraphCard(graph, task, words, facts, svg, (owner,))


def _fields(card: GraphCard) -> tuple[str, str, str, str, Markup, tuple[Owner, ...]]:
    return card.key, card.task, card.words, card.facts, card.svg, card.owners


def _first(card: GraphCard, study: Study, place: dict[str, int]) -> tuple[int, str]:
    """Where the best of its owners stands."""
    by_file = {method_file(method): at for method, at in place.items()}
    return min(by_file[owner.href] for owner in card.owners), card.key
