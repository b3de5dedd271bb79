"""The constant graph: whatever the instance, the one that was best on the public ones. A detector of overfitting.

It looks at nothing and learns nothing. Where it does as well as the methods, instances are too much alike, and
what a method gained there may be what its author tuned on the public ones. `benchmarks/constant.py` learns it.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib import resources

import numpy as np

from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal, method


@method(
    "constant",
    label="Constant graph",
    kind="control",
    source="ours; the graph of highest mean accuracy over public instances",
    note="a detector of overfitting: the graph that was best on public instances, whatever the instance",
    uses_prior=False,
    searches=False,
)
class Constant(Optimizer):
    """learned_on: `dev`, the instances of the public split; `main`, the simulated world of that name alone."""

    learned_on: str = "dev"

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        learned = _graphs(self.learned_on).get((problem.task, problem.space.budget))
        fits = learned is not None and problem.space.contains(learned)
        self.graph = learned if learned is not None and fits else problem.space.cheapest()

    def ask(self) -> Proposal | None:
        """The graph, once."""
        return None if self.history.outcomes else Proposal(self.graph)

    def recommend(self) -> Graph:
        """The graph, evaluated or not."""
        return self.graph


@cache
def _graphs(learned_on: str) -> dict[tuple[str, str], Graph]:
    """By task and inference budget."""
    text = (resources.files("baselines") / "data" / "constant.toml").read_text(encoding="utf-8")
    entries = [entry for entry in tomllib.loads(text)["graphs"] if entry["learned_on"] == learned_on]
    if not entries:
        raise ValueError(f"no graph was learned on '{learned_on}': python benchmarks/constant.py {learned_on}")
    return {(entry["task"], entry["budget"]): Graph.from_dict(json.loads(entry["graph"])) for entry in entries}
