"""Find the stored optima again: `python -m bench.app.optima` rewrites `bench/data/optima.toml`.

Minutes on one core. The file is data of a suite version: it changes only between versions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import click

from baselines import portfolio
from bench.graph import Graph
from bench.reference_search import best_known, best_of, random_mean
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

_HEAD = """\
# What is known to be reachable in each simulated cell; found by `python -m bench.app.optima`.
# Accuracies are exact expected accuracies on the reference items: simulated, not measured.
# best_fixed: the best member of the fixed architectures that fit, chosen with knowledge of the truth.
# random_mean: mean over 10,000 draws of the published sampler, each on 2,000 reference items.
"""


@click.command()
@click.option("--universe", default="main", show_default=True)
@click.option("--space", "preset", default="standard", show_default=True)
@click.option("--pool", default="llama-small", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench/data/optima.toml"), show_default=True)
def main(universe: str, preset: str, pool: str, out: Path) -> None:
    """Search every task and budget level of one universe, space and pool."""
    cells = list(_cells(universe, preset, pool))
    out.write_text(_HEAD + "".join(map(_toml, cells)), encoding="utf-8")
    click.echo(f"{len(cells)} cells written to {out}")


def _cells(universe: str, preset: str, pool: str) -> Iterator[dict[str, Any]]:
    world = SimulatedWorld(universe)
    for task, budget in product(("math", "mmlu", "humaneval"), ("small", "medium", "large")):
        started = time.perf_counter()
        space = Space.preset(preset, task, budget, pool)
        fixed = _fixed(space)
        best, how = best_known(world, space, fixed)
        best_fixed = best_of(world, task, fixed)
        cell = {
            "universe": universe,
            "space": preset,
            "pool": pool,
            "task": task,
            "budget": budget,
            "accuracy": best.accuracy,
            "graph": str(best.graph),
            "how": how,
            "best_fixed": best_fixed.accuracy,
            "best_fixed_graph": str(best_fixed.graph),
            "random_mean": random_mean(world, space, 10_000),
        }
        seconds = time.perf_counter() - started
        print(f"{task} {budget}: {best.accuracy:.4f} {best.graph} ({seconds:.0f} s)", file=sys.stderr)
        yield cell


def _fixed(space: Space) -> list[Graph]:
    return portfolio.members(space)


def _toml(cell: dict[str, Any]) -> str:
    lines = [f"{k} = {v!r}" if isinstance(v, float) else f'{k} = "{v}"' for k, v in cell.items()]
    return "\n[[cells]]\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
