"""Learn the graphs of the control `constant`: `python benchmarks/constant.py dev` (or `main`).

dev: of the fixed architectures that fit and the optima of known cells, the graph of highest mean true accuracy
over the public instances with that task; minutes on one core. main: the stored optimum of the world `main`. The
other one's entries stay. Writes `baselines/data/constant.toml`.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from baselines import portfolio
from bench.graph import Graph
from bench.reference import references
from bench.seasons import load_season
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

FILE = Path(__file__).parents[1] / "baselines" / "data" / "constant.toml"
TASKS, BUDGETS = ("math", "mmlu", "humaneval"), ("small", "medium", "large")
CELLS = ("standard", "llama-small")  # space and pool
HEAD = """\
# What the control `constant` proposes; learned by `python benchmarks/constant.py dev` and `main`.
# accuracy: mean true accuracy of the graph where it was learned (simulated worlds).
"""
STAGES = ((200, 60), (2000, 3))  # reference items, how many candidates go on; the last ones are measured on all


def parsed(text: str) -> Graph:
    """The graph that `str(graph)` shows, where roles follow from in-degrees."""
    shown, answering = text.split(" → ")
    words = re.findall(r"\d+:(\S+?)(?:←([\d,]+))?(?:\s|$)", shown)
    nodes = [(model, "fuser" if read else "assistant") for model, read in words]
    edges = [(int(p), v) for v, (_, read) in enumerate(words) for p in filter(None, read.split(","))]
    sink, read_by_sink = answering.split(" reads ")
    kind, _, model = sink.partition(" ")
    return Graph.of(nodes, edges, (kind, model or None), map(int, read_by_sink.split()))


def on_main(task: str, budget: str) -> tuple[Graph, float]:
    """The stored optimum."""
    known = references()["main", "standard", "llama-small", task, budget]
    return parsed(known.graph), known.accuracy


def on_dev(task: str, budget: str) -> tuple[Graph, float]:
    """The best of the candidates over the instances with that task."""
    space, instances = Space.preset("standard", task, budget), load_season("dev").instances
    optima = [known.graph for cell, known in references().items() if cell[1:4] == (*CELLS, task)]
    optima += [instance.graph for instance in instances if instance.task == task]
    graphs = {graph.id: graph for graph in [*portfolio.members(space), *map(parsed, optima)]}
    field = [graphs[key] for key in sorted(graphs) if space.contains(graphs[key])]
    worlds = [SimulatedWorld(instance.name) for instance in instances if instance.task == task]
    for items, kept in STAGES:
        screened = np.mean([world.accuracies(field, task, slice(items), (0,)) for world in worlds], axis=0)
        field = [field[int(i)] for i in np.argsort(-screened, kind="stable")[:kept]]
    truth = np.mean([world.accuracies(field, task) for world in worlds], axis=0)
    return field[int(truth.argmax())], float(truth.max())


def learn(learned_on: str) -> list[dict[str, Any]]:
    """One entry for each task and inference budget."""
    source, entries = {"main": on_main, "dev": on_dev}[learned_on], []
    for task, budget in product(TASKS, BUDGETS):
        graph, accuracy = source(task, budget)
        print(f"{task} {budget}: {accuracy:.4f} {graph}", file=sys.stderr)
        entries.append(
            {"learned_on": learned_on, "task": task, "budget": budget, "accuracy": accuracy, "graph": graph}
        )
    return entries


def written(entry: dict[str, Any]) -> str:
    """One entry of the file."""
    graph = entry["graph"] if isinstance(entry["graph"], Graph) else Graph.from_dict(json.loads(entry["graph"]))
    words = [f'{name} = "{entry[name]}"' for name in ("learned_on", "task", "budget")]
    data = json.dumps(graph.to_dict(), separators=(",", ":"))
    lines = [*words, f"accuracy = {entry['accuracy']:.4f}", f"graph = '{data}'"]
    return f"\n# {graph}\n[[graphs]]\n" + "\n".join(lines) + "\n"


def main(learned_on: str) -> None:
    """Replace the entries of one source."""
    known = tomllib.loads(FILE.read_text(encoding="utf-8")).get("graphs", []) if FILE.is_file() else []
    kept = [entry for entry in known if entry["learned_on"] != learned_on]
    entries = sorted([*kept, *learn(learned_on)], key=lambda entry: str(entry["learned_on"]))
    FILE.write_text(HEAD + "".join(map(written, entries)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "dev")
