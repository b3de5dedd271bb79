"""One-shot: an agent is asked once for a graph, which is evaluated once, and that is all. What search must beat.

Ours, after what a user of an agent would do without any optimizer. In tier P1 the agent is shown the published
table, so the difference between the tiers is what the table is worth to it.
"""

from __future__ import annotations

from baselines._talk import calibration, setting
from baselines._writing import ask_graph
from bench.architectures import parallel
from bench.graph import Graph
from bench.optimizer import Optimizer, Problem, Proposal, method


@method(
    "one-shot",
    label="One-shot",
    source="ours: an agent's first answer",
    agents=("scripted", "random", "llm"),
    searches=False,
)
class OneShot(Optimizer):
    """No parameters but who the agent is."""

    def ask(self) -> Proposal | None:
        """The agent's graph; nothing after that."""
        if self.history.outcomes:
            return None
        lines = [
            *setting(self.problem),
            *calibration(self.problem),
            "You have one answer and no trial. Design the graph that you expect to be the best.",
        ]
        return Proposal(ask_graph(self, lines, lambda: ("the obvious", obvious(self.problem)))[1])


def obvious(problem: Problem) -> Graph:
    """The largest model, as often side by side as fits, under a sink that decides rather than one that counts.

    In tier P1 the best graph of the table; where that is a single model, as often as fits.
    """
    space, starts = problem.space, problem.prior.starts if problem.prior else ()
    if starts and len(starts[0].nodes) > 1:
        return starts[0]
    size = {model.name: model.params for model in space.pool.models}
    ranked = [starts[0].nodes[0].model] if starts else sorted(size, key=lambda name: -size[name])
    sinks = sorted(space.sinks, key=lambda sink: sink.kind != "select")
    graphs = (parallel(m, n, sink) for m in ranked for sink in sinks for n in range(space.max_nodes, 0, -1))
    return next(filter(space.contains, graphs), space.cheapest())
