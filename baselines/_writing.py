"""What methods share whose agent writes whole graphs: how graphs are shown to it, asked for and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from baselines._edits import edited
from baselines._talk import graph_data, graph_format, graph_schema, object_schema, read_graph
from bench.graph import Graph
from bench.optimizer import Optimizer

__all__ = ["NOTATION", "TEXT", "ask_graph", "ask_graphs", "scored", "untried"]

NOTATION = "Graphs are shown like `0:1B 1:3B←0 → vote reads 1`: node 1, a 3B, reads node 0, and the sink node 1."

TEXT = {"type": "string"}

_TRIES = 12
"""Edits that are looked at for a graph that was not tried; a small space may have none."""


def scored(optimizer: Optimizer, graphs: Iterable[Graph]) -> list[str]:
    """One line a graph: what it is, the objective at its posterior mean, on how many questions."""
    history = optimizer.history
    return [f"  {graph}: {history.score(graph):.3f} ({history.tallies[graph.id].asked})" for graph in graphs]


def ask_graph(
    optimizer: Optimizer, lines: Sequence[str], scripted: Callable[[], tuple[str, Graph]]
) -> tuple[str, Graph]:
    """What the agent changed, in its words, and the graph it wrote; a random draw when it wrote none.

    lines: the prompt but for how to reply. scripted: what the scripted agent answers.
    """
    space = optimizer.problem.space

    def reply(change: str, graph: Graph) -> dict[str, Any]:
        return {"change": change, "graph": graph_data(space, graph)}

    assert optimizer.agent is not None
    written = optimizer.agent.consult(
        "\n".join(
            [
                *lines,
                graph_format(space),
                'Reply with JSON: {"change": "what is new, in a few words", "graph": GRAPH}.',
            ]
        ),
        schema=object_schema(change=TEXT, graph=graph_schema(space)),
        policies={
            "scripted": lambda: reply(*scripted()),
            "random": lambda: reply("random", optimizer.draw()),
        },
        read=lambda data: (str(data["change"]), read_graph(space, data["graph"])),
    )
    return written or ("a random draw, as the reply was of no use", optimizer.draw())


def ask_graphs(
    optimizer: Optimizer, lines: Sequence[str], count: int, scripted: Callable[[], list[Graph]]
) -> list[Graph]:
    """At most `count` graphs that the agent wrote, those that can be read; random draws when it wrote none."""
    space = optimizer.problem.space

    def reply(graphs: Iterable[Graph]) -> dict[str, Any]:
        return {"graphs": [graph_data(space, graph) for graph in graphs]}

    assert optimizer.agent is not None
    listed = {"type": "array", "items": graph_schema(space), "minItems": 1, "maxItems": count}
    written = optimizer.agent.consult(
        "\n".join([*lines, graph_format(space), 'Reply with JSON: {"graphs": [GRAPH, …]}.']),
        schema=object_schema(graphs=listed),
        policies={
            "scripted": lambda: reply(scripted()),
            "random": lambda: reply(optimizer.draw() for _ in range(count)),
        },
        read=lambda data: [read_graph(space, graph) for graph in data["graphs"][:count]],
    )
    return written or [optimizer.draw() for _ in range(count)]


def untried(optimizer: Optimizer, graph: Graph, known: Iterable[str] = ()) -> tuple[str, Graph]:
    """A random edit of a graph that leads to one neither evaluated nor `known` (ids), and what it is."""
    tried = {*optimizer.history.tallies, *known}
    for _ in range(_TRIES):
        change, other = edited(optimizer.problem.space, graph, optimizer.rng)
        if other.id not in tried:
            break
    return change, other
