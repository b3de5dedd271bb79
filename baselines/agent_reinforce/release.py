"""Agent-REINFORCE as its official release runs, defects and all: what the published figures were made with.

Source: the repository AgentRE, by description; no code or prompt of it is used. What differs from the paper: the
mix is drawn uniformly whatever its pre-test showed; edges are drawn at a low probability, but retries add up; the
agent writes the next graph itself, and the probabilities in its reply are never read; it is told accuracies alone,
of the last two graphs, and of none with more than five nodes; after ten graphs the last one is returned.

Two readings of ours: a draw is retried while a node, or the sink, has no edge (its density is then what the
release's is, 0.47 at four nodes); and where the space has no nominal budget, it is the number of 1B nodes whose
complete graph still fits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from baselines._talk import (
    calibration,
    graph_data,
    graph_format,
    graph_schema,
    object_schema,
    read_graph,
    setting,
)
from baselines.agent_reinforce.prompts import INSIGHTS
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method
from bench.space import Space

_SHOWN_ROUNDS = 2
_SHOWN_NODES = 5
_TEXT = {"type": "string"}

Mix = tuple[int, ...]


@method(
    "agent-reinforce-release",
    label="Agent-REINFORCE, as released",
    source="arXiv 2511.00086, official release",
    agents=("scripted", "random", "llm"),
)
class Release(Optimizer):
    """pretests: most mixes tried on one question each. iterations: graphs, the first drawn, the others written.

    questions: of an iteration. edge_probability: of an edge in one try of a draw. insights: whether the agent is
    told the paper's findings.
    """

    pretests: int = 10
    iterations: int = 10
    questions: int = 3
    edge_probability: float = 0.119
    insights: bool = True

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.space = nominal_space(problem.space)
        self.told = replace(problem, space=self.space, objective="accuracy")  # it knows no other
        self.mixes: list[Mix] = self.space.mixes() or [_one(self.space)]
        self.tested = False
        self.rounds: list[Outcome] = []
        self.graphs: list[Graph] = []

    def ask_many(self, count: int) -> list[Proposal]:
        """The pre-tests, all at once; then a graph at a time."""
        if not self.tested:
            self.tested = True
            self.mixes = self._promising()
            return [Proposal(self._drawn(mix), questions=1) for mix in self.mixes]
        if len(self.graphs) == self.iterations:
            return []
        self.graphs.append(self._written() if self.graphs else self._first())
        return [Proposal(self.graphs[-1], questions=self.questions)]

    def tell(self, outcome: Outcome) -> None:
        if self.graphs:
            self.rounds.append(outcome)

    def recommend(self) -> Graph:
        """The last graph, however it did."""
        return self.graphs[-1] if self.graphs else self.problem.space.cheapest()

    # initialisation

    def _promising(self) -> list[Mix]:
        """The mixes that the agent picks from the list of all; all, as far as they go, when it says nothing."""
        assert self.agent is not None
        listed, most = self.mixes, min(self.pretests, len(self.mixes))
        lines = [
            *setting(self.told),
            *calibration(self.told),
            *(f"Known: {text}" for text in INSIGHTS[: 1 if self.insights else 0]),
            "The mixes of models, by number:",
            *(f"{number}: {self._mix_text(mix)}" for number, mix in enumerate(listed)),
            f'Pick up to {most} promising ones. Reply with JSON: {{"mixes": [NUMBER, …], "reason": "…"}}.',
        ]
        number = {"type": "integer", "minimum": 0, "maximum": len(listed) - 1}
        picked = self.agent.consult(
            "\n".join(lines),
            schema=object_schema(
                mixes={"type": "array", "items": number, "minItems": 1, "maxItems": most}, reason=_TEXT
            ),
            policies={
                "scripted": lambda: {"mixes": list(range(most)), "reason": "in the order of the list"},
                "random": lambda: {"mixes": self.rng.permutation(len(listed))[:most].tolist(), "reason": "random"},
            },
            read=lambda reply: list(dict.fromkeys(listed[number] for number in reply["mixes"])),
        )
        return picked or listed[:most]

    def _first(self) -> Graph:
        """A uniform draw among the mixes: what their pre-tests showed is lost."""
        return self._drawn(self.mixes[int(self.rng.integers(len(self.mixes)))])

    def _drawn(self, mix: Mix) -> Graph:
        models = [name for name, count in zip(self.space.pool.names, mix, strict=True) for _ in range(count)]
        edges = draw_edges(len(models), self.edge_probability, self.rng)
        return self._graph([models[int(i)] for i in self.rng.permutation(len(models))], edges)

    def _graph(self, models: Sequence[str], edges: np.ndarray) -> Graph:
        """The graph of an adjacency, the sink last; where the space leaves no choice, it reads the rest."""
        nodes = [{"model": m, "reads": np.flatnonzero(edges[:, v]).tolist()} for v, m in enumerate(models)]
        sink = graph_data(self.space, self.space.cheapest())["sink"]
        roles = {"role": "fuser"} if self.space.free_roles else {}
        reads = np.flatnonzero(edges[:, len(models)]).tolist()
        data = {"nodes": [node | roles for node in nodes], "sink": sink, "sink_reads": reads}
        return read_graph(self.space, data)

    # the loop

    def _written(self) -> Graph:
        """The graph that the agent writes; the last one again when it writes none."""
        assert self.agent is not None
        shown = [r for r in self.rounds[-_SHOWN_ROUNDS:] if len(r.graph.nodes) <= _SHOWN_NODES]
        lines = [
            *setting(self.told),
            *(f"Known: {text}" for text in INSIGHTS[1 : 3 if self.insights else 1]),
            graph_format(self.space),
            *(f"{json.dumps(graph_data(self.space, r.graph))}: accuracy {r.accuracy:.3f}" for r in shown),
            "Write the next graph to try. Reply with JSON: "
            '{"graph": GRAPH, "probabilities": "those of edges and models, in words", "reason": "…"}.',
        ]
        written = self.agent.consult(
            "\n".join(lines),
            schema=object_schema(graph=graph_schema(self.space), probabilities=_TEXT, reason=_TEXT),
            policies={"scripted": lambda: self._scripted(shown), "random": self._random},
            read=lambda reply: read_graph(self.space, reply["graph"]),
        )
        return self.graphs[-1] if written is None else written

    def _scripted(self, shown: Sequence[Outcome]) -> dict[str, Any]:
        """The better of the graphs it was told with one more edge; a chain of the first mix without any."""
        best = max(shown, key=lambda r: r.accuracy, default=None)
        if best is None:
            mix = zip(self.space.pool.names, self.mixes[0], strict=True)
            models = [name for name, count in mix for _ in range(count)]
            return self._reply(self._graph(models, np.eye(len(models) + 1, k=1, dtype=bool)), "a chain")
        n = len(best.graph.nodes)
        edges = np.zeros((n + 1, n + 1), dtype=bool)
        for source, target in best.graph.edges:
            edges[source, target] = True
        edges[list(best.graph.reads), n] = True
        missing = np.argwhere(np.triu(~edges[:n, :n], 1))
        if len(missing):
            edges[tuple(missing[-1])] = True
        return self._reply(self._graph([node.model for node in best.graph.nodes], edges), "one more edge")

    def _random(self) -> dict[str, Any]:
        return self._reply(self.space.sample(self.rng), "random")

    def _reply(self, graph: Graph, reason: str) -> dict[str, Any]:
        return {"graph": graph_data(self.space, graph), "probabilities": "as before", "reason": reason}

    def _mix_text(self, mix: Mix) -> str:
        return " + ".join(f"{n}×{m}" for m, n in zip(self.space.pool.names, mix, strict=True) if n)


def nominal_space(space: Space) -> Space:
    """The part of a space that the release searches: one select sink, nominal costs that sum to a fixed number."""
    selects = [sink for sink in space.sinks if sink.kind == "select"] or list(space.sinks)
    sink = next((sink for sink in selects if sink.model == "3B"), selects[0])
    smallest = min(space.pool.models, key=lambda model: model.params).name
    budget = space.nominal or max(
        (n for n in range(1, space.max_nodes + 1) if space.cost(_complete(smallest, n, sink)) <= space.cap),
        default=0,
    )
    part = replace(space, sinks=(sink,), nominal=budget)
    return part if budget and part.mixes() else space


def draw_edges(nodes: int, probability: float, rng: np.random.Generator) -> np.ndarray:
    """bool (nodes + 1, nodes + 1): who reads whom, the sink last; retried, adding up, while any stands alone."""
    edges = np.zeros((nodes + 1, nodes + 1), dtype=bool)
    while not (edges.any(axis=0) | edges.any(axis=1)).all():
        edges |= np.triu(rng.random(edges.shape) < probability, 1)
    return edges


def _complete(model: str, n: int, sink: Any) -> Graph:
    nodes = [(model, "assistant" if v == 0 else "fuser") for v in range(n)]
    return Graph.of(nodes, [(a, b) for b in range(n) for a in range(b)], sink, range(n))


def _one(space: Space) -> Mix:
    """The mix of the cheapest graph: all there is where no nominal budget fits."""
    models = [node.model for node in space.cheapest().nodes]
    return tuple(models.count(name) for name in space.pool.names)
