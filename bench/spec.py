"""What one run is: everything that decides its outcome, and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["RunSpec"]


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One run. Two runs with equal specs have equal records, wherever and with whatever they run.

    method: canonical text, `name[parameter=value]`. budget: inference budget. search: search budget with its
    unit. selection: `shared` (the harness re-evaluates `finalists` with `held_back` of the budget) or `own`.
    questions: of one evaluation, unless the method says otherwise. tests: test questions. slots: concurrent
    calls a model. noise: `fresh` or `shared`. sampler: `published` or `uniform`. stream: 0; other values
    repeat a method with other randomness of its own (A/A experiments). world_options: what else defines the
    world, such as its universe. variant: what a suite calls this setting of its plan. allocation: `own` (a
    proposal gets the questions it asks for) or `racing` (the harness stops losers early). models: `named`,
    `aliased` or `permuted`: what methods are told that the models are called, and in which order. checkpoints:
    smaller search budgets at which the run also says what it would have recommended. agent: the LLM that
    drives methods with `agent=llm`. visited: also measure the best graph that the search evaluated. blind: the
    method's own randomness tells it nothing about where it is (see `bench.seeding`).
    """

    suite: str
    suite_version: str
    plan: str
    method: str
    task: str
    budget: str
    search: str
    seed: int
    space: str = "standard"
    pool: str = "llama-small"
    world: str = "simulated"
    world_options: tuple[tuple[str, str], ...] = ()
    objective: str = "accuracy"
    tier: str = "P0"
    selection: str = "shared"
    held_back: float = 0.2
    finalists: int = 5
    questions: int = 30
    tests: int = 500
    slots: int = 8
    noise: str = "fresh"
    sampler: str = "published"
    stream: int = 0
    variant: str = ""
    allocation: str = "own"
    models: str = "named"
    checkpoints: tuple[str, ...] = ()
    agent: str = ""
    visited: bool = False
    blind: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the fields; `blind` only where it is set, so that older ids stay."""
        plain = {
            "world_options": [list(pair) for pair in self.world_options],
            "checkpoints": list(self.checkpoints),
        }
        data = {field.name: getattr(self, field.name) for field in fields(self)} | plain
        if not self.blind:
            del data["blind"]
        return data

    @staticmethod
    def from_dict(data: dict[str, Any]) -> RunSpec:
        """The spec of `to_dict`'s data; TypeError when fields are missing or unknown."""
        options = tuple((str(key), str(value)) for key, value in data["world_options"])
        checkpoints = tuple(str(budget) for budget in data["checkpoints"])
        return RunSpec(**(data | {"world_options": options, "checkpoints": checkpoints}))

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of the whole spec."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def filename(self) -> str:
        """Name of the run's record file: readable, unique, and safe on every file system."""
        name = self.method.partition("[")[0]
        return f"{name}.{self.task}.{self.budget}.s{self.seed}.{self.id}.parquet"
