"""A method in another process, as the harness sees it: an optimizer that passes every question on.

The other side only ever proposes. What it says is checked against the schema before anything looks at it, and
whatever is wrong with it (malformed, late, silent, gone, too large) is a method fault: a row, never a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

import numpy as np

from bench.agent import Agent
from bench.errors import BudgetExceeded, InvalidGraph, MethodFault
from bench.execute import nominal_latency
from bench.external.messages import VERSION, checked_graph, decode, encode, graph_data, outcome_data, problem_data
from bench.external.process import Launch, Limits, LineProcess, printable
from bench.external.schema import objection, unsafe_schema
from bench.graph import Graph
from bench.neighbours import neighbours
from bench.optimizer import MethodInfo, Optimizer, Outcome, Problem, Proposal

__all__ = ["OutsideOptimizer", "greet", "outside_class"]

T = TypeVar("T")

_EPOCH = 2**64


class OutsideOptimizer(Optimizer):
    """The proxy of one run's method in its own process; subclasses say how it is started.

    info: what the method said about itself. launch: makes the command; limits: what the process may use.
    """

    info: ClassVar[MethodInfo]
    launch: ClassVar[Callable[[], Launch]]
    limits: ClassVar[Limits] = Limits()

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self._line = Line(type(self).launch(), self.limits, self.called)
        self._sent = 0
        self._refused: BudgetExceeded | None = None
        self._line.greet()
        self._ask("problem", "ready", **self._problem())

    def ask_many(self, count: int) -> list[Proposal]:
        """What the method proposes next; [] when it is finished."""
        left = self.problem.affordable(self.problem.space.cheapest()) if self.info.budget_aware else None
        answer = self._ask("ask", "proposals", count=count, affordable=left)
        return [self._proposal(data) for data in answer["proposals"]]

    def ask(self) -> Proposal | None:
        """One proposal."""
        return next(iter(self.ask_many(1)), None)

    def tell(self, outcome: Outcome) -> None:
        """Pass an outcome on. `counted`: the method's own history must add it, no instalments of it did."""
        news = self._news()
        counted = bool(news) and news[-1] is outcome
        also = [outcome_data(one) for one in (news[:-1] if counted else news)]
        self._ask("tell", "told", news=False, also=also, outcome=outcome_data(outcome), counted=counted)

    def recommend(self) -> Graph:
        """The method's recommendation; the best posterior mean where it leaves that to the harness."""
        data = self._ask("recommend", "recommendation")["graph"]
        return super().recommend() if data is None else self._graph(data)

    def recommend_front(self) -> list[Graph]:
        """The method's front; that of its history where it leaves that to the harness."""
        graphs = self._ask("recommend_front", "front")["graphs"]
        return super().recommend_front() if graphs is None else [self._graph(data) for data in graphs]

    # what is said

    def _problem(self) -> dict[str, Any]:
        space = self.problem.space
        fastest = nominal_latency(space.cheapest(), space.task, space.pool)
        names = [name for name in self.info.parameters if name != "agent" or not self.info.agents]
        return problem_data(self.problem, fastest) | {
            "parameters": {name: getattr(self, name) for name in names},
            "seed": f"{_seed(self.rng):016x}",
            "agent": self.agent.kind if self.agent is not None and self.info.agents else "",
        }

    def _news(self) -> list[Outcome]:
        """Evaluations that the method has not been sent yet."""
        news = self.history.outcomes[self._sent :]
        self._sent += len(news)
        return news

    def _ask(self, kind: str, wanted: str, news: bool = True, **content: Any) -> dict[str, Any]:
        """One request and its answer; in between the method may ask for what the harness does for it."""
        if news and kind != "problem":
            content["also"] = [outcome_data(one) for one in self._news()]
        self._refused = None
        self._line.ask(kind, **content)
        while (answer := self._line.receive())["type"] != wanted:
            if answer["type"] == "failed":
                self._failed(answer)
            service = _SERVICES.get(answer["type"])
            if service is None:
                self._fault(f"sent '{answer['type']}' where '{wanted}' was asked for")
            self._line.reply(**service(self, answer))
        return answer

    def _failed(self, answer: Mapping[str, Any]) -> None:
        """The method raised: because the budget did not allow its agent, or by its own fault."""
        if self._refused is not None and answer.get("budget"):
            raise self._refused
        raise MethodFault(f"{self.called}: {printable(answer['error'])}")

    def _fault(self, what: str) -> NoReturn:
        raise MethodFault(f"{self.called} {what}")

    def _graph(self, data: Mapping[str, Any]) -> Graph:
        try:
            return checked_graph(data, self.problem.space.max_nodes)
        except InvalidGraph as error:
            raise MethodFault(f"{self.called} sent an invalid graph: {printable(str(error))}") from None

    def _proposal(self, data: Mapping[str, Any]) -> Proposal:
        return Proposal(self._graph(data["graph"]), data.get("questions"), data.get("fresh", False))

    # what a method may ask for while it owes an answer

    def _sample(self, call: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "graph", "graph": graph_data(self.problem.space.sample(self.rng))}

    def _contains(self, call: Mapping[str, Any]) -> dict[str, Any]:
        space = self.problem.space
        try:
            graph = checked_graph(call["graph"], space.max_nodes)
        except InvalidGraph as error:
            why: str | None = printable(str(error))
            return {"type": "contained", "contains": False, "why_not": why, "graph": None, "units": None}
        why = space.why_not(graph)
        known = why is None or "is not in pool" not in why
        return {
            "type": "contained",
            "contains": why is None,
            "why_not": None if why is None else printable(why),
            "graph": graph_data(graph),
            "units": space.cost(graph) / space.unit if known else None,
        }

    def _neighbours(self, call: Mapping[str, Any]) -> dict[str, Any]:
        space, graph = self.problem.space, self._graph(call["graph"])
        if space.free_reads or space.nominal is not None or not space.contains(graph):
            return {
                "type": "refused",
                "reason": "neighbours are those of a feasible graph of space standard",
                "budget": False,
            }
        return {"type": "graphs", "graphs": [graph_data(near) for near in neighbours(space, graph)]}

    def _affordable(self, call: Mapping[str, Any]) -> dict[str, Any]:
        if not self.info.budget_aware:
            self._fault("asked what is affordable without saying `budget_aware` in its hello")
        graphs = [self._graph(data) for data in call["graphs"]]
        for graph in graphs:
            if (why := self.problem.space.why_not(graph)) is not None:
                self._fault(f"asked what an infeasible graph costs: {printable(why)}")
        return {"type": "count", "count": int(self.problem.affordable(*graphs))}

    def _consult(self, call: Mapping[str, Any]) -> dict[str, Any]:
        if self.agent is None or not self.info.agents:
            self._fault("consulted an agent without naming any in its hello")
        if (why := unsafe_schema(call["schema"])) is not None:
            self._fault(f"consulted its agent with a schema that {why}")
        waited = time.monotonic()
        policies = {kind: self._computed for kind in self.info.agents if kind != "llm"}
        try:
            reply = self.agent.attempt(call["prompt"], call["schema"], policies)
        except BudgetExceeded as error:
            self._refused = error
            return {"type": "refused", "reason": "the budget does not allow a reply", "budget": True}
        if self.agent.kind == "llm":  # the time of the LLM is not the method's
            self._line.deadline += time.monotonic() - waited
        return {"type": "reply", "reply": reply}

    def _computed(self) -> dict[str, Any]:
        """What the method's own policy replies in place of an LLM."""
        self._line.reply(type="compute")
        answer = self._line.receive()
        if answer["type"] == "failed":
            self._failed(answer)
        if answer["type"] != "computed":
            self._fault(f"sent '{answer['type']}' where 'computed' was asked for")
        return dict(answer["reply"])

    def _unusable(self, call: Mapping[str, Any]) -> dict[str, Any]:
        if self.agent is not None:
            self.agent.discard()
        return {"type": "noted"}


_SERVICES: dict[str, Callable[[OutsideOptimizer, Mapping[str, Any]], dict[str, Any]]] = {
    "sample": OutsideOptimizer._sample,
    "contains": OutsideOptimizer._contains,
    "neighbours": OutsideOptimizer._neighbours,
    "affordable": OutsideOptimizer._affordable,
    "consult": OutsideOptimizer._consult,
    "unusable": OutsideOptimizer._unusable,
}


class Line:
    """Checked messages to and from one child. called: what the method is called in faults."""

    def __init__(self, launch: Launch, limits: Limits, called: str) -> None:
        self.called, self.limits = called, limits
        self._process = self._named(lambda: LineProcess(launch, limits))
        self._id = 0
        self.deadline = time.monotonic() + limits.start

    def greet(self) -> dict[str, Any]:
        """Say hello; what the method says about itself."""
        self.ask("hello", protocol=VERSION)
        self.deadline = time.monotonic() + self.limits.start
        answer = self.receive()
        if answer["type"] == "failed":
            raise MethodFault(f"{self.called}: {printable(answer['error'])}")
        if answer["type"] != "hello":
            raise MethodFault(f"{self.called} answered hello with '{answer['type']}'")
        return answer

    def ask(self, kind: str, **content: Any) -> None:
        """Send a request; from here on the method has its time to answer."""
        self._id += 1
        self.deadline = time.monotonic() + self.limits.answer
        self.reply(type=kind, **content)

    def reply(self, **content: Any) -> None:
        """Send a message within the request that is open."""
        line = encode({"type": content.pop("type"), "id": self._id, **content})
        self._named(lambda: self._process.send(line, self.deadline))

    def receive(self) -> dict[str, Any]:
        """The next message, if it is one of the protocol and belongs to the open request."""
        line = self._named(lambda: self._process.receive(self.deadline))
        try:
            message = decode(line)
        except ValueError as error:
            shown = printable(line[:80].decode("utf-8", "replace"))
            raise MethodFault(f"{self.called} sent a line that is no message ({error}): {shown}") from None
        if (why := objection(message)) is not None:
            raise MethodFault(f"{self.called} sent a malformed message: {printable(why)}")
        if message["id"] != self._id:
            raise MethodFault(f"{self.called} answered request {message['id']} when {self._id} was open")
        return message

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _named(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except MethodFault as error:
            raise MethodFault(f"{self.called} {error}") from None


def greet(launch: Launch, limits: Limits, called: str) -> dict[str, Any]:
    """Start a method once, only to hear what it says about itself."""
    line = Line(launch, limits, called)
    try:
        return line.greet()
    finally:
        line.close()


def outside_class(
    info: MethodInfo, where: str, launch: Callable[[], Launch], limits: Limits, **own: Any
) -> MethodInfo:
    """The method `info` with its class replaced by a proxy of the process that `launch` starts.

    where: `process` or `jail`. own: class attributes such as `wants_traces`.
    """
    from dataclasses import replace

    space = {"launch": staticmethod(launch), "limits": limits, "__module__": __name__, **own}
    cls = type("Outside", (OutsideOptimizer,), space)
    placed = replace(info, cls=cls, outside=where)
    cls.info = placed  # type: ignore[attr-defined]
    return placed


def _seed(rng: np.random.Generator) -> int:
    """The key of the run's own stream, so that a Python method draws in its process as it would in this one."""
    state = rng.bit_generator.state
    if state["bit_generator"] == "Philox" and not state["state"]["counter"].any():
        return int(state["state"]["key"][0])
    return int(rng.integers(_EPOCH, dtype=np.uint64))
