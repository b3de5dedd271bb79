"""Greedy forward construction: the best single model, then the addition that helps most, until none does.

Source: the constructive half of GRASP (Feo and Resende 1995, Journal of Global Optimization 6); greedy building
of ensembles as in Caruana et al. 2004. Answers are noisy, so the candidates of a step race: all are asked a
little, the better ones more, and the graph to beat is asked along with them. Where nothing helps any more,
construction starts again from the best of a few random graphs, so that the whole budget is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from baselines._pool import distinct
from bench.agent import Agent
from bench.architectures import parallel
from bench.graph import Graph, Sink
from bench.optimizer import Optimizer, Problem, Proposal, method
from bench.space import Space


def additions(space: Space, graph: Graph, rng: np.random.Generator) -> Iterator[Graph]:
    """Feasible graphs of one node more, then of one edge more, in random order, under each sink; some repeat.

    The new node answers beside the others, feeds one of them, or merges all answers that the sink has read.
    """
    n, read = len(graph.nodes), {*graph.reads}
    beside, merging = ((), read | {n}), (tuple((v, n) for v in graph.reads), {n})
    feeding = [(((n, v),), read) for v in range(n)]
    nodes = [(model, *way) for model in space.pool.names for way in (beside, merging, *feeding)]
    edges = [(None, ((a, b),), read) for b in range(n) for a in range(b) if a not in graph.nodes[b].preds]
    for ways in (nodes, edges):
        drafts = [(sink, *way) for sink in space.sinks for way in ways]
        for i in rng.permutation(len(drafts)):
            grown = _with(space, graph, *drafts[int(i)])
            if space.contains(grown):
                yield grown


def _with(
    space: Space, graph: Graph, sink: Sink, model: str | None, edges: tuple[tuple[int, int], ...], reads: set[int]
) -> Graph:
    """`graph` with one node more if `model` says so, these edges more and another sink; roles adapt."""
    nodes = [(node.model, node.role) for node in graph.nodes] + ([(model, "assistant")] if model else [])
    wired = [*graph.edges, *edges]
    fed = {b for _, b in wired}
    kept = [
        (m, ("critic" if role == "critic" else "fuser") if v in fed else "assistant")
        for v, (m, role) in enumerate(nodes)
    ]
    return Graph.of(kept, wired, sink, reads if space.free_reads else None)


@method("greedy", label="Greedy construction", source="Feo and Resende 1995; Caruana et al. 2004, ICML")
class Greedy(Optimizer):
    """questions: of each candidate of a step at first. limit: candidates a step, at most.

    finalists: how many of them are asked twice as many again. starts: random graphs of which a later construction
    starts from the best.
    """

    questions: int = 20
    limit: int = 16
    finalists: int = 4
    starts: int = 8

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        space = problem.space
        singles = [parallel(model, 1, sink) for model in space.pool.names for sink in space.sinks]
        self.field = [graph for graph in singles if space.contains(graph)] or distinct(self, self.starts)
        self.grown: Graph | None = None
        self.look = 0

    def ask_many(self, count: int) -> list[Proposal]:
        """A look at the candidates of a step: at all of them, then at the best."""
        if self.look == 2:
            self._step()
        elif self.look == 1:
            self.field = self._ranked()[: max(1, self.finalists)]
        self.look = self.look % 2 + 1
        return [Proposal(graph, self.look * self.questions) for graph in self.field]

    def _step(self) -> None:
        """Go on from the best candidate, or start again where it is the graph that was to beat."""
        best, space = self._ranked()[0], self.problem.space
        self.field = []
        if best != self.grown:
            grown = {graph.id: graph for graph in islice(additions(space, best, self.rng), self.limit)}
            self.grown, self.field = best, [best, *grown.values()]
        if len(self.field) < 2:
            self.grown, self.field = None, distinct(self, max(1, self.starts))

    def _ranked(self) -> list[Graph]:
        ids = {graph.id for graph in self.field}
        return [graph for graph in self.history.best(len(self.history.tallies)) if graph.id in ids]
