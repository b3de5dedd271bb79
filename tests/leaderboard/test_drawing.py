"""The picture of a graph: everything once, nothing on top of anything, the same for all numberings."""

import random
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from bench.errors import InvalidGraph
from bench.graph import Graph
from leaderboard.drawing import graph_svg, graph_words

SVG = "{http://www.w3.org/2000/svg}"


def _random(key, nodes=24):
    """A graph of up to 24 nodes: (nodes, edges, sink, reads)."""
    rng = random.Random(key)
    first = rng.randrange(1, nodes + 1)
    edges = [(a, b) for b in range(first, nodes) for a in rng.sample(range(b), min(b, rng.randrange(1, 4)))]
    read = {b for _, b in edges}
    labels = [(rng.choice(("1B", "3B", "8B", "70B")), "fuser" if v in read else "assistant") for v in range(nodes)]
    sink = rng.choice(["vote", ("select", "8B"), None])
    reads = None if sink is None else rng.sample(range(nodes), rng.randrange(1, min(nodes, 4) + 1))
    return labels, edges, sink, reads


def _renumbered(made, key):
    labels, edges, sink, reads = made
    order = list(range(len(labels)))
    random.Random(key).shuffle(order)
    if sink is None:  # the last node answers
        order.remove(len(labels) - 1)
        order.append(len(labels) - 1)
    new = {old: at for at, old in enumerate(order)}
    return (
        [labels[v] for v in order],
        [(new[a], new[b]) for a, b in edges],
        sink,
        reads and [new[v] for v in reads],
    )


GRAPHS = [_random(key, nodes) for key, nodes in enumerate((24, 24, 24, 24, 1, 2, 9, 16))]
GRAPHS += [
    ([("3B", "assistant")] * 24, [], "vote", None),
    ([("3B", "assistant")] + [("8B", "reviser")] * 23, [(v, v + 1) for v in range(23)], None, None),
]


@pytest.mark.parametrize("made", GRAPHS)
def test_each_node_and_each_edge_is_drawn_once(made):
    graph = Graph.of(*made)
    root = ET.fromstring(graph_svg(graph, "a graph"))
    nodes = [int(g.get("data-node")) for g in root.iter(f"{SVG}g") if g.get("class") == "node"]
    edges = [p.get("data-edge") for p in root.iter(f"{SVG}path") if p.get("class") == "edge"]
    sink = len(graph.nodes)

    assert nodes == list(range(sink))
    assert sorted(edges) == sorted(f"{a} {b}" for a, b in [*graph.edges, *((v, sink) for v in graph.reads)])
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "sink"]) == 1


def _boxes(root):
    """Of each node (left, top, right, bottom)."""
    rects = [next(g.iter(f"{SVG}rect")) for g in root.iter(f"{SVG}g") if g.get("class") == "node"]
    sizes = [[float(rect.get(key)) for key in ("x", "y", "width", "height")] for rect in rects]
    return [(x, y, x + w, y + h) for x, y, w, h in sizes]


@pytest.mark.parametrize("made", GRAPHS)
def test_no_node_overlaps_another_or_leaves_the_picture(made):
    root = ET.fromstring(graph_svg(Graph.of(*made), "a graph"))
    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    boxes = _boxes(root)
    for a, b in combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    assert all(left > 0 and top > 0 and right < width and bottom < height for left, top, right, bottom in boxes)


@pytest.mark.parametrize("made", GRAPHS)
def test_every_edge_goes_from_its_node_to_its_node_and_through_no_other(made):
    graph = Graph.of(*made)
    root = ET.fromstring(graph_svg(graph, "a graph"))
    boxes = _boxes(root)
    for path in root.iter(f"{SVG}path"):
        a, b = map(int, path.get("data-edge").split())
        line = path.get("d").rpartition("M")[0]
        ends = re.findall(r"(-?[\d.]+) (-?[\d.]+)(?=[CLM]|$)", line)
        corners = [(float(x), float(y)) for x, y in ends]
        left, top, right, bottom = boxes[a]

        assert left <= corners[0][0] <= right and top <= corners[0][1] <= bottom
        if b < len(boxes):
            left, top, right, bottom = boxes[b]
            assert left <= corners[-1][0] <= right and top <= corners[-1][1] <= bottom
        for left, top, right, bottom in (box for v, box in enumerate(boxes) if v not in (a, b)):
            assert not any(left <= x <= right and top <= y <= bottom for x, y in corners)


@pytest.mark.parametrize("made", GRAPHS)
def test_the_numbering_of_the_nodes_does_not_show(made):
    graph, other = Graph.of(*made), Graph.of(*_renumbered(made, 5))

    assert graph_svg(graph, "t") == graph_svg(other, "t") == graph_svg(graph.to_dict(), "t")


def test_what_does_not_reach_the_answer_is_dashed():
    nodes = [("8B", "assistant"), ("3B", "assistant"), ("1B", "fuser")]
    svg = graph_svg(Graph.of(nodes, [(1, 2)], ("select", "8B"), [0]), "t")
    dashed = re.findall(r'data-(?:node|edge)="([\d ]+)"[^>]*>?(?:<rect[^>]*/>){0,1}[^/]*stroke-dasharray', svg)

    graph = Graph.of(nodes, [(1, 2)], ("select", "8B"), [0])
    dead = [v for v, node in enumerate(graph.nodes) if node.model != "8B"]
    assert sorted(dashed) == sorted([*map(str, dead), f"{dead[0]} {dead[1]}"])
    assert graph_words(graph).count("(not used)") == 2


def test_sinks_have_shapes_of_their_own():
    one = [("8B", "assistant")]
    vote, select, none = (graph_svg(Graph.of(one, (), sink), "t") for sink in ("vote", ("select", "3B"), None))

    assert "<polygon" in vote and ">vote<" in vote
    assert "<polygon" in select and ">select by 3B<" in select
    assert "<polygon" not in none and ">answer<" in none


def test_it_can_be_read_without_eyes():
    graph = Graph.of([("8B", "assistant"), ("3B", "assistant"), ("3B", "fuser")], [(0, 2), (1, 2)], "vote")
    root = ET.fromstring(graph_svg(graph, "The best graph"))

    assert root.get("role") == "img" and root.get("aria-label") == "The best graph"
    assert root.find(f"{SVG}title").text == "The best graph"
    assert root.find(f"{SVG}desc").text == (
        "Level 0: node 0 3B assistant; node 1 8B assistant. Level 1: node 2 3B fuser reads 0, 1. Vote: reads 2."
    )


def test_models_keep_their_colours_within_a_pool():
    pool = ("1B", "3B", "8B")
    svg = graph_svg(Graph.of([("8B", "assistant")], (), "vote"), "t", models=pool)

    assert "--chart-3" in svg and "--chart-1" not in svg
    assert "--chart-1" in graph_svg(Graph.of([("8B", "assistant")], (), "vote"), "t")


def test_drawings_can_share_a_page_and_follow_it():
    svg = graph_svg(Graph.of(*GRAPHS[0]), "t")

    assert not re.search(r'\bid="|<style|<!', svg)
    assert not re.search(r"#[0-9a-f]{6}", re.sub(r"var\(--chart-\w+, #[0-9a-f]{6}\)", "", svg))


def test_hostile_names_are_text():
    name = '</text><script>alert(1)</script>$x$ "\x1b[31m\u202e\ufffe'
    svg = graph_svg(Graph.of([(name, "assistant")], (), ("select", name)), name)
    root = ET.fromstring(svg)

    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "path", "g", "rect", "text", "tspan", "polygon",
    }  # fmt: skip
    assert not set("\x1b\u202e\ufffe") & set(svg)
    assert max(len(text) for text in root.itertext()) < 200


def test_data_that_is_no_graph_is_refused():
    with pytest.raises(InvalidGraph):
        graph_svg({"nodes": []}, "t")
