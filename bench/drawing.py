"""Graphs as text for people: one line a level."""

from __future__ import annotations

from bench.graph import Graph

__all__ = ["draw"]


def draw(graph: Graph) -> str:
    """The graph level by level, each node with what it reads.

    >>> print(draw(Graph.of([("8B", "assistant"), ("3B", "assistant")], (), ("select", "3B"))))
    level 0   [0] 3B   [1] 8B
    sink      select by 3B ← [0] [1]
    """
    lines = []
    for level in range(graph.depth):
        nodes = [v for v, own in enumerate(graph.levels) if own == level]
        lines.append(f"level {level}   " + "   ".join(_node(graph, v) for v in nodes))
    reads = " ".join(f"[{v}]" for v in graph.reads)
    if graph.sink is None:
        lines.append(f"answer    {reads}")
    else:
        name = f"select by {graph.sink.model}" if graph.sink.model else "plurality vote"
        lines.append(f"sink      {name} ← {reads}")
    return "\n".join(lines)


def _node(graph: Graph, v: int) -> str:
    model, role, preds = graph.nodes[v]
    usual = "fuser" if preds else "assistant"
    shown = model if role == usual else f"{model} {role}"
    return f"[{v}] {shown}" + (f" ← {' '.join(f'[{p}]' for p in preds)}" if preds else "")
