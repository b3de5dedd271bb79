"""One run → one record. The only loop: ask, evaluate, charge, tell, until the budget or the method ends.

python -c "from bench import run; print(run(method='random', task='math', budget='small').recommended)"
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from bench.agent import Agent, ChatModel
from bench.alias import Alias
from bench.cursor import Cursor, Portion, question_order
from bench.errors import BudgetExceeded, IsobudgetError, MethodFault, WorldError
from bench.execute import nominal_latency, round_seconds
from bench.finals import Final, select
from bench.graph import Graph
from bench.journal import Journal
from bench.ledger import Charge, Ledger, SearchBudget
from bench.meter import Meter
from bench.objective import Objective
from bench.optimizer import History, Optimizer, Outcome, Problem, Proposal
from bench.prior import prior_of
from bench.provenance import manifest, used
from bench.racing import contends, instalments
from bench.records import Record
from bench.reference import best_visited, truth
from bench.registry import MethodSpec, parse_method
from bench.rounds import Rounds
from bench.seeding import method_generator
from bench.space import Space
from bench.spec import RunSpec
from bench.worlds import load_world
from bench.worlds.base import World
from tasks import task_class

__all__ = ["run", "run_spec"]

ROUND = 8
"""Largest number of proposals evaluated in one round (methods whose proposals do not depend on outcomes)."""

FRONT = 10
"""Most graphs of a front: among more a user would not choose."""

T = TypeVar("T")


def run(
    method: str,
    task: str = "math",
    budget: str = "small",
    search: str = "3000ex",
    seed: int = 0,
    world: World | None = None,
    agent_model: ChatModel | None = None,
    **settings: Any,
) -> Record:
    """Run one method once, in the simulated world `main` unless another is given.

    agent_model: the LLM that drives a method with `agent=llm`: a `bench.agent_model.AgentModel`, or anything
    with its `name` and `complete`. settings: any other field of `RunSpec`, such as space, pool, objective,
    selection, questions.
    """
    given = {"universe": "main"} if world is None else getattr(world, "options", {})
    options = tuple(dict(settings.pop("world_options", given)).items())
    used = load_world("simulated", **dict(options)) if world is None else world
    chosen = parse_method(method)
    spec = RunSpec(
        suite="none",
        suite_version="0",
        plan="",
        method=chosen.text,
        task=task,
        budget=budget,
        search=search,
        seed=seed,
        world=used.name,
        world_options=options,
        agent=agent_model.name if agent_model is not None and chosen.agent == "llm" else "",
        **settings,
    )
    return run_spec(spec, used, agent_model)


def run_spec(
    spec: RunSpec, world: World, agent_model: ChatModel | None = None, method: MethodSpec | None = None
) -> Record:
    """Run `spec` in `world`. A WorldError passes through: an unfinished run leaves no record.

    agent_model: the LLM that `spec.agent` names, for a method that an LLM drives. method: what proposes in place
    of the method that `spec` names (a replay).
    """
    return _Run(spec, world, agent_model, method).record()


class _Run:
    """The state of one run. Graphs are the method's own; the journal keeps them under the pool's names."""

    def __init__(
        self, spec: RunSpec, world: World, agent_model: ChatModel | None, method: MethodSpec | None = None
    ) -> None:
        self.spec, self.world = spec, world
        self.method = method or parse_method(spec.method)
        if self.method.agent == "llm" and agent_model is None:
            raise IsobudgetError(
                f"{spec.method} needs an LLM: give --agent-url and --agent-model, or run(agent_model=…)"
            )
        space = Space.preset(spec.space, spec.task, spec.budget, spec.pool, sampler=spec.sampler)
        self.alias = Alias.of(space, spec.models, spec.seed)
        self.space = self.alias.shown
        # a bound knows the truth of what it recommends: measuring it again could only hide that
        self.shared = spec.selection == "shared" and self.method.info.kind != "bound"
        held_back = spec.held_back if spec.selection == "shared" else 0.0
        self.ledger = Ledger(SearchBudget.parse(spec.search), self.space.unit, held_back)
        self.meter = Meter(self.ledger, self.space, spec.slots)
        driver = agent_model if self.method.agent == "llm" else None
        self.agent = Agent(self.ledger, self.space.pool.agent, self.method.agent, driver, spec.seed)
        self.clock = self.agent.clock(waiting=bool(self.method.info.outside))
        self.rounds = Rounds(spec, world, self.alias)
        self.fastest = nominal_latency(self.space.cheapest(), spec.task, self.space.pool)
        self.history = History(Objective.parse(spec.objective).scorer(self.fastest))
        questions = world.questions(spec.task, "search")
        self.cursor = Cursor(question_order(task_class(spec.task).key, "search", questions, spec.seed))
        self.journal = Journal()
        self.incumbent = self.space.cheapest()
        self.ahead = sorted(map(self._stop, spec.checkpoints), key=lambda stop: stop.limit)
        self.passed: list[dict[str, Any]] = []
        self.front: list[Graph] = []

    def record(self) -> Record:
        started = time.perf_counter()
        recommended, error = self._search()
        self._pass(self.ledger.total)
        if self.shared:
            recommended = self._select(recommended)
        test = self._test(recommended)
        real = self.alias.to_real(recommended)
        summary: dict[str, Any] = {
            "recommended": self.journal.mention(real),
            "graphs": self.journal.graphs,
            "status": "method_fault" if error else "ok",
            "error": error,
            "label": self.method.label,
            "kind": self.method.kind,
            "note": self._note(),
            "provenance": self.world.provenance,
            "test": test,
            "truth": self._truth(real),
            "checkpoints": self.passed,
        }
        if self.front:
            summary["front"] = [self._point(graph) for graph in self.front]
            summary["cheapest_latency"] = self.fastest
        if self.agent.transcript:
            summary["transcript"] = self.agent.transcript
        measured = manifest() | {"seconds": time.perf_counter() - started, "latency": self.waited}
        measured |= used(self.world)
        measured |= {"replayed": tape} if (tape := getattr(self.world, "replayed", "")) else {}
        return Record(self.spec, self.journal.table(), summary, measured)

    def _note(self) -> str:
        """What the row must say: the method's own note, and that it had too few evaluations if it had."""
        info, done = self.method.info, sum(row["phase"] == "search" for row in self.journal.rows)
        few = (
            f"{done} evaluations, fewer than the {info.least_trials} it needs" if done < info.least_trials else ""
        )
        driven = f"driven by {self.spec.agent}" if self.spec.agent else ""
        useless = (
            "most of its agent's replies were of no use" if 2 * self.agent.unusable > self.agent.calls else ""
        )
        return "; ".join(filter(None, (self.method.note, driven, useless, few)))

    def _truth(self, graph: Graph) -> dict[str, Any]:
        known = truth(self.spec, self.world, self.alias.real, graph)
        if known and self.spec.visited and self.history.tallies:
            graphs = [self.alias.to_real(tally.graph) for tally in self.history.tallies.values()]
            known["best_visited"] = best_visited(self.world, self.spec.task, graphs)
        return known

    def _accuracy(self, real: Graph) -> float | None:
        """The true accuracy of a graph under the pool's own names; None in worlds without exact truth."""
        return truth(self.spec, self.world, self.alias.real, real).get("accuracy")

    def _point(self, graph: Graph) -> dict[str, Any]:
        """One graph of the front: true accuracy where the world knows it, else on the test; mean critical path."""
        real, (execution, _) = self.alias.to_real(graph), self.rounds.test(graph)
        known, measured = self._accuracy(real), float((execution.codes == 0).mean())
        return {
            "graph": self.journal.mention(real),
            "accuracy": measured if known is None else known,
            "latency": float(execution.critical.mean()),
        }

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
            self.incumbent = self._recommendation(optimizer)
            if self.spec.objective.startswith("joint"):
                self.front = self._think(optimizer.recommend_front)[:FRONT]
                for graph in self.front:
                    self._admit(graph, "recommended")
            return self.incumbent, ""
        except (MethodFault, BudgetExceeded) as error:
            best = self.history.best(1)
            fault = str(error) if isinstance(error, MethodFault) else ""
            self.incumbent = best[0] if best else self.space.cheapest()
            return self.incumbent, fault

    def _build(self) -> Optimizer:
        spec = self.spec
        problem = Problem(
            task=spec.task,
            space=self.space,
            history=self.history,
            questions_per_evaluation=spec.questions,
            objective=spec.objective,
            prior=prior_of(self.space, self.alias.called) if spec.tier == "P1" else None,
            oracle=self._oracle if self.method.info.kind == "bound" else None,
            afford=self.meter.share,
        )
        return self.method.build(problem, method_generator(spec), self.agent)

    def _oracle(self, graphs: Sequence[Graph]) -> Any:
        """True accuracies; for bounds, and only where the world has them."""
        if not hasattr(self.world, "accuracies"):
            raise MethodFault(f"{self.spec.method} needs a world whose truth is known: --world simulated")
        return self.world.accuracies([self.alias.to_real(graph) for graph in graphs], self.spec.task)

    def _think(self, call: Callable[[], T]) -> T:
        """Run the method's own code on the clock; whatever it raises is the method's fault."""
        started, waited = self.clock(), self.agent.wall
        before = self.ledger.spent.get("agent", Charge())
        try:
            return call()
        except (BudgetExceeded, MethodFault, WorldError):
            raise
        except Exception as error:
            raise MethodFault(f"{self.spec.method}: {type(error).__name__}: {error}") from error
        finally:
            self.journal.thinking += self.clock() - started
            consulted = self.ledger.spent.get("agent", Charge()) - before
            if consulted != Charge():
                self.journal.agent(consulted, self.agent.wall - waited)

    def _evaluate(self, optimizer: Optimizer, proposals: Sequence[Proposal]) -> bool:
        """Evaluate a round as far as the budget goes; False when the search must end."""
        for proposal in proposals:
            if not isinstance(proposal, Proposal):
                raise MethodFault(f"{self.spec.method} must propose a Proposal, not {proposal!r}")
            self._admit(proposal.graph, "proposed")
        if self.spec.allocation == "racing":
            return all(self._race(optimizer, proposal) for proposal in proposals)
        wishes = [(proposal, self._asked(proposal)) for proposal in proposals]
        while wishes:
            told = self._round(wishes, optimizer, self._tell)
            if not told:
                return False
            wishes = wishes[len(told) :]
        return True

    def _race(self, optimizer: Optimizer, proposal: Proposal) -> bool:
        """Evaluate one proposal in instalments for as long as it contends, then tell of it at once."""
        parts: list[Outcome] = []
        for size in instalments(self._asked(proposal)):
            told = self._round([(proposal, size)], optimizer, lambda optimizer, outcome: None)
            parts += told
            if not told or not contends(self.history, proposal.graph):
                break
        if parts:
            self._tell(optimizer, Outcome.joined(parts))
        return bool(parts)

    def _round(
        self,
        wishes: Sequence[tuple[Proposal, int]],
        optimizer: Optimizer,
        tell: Callable[[Optimizer, Outcome], None],
    ) -> list[Outcome]:
        """Evaluate as many of the wishes as fit, in one round; what each showed."""
        granted = self.meter.round([(proposal.graph, asked) for proposal, asked in wishes])
        if not granted:
            return []
        graphs = [proposal.graph for proposal, _ in wishes]
        portions = [self._portion(p, count) for (p, _), count in zip(wishes, granted, strict=False)]
        booked = self.ledger.total
        done = self.rounds.run(graphs, portions, self.ledger, "search")
        outcomes: list[Outcome] = []
        failure: MethodFault | BudgetExceeded | None = None
        for (proposal, asked), portion, execution, charge in zip(
            wishes, done.portions, done.executions, done.charges, strict=False
        ):
            traces = optimizer.wants_traces
            outcome = self.rounds.outcome(proposal.graph, execution, portion, asked, done.seconds, traces)
            self._pass(booked, charge, outcome)
            booked += charge
            self.history.add(outcome)
            try:
                if failure is None:
                    tell(optimizer, outcome)
                    self.incumbent = self._recommendation(optimizer)
            except (MethodFault, BudgetExceeded) as error:
                failure = error  # the whole round was charged, so all of it stands in the record
            best = self.alias.to_real(self.incumbent)
            self.journal.evaluation("search", asked, portion, execution, charge, done.seconds, best)
            outcomes.append(outcome)
        if failure:
            raise failure
        return outcomes

    def _tell(self, optimizer: Optimizer, outcome: Outcome) -> None:
        self._think(lambda: optimizer.tell(outcome))

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

    def _stop(self, search: str) -> Ledger:
        """The account of a checkpoint: what its search may spend is the same share as of the whole budget."""
        budget = SearchBudget.parse(search)
        if budget.currency != self.ledger.budget.currency:
            raise IsobudgetError(f"checkpoint {search} is not in the currency of the search, {self.spec.search}")
        return Ledger(budget, self.ledger.unit, self.ledger.held_back)

    def _pass(self, spent: Charge, charge: Charge | None = None, outcome: Outcome | None = None) -> None:
        """Say what runs with smaller budgets recommend, when the next charge is beyond their search.

        spent: before that charge. outcome: what it paid for; a smaller run would have had the part of it that
        fits. Without them the search is over, and what is still ahead is passed. The final rule is applied on
        the side: to copies, on the questions that the smaller run would have asked, charged to nobody.
        """
        while self.ahead and (charge is None or self.ahead[0].beyond(spent + charge)):
            ledger = self.ahead.pop(0)
            ledger.spent["search"] = spent
            history, meter = self.history.fork(), Meter(ledger, self.space, self.spec.slots)
            if outcome is not None and charge is not None:
                part = int(ledger.room(charge) * len(outcome.kinds) + 1e-9)
                if part:
                    history.add(outcome.first(part))
                    ledger.spent["search"] += charge.share(part, len(outcome.kinds))
            final = Final(self.incumbent)
            if self.shared:
                fallback = next(iter(history.best(1)), self.incumbent)
                final = select(fallback, self.spec.finalists, self.rounds, history, self.cursor.fork(), meter)
            self.passed.append(self._checkpoint(final.graph, ledger))

    def _checkpoint(self, graph: Graph, ledger: Ledger) -> dict[str, Any]:
        """What stands in the record of a smaller budget: its recommendation and what it had cost."""
        real, (execution, _) = self.alias.to_real(graph), self.rounds.test(graph)
        return {
            "search": ledger.budget.text,
            "recommended": self.journal.mention(real),
            "accuracy": self._accuracy(real),
            "spent": asdict(ledger.total),
            "agent": asdict(self.ledger.spent.get("agent", Charge())),
            **self.rounds.latency(execution),
        }

    def _select(self, recommended: Graph) -> Graph:
        """Apply the shared final rule."""
        final = select(recommended, self.spec.finalists, self.rounds, self.history, self.cursor, self.meter)
        for portion, execution, charge in final.evaluations:
            self.journal.evaluation("selection", final.share, portion, execution, charge, final.seconds)
        return final.graph

    def _test(self, graph: Graph) -> dict[str, float]:
        """The recommended graph on the test questions that every method gets; never charged, never told."""
        execution, portion = self.rounds.test(graph)
        self.waited = float(execution.waited.mean())
        whole = round_seconds([execution], self.spec.slots)
        self.journal.evaluation("test", len(execution.codes), portion, execution, Charge(), whole)
        return self.rounds.latency(execution)
