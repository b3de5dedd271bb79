"""The published calibration table: the prior data of tier P1, offered to every method alike.

The table holds the accuracies of single models and of pilot graphs, given only by their mix of models. A method
can use it in two ways without knowing it: `starts` are graphs worth evaluating first, `mean` is what the table
lets one expect of any graph.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from bench.architectures import mixed
from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.space import Space

__all__ = ["TIERS", "Prior", "calibration_table", "prior_of"]

TIERS = ("P0", "P1", "P2")
"""P0: nothing but the space. P1: this table. P2: anything else, its acquisition charged."""

_WIDTH = 0.35
"""How near two mixes must be to say something about each other (distance of shares and of log sizes)."""


@dataclass(frozen=True)
class Prior:
    """What the table says in one space.

    table: `single` (model → accuracy), `pilots` (mix and accuracy). starts: the table's graphs that fit, best
    first. mixes: each entry's counts of models and its accuracy, a share.
    """

    table: Mapping[str, Any]
    starts: tuple[Graph, ...]
    mixes: tuple[tuple[Mapping[str, int], float], ...]

    def mean(self, graph: Graph) -> float:
        """Expected accuracy of a graph: a kernel-weighted mean over the table's mixes of models.

        Nadaraya 1964. It knows nothing of edges: neither does the table.
        """
        counts: dict[str, int] = {}
        for node in graph.nodes:
            counts[node.model] = counts.get(node.model, 0) + 1
        near = [math.exp(-((_distance(counts, mix) / _WIDTH) ** 2) / 2) + 1e-9 for mix, _ in self.mixes]
        return sum(w * accuracy for w, (_, accuracy) in zip(near, self.mixes, strict=True)) / sum(near)


def calibration_table(task: str) -> dict[str, Any]:
    """`single` (model → accuracy) and `pilots` (mix and mean accuracy) of one task."""
    text = (resources.files("bench") / "data" / "prior" / "published.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    if task not in data["single"]:
        raise IsobudgetError(f"tier P1 has no published data for task {task}: use --prior P0")
    return {"single": data["single"][task], "pilots": data["pilots"].get(task, [])}


def prior_of(space: Space, called: Mapping[str, str] | None = None) -> Prior:
    """The prior data of tier P1 in a space. Raises IsobudgetError where the table knows none of its models.

    called: what the space calls the table's models, where it gives them other names.
    """
    known = calibration_table(space.task)
    name = called or {model: model for model in known["single"]}
    single = {name[model]: accuracy for model, accuracy in known["single"].items() if model in name}
    pilots = [
        {"mix": {name[model]: n for model, n in pilot["mix"].items()}, "accuracy": pilot["accuracy"]}
        for pilot in known["pilots"]
        if set(pilot["mix"]) <= set(name)
    ]
    table = {"single": single, "pilots": pilots}
    entries = [({model: 1}, accuracy) for model, accuracy in single.items()]
    entries += [(pilot["mix"], pilot["accuracy"]) for pilot in pilots]
    mixes = [(mix, float(accuracy)) for mix, accuracy in entries if set(mix) <= set(space.pool.names)]
    if not mixes:
        raise IsobudgetError(f"tier P1 knows no model of pool {space.pool.name}: use --prior P0")
    ranked = sorted(mixes, key=lambda entry: -entry[1])
    graphs = (mixed(mix, sink) for mix, _ in ranked for sink in space.sinks)
    starts = {graph.id: graph for graph in graphs if space.contains(graph)}
    return Prior(table, tuple(starts.values()), tuple(mixes))


def _distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Between two mixes: half the difference of their shares, and the difference of their log sizes."""
    n, m = sum(one.values()), sum(other.values())
    shares = sum(abs(one.get(k, 0) / n - other.get(k, 0) / m) for k in {*one, *other}) / 2
    return math.hypot(shares, abs(math.log2(n / m)) / 4)
