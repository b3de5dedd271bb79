"""Evaluating graphs for a run: what is executed, what it costs, and what a method is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from bench.alias import Alias
from bench.cursor import REPEAT, Portion
from bench.execute import Execution, Request, execute, node_right, round_seconds, salt
from bench.graph import Graph
from bench.ledger import Charge, Ledger
from bench.optimizer import Outcome
from bench.spec import RunSpec
from bench.worlds.base import World

__all__ = ["Round", "Rounds"]

T = TypeVar("T", bound=np.generic)


class Round(NamedTuple):
    """What a round showed and cost, graph by graph. seconds: of all of it, modelled."""

    portions: list[Portion]
    executions: list[Execution]
    charges: list[Charge]
    seconds: float

    @property
    def total(self) -> Charge:
        """The sum of all charges."""
        return sum(self.charges, Charge())


class Rounds:
    """Runs rounds of one run's graphs in its world; graphs are the method's own, as `alias` shows them."""

    def __init__(self, spec: RunSpec, world: World, alias: Alias) -> None:
        self.spec, self.world, self.alias = spec, world, alias

    def run(
        self,
        graphs: Sequence[Graph],
        portions: Sequence[Portion],
        ledger: Ledger,
        purpose: str,
        equal: bool = False,
    ) -> Round:
        """Execute a round and book its charges; its seconds are shared out by the work of each graph.

        Where the answers turn out longer than the budget allows, the last questions are cut off, or with `equal`
        the last ones of every graph.
        """
        requests = [self._request(graph, portion) for graph, portion in zip(graphs, portions, strict=False)]
        executions = self._execute("search", requests)
        done = self._kept(executions, [len(e.codes) for e in executions])
        if not ledger.fits(done.total):
            done = self._cut(executions, ledger, equal)
        ledger.spend(purpose, done.total)
        kept = [p.first(len(e.codes)) for p, e in zip(portions, done.executions, strict=False)]
        return done._replace(portions=kept)

    def _cut(self, executions: Sequence[Execution], ledger: Ledger, equal: bool) -> Round:
        """As many of the questions as fit."""
        whole = [len(execution.codes) for execution in executions]

        def counts(n: int) -> list[int]:
            if equal:
                return [min(n, count) for count in whole]
            ends = np.cumsum(whole)
            return [int(np.clip(n - (end - count), 0, count)) for count, end in zip(whole, ends, strict=True)]

        everything = max(whole) if equal else sum(whole)
        most = ledger.most(lambda n: self._kept(executions, counts(n)).total, 0, everything)
        return self._kept(executions, counts(most))

    def _kept(self, executions: Sequence[Execution], counts: Sequence[int]) -> Round:
        """The round of the first so many questions of each; graphs with none are left out."""
        parts = [
            execution if count == len(execution.codes) else execution.first(count)
            for execution, count in zip(executions, counts, strict=True)
            if count
        ]
        seconds = round_seconds(parts, self.spec.slots) if parts else 0.0
        work = [float(part.serial.sum()) for part in parts]
        charges = [
            part.charge + Charge(seconds=seconds * own / sum(work) if own else 0.0)
            for part, own in zip(parts, work, strict=True)
        ]
        return Round([], parts, charges, seconds)

    def test(self, graph: Graph) -> tuple[Execution, Portion]:
        """A graph on the test questions that every method gets; without charge."""
        count = min(self.spec.tests, self.world.questions(self.spec.task, "test"))
        question, none = np.arange(count), np.zeros(count, np.int64)
        real = self.alias.to_real(graph)
        request = Request(real, question, np.full(count, self.spec.seed), np.zeros(count, np.uint64))
        (execution,) = self._execute("test", [request])
        return execution, Portion(question, question, none)

    def latency(self, execution: Execution) -> dict[str, float]:
        """Modelled seconds a question: all calls in series, the critical path, and with few slots a model."""
        return {
            "latency_serial": float(execution.serial.mean()),
            "latency_critical": float(execution.critical.mean()),
            "latency_makespan": round_seconds([execution], self.spec.slots) / len(execution.codes),
        }

    def outcome(
        self, graph: Graph, execution: Execution, portion: Portion, asked: int, seconds: float, traces: bool
    ) -> Outcome:
        """What the method is told of one evaluation of its `graph`."""
        space = self.alias.shown
        return Outcome(
            graph=graph,
            asked=asked,
            positions=portion.position,
            kinds=execution.kinds,
            units=space.cost(graph) / space.unit,
            latency_serial=float(execution.serial.mean()),
            latency_critical=float(execution.critical.mean()),
            seconds=seconds,
            node_right=self._shown(graph, self._right(execution)) if traces else None,
            node_seconds=self._shown(graph, execution.trace.seconds.T) if traces else None,
        )

    def _right(self, execution: Execution) -> npt.NDArray[np.bool_]:
        return node_right(self.world, self.spec.task, "search", execution)

    def _shown(self, graph: Graph, traced: npt.NDArray[T]) -> npt.NDArray[T]:
        """(K, N) with the nodes in the order of the method's own graph."""
        if not self.alias.hides:
            return traced
        places = self.alias.places(graph)
        return traced[:, [*places, *range(len(places), traced.shape[1])]]

    def _request(self, graph: Graph, portion: Portion) -> Request:
        real = self.alias.to_real(graph)
        salts = np.zeros(len(portion.draw), np.uint64)
        if self.spec.noise == "fresh":
            for draw in np.unique(portion.draw):
                salts[portion.draw == draw] = salt(real, int(draw))
        return Request(real, portion.question, self.spec.seed + REPEAT * portion.draw, salts)

    def _execute(self, split: str, requests: Sequence[Request]) -> list[Execution]:
        return execute(self.world, self.spec.task, split, self.alias.real.pool, requests)
