"""A bank of runs: made once by the real harness, kept as records, drawn from again and again.

Test questions are answered here rather than in the runs: the simulated world can say at any time what a
recommended graph answers to any question in the run's trial, exactly as the run's own test would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.app.protocol import Protocol
from bench.errors import BrokenRecord
from bench.graph import Graph
from bench.levels import Block, final_handles, plan
from bench.records import load_head
from bench.spec import RunSpec
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.nodes import RIGHT
from leaderboard.experiments import Bank

__all__ = ["ITEMS", "answers", "lacking", "read_banks"]

ITEMS = 2000
"""Test questions of a task that experiments draw from: all that the simulated world has in this split."""

_ROWS = 8192


def answers(world: SimulatedWorld, graph: Graph, task: str, trial: int, items: int) -> npt.NDArray[np.bool_]:
    """Whether a graph answers each of the first test questions (items,) right, in the trial of a run's seed."""
    planned = plan((graph,), world.universe.task_models(task))
    block = Block.of(np.arange(items), np.full(items, trial))
    final = final_handles(world.handles, planned, block, task, "test", _ROWS)
    return np.asarray(final[0] == RIGHT)


class _Run(NamedTuple):
    """What the bank needs of a run."""

    spec: RunSpec
    graph: Graph
    accuracy: float


def lacking(specs: Sequence[RunSpec], folder: Path) -> list[RunSpec]:
    """The runs that are not yet in the bank."""
    return [spec for spec in specs if not _there(spec, folder / spec.filename)]


def _there(spec: RunSpec, path: Path) -> bool:
    try:
        return path.is_file() and load_head(path)[0] == spec
    except BrokenRecord:
        return False


def read_banks(protocol: Protocol, folder: Path, items: int = ITEMS) -> tuple[Bank, Bank]:
    """The bank of the methods, and that of the copies of the reference method; all runs must be in `folder`.

    items: test questions a task, none for exact accuracies.
    """
    runs = [_run(spec, load_head(folder / spec.filename)[1]) for spec in protocol.specs()]
    count = items if protocol.items else 0
    own = [run for run in runs if run.spec.stream == 0]
    copies = [run for run in runs if run.spec.method == protocol.reference]
    return (
        _bank(protocol, own, [(method, 0) for method in protocol.methods], count),
        _bank(protocol, copies, [(protocol.reference, k) for k in range(protocol.copies)], count),
    )


def _run(spec: RunSpec, summary: dict[str, Any]) -> _Run:
    graph = Graph.from_dict(summary["graphs"][summary["recommended"]])
    return _Run(spec, graph, float(summary["truth"]["accuracy"]))


def _bank(protocol: Protocol, runs: Sequence[_Run], rows: Sequence[tuple[str, int]], items: int) -> Bank:
    """rows: (method, stream) each. Blocks: seeds of a task, or every (world, seed) of a family in one cell."""
    cells: dict[str, dict[tuple[tuple[str, int], object], _Run]] = {}
    for run in runs:
        spec = run.spec
        cell = protocol.instances or spec.task
        cells.setdefault(cell, {})[(spec.method, spec.stream), (spec.world_options, spec.seed)] = run
    truth, right = [], []
    for found in cells.values():
        blocks = list(dict.fromkeys(block for _, block in found))
        grid = [[found[row, block] for block in blocks] for row in rows]
        truth.append([[run.accuracy for run in line] for line in grid])
        right.append([[_answered(run, items) for run in line] for line in grid])
    return Bank(
        methods=tuple(method if not stream else f"{method} (copy {stream})" for method, stream in rows),
        cells=tuple(cells),
        truth=np.swapaxes(np.array(truth), 0, 1),
        right=np.swapaxes(np.array(right), 0, 1),
    )


def _answered(run: _Run, items: int) -> npt.NDArray[np.bool_]:
    if not items:
        return np.zeros(0, dtype=bool)
    world = _world(dict(run.spec.world_options)["universe"])
    return answers(world, run.graph, run.spec.task, run.spec.seed, items)


@lru_cache(maxsize=1)
def _world(universe: str) -> SimulatedWorld:
    return SimulatedWorld(universe)
