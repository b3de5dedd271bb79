"""A multi-LLM graph as an inline SVG: layers by depth, colours by model, the sink in a shape of its own.

The drawing depends on the graph alone and not on how its nodes were numbered. It has no ids, so any number of them
can stand on one page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from bench.graph import Graph
from leaderboard.charts.palette import SERIES, colour
from leaderboard.charts.text import shown
from leaderboard.layout import Item, Layout, layered

__all__ = ["graph_svg", "graph_words"]

_HIGH, _BETWEEN, _PASS, _MARGIN = 28.0, 10.0, 14.0, 10.0
_LAYERS_APART = 56.0
_LONGEST = 18


class _Box(NamedTuple):
    """Where something stands, pixels: its middle and its size."""

    x: float
    y: float
    width: float
    height: float


class _Plan(NamedTuple):
    """Boxes of nodes (the sink is the last one) and of passages; down: whether layers go down the page."""

    boxes: dict[Item, _Box]
    layout: Layout
    down: bool
    width: float
    height: float


def graph_svg(graph: Graph | Mapping[str, Any], title: str, models: Sequence[str] = ()) -> str:
    """The drawing of a graph, or of the data of `Graph.to_dict`.

    models: names in the order of their colours, so that drawings of one pool agree; those of the graph by default.
    What does not reach the answer is dashed. InvalidGraph on data that is no graph.
    """
    graph = graph if isinstance(graph, Graph) else Graph.from_dict(graph)
    plan = _plan(graph)
    tokens = _tokens(graph, models)
    alive = _alive(graph)
    parts = [
        f"<title>{escape(shown(title, 300))}</title><desc>{escape(graph_words(graph))}</desc>",
        *(
            _edge(plan, edge, edge[0] in alive and (edge[1] in alive or edge[1] == len(graph.nodes)))
            for edge in plan.layout.routes
        ),
        *(
            _node(graph, v, plan.boxes[v], tokens[graph.nodes[v].model], v in alive)
            for v in range(len(graph.nodes))
        ),
        _sink(graph, plan.boxes[len(graph.nodes)], tokens),
    ]
    size = f'width="{_n(plan.width)}" height="{_n(plan.height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" viewBox="0 0 {_n(plan.width)} {_n(plan.height)}" '
        f'{size} style="max-width:100%;height:auto" role="img" aria-label="{escape(shown(title, 300))}" '
        f'font-size="12" stroke-linejoin="round">{"".join(parts)}</svg>'
    )


def graph_words(graph: Graph) -> str:
    """The graph in a sentence a level, for those who cannot see it."""
    alive = _alive(graph)
    words = []
    for level in range(graph.depth):
        nodes = []
        for v in (v for v, own in enumerate(graph.levels) if own == level):
            model, role, preds = graph.nodes[v]
            reads = f" reads {_listed(preds)}" if preds else ""
            nodes.append(f"node {v} {shown(model, _LONGEST)} {role}{reads}{'' if v in alive else ' (not used)'}")
        words.append(f"Level {level}: {'; '.join(nodes)}.")
    return " ".join([*words, f"{_sink_words(graph).capitalize()}: reads {_listed(graph.reads)}."])


def _plan(graph: Graph) -> _Plan:
    sink = len(graph.nodes)
    layout = layered([*graph.levels, graph.depth], [*graph.edges, *((v, sink) for v in graph.reads)])
    wide = max(7.3 * max(len(_words(graph, v)) for v in range(sink)), 7.3 * len(_sink_words(graph)) + 16) + 22
    # A page is read downwards: the longer side of the graph goes there.
    down = graph.depth > max(graph.width, 3)
    along, across = (_HIGH, wide) if down else (wide, _HIGH)
    extents = [sum(_size(item, across) for item in layer) + _BETWEEN * (len(layer) - 1) for layer in layout.layers]
    breadth = max(extents)
    boxes: dict[Item, _Box] = {}
    step = along + (30.0 if down else _LAYERS_APART)
    for number, (layer, extent) in enumerate(zip(layout.layers, extents, strict=True)):
        at = _MARGIN + (breadth - extent) / 2
        for item in layer:
            size = _size(item, across)
            middle, depth = at + size / 2, _MARGIN + along / 2 + number * step
            x, y = (middle, depth) if down else (depth, middle)
            boxes[item] = _Box(x, y, *((size, along) if down else (along, size)))
            at += size + _BETWEEN
    length = 2 * _MARGIN + along + step * (len(layout.layers) - 1)
    sides = (breadth + 2 * _MARGIN, length) if down else (length, breadth + 2 * _MARGIN)
    return _Plan(boxes, layout, down, *sides)


def _size(item: Item, across: float) -> float:
    return across if isinstance(item, int) else _PASS


def _tokens(graph: Graph, models: Sequence[str]) -> dict[str, str]:
    """A colour for each model; small to large where names say so."""
    used = {node.model for node in graph.nodes} | (
        {graph.sink.model} if graph.sink and graph.sink.model else set()
    )
    named = [*dict.fromkeys(models), *sorted(used - set(models), key=_by_size)]
    return {model: SERIES[at % len(SERIES)] for at, model in enumerate(named)}


def _by_size(model: str) -> tuple[float, str]:
    number = re.search(r"\d+(?:\.\d+)?", model)
    return (float(number[0]) if number else 0.0, model)


def _alive(graph: Graph) -> set[int]:
    """The nodes whose answers reach the result."""
    found, left = set[int](), list(graph.reads)
    while left:
        v = left.pop()
        if v not in found:
            found.add(v)
            left += graph.nodes[v].preds
    return found


def _edge(plan: _Plan, edge: tuple[int, int], alive: bool) -> str:
    """A curve from box to box, straight where it passes a layer, with an arrow head at its end."""
    points = list(_through(plan, edge))
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for step, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        if step % 2:
            path.append(f"L{_n(x1)} {_n(y1)}")
        elif plan.down:
            path.append(f"C{_n(x0)} {_n((y0 + y1) / 2)} {_n(x1)} {_n((y0 + y1) / 2)} {_n(x1)} {_n(y1)}")
        else:
            path.append(f"C{_n((x0 + x1) / 2)} {_n(y0)} {_n((x0 + x1) / 2)} {_n(y1)} {_n(x1)} {_n(y1)}")
    x, y = points[-1]
    head = f"M{_n(x - 4)} {_n(y - 7)}L{_n(x)} {_n(y)}L{_n(x + 4)} {_n(y - 7)}"
    if not plan.down:
        head = f"M{_n(x - 7)} {_n(y - 4)}L{_n(x)} {_n(y)}L{_n(x - 7)} {_n(y + 4)}"
    dash = "" if alive else ' stroke-dasharray="4 3"'
    style = f"fill:none;stroke:{colour('rest')};stroke-width:1.4"
    return f'<path class="edge" data-edge="{edge[0]} {edge[1]}" style="{style}"{dash} d="{"".join(path)}{head}"/>'


def _through(plan: _Plan, edge: tuple[int, int]) -> Iterator[tuple[float, float]]:
    """Where an edge leaves its node, enters and leaves each passage, and arrives."""
    *passed, last = plan.layout.routes[edge]
    for at, item in enumerate([*passed, last]):
        x, y, width, height = plan.boxes[item]
        half = (0.0, height / 2) if plan.down else (width / 2, 0.0)
        if at:
            yield x - half[0], y - half[1]
        if item != last or at == 0:
            yield x + half[0], y + half[1]


def _node(graph: Graph, v: int, box: _Box, token: str, alive: bool) -> str:
    model, role, _ = graph.nodes[v]
    dash = "" if alive else ' stroke-dasharray="4 3"'
    fill = f"fill:{colour(token)};fill-opacity:{0.14 if alive else 0};stroke:{colour(token)};stroke-width:1.6"
    ink = "ink" if alive else "muted"
    radius = 5 if role == "assistant" else box.height / 2
    words = f'<tspan font-weight="bold">{escape(shown(model, _LONGEST))}</tspan> {escape(role)}'
    paper = _rect(box, radius, f"fill:{colour('paper')}", "")
    return f'<g class="node" data-node="{v}">{paper}{_rect(box, radius, fill, dash)}{_text(box, words, ink)}</g>'


def _sink(graph: Graph, box: _Box, tokens: Mapping[str, str]) -> str:
    """A hexagon that votes or selects; where a node answers by itself only the word."""
    words = escape(_sink_words(graph))
    if graph.sink is None:
        beside = box._replace(x=box.x - box.width / 2 + 28) if graph.depth <= max(graph.width, 3) else box
        return f'<g class="sink">{_text(beside, words, "muted")}</g>'
    x, y, w, h = box.x, box.y, box.width / 2, box.height / 2
    corners = [
        (x - w, y),
        (x - w + 10, y - h),
        (x + w - 10, y - h),
        (x + w, y),
        (x + w - 10, y + h),
        (x - w + 10, y + h),
    ]
    token = tokens[graph.sink.model] if graph.sink.model else "muted"
    style = f"fill:{colour('band')};stroke:{colour(token)};stroke-width:2"
    points = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
    bold = f'<tspan font-weight="bold">{words}</tspan>'
    return f'<g class="sink"><polygon points="{points}" style="{style}"/>{_text(box, bold, "ink")}</g>'


def _sink_words(graph: Graph) -> str:
    if graph.sink is None:
        return "answer"
    return f"select by {shown(graph.sink.model, _LONGEST)}" if graph.sink.model else "vote"


def _words(graph: Graph, v: int) -> str:
    return f"{shown(graph.nodes[v].model, _LONGEST)} {graph.nodes[v].role}"


def _rect(box: _Box, radius: float, style: str, dash: str) -> str:
    place = f'x="{_n(box.x - box.width / 2)}" y="{_n(box.y - box.height / 2)}"'
    size = f'width="{_n(box.width)}" height="{_n(box.height)}" rx="{_n(radius)}"'
    return f'<rect {place} {size} style="{style}"{dash}/>'


def _text(box: _Box, markup: str, token: str) -> str:
    place = f'x="{_n(box.x)}" y="{_n(box.y + 4)}"'
    return f'<text {place} text-anchor="middle" style="fill:{colour(token)}">{markup}</text>'


def _listed(nodes: Sequence[int]) -> str:
    return ", ".join(map(str, nodes))


def _n(value: float) -> str:
    """A coordinate with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
