"""Agent-REINFORCE as its paper describes it: sample graphs, evaluate, brief the agent, update, repeat.

Source: arXiv 2511.00086. Everything is really sampled from a probabilistic graph (one categorical over models
for each slot, one Bernoulli for each edge), the agent's reply is structured data, bounds and renormalisation
are ours. In spaces whose roles follow from the in-degree the role distribution is vacuous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from baselines._distribution import GraphDistribution
from baselines._talk import Report, read_graph, report
from baselines.agent_reinforce import random, scripted
from baselines.agent_reinforce.feedback import Briefing
from baselines.agent_reinforce.prompts import (
    INSIGHTS,
    INVERTED,
    mix_prompt,
    mix_schema,
    update_prompt,
    update_schema,
)
from baselines.agent_reinforce.rows import Rows
from bench.agent import Agent
from bench.encoding import decode, encode
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method


@method(
    "agent-reinforce", label="Agent-REINFORCE", source="arXiv 2511.00086", agents=("scripted", "random", "llm")
)
class AgentReinforce(Optimizer):
    """The loop.

    samples: graphs between two updates. mixes: pre-tests at the start, 0 for none. density: initial probability
    of an edge. eta, window: of the scripted policy. insights_init, insights_update: whether the agent is told
    the paper's findings; inverted: it is told their opposites. traces: whether it is told more than accuracies.
    update: who updates, `agent` or `numeric` (a REINFORCE step on the same distribution, at learning rate
    `rate`).
    """

    wants_traces = True

    samples: int = 4
    mixes: int = 4
    eta: float = 0.2
    window: int = 5
    density: float = 0.25
    insights_init: bool = True
    insights_update: bool = True
    inverted: bool = False
    traces: bool = True
    update: str = "agent"
    rate: float = 2.0

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        if self.update not in ("agent", "numeric"):
            raise ValueError(f"update is agent or numeric, not '{self.update}'")
        self.distribution = GraphDistribution(problem.space)
        self.rows = Rows(problem.space)
        self.insights = INVERTED if self.inverted else INSIGHTS
        self.points: list[list[int]] = []
        self.reports: list[Report] = []
        self.new = self.wider = self.deeper = 0
        self.best: Graph | None = None
        self.stage = "start"

    def ask_many(self, count: int) -> list[Proposal]:
        """The pre-tests; then, each time, an update and a few samples."""
        if self.stage == "start":
            self.stage = "pre-tests"
            if pretests := self._pretests():
                return [Proposal(graph) for graph in pretests]
        if self.stage == "pre-tests":
            self.stage = "loop"
            self._concentrate()
        if self.new:
            self._learn()
        self.points = [self.distribution.sample(self.rng) for _ in range(self.samples)]
        return [Proposal(decode(self.problem.space, point)) for point in self.points]

    def tell(self, outcome: Outcome) -> None:
        if self.best is not None:
            self.wider += outcome.graph.width > self.best.width
            self.deeper += outcome.graph.depth > self.best.depth
        self.reports.append(report(outcome, self.history.value(outcome)))
        self.new += 1
        self.best = self.recommend()

    # the start: which models

    def _pretests(self) -> list[Graph]:
        """One graph for each mix the agent names: its models side by side."""
        if not self.mixes:
            return []
        assert self.agent is not None
        space, insights = self.problem.space, self.insights[: int(self.insights_init)]
        graphs = self.agent.consult(
            mix_prompt(self.problem, self.mixes, insights),
            schema=mix_schema(space, self.mixes),
            policies={"scripted": self._scripted_mixes, "random": self._random_mixes},
            read=lambda reply: [self._side_by_side(mix) for mix in reply["mixes"] if any(mix.values())],
        )
        return list({graph.id: graph for graph in graphs or ()}.values())

    def _scripted_mixes(self) -> dict[str, Any]:
        """Without the insight the policy knows nothing about mixes, but for what the prior says."""
        if not self.insights_init and self.problem.prior is None:
            return self._random_mixes()
        return scripted.propose_mixes(self.problem, self.mixes, self.inverted)

    def _random_mixes(self) -> dict[str, Any]:
        return random.propose_mixes(self.problem.space, self.mixes, self.rng)

    def _side_by_side(self, mix: dict[str, int]) -> Graph:
        space = self.problem.space
        nodes = [{"model": name, "reads": []} for name in space.pool.names for _ in range(int(mix[name]))]
        sink = " ".join(filter(None, space.sinks[0]))
        return read_graph(space, {"nodes": nodes[: space.max_nodes], "sink": sink})

    def _concentrate(self) -> None:
        """Start the distribution at the models of the best pre-test, never at certainty; edges start sparse."""
        point = encode(self.problem.space, self.recommend())
        if self.reports:
            for coordinate in self.rows.wholes.values():
                self.distribution.move(coordinate, point[coordinate], _CONCENTRATION)
        choices = [coordinate for row in self.rows.bits.values() for coordinate in row]
        self.distribution.set({choice: [1 - self.density, self.density] for choice in choices})

    # the update: what the agent replies is data, and is checked before anything is done with it

    def _learn(self) -> None:
        if self.update == "agent":
            self._consult()
        elif self.points:
            self._step()
        self.new = 0

    def _consult(self) -> None:
        """Brief the agent and do what it says; replies that are of no use change nothing."""
        assert self.agent is not None
        briefing, told = self._briefing(), self.insights_update
        self.agent.consult(
            update_prompt(briefing, self.insights[1:] if told else (), self.traces),
            schema=update_schema(self.rows),
            policies={
                "scripted": lambda: scripted.update(briefing, self.eta, self.window, told, self.inverted),
                "random": lambda: random.update(briefing, self.eta, self.rng),
            },
            read=self._apply,
        )

    def _apply(self, reply: dict[str, Any]) -> None:
        """Set the probabilities that a reply names; a bad one raises KeyError or ValueError and sets none."""
        if changes := self.rows.changes(reply["changes"]):
            self.distribution.set(changes)

    def _step(self) -> None:
        """One REINFORCE step (Williams 1992) on the log-probabilities, against the mean of all rewards so far."""
        rewards = np.array([entry.value for entry in self.reports])
        table, gradient = self.distribution.table, np.zeros_like(self.distribution.table)
        for point, reward in zip(self.points, rewards[-self.new :], strict=False):
            sampled = np.zeros_like(table)
            sampled[np.arange(len(point)), point] = 1.0
            gradient += (reward - rewards.mean()) * (sampled - table)
        self.distribution.set_all(table * np.exp(self.rate * gradient))

    def _briefing(self) -> Briefing:
        return Briefing(
            problem=self.problem,
            reports=tuple(self.reports),
            new=self.new,
            scores={key: self.history.score(tally.graph) for key, tally in self.history.tallies.items()},
            best=self.recommend(),
            wider=self.wider,
            deeper=self.deeper,
            rows=self.rows,
            probabilities=self.rows.told(self.distribution),
        )


_CONCENTRATION = 0.6
"""How far the models of the pre-tests' winner are favoured at the start."""
