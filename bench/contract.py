"""The conformance test that every method must pass; shipped, so that a contributor runs it too.

`isobudget test METHOD` prints these verdicts; our own tests assert them for every registered method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.graph import Graph
from bench.ledger import SearchBudget
from bench.loop import run
from bench.records import Record
from bench.space import Space
from bench.worlds import load_world

__all__ = ["SETTINGS", "Verdict", "check_method"]

SETTINGS: tuple[dict[str, Any], ...] = (
    {"task": "math", "budget": "small", "search": "300ex"},
    {"task": "mmlu", "budget": "small", "search": "8kunits", "selection": "own"},
    {"task": "humaneval", "budget": "small", "search": "1min"},
    {"task": "humaneval", "budget": "large", "search": "150ex"},
    {"task": "math", "budget": "1units", "search": "60ex"},
    {"task": "math", "budget": "5units", "search": "0.02usd", "space": "open"},
    {
        "task": "math",
        "budget": "small",
        "search": "30ex",
        "questions": 3,
        "space": "paper",
        "selection": "own",
    },
    {"task": "mmlu", "budget": "small", "search": "1ex", "selection": "own"},
)
"""Where a method is tried: budgets in every currency, a space with one graph, budgets too small to do anything."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check of one method in one setting; detail says what went wrong."""

    check: str
    setting: str
    passed: bool
    detail: str = ""


def check_method(method: str) -> Iterator[Verdict]:
    """All verdicts on a method: each check in each setting."""
    world = load_world("simulated", universe="main")
    for setting in SETTINGS:
        name = " ".join(f"{key}={value}" for key, value in setting.items())
        try:
            records = [run(method, seed=seed, world=world, **_settings(setting)) for seed in (0, 0, 1)]
        except Exception as error:  # a verdict, whatever it was
            yield Verdict("runs", name, False, f"{type(error).__name__}: {error}")
            continue
        for check, judge in _CHECKS.items():
            detail = judge(records)
            yield Verdict(check, name, not detail, detail)


def _settings(setting: dict[str, Any]) -> dict[str, Any]:
    return {"questions": 10, "tests": 20, "world_options": {"universe": "main"}} | setting


def _faultless(records: list[Record]) -> str:
    return next((record.summary["error"] for record in records if record.summary["error"]), "")


def _feasible(records: list[Record]) -> str:
    spec = records[0].spec
    space = Space.preset(spec.space, spec.task, spec.budget, spec.pool)
    for record in records:
        for data in record.summary["graphs"].values():
            graph = Graph.from_dict(data)
            if (objection := space.why_not(graph)) is not None:
                return f"{graph}: {objection}"
    return ""


def _within_budget(records: list[Record]) -> str:
    for record in records:
        budget = SearchBudget.parse(record.spec.search)
        space = Space.preset(record.spec.space, record.spec.task, record.spec.budget, record.spec.pool)
        limit = budget.amount * (space.unit if budget.currency == "flops" else 1.0)
        spent = sum(float(event[budget.currency]) for event in record.rows())
        if spent > limit * (1 + 1e-9):
            return f"spent {spent:g} of {limit:g} {budget.currency}"
    return ""


def _deterministic(records: list[Record]) -> str:
    return "" if records[0].digest() == records[1].digest() else "two runs with the same seed differ"


def _always_recommends(records: list[Record]) -> str:
    for record in records:
        searched = record.rows("search")
        if any(event["incumbent"] not in record.summary["graphs"] for event in searched):
            return "no recommendation after some evaluation"
    return ""


_CHECKS: dict[str, Callable[[list[Record]], str]] = {
    "no fault": _faultless,
    "only feasible graphs": _feasible,
    "never over budget": _within_budget,
    "deterministic by seed": _deterministic,
    "recommends after any prefix": _always_recommends,
}
