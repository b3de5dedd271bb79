"""One Python method behind a pipe: `python -m bench.child FILE_OR_MODULE [MEMORY]` speaks the method protocol.

It runs inside the jail of `bench.external.jail`, next to the method's own code, and is trusted by nobody: all
that it says is checked outside. Methods run as they are; what they would ask the harness for goes over the line.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bench.agent import first_usable
from bench.errors import BudgetExceeded, IsobudgetError
from bench.external.messages import (
    VERSION,
    decode,
    encode,
    outcome_of,
    prior_of,
    proposal_data,
    space_of,
)
from bench.graph import Graph
from bench.objective import Objective
from bench.optimizer import REGISTRY, History, MethodInfo, Optimizer, Problem
from tasks.base import Task, add_task

T = TypeVar("T")
Message = dict[str, Any]


class Pipe:
    """Messages to and from the harness. Standard output belongs to them: what a method prints goes elsewhere."""

    def __init__(self) -> None:
        self._requests = os.fdopen(os.dup(0), "rb")
        self._answers = os.fdopen(os.dup(1), "wb")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        self._id = 0

    def receive(self) -> Message | None:
        """The next message; None when the harness is gone."""
        line = self._requests.readline()
        if not line:
            return None
        message = decode(line)
        self._id = message["id"]
        return message

    def send(self, **message: Any) -> None:
        """One message within the open request."""
        self._answers.write(encode({"type": message.pop("type"), "id": self._id, **message}))
        self._answers.flush()

    def call(self, **message: Any) -> Message:
        """Ask the harness for something while it waits for an answer. Raises BudgetExceeded where it refuses."""
        self.send(**message)
        reply = self.receive()
        if reply is None:
            raise SystemExit(0)
        if reply["type"] == "refused":
            raise BudgetExceeded(reply["reason"]) if reply["budget"] else IsobudgetError(reply["reason"])
        return reply


class OutsideAgent:
    """The agent's handle on this side of the line; the harness meters it."""

    def __init__(self, pipe: Pipe, kind: str) -> None:
        self._pipe, self.kind = pipe, kind

    def consult(
        self,
        prompt: str,
        *,
        schema: Mapping[str, Any],
        policies: Mapping[str, Callable[[], dict[str, Any]]],
        read: Callable[[dict[str, Any]], T],
    ) -> T | None:
        """As `bench.agent.Agent.consult`."""
        return first_usable(
            lambda: self._attempt(prompt, schema, policies), read, lambda: self._pipe.call(type="unusable")
        )

    def _attempt(
        self, prompt: str, schema: Mapping[str, Any], policies: Mapping[str, Callable[[], dict[str, Any]]]
    ) -> dict[str, Any] | None:
        answer = self._pipe.call(type="consult", prompt=prompt, schema=schema)
        computed = None
        if answer["type"] == "compute":
            computed = policies[self.kind]()
            answer = self._pipe.call(type="computed", reply=computed)
        reply: dict[str, Any] | None = answer["reply"]
        return computed if computed is not None and reply is not None else reply


class Session:
    """One run of one method."""

    def __init__(self, info: MethodInfo, pipe: Pipe) -> None:
        self.info, self.pipe = info, pipe
        self.history: History
        self.optimizer: Optimizer

    def answer(self, message: Message) -> Message:
        """What the method says to one request."""
        if message["type"] == "problem":
            self._begin(message)
            return {"type": "ready"}
        for data in message["also"]:
            self.history.add(outcome_of(data))
        return self._method(message)

    def _method(self, message: Message) -> Message:
        kind, optimizer = message["type"], self.optimizer
        if kind == "ask":
            return {
                "type": "proposals",
                "proposals": [proposal_data(one) for one in optimizer.ask_many(message["count"])],
            }
        if kind == "tell":
            outcome = outcome_of(message["outcome"])
            if message["counted"]:
                self.history.add(outcome)
            optimizer.tell(outcome)
            return {"type": "told"}
        if kind == "recommend":
            return {"type": "recommendation", "graph": optimizer.recommend().to_dict()}
        return {"type": "front", "graphs": [graph.to_dict() for graph in optimizer.recommend_front()]}

    def _begin(self, message: Message) -> None:
        """Make the problem that the harness describes, and the method's optimizer for it."""
        _declare(message["task"])
        space = space_of(message["space"], message["task"]["name"])
        self.history = History(Objective.parse(message["objective"]).scorer(message["cheapest_latency"]))
        problem = Problem(
            task=space.task,
            space=space,
            history=self.history,
            questions_per_evaluation=message["questions_per_evaluation"],
            objective=message["objective"],
            prior=prior_of(message["prior"]),
            afford=self._afford,
        )
        rng = np.random.Generator(np.random.Philox(key=int(message["seed"], 16)))
        cls: Any = type(self.info.cls.__name__, (self.info.cls,), message["parameters"])
        self.optimizer = cls(problem, rng, OutsideAgent(self.pipe, message["agent"]))

    def _afford(self, graphs: Sequence[Graph]) -> int:
        reply = self.pipe.call(type="affordable", graphs=[graph.to_dict() for graph in graphs])
        return int(reply["count"])


def main(target: str, memory: int = 0) -> None:
    """Serve one run of the method at `target`, a file or a module, until the harness closes the line."""
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe = Pipe()
    session: Session | None = None
    while (message := pipe.receive()) is not None:
        try:
            if session is None:
                info = _load(target)
                session = Session(info, pipe)
                pipe.send(**_hello(info))
            else:
                pipe.send(**session.answer(message))
        except Exception as error:
            over = isinstance(error, BudgetExceeded)
            pipe.send(type="failed", error=f"{type(error).__name__}: {error}"[:2000], budget=over)
            if not over:  # a budget that is spent ends the search alone: what it found is still asked for
                return


def _hello(info: MethodInfo) -> Message:
    """What the method's registration says."""
    said = {
        key: getattr(info, key)
        for key in ("name", "label", "source", "note", "kind", "least_trials", "budget_aware", "uses_prior")
    }
    parameters = {k: v for k, v in info.parameters.items() if k != "agent" or not info.agents}
    flags = {"wants_traces": info.cls.wants_traces, "searches": info.searches}
    return {
        "type": "hello",
        "protocol": VERSION,
        **said,
        **flags,
        "agents": list(info.agents),
        "parameters": parameters,
    }


def _load(target: str) -> MethodInfo:
    """Import the method; it must be the one that its file registers, or a module's."""
    before = set(REGISTRY)
    if target.endswith(".py"):
        spec = importlib.util.spec_from_file_location(f"isobudget_method_{Path(target).stem}", target)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    else:
        target, _, wanted = target.partition(":")
        importlib.import_module(target)
        if wanted:
            return REGISTRY[wanted]
    found = sorted(set(REGISTRY) - before)
    if len(found) != 1:
        raise IsobudgetError(
            f"{Path(target).name} must register exactly one method with @method(…), not {len(found)}"
        )
    return REGISTRY[found[0]]


def _declare(told: Mapping[str, Any]) -> None:
    """Make the task known by its constants: no task's own file is here."""
    add_task(type("Told", (Task,), dict(told) | {"key": 0}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
