"""Agent-REINFORCE as its paper describes it: sample graphs, evaluate, brief the agent, update, repeat.

Source: arXiv 2511.00086. Everything is really sampled from a probabilistic graph (one categorical over models
for each slot, one Bernoulli for each edge), the agent's reply is structured data, bounds and renormalisation
are ours. In spaces whose roles follow from the in-degree the role distribution is vacuous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from baselines._distribution import GraphDistribution, coordinate_names
from baselines.agent_reinforce import random, scripted
from baselines.agent_reinforce.feedback import Briefing, Report, report
from baselines.agent_reinforce.prompts import mix_prompt, update_prompt
from bench.agent import Agent
from bench.encoding import decode, encode
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method

_SOURCE = "arXiv 2511.00086"


@method(
    "agent-reinforce",
    label="Agent-REINFORCE (scripted agent)",
    source=_SOURCE,
    note="scripted agent: no evidence about LLM-driven results",
)
class AgentReinforce(Optimizer):
    """The loop.

    samples: graphs between two consultations. mixes: pre-tests at the start, 0 for none. eta, window: of the
    scripted policy. density: initial probability of an edge. insights_init, insights_update: whether the agent
    is told the paper's findings. traces: whether it is told more than accuracies.
    """

    wants_traces = True

    samples: int = 4
    mixes: int = 4
    eta: float = 0.2
    window: int = 5
    density: float = 0.25
    insights_init: bool = True
    insights_update: bool = True
    traces: bool = True

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.distribution = GraphDistribution(problem.space)
        self.names = coordinate_names(problem.space)
        self.coordinate = {name: c for c, name in enumerate(self.names)}
        self.reports: list[Report] = []
        self.new = 0
        self.wider = self.deeper = 0
        self.stage = "start"

    def ask_many(self, count: int) -> list[Proposal]:
        """The pre-tests; then, each time, a consultation and a few samples."""
        if self.stage == "start":
            self.stage = "pre-tests"
            if pretests := self._pretests():
                return [Proposal(graph) for graph in pretests]
        if self.stage == "pre-tests":
            self.stage = "loop"
            self._concentrate(self.recommend(), 0.6 if self.reports else 0.0)
        if self.new:
            self._consult()
        return [
            Proposal(decode(self.problem.space, self.distribution.sample(self.rng))) for _ in range(self.samples)
        ]

    def tell(self, outcome: Outcome) -> None:
        best = self.recommend()
        self.wider += outcome.graph.width > best.width
        self.deeper += outcome.graph.depth > best.depth
        self.reports.append(report(outcome))
        self.new += 1

    # the agent: what it answers is data, and is checked before anything is done with it

    def choose_mixes(self) -> dict[str, Any]:
        """The agent's policy at the start."""
        if not self.insights_init:
            return random.propose_mixes(self.problem.space, self.mixes, self.rng)
        return scripted.propose_mixes(self.problem.space, self.mixes)

    def choose_update(self, briefing: Briefing) -> dict[str, Any]:
        """The agent's policy at an update."""
        return scripted.update(briefing, self.eta, self.window, self.insights_update)

    def _pretests(self) -> list[Graph]:
        """One graph for each mix the agent names: its models side by side, under the first sink that fits."""
        if not self.mixes:
            return []
        assert self.agent is not None
        space = self.problem.space
        reply = self.agent.consult(mix_prompt(space, self.mixes, self.insights_init), self.choose_mixes)
        graphs = (self._side_by_side(mix) for mix in reply["mixes"][: self.mixes])
        return list({graph.id: graph for graph in graphs if graph is not None}.values())

    def _side_by_side(self, mix: dict[str, int]) -> Graph | None:
        nodes = [(str(name), "assistant") for name, count in sorted(mix.items()) for _ in range(int(count))]
        while nodes:
            for sink in self.problem.space.sinks:
                graph = Graph.of(nodes, (), sink)
                if self.problem.space.contains(graph):
                    return graph
            nodes.pop()
        return None

    def _concentrate(self, winner: Graph, weight: float) -> None:
        """Start the distribution at a graph's models, never at certainty; edges start sparse."""
        point = encode(self.problem.space, winner)
        for coordinate, name in enumerate(self.names):
            if name.startswith(("edge", "read")):
                self.distribution.set({coordinate: [1 - self.density, self.density]})
            else:
                self.distribution.move(coordinate, point[coordinate], weight)

    def _consult(self) -> None:
        """Brief the agent and do what it says; a malformed reply is asked for once more, then skipped."""
        assert self.agent is not None
        briefing = self._briefing()
        prompt = update_prompt(briefing, self.insights_update, self.traces)
        for _ in range(2):
            try:
                self._apply(self.agent.consult(prompt, lambda: self.choose_update(briefing)))
                break
            except (TypeError, ValueError):
                continue
        self.new = 0

    def _apply(self, reply: dict[str, Any]) -> None:
        changes = reply.get("changes")
        if not isinstance(changes, dict) or not set(changes) <= set(self.coordinate):
            raise ValueError("changes must map names of coordinates to probabilities")
        self.distribution.set({self.coordinate[name]: values for name, values in changes.items()})

    def _briefing(self) -> Briefing:
        return Briefing(
            space=self.problem.space,
            reports=tuple(self.reports),
            new=self.new,
            scores={key: self.history.posterior(tally.graph) for key, tally in self.history.tallies.items()},
            best=self.recommend(),
            wider=self.wider,
            deeper=self.deeper,
            probabilities={
                name: p.tolist() for name, p in zip(self.names, self.distribution.probabilities, strict=True)
            },
        )


@method(
    "random-agent",
    label="Agent-REINFORCE's loop, random agent",
    kind="control",
    source=_SOURCE,
    note="control: valid structure, random content",
)
class RandomAgent(AgentReinforce):
    """The same loop with an agent that decides at random: what the loop alone is worth."""

    def choose_mixes(self) -> dict[str, Any]:
        return random.propose_mixes(self.problem.space, self.mixes, self.rng)

    def choose_update(self, briefing: Briefing) -> dict[str, Any]:
        return random.update(briefing, self.eta, self.rng)
