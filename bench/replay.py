"""Recorded proposals, proposed again: the harness must then do, charge and answer exactly what the record says.

A replay needs no method, so it can be made of any entry of the simulated world. What it shows: the answers, the
charges, the tests and the truth are the world's and the harness's. What it cannot: that the method would have
proposed these graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar

import numpy as np
import pyarrow.compute as pc

from bench.agent import Agent
from bench.alias import Alias
from bench.cursor import Cursor, Portion, question_order
from bench.errors import MethodFault
from bench.graph import Graph
from bench.ledger import Charge, Ledger
from bench.loop import _Run
from bench.meter import Meter
from bench.optimizer import MethodInfo, Optimizer, Outcome, Problem, Proposal
from bench.racing import instalments
from bench.records import Record
from bench.registry import MethodSpec
from bench.retrace import origin, rounds, rows_of
from bench.rounds import Round, Rounds
from bench.schema import EVENTS
from bench.space import Space
from bench.worlds.base import World
from tasks import task_class

__all__ = ["first_difference", "replay"]

CLAIMED = ("label", "kind", "note", "transcript", "graphs")
"""Parts of a summary that the method says of itself, or that follow from the others."""

_COMPARED = [name for name in EVENTS.names if not name.startswith("measured_")]


def replay(record: Record, world: World) -> Record:
    """The run made again from its recorded proposals.

    When an agent was asked, before a round or after its first evaluation, is not written down: both are tried.
    """
    made = _replayed(record, world, late=False)
    if first_difference(record, made, CLAIMED) is None or not len(record.part("agent")):
        return made
    late = _replayed(record, world, late=True)
    return late if _distance(record, late) < _distance(record, made) else made


def _replayed(record: Record, world: World, late: bool) -> Record:
    run = _Run(record.spec, world, None, _replayer(record, world, late))
    rows = rows_of(record)
    counts = {
        phase: [[row.count for row in together] for together in rounds([r for r in rows if r.phase == phase])]
        for phase in ("search", "selection")
    }
    run.rounds = _Counted(run, counts)
    run.meter = _Planned(run.ledger, run.space, run.spec.slots, iter(counts["search"]))
    return run.record()


@dataclass
class _Planned(Meter):
    """Plans the rounds that were recorded.

    Which graphs share a round, and in currencies that are only known after the fact how many questions of them are
    left, also depends on proposals of which nothing came and that stand in no record.
    """

    recorded: Iterator[list[int]]

    def round(self, wishes: Sequence[tuple[Graph, int]]) -> list[int]:
        """What was recorded, or what was planned before it was cut."""
        granted = super().round(wishes)
        counts = next(self.recorded, granted)[: len(wishes)]
        return [max(count, here) for count, here in zip_longest(counts, granted[: len(counts)], fillvalue=0)]


class _Counted(Rounds):
    """Cuts the run's own rounds where the record says that they were cut."""

    def __init__(self, run: _Run, counts: Mapping[str, list[list[int]]]) -> None:
        super().__init__(run.spec, run.world, run.alias)
        self.ledger = run.ledger
        self.recorded = {phase: iter(own) for phase, own in counts.items()}

    def run(
        self,
        graphs: Sequence[Graph],
        portions: Sequence[Portion],
        ledger: Ledger,
        purpose: str,
        equal: bool = False,
    ) -> Round:
        """A round of the run itself; what is tried on the side is as ever."""
        if ledger is self.ledger:
            counts = next(self.recorded[purpose], [len(portion.question) for portion in portions])
            portions = [portion.first(count) for portion, count in zip(portions, counts, strict=False)]
        return super().run(graphs[: len(portions)], portions, ledger, purpose, equal)


def _distance(record: Record, made: Record) -> int:
    """How many parts of the two records differ."""
    names = {*record.summary, *made.summary} - set(CLAIMED)
    parts: int = sum(record.summary.get(name) != made.summary.get(name) for name in names)
    same = len(record.events) == len(made.events) and all(
        _first(record, made, name, len(made.events)) is None for name in _COMPARED
    )
    return parts + (0 if same else len(names))


def first_difference(record: Record, made: Record, without: Sequence[str] = ()) -> str | None:
    """The first step and field in which two records of one run differ; None when none does.

    Measured columns do not count. without: parts of the summary that do not count either.
    """
    names = _COMPARED
    both = min(len(record.events), len(made.events))
    firsts = [(at, i) for i, name in enumerate(names) if (at := _first(record, made, name, both)) is not None]
    if firsts:
        at, i = min(firsts)
        there, here = (one.events[names[i]][at].as_py() for one in (record, made))
        return f"step {at}, {names[i]}: recorded {_short(there)}, repeated {_short(here)}"
    if len(record.events) != len(made.events):
        return f"step {both}: recorded {len(record.events)} events, repeated {len(made.events)}"
    recorded, repeated = record.summary, made.summary
    for name in sorted({*recorded, *repeated} - set(without)):
        if recorded.get(name) != repeated.get(name):
            return f"summary.{name}: recorded {_short(recorded.get(name))}, repeated {_short(repeated.get(name))}"
    return None


def _first(record: Record, made: Record, name: str, both: int) -> int | None:
    """The first row in which a column differs."""
    first, second = record.events[name].slice(0, both), made.events[name].slice(0, both)
    if first.equals(second):
        return None
    if name in ("question", "draw", "code"):
        pairs = zip(first.to_pylist(), second.to_pylist(), strict=True)
        return next(i for i, (a, b) in enumerate(pairs) if a != b)
    return int(np.argmax(pc.not_equal(first, second).to_numpy(zero_copy_only=False)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass(frozen=True)
class _Step:
    """One recorded evaluation. consulted: the agent's charges since the one before."""

    proposal: Proposal
    incumbent: Graph
    consulted: tuple[Charge, ...]
    first: bool


@dataclass(frozen=True)
class _Tape:
    """All of a run's evaluations; trailing: charges after the last. fault: what the method failed with."""

    steps: tuple[_Step, ...]
    trailing: tuple[Charge, ...]
    final: Graph
    fault: str
    late: bool


class _Replay(Optimizer):
    """Proposes what the tape says."""

    tape: ClassVar[_Tape]

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.answered = 0
        self.owed = list(self.tape.trailing if not self.tape.steps else self._due(0))
        if len(self.owed) > 1 and not self.tape.late:
            self._pay()  # the constructor asked

    def ask_many(self, count: int) -> list[Proposal]:
        """The next round."""
        at = len(self.history.outcomes)
        if at >= len(self.tape.steps):
            if at:
                self.owed = list(self.tape.trailing)
            self._pay()
            if self.tape.fault:
                raise MethodFault(self.tape.fault)
            return []
        if at:
            self.owed = list(self._due(at))
        if not self.tape.late or len(self.owed) > 1:
            self._pay()
        steps = [self.tape.steps[at]]
        for step in self.tape.steps[at + 1 :]:
            if step.first:
                break
            steps.append(step)
        return [step.proposal for step in steps]

    def tell(self, outcome: Outcome) -> None:
        """The agent may have been asked about this one."""
        at = len(self.history.outcomes) - 1
        if at < len(self.tape.steps) and not self.tape.steps[at].first:
            self.owed = list(self._due(at))
        self._pay()

    def recommend(self) -> Graph:
        """The incumbent after each evaluation, and what the method ended with."""
        self._pay()
        self.answered += 1
        if self.answered <= len(self.tape.steps):
            return self.tape.steps[self.answered - 1].incumbent
        return self.tape.final

    def _due(self, at: int) -> tuple[Charge, ...]:
        return self.tape.steps[at].consulted

    def _pay(self) -> None:
        """One consultation of the agent, if any is due: each is an event of its own."""
        if self.owed and self.agent is not None:
            self.agent.ledger.spend("agent", self.owed.pop(0))


def _replayer(record: Record, world: World, late: bool) -> MethodSpec:
    """The method that replays one record."""
    summary = record.summary
    cls = type("Replay", (_Replay,), {"tape": _tape(record, world, late)})
    info = MethodInfo("replay", summary["label"], cls, summary["kind"], record.spec.tier, "", summary["note"])
    return MethodSpec(info, ())


def _tape(record: Record, world: World, late: bool) -> _Tape:
    spec, summary = record.spec, record.summary
    space = Space.preset(spec.space, spec.task, spec.budget, spec.pool, sampler=spec.sampler)
    alias = Alias.of(space, spec.models, spec.seed)
    graphs = {key: alias.to_shown(Graph.from_dict(data)) for key, data in summary["graphs"].items()}
    rows = rows_of(record)
    searched = [row for row in rows if row.phase == "search"]
    count = world.questions(spec.task, "search")
    cursor = Cursor(question_order(task_class(spec.task).key, "search", count, spec.seed))
    steps = []
    for together in rounds(searched):
        for i, row in enumerate(together):
            asked, fresh = int(row.data["asked"]), origin(cursor, row) == "fresh"
            if spec.allocation == "racing":
                asked *= _parts(asked)
            charges = tuple(rows[number].charge for number in row.consulted)
            proposal = Proposal(graphs[row.graph], asked, fresh)
            steps.append(_Step(proposal, graphs[row.data["incumbent"]], charges, not i))
    last = searched[-1].number if searched else -1
    trailing = tuple(row.charge for row in rows if row.phase == "agent" and row.number > last)
    selected = any(row.phase == "selection" for row in rows)
    final = steps[-1].incumbent if selected and steps else graphs[summary["recommended"]]
    return _Tape(tuple(steps), trailing, final, summary["error"], late)


def _parts(part: int) -> int:
    """How many parts of this size a race cuts a proposal into, before it goes on with contenders."""
    return next(n for n in range(1, 10) if instalments(part * n)[0] == part)
