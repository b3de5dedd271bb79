"""The stored optima: true where they say exact, never below what is known, reproducible."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from baselines import portfolio
from bench.graph import Graph
from bench.reference import cell_reference
from bench.reference_search import best_of
from bench.space import Space

TEXT = (Path(__file__).parents[2] / "bench" / "data" / "optima.toml").read_text(encoding="utf-8")
CELLS = tomllib.loads(TEXT)["cells"]


def _parse(text):
    """A graph from its one-line form."""
    body, _, tail = text.partition(" → ")
    nodes, edges = [], []
    for v, model, preds in re.findall(r"(\d+):(\w+)(?:←([\d,]+))?", body):
        inputs = [int(p) for p in preds.split(",") if p]
        nodes.append((model, "fuser" if inputs else "assistant"))
        edges += [(p, int(v)) for p in inputs]
    sink = re.match(r"(vote|select (\w+)) reads", tail)
    return Graph.of(nodes, edges, ("select", sink[2]) if sink[2] else "vote")


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c["task"] + "-" + c["budget"])
def test_a_stored_optimum_is_a_feasible_graph_with_that_accuracy(cell, world):
    space = Space.preset(cell["space"], cell["task"], cell["budget"], cell["pool"])
    graph = _parse(cell["graph"])

    assert str(graph) == cell["graph"]
    assert space.why_not(graph) is None
    assert world.expected_accuracy(graph, cell["task"]) == cell["accuracy"]
    assert "exact" in cell["how"] or "lower bound" in cell["how"]


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c["task"] + "-" + c["budget"])
def test_no_fixed_architecture_beats_it(cell, world):
    space = Space.preset(cell["space"], cell["task"], cell["budget"], cell["pool"])

    best = best_of(world, cell["task"], portfolio.members(space))

    assert best.accuracy == cell["best_fixed"]
    assert cell["random_mean"] < best.accuracy <= cell["accuracy"]


def test_the_small_math_cell_is_exact_under_its_selecting_sink(world):
    """All 28,732 graphs, measured in stages: one 8B beside one 3B, 53.7 %."""
    space = Space.preset("standard", "math", "small", sinks="select")

    best = best_of(world, "math", space.enumerate())

    cell = cell_reference("main", "standard", "llama-small", "math", "small")
    assert best.screened == 28_732
    assert str(best.graph) == cell.graph == "0:3B 1:8B → select 3B reads 0 1"
    assert best.accuracy == cell.accuracy == pytest.approx(0.537, abs=0.002)
