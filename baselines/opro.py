"""OPRO: an agent is shown the best and the worst graphs so far with their scores, and writes better ones.

Source: Yang et al. 2023, "Large language models as optimizers". There thousands of solutions are scored without
noise; here a step is a few graphs, scores are posterior means, and the worst are shown too, so that the agent sees
what to avoid. With `numeric_steps` it alternates with policy-gradient steps on a probabilistic graph, which learns
from the agent's graphs too: the MaaO baseline of Agent-REINFORCE's release (three steps of each).
"""

from __future__ import annotations

import numpy as np

from baselines._talk import calibration, setting
from baselines._writing import NOTATION, ask_graphs, scored, untried
from baselines.reinforce import Reinforce
from bench.agent import Agent
from bench.encoding import decode, encode, layout
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method
from bench.space import Space

_PARENTS = 4
"""The scripted agent recombines and edits so many of the best."""


@method(
    "opro",
    label="OPRO",
    source="Yang et al. 2023, arXiv 2309.03409; MaaO: Agent-REINFORCE's release",
    least_trials=16,
    agents=("scripted", "random", "llm"),
)
class OPRO(Optimizer):
    """starts: random graphs before the agent is asked. proposals: graphs that it writes at a time. best, worst:
    how many of each it is shown. agent_steps, numeric_steps: consultations and policy-gradient steps that
    alternate; 0 of the latter: the agent alone.
    """

    starts: int = 12
    proposals: int = 4
    best: int = 12
    worst: int = 4
    agent_steps: int = 3
    numeric_steps: int = 0

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.numeric = Reinforce(problem, rng, agent) if self.numeric_steps > 0 else None
        self.steps = 0

    def ask_many(self, count: int) -> list[Proposal]:
        """Random graphs to start from; then what the agent writes, or what the distribution draws."""
        missing = self.starts - len(self.history.outcomes)
        if missing > 0 or not self.history.outcomes:
            return [Proposal(self.draw()) for _ in range(max(1, min(count, missing)))]
        place = self.steps % max(1, self.agent_steps + self.numeric_steps)
        self.steps += 1
        if self.numeric is not None and place < self.numeric_steps:
            return self.numeric.ask_many(count)
        return [Proposal(graph) for graph in self._written(max(1, min(count, self.proposals)))]

    def tell(self, outcome: Outcome) -> None:
        if self.numeric is not None:
            self.numeric.points = self.numeric.points or [encode(self.problem.space, outcome.graph)]
            self.numeric.tell(outcome)

    def _written(self, count: int) -> list[Graph]:
        ranked = self.history.best(len(self.history.tallies))
        shown = [*ranked[: self.best], *ranked[self.best :][-self.worst :]]
        lines = [
            *setting(self.problem),
            *calibration(self.problem),
            NOTATION,
            "Graphs so far with their scores, the best last; in brackets on how many questions, and with few of "
            "them a score may be luck:",
            *scored(self, reversed(shown)),
            f"Write {count} new graphs, different from these and from each other, that may score higher.",
        ]
        return ask_graphs(self, lines, count, lambda: self._recombined(ranked[:_PARENTS], count))

    def _recombined(self, parents: list[Graph], count: int) -> list[Graph]:
        """Children of two of the best, edited, and the best edited, in turn."""
        children: dict[str, Graph] = {}
        for place in range(count):
            parent = parents[place % len(parents)]
            if place % 2 and len(parents) > 1:
                parent = crossed(self.problem.space, parents[0], parent, self.rng)
            child = untried(self, parent, children)[1]
            children[child.id] = child
        return list(children.values())


def crossed(space: Space, one: Graph, other: Graph, rng: np.random.Generator) -> Graph:
    """Each slot, with what it is read by, from one of two graphs at random; the sink too."""
    where, points = layout(space), np.array([encode(space, one), encode(space, other)])
    owner = np.zeros(points.shape[1], dtype=np.int64)
    owner[0] = rng.integers(2)
    for slot in range(where.slots):
        own = [where.slot(slot), *(where.pair(reader, slot) for reader in range(slot))]
        own += [where.sink_bit(slot)] if space.free_reads else []
        own += [where.role(slot)] if space.free_roles else []
        owner[own] = rng.integers(2)
    return decode(space, points[owner, np.arange(points.shape[1])].tolist())
