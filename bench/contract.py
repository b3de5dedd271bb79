"""The conformance test that every method must pass; shipped, so that a contributor runs it too.

`isobudget test METHOD` prints these verdicts; our own tests assert them for every registered method.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np

from bench.cost import graph_cost
from bench.graph import Graph
from bench.ledger import SearchBudget
from bench.loop import run
from bench.records import Record
from bench.registry import list_methods, parse_method
from bench.space import Space
from bench.worlds import load_world
from bench.worlds.base import Answers, Calls
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import load_universe

__all__ = ["SETTINGS", "Verdict", "check_method"]

SETTINGS: tuple[dict[str, Any], ...] = (
    {"task": "math", "budget": "small", "search": "300ex"},
    {"task": "mmlu", "budget": "small", "search": "8kunits", "selection": "own"},
    {"task": "humaneval", "budget": "small", "search": "1min"},
    {"task": "humaneval", "budget": "large", "search": "150ex", "tier": "P1"},
    {"task": "math", "budget": "1units", "search": "60ex"},
    {"task": "math", "budget": "5units", "search": "0.02usd", "space": "open", "objective": "joint"},
    {
        "task": "math",
        "budget": "small",
        "search": "30ex",
        "questions": 3,
        "space": "paper",
        "selection": "own",
    },
    {"task": "mmlu", "budget": "small", "search": "1ex", "selection": "own"},
    {"task": "math", "budget": "small", "search": "300ex", "models": "permuted", "allocation": "racing"},
)
"""Where a method is tried: budgets in every currency, a space with one graph, budgets too small to do anything."""

_REPEATED = 3
"""In so many of the settings the run is repeated, after another method's and with other global random states."""

_LEARNT = 0.10
"""How far above the mean random graph a method must end in a world where one model is far better, as a share."""

_THINKING = 60.0
"""Seconds of a method's own code in one short run that nobody would wait for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check of one method in one setting; detail says what went wrong."""

    check: str
    setting: str
    passed: bool
    detail: str = ""


def check_method(method: str) -> Iterator[Verdict]:
    """All verdicts on a method: each check in each setting, then in a failing world and in one easy to learn."""
    world = _main()
    for position, setting in enumerate(SETTINGS):
        name = " ".join(f"{key}={value}" for key, value in setting.items())
        yield from _verdicts(name, partial(_records, method, setting, world, position < _REPEATED))
    failing = {"task": "math", "budget": "small", "search": "150ex"}
    yield from _verdicts("every answer fails", lambda: [_run(method, _Mute(world), failing)])
    yield _judged("learns", "one model far better", lambda: _learns(method))


def _verdicts(name: str, records: Callable[[], list[Record]]) -> Iterator[Verdict]:
    try:
        made = records()
    except Exception as error:  # a verdict, whatever it was
        yield Verdict("runs", name, False, f"{type(error).__name__}: {error}")
        return
    for check, judge in _CHECKS.items():
        detail = judge(made)
        yield Verdict(check, name, not detail, detail)


def _judged(check: str, name: str, judge: Callable[[], str]) -> Verdict:
    try:
        detail = judge()
    except Exception as error:  # a verdict, whatever it was
        detail = f"{type(error).__name__}: {error}"
    return Verdict(check, name, not detail, detail)


def _records(method: str, setting: dict[str, Any], world: Any, repeated: bool) -> list[Record]:
    """One run; where repeated, the same again with another method's in between, and one of another seed."""
    first = _run(method, world, setting)
    if not repeated:
        return [first]
    other = next(name for name in list_methods() if name != parse_method(method).info.name)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the state that a method must not depend on
    _run(other, world, setting | {"search": "60ex"})
    return [first, _run(method, world, setting), _run(method, world, setting, seed=1)]


def _run(method: str, world: Any, setting: dict[str, Any], seed: int = 0) -> Record:
    given: dict[str, Any] = {"questions": 10, "tests": 20, "world_options": {"universe": "main"}} | setting
    return run(method, seed=seed, world=world, **given)


class _Mute:
    """A world in which no call ever gives an answer."""

    name: ClassVar[str] = "simulated"

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def answer(self, calls: Calls) -> Answers:
        """The world's answers, lost on the way."""
        answers = self._world.answer(calls)
        return replace(answers, handle=np.full_like(answers.handle, -1))


@cache
def _main() -> SimulatedWorld:
    """One for all methods: what it keeps are pure functions, and building them takes longer than many a run."""
    world: SimulatedWorld = load_world("simulated", universe="main")
    return world


@cache
def _rigged() -> SimulatedWorld:
    """A world that is easy to learn: the 3B answers nearly everything, the others nearly nothing."""
    universe = load_universe("main")
    math = replace(universe.task("math"), accuracy={"1B": 0.1, "3B": 0.9, "8B": 0.15, "70B": 0.15})
    return SimulatedWorld(replace(universe, name="rigged", tasks={"math": math}))


def _learns(method: str) -> str:
    if not parse_method(method).info.searches:
        return ""
    world, floor = _rigged(), _floor()
    setting = {"task": "math", "budget": "small", "search": "600ex"}
    ends = [_run(method, world, setting, seed).summary["truth"]["accuracy"] for seed in (0, 1, 2)]
    mean = float(np.mean(ends))
    return "" if mean > floor + _LEARNT else f"ends at {mean:.3f} where random graphs have {floor:.3f}"


@cache
def _floor() -> float:
    """Mean accuracy of random graphs in the rigged world."""
    space, rng = Space.preset("standard", "math", "small"), np.random.Generator(np.random.Philox(0))
    policy = [space.sample(rng) for _ in range(200)]
    return float(_rigged().accuracies(policy, "math", slice(0, 500), (0,)).mean())


def _faultless(records: list[Record]) -> str:
    return next((record.summary["error"] for record in records if record.summary["error"]), "")


def _space(record: Record) -> Space:
    return Space.preset(record.spec.space, record.spec.task, record.spec.budget, record.spec.pool)


def _feasible(records: list[Record]) -> str:
    space = _space(records[0])
    for record in records:
        for data in record.summary["graphs"].values():
            graph = Graph.from_dict(data)
            if (objection := space.why_not(graph)) is not None:
                return f"{graph}: {objection}"
    return ""


def _within_budget(records: list[Record]) -> str:
    for record in records:
        budget = SearchBudget.parse(record.spec.search)
        limit = budget.amount * (_space(record).unit if budget.currency == "flops" else 1.0)
        spent = sum(float(event[budget.currency]) for event in record.rows())
        if spent > limit * (1 + 1e-9):
            return f"spent {spent:g} of {limit:g} {budget.currency}"
    return ""


def _fully_charged(records: list[Record]) -> str:
    """Every evaluation's FLOPs are its questions times its graph's cost; every consultation costs something."""
    for record in records:
        graphs = {key: Graph.from_dict(data) for key, data in record.summary["graphs"].items()}
        for event in record.rows("search", "selection"):
            due = graph_cost(graphs[event["graph"]], record.spec.task, record.spec.pool).flops
            if int(event["flops"]) != due * event["executions"]:
                return f"graph {event['graph']} was charged {event['flops']} FLOPs"
        if any(event["flops"] == 0 or event["seconds"] == 0 for event in record.rows("agent")):
            return "a consultation of the agent cost nothing"
    return ""


def _deterministic(records: list[Record]) -> str:
    if len(records) < 2 or records[0].digest() == records[1].digest():
        return ""
    return "two runs with the same seed differ: what ran before, or a global random state, enters"


def _always_recommends(records: list[Record]) -> str:
    for record in records:
        searched = record.rows("search")
        if any(event["incumbent"] not in record.summary["graphs"] for event in searched):
            return "no recommendation after some evaluation"
    return ""


def _prompt(records: list[Record]) -> str:
    thought = max(sum(event["measured_optimizer"] for event in record.rows()) for record in records)
    return "" if thought < _THINKING else f"thought for {thought:.0f} s in a short run"


_CHECKS: dict[str, Callable[[list[Record]], str]] = {
    "no fault": _faultless,
    "only feasible graphs": _feasible,
    "never over budget": _within_budget,
    "charged fully": _fully_charged,
    "deterministic by seed, whatever else ran": _deterministic,
    "recommends after any prefix": _always_recommends,
    "prompt": _prompt,
}
