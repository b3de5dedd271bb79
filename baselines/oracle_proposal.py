"""Oracle proposal: proposes truly good graphs, the best first; selects by what it measured. A bound, never ranked.

How good proposals could be: what it still lacks, no rule of proposing can give. Looking up the truth takes time,
so its candidates have most of their calls in common: independent answers of one model or of the models of a random
graph, under every sink or merged by a fuser; and then the neighbours of the best of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from bench.agent import Agent
from bench.architectures import parallel
from bench.graph import Graph
from bench.neighbours import neighbours
from bench.optimizer import Optimizer, Problem, Proposal, method
from bench.space import Space


def wide_and_half(space: Space) -> Iterator[Graph]:
    """As many answers of one model as fit, and half as many, for each model under each sink."""
    for model in space.pool.names:
        for sink in space.sinks:
            graphs = [parallel(model, width, sink) for width in range(1, space.max_nodes + 1)]
            fitting = [graph for graph in graphs if space.contains(graph)]
            yield from [*fitting[-1:], *fitting[len(fitting) // 2 : -1][:1]]


def flattened(space: Space, graph: Graph) -> Iterator[Graph]:
    """Independent answers of the graph's models under every sink, or merged by one fuser of any model."""
    models, n = [(node.model, "assistant") for node in graph.nodes], len(graph.nodes)
    free = min(space.sinks, key=lambda sink: sink.kind != "vote")
    edges = [(v, n) for v in range(n)]
    drafts = [Graph.of(models, (), sink) for sink in space.sinks]
    drafts += [Graph.of([*models, (fuser, "fuser")], edges, free) for fuser in space.pool.names]
    yield from filter(space.contains, drafts)


@method(
    "oracle-proposal",
    label="Oracle proposal",
    kind="bound",
    source="Proposals in the order of their truth",
    note="bound: knows the truth of what it proposes",
)
class OracleProposal(Optimizer):
    """draws: random graphs whose models are candidates. refined: neighbours of the best candidate, at most.

    kept: how many of the truly best are proposed, in turn.
    """

    draws: int = 3
    refined: int = 12
    kept: int = 10
    independent = True

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        drawn = [self.draw() for _ in range(max(1, self.draws))]
        mixes = [graph for draft in drawn for graph in flattened(problem.space, draft)]
        truth = self._truth([*wide_and_half(problem.space), *mixes, *drawn[:1]])
        near = neighbours(problem.space, max(truth, key=lambda graph: (truth[graph], graph.id)))
        truth |= self._truth([near[int(i)] for i in rng.permutation(len(near))[: self.refined]])
        ranked = sorted(truth, key=lambda graph: (-truth[graph], problem.space.cost(graph), graph.id))
        self.best = ranked[: max(1, self.kept)]
        self.turn = count()

    def ask(self) -> Proposal:
        """The next of the best candidates, from the truly best on, and again."""
        return Proposal(self.best[next(self.turn) % len(self.best)])

    def _truth(self, graphs: list[Graph]) -> dict[Graph, float]:
        distinct = list({graph.id: graph for graph in graphs}.values())
        oracle = self.problem.oracle
        return dict(zip(distinct, oracle(distinct).tolist(), strict=True)) if oracle and distinct else {}
