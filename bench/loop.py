"""One run → one record. The only loop: ask, evaluate, charge, tell, until the budget or the method ends.

python -c "from bench import run; print(run(method='random', task='math', budget='small').recommended)"
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from bench.agent import Agent
from bench.cursor import REPEAT, Cursor, Portion, question_order
from bench.errors import BudgetExceeded, MethodFault, WorldError
from bench.execute import Execution, Request, execute, node_right, nominal_latency, round_seconds, salt
from bench.graph import Graph
from bench.journal import Journal
from bench.keys import generator
from bench.ledger import Charge, Ledger, SearchBudget
from bench.meter import Meter
from bench.objective import Objective
from bench.optimizer import History, Optimizer, Outcome, Problem, Proposal
from bench.prior import calibration_table
from bench.provenance import manifest
from bench.records import Record
from bench.reference import truth
from bench.registry import parse_method
from bench.space import Space
from bench.spec import RunSpec
from bench.worlds import load_world
from bench.worlds.base import World
from tasks import task_class

__all__ = ["run", "run_spec"]

ROUND = 8
"""Largest number of proposals evaluated in one round (methods whose proposals do not depend on outcomes)."""

T = TypeVar("T")


def run(
    method: str,
    task: str = "math",
    budget: str = "small",
    search: str = "3000ex",
    seed: int = 0,
    world: World | None = None,
    **settings: Any,
) -> Record:
    """Run one method once, in the simulated world `main` unless another is given.

    settings: any other field of `RunSpec`, such as space, pool, objective, selection, questions.
    """
    options = tuple(dict(settings.pop("world_options", {"universe": "main"} if world is None else {})).items())
    used = load_world("simulated", **dict(options)) if world is None else world
    spec = RunSpec(
        suite="none",
        suite_version="0",
        plan="",
        method=parse_method(method).text,
        task=task,
        budget=budget,
        search=search,
        seed=seed,
        world=used.name,
        world_options=options,
        **settings,
    )
    return run_spec(spec, used)


def run_spec(spec: RunSpec, world: World) -> Record:
    """Run `spec` in `world`. A WorldError passes through: an unfinished run leaves no record."""
    return _Run(spec, world).record()


class _Run:
    """The state of one run."""

    def __init__(self, spec: RunSpec, world: World) -> None:
        self.spec, self.world = spec, world
        self.method = parse_method(spec.method)
        self.space = Space.preset(spec.space, spec.task, spec.budget, spec.pool, sampler=spec.sampler)
        held_back = spec.held_back if spec.selection == "shared" else 0.0
        self.ledger = Ledger(SearchBudget.parse(spec.search), self.space.unit, held_back)
        self.meter = Meter(self.ledger, self.space, spec.slots)
        self.agent = Agent(self.ledger, self.space.pool.agent)
        fastest = nominal_latency(self.space.cheapest(), spec.task, self.space.pool)
        self.history = History(Objective.parse(spec.objective).scorer(fastest))
        questions = world.questions(spec.task, "search")
        self.cursor = Cursor(question_order(task_class(spec.task).key, "search", questions, spec.seed))
        self.journal = Journal()

    def record(self) -> Record:
        started = time.perf_counter()
        recommended, error = self._search()
        if self.spec.selection == "shared":
            recommended = self._select(recommended)
        test = self._test(recommended)
        info = self.method.info
        summary = {
            "recommended": self.journal.mention(recommended),
            "graphs": self.journal.graphs,
            "status": "method_fault" if error else "ok",
            "error": error,
            "label": self.method.label,
            "kind": info.kind,
            "note": self._note(),
            "provenance": self.world.provenance,
            "test": test,
            "truth": truth(self.spec, self.world, self.space, recommended),
        }
        measured = manifest() | {"seconds": time.perf_counter() - started}
        return Record(self.spec, self.journal.table(), summary, measured)

    def _note(self) -> str:
        """What the row must say: the method's own note, and that it had too few evaluations if it had."""
        info, done = self.method.info, sum(row["phase"] == "search" for row in self.journal.rows)
        few = (
            f"{done} evaluations, fewer than the {info.least_trials} it needs" if done < info.least_trials else ""
        )
        return "; ".join(filter(None, (info.note, few)))

    # the search phase: the method's own code runs only inside `_think`

    def _search(self) -> tuple[Graph, str]:
        """The method's recommendation and what went wrong; a failed method is held to its incumbent."""
        try:
            optimizer = self._think(self._build)
            try:
                while proposals := self._think(lambda: optimizer.ask_many(ROUND)):
                    if not self._evaluate(optimizer, proposals):
                        break
            except BudgetExceeded:
                pass  # the budget no longer allows the agent to be asked: the search is over
            return self._recommendation(optimizer), ""
        except (MethodFault, BudgetExceeded) as error:
            incumbent = self.history.best(1)
            fault = str(error) if isinstance(error, MethodFault) else ""
            return (incumbent[0] if incumbent else self.space.cheapest()), fault

    def _build(self) -> Optimizer:
        spec = self.spec
        where = (spec.world, *(text for pair in spec.world_options for text in pair))
        rng = generator("method", *where, spec.seed, spec.task, spec.space, spec.budget, spec.stream)
        prior = calibration_table(spec.task) if spec.tier == "P1" else None
        problem = Problem(
            spec.task, self.space, self.history, spec.questions, spec.objective, prior, self.meter.share
        )
        return self.method.build(problem, rng, self.agent)

    def _think(self, call: Callable[[], T]) -> T:
        """Run the method's own code on the clock; whatever it raises is the method's fault."""
        started, before = time.perf_counter(), self.ledger.spent.get("agent", Charge())
        try:
            return call()
        except (BudgetExceeded, MethodFault, WorldError):
            raise
        except Exception as error:
            raise MethodFault(f"{self.spec.method}: {type(error).__name__}: {error}") from error
        finally:
            self.journal.thinking += time.perf_counter() - started
            consulted = self.ledger.spent.get("agent", Charge()) - before
            if consulted != Charge():
                self.journal.agent(consulted)

    def _evaluate(self, optimizer: Optimizer, proposals: Sequence[Proposal]) -> bool:
        """Evaluate a round as far as the budget goes; False when the search must end."""
        for proposal in proposals:
            if not isinstance(proposal, Proposal):
                raise MethodFault(f"{self.spec.method} must propose a Proposal, not {proposal!r}")
            self._admit(proposal.graph, "proposed")
        granted = self.meter.plan([(p.graph, self._asked(p)) for p in proposals])
        if not granted:
            return False
        portions = [self._portion(p, count) for p, count in zip(proposals, granted, strict=False)]
        executions, charges, seconds = self._execute([p.graph for p in proposals], portions, "search")
        for proposal, portion, execution, charge in zip(proposals, portions, executions, charges, strict=False):
            outcome = self._outcome(execution, portion, self._asked(proposal), seconds, optimizer.wants_traces)
            self.history.add(outcome)
            self._think(lambda told=outcome: optimizer.tell(told))  # type: ignore[misc]
            incumbent = self._recommendation(optimizer)
            self.journal.evaluation("search", outcome.asked, portion, execution, charge, seconds, incumbent)
        return len(granted) == len(proposals)

    def _asked(self, proposal: Proposal) -> int:
        return self.spec.questions if proposal.questions is None else max(1, proposal.questions)

    def _portion(self, proposal: Proposal, count: int) -> Portion:
        if proposal.fresh:
            return self.cursor.fresh([proposal.graph.id], count)[0]
        return self.cursor.own(proposal.graph.id, count)

    def _recommendation(self, optimizer: Optimizer) -> Graph:
        graph = self._think(optimizer.recommend)
        self._admit(graph, "recommended")
        return graph

    def _admit(self, graph: object, did: str) -> None:
        """Let only feasible graphs through."""
        if not isinstance(graph, Graph):
            raise MethodFault(f"{self.spec.method} {did} {graph!r}, which is no graph")
        if (objection := self.space.why_not(graph)) is not None:
            raise MethodFault(f"{self.spec.method} {did} an infeasible graph: {objection}")

    # the harness's own phases

    def _select(self, recommended: Graph) -> Graph:
        """Re-evaluate the best few on equal shares of fresh questions; the best posterior mean wins."""
        self.ledger.release()
        finalists = self.history.best(self.spec.finalists)
        if len(finalists) < 2 or (share := self.meter.share(finalists)) == 0:
            return recommended
        portions = self.cursor.fresh([graph.id for graph in finalists], share)
        executions, charges, seconds = self._execute(finalists, portions, "selection")
        for portion, execution, charge in zip(portions, executions, charges, strict=True):
            self.history.add(self._outcome(execution, portion, share, seconds, traces=False))
            self.journal.evaluation("selection", share, portion, execution, charge, seconds)
        return next(graph for graph in self.history.best(len(self.history.tallies)) if graph in finalists)

    def _test(self, graph: Graph) -> dict[str, float]:
        """The recommended graph on the test questions that every method gets; never charged, never told."""
        count = min(self.spec.tests, self.world.questions(self.spec.task, "test"))
        question, none = np.arange(count), np.zeros(count, np.int64)
        request = Request(graph, question, np.full(count, self.spec.seed), np.zeros(count, np.uint64))
        (execution,) = execute(self.world, self.spec.task, "test", self.space.pool, [request])
        whole = round_seconds([execution], self.spec.slots)
        self.journal.evaluation("test", count, Portion(question, question, none), execution, Charge(), whole)
        return {
            "latency_serial": float(execution.serial.mean()),
            "latency_critical": float(execution.critical.mean()),
            "latency_makespan": whole / count,
        }

    # what the phases share

    def _execute(
        self, graphs: Sequence[Graph], portions: Sequence[Portion], purpose: str
    ) -> tuple[list[Execution], list[Charge], float]:
        """Run a round and book its charges; the round's seconds are shared out by the work of each graph."""
        requests = [self._request(graph, portion) for graph, portion in zip(graphs, portions, strict=False)]
        executions = execute(self.world, self.spec.task, "search", self.space.pool, requests)
        seconds = round_seconds(executions, self.spec.slots)
        work = [float(execution.serial.sum()) for execution in executions]
        charges = [
            execution.charge + Charge(seconds=seconds * own / sum(work) if own else 0.0)
            for execution, own in zip(executions, work, strict=True)
        ]
        worst = [self.meter.worst(execution.graph, len(execution.codes)) for execution in executions]
        self.ledger.spend(purpose, sum(charges, Charge()), reserved=sum(worst, Charge()))
        return executions, charges, seconds

    def _request(self, graph: Graph, portion: Portion) -> Request:
        salts = np.zeros(len(portion.draw), np.uint64)
        if self.spec.noise == "fresh":
            for draw in np.unique(portion.draw):
                salts[portion.draw == draw] = salt(graph, int(draw))
        return Request(graph, portion.question, self.spec.seed + REPEAT * portion.draw, salts)

    def _outcome(
        self, execution: Execution, portion: Portion, asked: int, seconds: float, traces: bool
    ) -> Outcome:
        return Outcome(
            graph=execution.graph,
            asked=asked,
            positions=portion.position,
            kinds=execution.kinds,
            units=self.space.cost(execution.graph) / self.space.unit,
            latency_serial=float(execution.serial.mean()),
            latency_critical=float(execution.critical.mean()),
            seconds=seconds,
            node_right=node_right(self.world, self.spec.task, "search", execution) if traces else None,
        )
