"""Find the stored optima: `python -m bench.app.optima` adds to `bench/data/optima.toml` what it lacks.

    python -m bench.app.optima --show                  every cell with its headroom
    python -m bench.app.optima universes paper         the cells of these lists alone
    python -m bench.app.optima --fixed                 after a family of fixed architectures changed
    python -m bench.app.optima --out again.toml main   search a list again, into another file

One to five minutes a cell on one core. The file is replaced whole after each cell, so a stopped search goes on
where it was. Cells that are there stay: the file is data of a suite version and grows only between versions.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from tabulate import tabulate

from baselines import portfolio
from bench.app.board import write_text
from bench.graph import Graph
from bench.loop import run
from bench.reference import Reference, references
from bench.reference_search import EFFORTS, Effort, best_known, best_of, random_mean
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

_HEAD = """\
# What is known to be reachable in each simulated cell; found by `python -m bench.app.optima`.
# Accuracies are exact expected accuracies on the reference items: simulated, not measured.
# best_fixed: the best member of the fixed architectures that fit, chosen with knowledge of the truth.
# random_mean: mean over 10,000 draws of the published sampler, each on 2,000 reference items.
# random_search: mean over five seeds of what the method `random` recommends after 1,920 executions.
"""

_TASKS = ("math", "mmlu", "humaneval")
_VARIANTS = ("correlated", "flat-depth", "independent", "no-synergy", "strong-verifier")
_SEARCH, _SEEDS = "1920ex", range(5)


class Cell(NamedTuple):
    """What a reference is for."""

    universe: str
    space: str
    pool: str
    task: str
    budget: str


def _grid(universes: Sequence[str], space: str, pool: str, budgets: str) -> list[Cell]:
    """Cells of one space and pool; equal spaces follow each other, so that each is enumerated once."""
    return [Cell(u, space, pool, t, b) for t, b, u in product(_TASKS, budgets.split(), universes)]


_LISTS = {
    "main": _grid(["main"], "standard", "llama-small", "small medium large"),
    "universes": _grid(_VARIANTS, "standard", "llama-small", "small"),
    "paper": _grid(["main"], "paper", "llama-small", "small"),
    "llama": _grid(["main"], "standard", "llama", "small medium large"),
    "enumerated": _grid(["main"], "standard", "llama-small", "10units"),
    "specialists": _grid(["specialists"], "standard", "specialists", "small medium"),
}


@click.command()
@click.argument("lists", nargs=-1, type=click.Choice([*_LISTS]))
@click.option("--show", is_flag=True, help="Print every stored cell with its headroom; search nothing.")
@click.option("--fixed", is_flag=True, help="Only measure the best fixed architecture of each stored cell again.")
@click.option("--effort", type=click.Choice([*EFFORTS]), default="full", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench/data/optima.toml"), show_default=True)
def main(lists: tuple[str, ...], show: bool, fixed: bool, effort: str, out: Path) -> None:
    """Search the cells of LISTS (default: all lists) that the file lacks."""
    if show:
        click.echo(shown())
        return
    known = _read(out)
    if fixed:
        _write(out, {cell: _fixed_again(cell, entry) for cell, entry in known.items()})
        return
    for cell in [cell for name in lists or _LISTS for cell in _LISTS[name]]:
        if cell not in known:
            started = time.perf_counter()
            known[cell] = _searched(cell, known, EFFORTS[effort])
            _write(out, known)
            found = f"{known[cell]['accuracy']:.4f} {known[cell]['graph']}"
            print(f"{' '.join(cell)}: {found} ({time.perf_counter() - started:.0f} s)", file=sys.stderr)


def shown() -> str:
    """A table of all stored cells: accuracies in per cent, headroom in points, how each was found."""
    figures = "reference fixed over-fixed sampler random over-random".split()
    headers = [*Cell._fields, *figures, "", "how"]
    rows = [[*cell, *_figures(found), found.how] for cell, found in references().items()]
    return tabulate(rows, headers, tablefmt="simple", floatfmt=".1f")


def _figures(found: Reference) -> list[Any]:
    over = None if found.over_random is None else 100 * found.over_random
    search = None if found.random_search is None else 100 * found.random_search
    fixed = [100 * found.accuracy, 100 * found.best_fixed, 100 * found.over_fixed]
    return [*fixed, 100 * found.random_mean, search, over, "trap" if found.trap else ""]


def _searched(cell: Cell, known: dict[Cell, dict[str, Any]], effort: Effort) -> dict[str, Any]:
    """One entry, without its key."""
    world = SimulatedWorld(cell.universe)
    space = Space.preset(cell.space, cell.task, cell.budget, cell.pool)
    twin = cell._replace(pool="llama-small")
    if cell.pool == "llama" and not _fits(space, "70B") and twin in known:
        # The two spaces hold the same graphs, so what is known of one is known of the other.
        entry = {k: known[twin][k] for k in ("accuracy", "graph", "how", "best_fixed", "best_fixed_graph")}
        entry["how"] += "; found in pool llama-small, because no graph with a 70B fits"
    else:
        fixed = portfolio.members(space)
        best, how = best_known(world, space, fixed, effort)
        best_fixed = best_of(world, cell.task, fixed)
        entry = {"accuracy": best.accuracy, "graph": str(best.graph), "how": how}
        entry |= {"best_fixed": best_fixed.accuracy, "best_fixed_graph": str(best_fixed.graph)}
    return entry | {"random_mean": random_mean(world, space, 10_000), "random_search": _random_search(cell)}


def _fixed_again(cell: Cell, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with the best of today's fixed architectures; one that beats the search is the reference."""
    space = Space.preset(cell.space, cell.task, cell.budget, cell.pool)
    best = best_of(SimulatedWorld(cell.universe), cell.task, portfolio.members(space))
    changed = entry | {"best_fixed": best.accuracy, "best_fixed_graph": str(best.graph)}
    if best.accuracy > entry["accuracy"]:
        how = f"{entry['how']}; a fixed architecture that came later is better"
        changed |= {"accuracy": best.accuracy, "graph": str(best.graph), "how": how}
    return changed


def _fits(space: Space, model: str) -> bool:
    """Whether any graph with that model fits: if one does, then the model alone under some sink."""
    return any(space.contains(Graph.of([(model, "assistant")], (), sink)) for sink in space.sinks)


def _random_search(cell: Cell) -> float:
    """Mean true accuracy of what random search recommends, the control of every suite."""
    options = {"universe": cell.universe}
    runs = [
        run("random", cell.task, cell.budget, _SEARCH, s, space=cell.space, pool=cell.pool, world_options=options)
        for s in _SEEDS
    ]
    return float(np.mean([record.summary["truth"]["accuracy"] for record in runs]))


def _read(path: Path) -> dict[Cell, dict[str, Any]]:
    """The file's cells; those from before `random_search` get it."""
    cells = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else ():
        cell = Cell(*(entry.pop(name) for name in Cell._fields))
        cells[cell] = entry if "random_search" in entry else entry | {"random_search": _random_search(cell)}
    return cells


def _write(path: Path, cells: dict[Cell, dict[str, Any]]) -> None:
    """Replace the file whole, so that a killed search leaves the old one."""
    write_text(path, "\n".join([_HEAD, *(_toml(cell._asdict() | entry) for cell, entry in cells.items())]))


def _toml(cell: dict[str, Any]) -> str:
    lines = [f"{k} = {v!r}" if isinstance(v, float) else f'{k} = "{v}"' for k, v in cell.items()]
    return "\n".join(["[[cells]]", *lines, ""])


if __name__ == "__main__":
    main()
