"""What a record's rows say that the harness did: its rounds, its cursors, its account.

Nothing here runs anything: it reads rows and repeats the bookkeeping of `bench.loop`. Checks of submissions and
the replay of recorded proposals both build on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.cursor import Cursor, Portion
from bench.graph import Graph
from bench.ledger import CURRENCIES, Charge
from bench.objective import Objective
from bench.optimizer import History, Outcome
from bench.records import Record
from bench.space import Space
from tasks.base import GRADE_KINDS

__all__ = ["Row", "cut_short", "history_of", "origin", "rounds", "rows_of"]

_KINDS = tuple(str(kind) for kind in GRADE_KINDS)


@dataclass(frozen=True)
class Row:
    """One event. number: its row in the record. consulted: rows of the agent since the evaluation before."""

    number: int
    data: Mapping[str, Any]
    charge: Charge
    consulted: tuple[int, ...] = field(default=())

    @property
    def phase(self) -> str:
        return str(self.data["phase"])

    @property
    def graph(self) -> str:
        """Its graph's id."""
        return str(self.data["graph"])

    @property
    def count(self) -> int:
        """Questions that were run."""
        return len(self.data["question"])


def rows_of(record: Record) -> list[Row]:
    """All events of a record, in order."""
    found: list[Row] = []
    consulted: list[int] = []
    for number, data in enumerate(record.rows()):
        amounts = {name: int(data[name]) if name == "flops" else data[name] for name in CURRENCIES}
        if data["phase"] == "agent":
            consulted.append(number)
            found.append(Row(number, data, Charge(**amounts)))
            continue
        found.append(Row(number, data, Charge(**amounts), tuple(consulted)))
        consulted = []
    return found


def rounds(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Consecutive evaluations that ran together: all rows of a round carry its makespan."""
    together: list[Row] = []
    for row in rows:
        if together and row.data["makespan"] != together[0].data["makespan"]:
            yield together
            together = []
        together.append(row)
    if together:
        yield together


def cut_short(row: Row) -> bool:
    """Whether it got fewer questions than were asked for."""
    return row.count < int(row.data["asked"])


def origin(cursor: Cursor, row: Row) -> str | None:
    """Where the row's questions come from: `own`, `fresh`, or None when from neither; the cursor moves on.

    A row that fits both is its graph's own: for a graph that nobody evaluated yet they are often the same.
    """
    for name in ("own", "fresh"):
        trial = cursor.fork()
        if _same(_portion(trial, name, row), row):
            _portion(cursor, name, row)
            return name
    return None


def _portion(cursor: Cursor, name: str, row: Row) -> Portion:
    return cursor.own(row.graph, row.count) if name == "own" else cursor.fresh([row.graph], row.count)[0]


def _same(portion: Portion, row: Row) -> bool:
    return bool(portion.question.tolist() == row.data["question"] and portion.draw.tolist() == row.data["draw"])


def history_of(space: Space, objective: str, cheapest_latency: float) -> History:
    """An empty history that scores as the run did. cheapest_latency: nominal, of the cheapest feasible graph."""
    return History(Objective.parse(objective).scorer(cheapest_latency))


def outcome_of(row: Row, graph: Graph, space: Space) -> Outcome:
    """What the history was told of one evaluation."""
    import numpy as np

    return Outcome(
        graph=graph,
        asked=int(row.data["asked"]),
        positions=np.zeros(row.count, np.int64),
        kinds=tuple(_KINDS[code] for code in row.data["code"]),
        units=space.cost(graph) / space.unit,
        latency_serial=row.data["latency_serial"],
        latency_critical=row.data["latency_critical"],
        seconds=row.data["makespan"],
    )
