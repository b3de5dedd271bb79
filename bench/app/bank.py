"""A bank of runs: made once by the real harness, kept as records, drawn from again and again.

Test questions are answered here rather than in the runs: the simulated world can say at any time what a
recommended graph answers to any question in the run's trial, exactly as the run's own test would have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.app.protocol import Protocol
from bench.graph import Graph
from bench.levels import Block, final_handles, plan
from bench.records import Record
from bench.spec import RunSpec
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.nodes import RIGHT
from leaderboard.experiments import Bank

__all__ = ["ITEMS", "answers", "read_banks"]

ITEMS = 2000
"""Test questions of a task that experiments draw from: all that the simulated world has in this split."""

_ROWS = 8192


def answers(world: SimulatedWorld, graph: Graph, task: str, trial: int, items: int) -> npt.NDArray[np.bool_]:
    """Whether a graph answers each of the first test questions (items,) right, in the trial of a run's seed."""
    planned = plan((graph,), world.universe.task_models(task))
    block = Block.of(np.arange(items), np.full(items, trial))
    final = final_handles(world.handles, planned, block, task, "test", _ROWS)
    return np.asarray(final[0] == RIGHT)


def read_banks(protocol: Protocol, folder: Path, items: int = ITEMS) -> tuple[Bank, Bank]:
    """The bank of the methods, and that of the copies of the reference method; all runs must be in `folder`.

    items: test questions a task, none for exact accuracies.
    """
    specs = protocol.specs()
    records = {spec: Record.load(folder / spec.filename) for spec in specs}
    count = items if protocol.items else 0
    own = {spec: record for spec, record in records.items() if spec.stream == 0}
    copies = {spec: record for spec, record in records.items() if spec.method == protocol.reference}
    return (
        _bank(protocol, own, [(method, 0) for method in protocol.methods], count),
        _bank(protocol, copies, [(protocol.reference, k) for k in range(protocol.copies)], count),
    )


def _bank(protocol: Protocol, records: dict[RunSpec, Record], rows: Sequence[tuple[str, int]], items: int) -> Bank:
    """rows: (method, stream) each. Blocks: seeds of a task, or every (world, seed) of a family in one cell."""
    cells: dict[str, dict[tuple[tuple[str, int], object], Record]] = {}
    for spec, record in records.items():
        cell = protocol.instances or spec.task
        cells.setdefault(cell, {})[(spec.method, spec.stream), (spec.world_options, spec.seed)] = record
    truth, right = [], []
    for found in cells.values():
        blocks = list(dict.fromkeys(block for _, block in found))
        grid = [[found[row, block] for block in blocks] for row in rows]
        truth.append([[float(record.summary["truth"]["accuracy"]) for record in line] for line in grid])
        right.append([_answered(line, items) for line in grid])
    names = tuple(method if not stream else f"{method} (copy {stream})" for method, stream in rows)
    return Bank(
        methods=names,
        cells=tuple(cells),
        truth=np.swapaxes(np.array(truth), 0, 1),
        right=np.swapaxes(np.array(right), 0, 1),
    )


def _answered(records: Iterable[Record], items: int) -> npt.NDArray[np.bool_]:
    """Runs x items."""
    rows = [
        answers(
            _world(dict(record.spec.world_options)["universe"]),
            record.recommended,
            record.spec.task,
            record.spec.seed,
            items,
        )
        if items
        else np.zeros(0, dtype=bool)
        for record in records
    ]
    return np.array(rows)


@lru_cache(maxsize=1)
def _world(universe: str) -> SimulatedWorld:
    return SimulatedWorld(universe)
