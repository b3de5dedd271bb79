"""One submitted run, taken apart: its graphs made again, its rows in order, its account as the harness kept it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bench.alias import Alias
from bench.cursor import Cursor, question_order
from bench.errors import InvalidGraph, IsobudgetError
from bench.execute import nominal_latency
from bench.graph import Graph
from bench.ledger import Charge, Ledger, SearchBudget
from bench.meter import Meter
from bench.optimizer import History
from bench.records import Record
from bench.retrace import Row, history_of, rows_of
from bench.space import Space
from bench.spec import RunSpec
from bench.worlds.simulated import SPLITS
from tasks import task_class

__all__ = ["Problem", "Retold", "close", "retell"]


@dataclass(frozen=True)
class Problem:
    """One reason for refusal. where: the file, and in it the run, row and field."""

    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"


@dataclass(frozen=True)
class Retold:
    """graphs: by the id that records use, as the method saw them. at: what problems of it begin with."""

    spec: RunSpec
    summary: Mapping[str, Any]
    alias: Alias
    graphs: dict[str, Graph]
    rows: list[Row]
    at: str

    @property
    def space(self) -> Space:
        """The space under the names that the method saw."""
        return self.alias.shown

    def phase(self, *names: str) -> list[Row]:
        """The rows of these phases."""
        return [row for row in self.rows if row.phase in names]

    @property
    def simulated(self) -> bool:
        """Whether the simulated world answered: its sizes and references are known here."""
        return self.spec.world == "simulated"

    @property
    def shared(self) -> bool:
        """Whether the shared final rule chose the recommendation."""
        return self.spec.selection == "shared" and self.summary["kind"] != "bound"

    def questions(self, split: str) -> int | None:
        """How many questions a split has; None where only the world knows."""
        return SPLITS[split].size if self.simulated else None

    def cursor(self) -> Cursor | None:
        """The cursor at the start of the run; None where the number of questions is not known."""
        count = self.questions("search")
        if count is None:
            return None
        return Cursor(question_order(task_class(self.spec.task).key, "search", count, self.spec.seed))

    def ledger(self, search: str = "") -> Ledger:
        """An account of the run's budget, or of a smaller one."""
        held_back = self.spec.held_back if self.spec.selection == "shared" else 0.0
        return Ledger(SearchBudget.parse(search or self.spec.search), self.space.unit, held_back)

    def meter(self, ledger: Ledger) -> Meter:
        return Meter(ledger, self.space, self.spec.slots)

    def history(self) -> History:
        """An empty history with the run's objective."""
        fastest = nominal_latency(self.space.cheapest(), self.spec.task, self.space.pool)
        return history_of(self.space, self.spec.objective, fastest)

    def problem(self, row: Row, name: str, words: str) -> Problem:
        """About one field of one event."""
        return Problem(f"{self.at.replace('runs.parquet', 'events.parquet')}, row {row.number}, {name}", words)

    def about(self, name: str, words: str) -> Problem:
        """About one field of the run's summary."""
        return Problem(f"{self.at}, {name}", words)


def retell(record: Record, at: str) -> tuple[Retold | None, list[Problem]]:
    """A run taken apart, and what is wrong with its graphs; None when nothing more can be said of it.

    at: the file and the run, such as `results/x/runs.parquet, run 3`.
    """
    spec, summary = record.spec, record.summary
    try:
        space = Space.preset(spec.space, spec.task, spec.budget, spec.pool, sampler=spec.sampler)
        alias = Alias.of(space, spec.models, spec.seed)
        SearchBudget.parse(spec.search)
    except (IsobudgetError, KeyError, ValueError) as error:
        return None, [Problem(f"{at}, spec", str(error))]
    problems = list(_graph_problems(summary["graphs"], space, at))
    if problems:
        return None, problems
    graphs = {key: alias.to_shown(_graph(json.dumps(data))) for key, data in summary["graphs"].items()}
    return Retold(spec, summary, alias, graphs, rows_of(record), at), []


def _graph_problems(graphs: Mapping[str, Any], space: Space, at: str) -> Iterator[Problem]:
    for key, data in graphs.items():
        try:
            graph = _graph(json.dumps(data))
        except InvalidGraph as error:
            yield Problem(f"{at}, graphs.{key[:40]}", str(error)[:160])
            continue
        if graph.id != key:
            yield Problem(f"{at}, graphs.{key[:40]}", f"the graph filed under this id is {graph.id}")
        elif (objection := space.why_not(graph)) is not None:
            yield Problem(f"{at}, graphs.{key}", f"outside the suite's space: {objection[:160]}")


@lru_cache(maxsize=1 << 17)
def _graph(data: str) -> Graph:
    return Graph.from_dict(json.loads(data))


def close(first: float, second: float, tolerance: float = 1e-9) -> bool:
    """Equal but for the order in which floats were added."""
    return abs(first - second) <= tolerance * max(abs(first), abs(second), 1e-12)


def binding(ledger: Ledger, charge: Charge) -> float:
    """The amount of a charge in the currency that the budget names."""
    return float(getattr(charge, ledger.budget.currency))
