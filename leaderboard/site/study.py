"""Everything that is computed from the records of one suite, computed once."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cached_property
from importlib import resources

import pandas as pd

from leaderboard.boards import Board
from leaderboard.curves import search_currency, search_groups
from leaderboard.live import simulated
from leaderboard.ranks import Plan, Standing, rank
from leaderboard.rows import Costs, take_costs
from leaderboard.scores import lead_rows
from leaderboard.site.source import Source
from leaderboard.tables import ordered_boards, stand

__all__ = ["TRACKS", "Study", "track"]

TRACKS = {"flops": "compute", "executions": "executions", "seconds": "time", "usd": "dollars"}
"""The name of a track by the currency of its search budget."""


def track(board: Board) -> str:
    """The track that a board belongs to."""
    currency = search_currency(board)
    return TRACKS.get(currency, currency)


class Study:
    """One suite: its boards and verdicts, made when they are first asked for and kept."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._by_task: dict[int, list[Standing]] = {}
        self._costs: dict[int, dict[str, Costs]] = {}

    @property
    def plan(self) -> Plan:
        """What the suite fixed beforehand."""
        return self.source.plan

    @cached_property
    def boards(self) -> list[Board]:
        """All boards, the primary variant's first."""
        return ordered_boards(self.source.runs, self.plan)

    @cached_property
    def standings(self) -> list[Standing]:
        """Every board with its verdict."""
        return [stand(board, self.source.questions, self.plan) for board in self.boards]

    @cached_property
    def ranked(self) -> list[Standing]:
        """The standings of strata that are ranked."""
        return [standing for standing in self.standings if standing.board.ranked]

    @cached_property
    def whole(self) -> list[Standing]:
        """Ranked standings at their full search budget, the primary variant's first."""
        return [standing for standing in self.ranked if standing.board.full]

    @cached_property
    def primary(self) -> list[Standing]:
        """What a reader sees first: the primary variant at its full search budget."""
        own = [standing for standing in self.whole if standing.board.variant == self.plan.primary]
        return own or self.whole[:1]

    @cached_property
    def lead(self) -> Standing:
        """The one standing that the suite is about."""
        return (self.primary or self.standings)[0]

    @cached_property
    def groups(self) -> list[list[Standing]]:
        """Ranked standings that differ in the search budget alone; the lead's group is the first."""
        found = list(search_groups(self.standings))
        return sorted(found, key=lambda group: self.lead not in group)

    def by_task(self, standing: Standing) -> list[Standing]:
        """The verdicts of each task of a board."""
        key = id(standing.board)
        if key not in self._by_task:
            ones = [standing.board.only(task) for task in standing.board.tasks]
            self._by_task[key] = [Standing(one, rank(one, self.source.questions, self.plan)) for one in ones]
        return self._by_task[key]

    def costs(self, standing: Standing) -> dict[str, Costs]:
        """What the runs of each method of a board cost, bounds included."""
        key = id(standing.board)
        if key not in self._costs:
            everyone = pd.concat([standing.board.runs, standing.board.bounds])
            self._costs[key] = take_costs(everyone, standing.ranking.samples.blocks)
        return self._costs[key]

    @cached_property
    def first(self) -> tuple[str, ...]:
        """The baselines to beat, which stand in the first rows; data, because code names no method."""
        text = (resources.files("leaderboard.site") / "baselines.toml").read_text(encoding="utf-8")
        return tuple(str(name) for name in tomllib.loads(text)["first"])

    @cached_property
    def methods(self) -> list[str]:
        """Every method of the suite: as in the lead's table, then all others by name, bounds last."""
        order = lead_rows(self.lead.ranking.order, self.first)
        return [*order, *sorted(set(self.labels) - set(order))]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Display names by method, bounds included."""
        found: dict[str, str] = {}
        for board in self.boards:
            found = board.labels | found
        return found

    @cached_property
    def models(self) -> list[str]:
        """Names of all models in recommended graphs, short names first, so that drawings agree on colours."""
        names = {str(node[0]) for graph in self.source.graphs.values() for node in graph["nodes"]}
        sinks = {
            str(graph["sink"][1]) for graph in self.source.graphs.values() if graph["sink"] and graph["sink"][1]
        }
        return sorted(names | sinks, key=lambda name: (len(name), name))

    @cached_property
    def simulated(self) -> bool:
        """Whether every number comes from statistical models."""
        return all(simulated(board) for board in self.boards)

    def kind(self, method: str) -> str:
        """method, control, fixed or bound."""
        runs = self.source.runs
        return str(runs.loc[runs["method"] == method, "kind"].iloc[0])

    def with_reference(self) -> Sequence[Standing]:
        """Whole standings in which there is something to compare with the reference."""
        return [standing for standing in self.whole if standing.ranking.against_reference]
