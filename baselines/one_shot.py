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
    """The best model, as often side by side as fits: the largest; in tier P1 the one the table expects most of.

    Under a sink that decides, where that does not cost an answer.
    """
    space, prior = problem.space, problem.prior
    size = {model.name: model.params for model in space.pool.models}
    graphs = [
        (name, parallel(name, width, sink))
        for name in space.pool.names
        for width in range(1, space.max_nodes + 1)
        for sink in space.sinks
    ]
    fitting = [(name, graph) for name, graph in graphs if space.contains(graph)]
    if not fitting:  # no model stands alone where mixes are prescribed
        return prior.starts[0] if prior and prior.starts else space.cheapest()
    best, _ = max(fitting, key=lambda entry: prior.mean(entry[1]) if prior else size[entry[0]])
    own = [graph for name, graph in fitting if name == best]
    return max(own, key=lambda graph: (len(graph.nodes), graph.sink is not None and graph.sink.kind == "select"))
