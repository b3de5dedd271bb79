"""The stored optima: true where they say exact, never below what is known, reproducible."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from baselines import portfolio
from bench.app import optima
from bench.cost import BUDGET_LEVELS as LEVELS
from bench.graph import Graph
from bench.reference import Reference, cell_reference, references
from bench.reference_search import best_of
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

PATH = Path(__file__).parents[2] / "bench" / "data" / "optima.toml"
CELLS = tomllib.loads(PATH.read_text(encoding="utf-8"))["cells"]
MAIN = [c for c in CELLS if (c["universe"], c["space"], c["pool"]) == ("main", "standard", "llama-small")]
OTHERS = [c for c in CELLS if c not in MAIN]
VARIANTS = ("correlated", "flat-depth", "independent", "no-synergy", "strong-verifier")
# One task each of what has its own physics, pool or space; the answers of every node on 20,000 items twice.
SAMPLE = [
    ("correlated", "standard", "llama-small", "math", "small"),
    ("no-synergy", "standard", "llama-small", "mmlu", "small"),
    ("strong-verifier", "standard", "llama-small", "humaneval", "small"),
    ("main", "paper", "llama-small", "math", "small"),
    ("main", "standard", "llama", "math", "large"),
    ("specialists", "standard", "specialists", "math", "small"),
    ("specialists", "standard", "specialists", "humaneval", "medium"),
]


def _parse(text):
    """A graph from its one-line form."""
    body, _, tail = text.partition(" → ")
    nodes, edges = [], []
    for v, model, preds in re.findall(r"(\d+):(\w+)(?:←([\d,]+))?", body):
        inputs = [int(p) for p in preds.split(",") if p]
        nodes.append((model, "fuser" if inputs else "assistant"))
        edges += [(p, int(v)) for p in inputs]
    sink = re.match(r"(vote|select (\w+)) reads ([\d ]+)", tail)
    return Graph.of(nodes, edges, ("select", sink[2]) if sink[2] else "vote", [int(v) for v in sink[3].split()])


def _name(cell):
    names = (cell["universe"], cell["space"], cell["pool"], cell["task"], cell["budget"])
    return "-".join(name for name in names if name not in ("main", "standard", "llama-small"))


def _key(cell):
    return tuple(cell[name] for name in ("universe", "space", "pool", "task", "budget"))


@pytest.mark.parametrize("cell", MAIN, ids=_name)
def test_a_stored_optimum_is_a_feasible_graph_with_that_accuracy(cell, world):
    space = Space.preset(cell["space"], cell["task"], cell["budget"], cell["pool"])
    graph = _parse(cell["graph"])

    assert str(graph) == cell["graph"]
    assert space.why_not(graph) is None
    assert world.expected_accuracy(graph, cell["task"]) == cell["accuracy"]
    assert "exact" in cell["how"] or "lower bound" in cell["how"]


@pytest.mark.parametrize("cell", MAIN, ids=_name)
def test_no_fixed_architecture_beats_it(cell, world):
    space = Space.preset(cell["space"], cell["task"], cell["budget"], cell["pool"])

    best = best_of(world, cell["task"], portfolio.members(space))

    assert best.accuracy == cell["best_fixed"]
    assert cell["random_mean"] < best.accuracy <= cell["accuracy"]


def test_the_small_humaneval_cell_is_exact_under_its_selecting_sink(world):
    """All 3,908 graphs, measured in stages: one 8B alone, 61.1 %. (MATH has 28,732.)"""
    space = Space.preset("standard", "humaneval", "small", sinks="select")

    best = best_of(world, "humaneval", space.enumerate())

    cell = cell_reference("main", "standard", "llama-small", "humaneval", "small")
    assert best.screened == 3_908
    assert str(best.graph) == cell.graph == "0:8B → select 3B reads 0"
    assert best.accuracy == cell.accuracy == pytest.approx(0.611, abs=0.002)


def test_every_cell_that_a_suite_needs_is_there_once():
    tasks = ("math", "mmlu", "humaneval")
    wanted = {("main", "standard", pool, t, b) for pool in ("llama-small", "llama") for t in tasks for b in LEVELS}
    wanted |= {(universe, "standard", "llama-small", t, "small") for universe in VARIANTS for t in tasks}
    wanted |= {("main", "paper", "llama-small", t, "small") for t in tasks}
    wanted |= {("specialists", "standard", "specialists", t, b) for t in tasks for b in ("small", "medium")}

    assert set(references()) >= wanted
    assert set(references()) == {tuple(cell) for cells in optima._LISTS.values() for cell in cells}
    assert len(CELLS) == len(references())


@pytest.mark.parametrize("cell", OTHERS, ids=_name)
def test_the_others_are_feasible_and_in_order(cell):
    space = Space.preset(cell["space"], cell["task"], cell["budget"], cell["pool"])
    graph, fixed = _parse(cell["graph"]), _parse(cell["best_fixed_graph"])

    assert (str(graph), str(fixed)) == (cell["graph"], cell["best_fixed_graph"])
    assert [space.why_not(graph), space.why_not(fixed)] == [None, None]
    assert 0 < cell["best_fixed"] <= cell["accuracy"] < 1
    assert 0 < cell["random_mean"] < cell["random_search"] <= cell["accuracy"]
    assert all(word.startswith(("exact under ", "lower bound under ")) for word in cell["how"].split("; ")[:2])


@pytest.mark.parametrize("key", SAMPLE, ids="-".join)
def test_a_sample_of_them_has_that_accuracy(key):
    cell = references()[key]
    graphs = [_parse(cell.graph), _parse(cell.best_fixed_graph)]

    assert SimulatedWorld(key[0]).accuracies(graphs, key[3]).tolist() == [cell.accuracy, cell.best_fixed]


@pytest.mark.parametrize("preset", ["standard", "paper"])
def test_exact_means_that_all_graphs_were_there(preset):
    space = Space.preset(preset, "humaneval", "small", sinks="select")
    how = cell_reference("main", preset, "llama-small", "humaneval", "small").how

    assert f"exact under select 3B: all {space.size():,} graphs enumerated" in how


@pytest.mark.parametrize("cell", [c for c in CELLS if c["pool"] == "llama"], ids=_name)
def test_without_a_70b_that_fits_a_cell_is_that_of_the_small_pool(cell):
    space = Space.preset("standard", cell["task"], cell["budget"], "llama")
    small = next(c for c in MAIN if (c["task"], c["budget"]) == (cell["task"], cell["budget"]))
    fits = space.contains(Graph.of([("70B", "assistant")], (), "vote"))

    assert fits == (cell["budget"] == "large" and cell["task"] != "humaneval")
    assert fits == ("no graph with a 70B fits" not in cell["how"])
    assert cell["accuracy"] > small["accuracy"] if fits else cell["accuracy"] == small["accuracy"]


def test_specialists_leave_something_to_find():
    """At least two points beyond every fixed architecture and beyond random search, on two tasks or more."""
    cells = {key: cell for key, cell in references().items() if key[0] == "specialists"}
    roomy = [key for key, cell in cells.items() if min(cell.over_fixed, cell.over_random) >= 0.02]

    assert len(cells) == 6
    assert {task for *_, task, budget in roomy if budget == "small"} >= {"math", "humaneval"}
    assert {task for *_, task, budget in roomy if budget == "medium"} == {"math", "mmlu", "humaneval"}
    assert not any(cell.trap for cell in cells.values())


def test_a_trap_is_where_either_headroom_is_below_half_a_point():
    cell = Reference(0.6, "", "", best_fixed=0.59, best_fixed_graph="", random_mean=0.4)

    assert (cell.over_fixed, cell.over_random, cell.trap) == (pytest.approx(0.01), None, False)
    assert replace(cell, best_fixed=0.596).trap
    assert not replace(cell, random_search=0.594).trap
    assert replace(cell, random_search=0.596).trap


def test_the_command_shows_every_cell_and_searches_none_again(tmp_path):
    again = tmp_path / "optima.toml"
    shutil.copy(PATH, again)

    shown = CliRunner().invoke(optima.main, ["--show"])
    rerun = CliRunner().invoke(optima.main, ["--out", str(again)])

    assert shown.exit_code == rerun.exit_code == 0
    assert [line.split()[:5] for line in shown.output.splitlines()[2:]] == [list(key) for key in references()]
    assert again.read_bytes() == PATH.read_bytes()


def test_a_missing_cell_is_added_after_those_that_are_there(tmp_path, monkeypatch):
    """The cheapest cell of all, searched again: the same entry. One from before `random_search` gets it."""
    path = tmp_path / "optima.toml"
    cell = next(c for c in CELLS if _key(c) == ("main", "paper", "llama-small", "humaneval", "small"))
    first = PATH.read_text(encoding="utf-8").split("[[cells]]")[1]
    path.write_text("[[cells]]" + re.sub("random_search.*\n", "", first), encoding="utf-8")
    monkeypatch.setitem(optima._LISTS, "paper", [optima.Cell(*_key(cell))])

    result = CliRunner().invoke(optima.main, ["paper", "--out", str(path)])

    assert result.exit_code == 0, result.output
    assert tomllib.loads(path.read_text(encoding="utf-8"))["cells"] == [CELLS[0], cell]
