"""`isobudget fidelity`: one suite replayed, and in the simulated world fitted to half of the same tape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from bench.app.calibrating import figures_table, interval, predictions_text
from bench.errors import IsobudgetError
from bench.fitting.calibrate import Fit, Prediction, calibrate
from bench.frames import Records
from bench.pools import load_pool
from bench.records import Record
from bench.spec import RunSpec
from bench.suite import load_suite, missing, parse_seeds
from bench.tapes import read_tape
from bench.worlds.replay import ReplayWorld
from bench.worlds.simulated import SimulatedWorld
from leaderboard.fidelity import GraphFidelity, MethodFidelity, graph_fidelity, method_fidelity

__all__ = ["fidelity_command"]


def fidelity_command(
    suite: str, tape: Path, pool: str | None, data_dir: Path | None, output: Path, quiet: bool, **options: Any
) -> str:
    """Calibrate, run the suite in both worlds, write pool, universe and report; returns the report."""
    read = read_tape(tape)
    if read.head.imported:
        raise IsobudgetError(
            f"{tape} holds published answers and no fusers: only a recorded tape can validate those"
        )
    live_specs = _specs(suite, read.head.world, read.head.options, options)
    unsafe = bool(options.get("unsafe_local_exec"))
    made, predicted = calibrate(read, pool or "", options["universe"] or "main", data_dir, unsafe)
    made.save(output)
    world = ReplayWorld(
        read, data_dir=data_dir, unsafe_local=unsafe, record_with=f"isobudget record {suite} --tape {tape}"
    )
    live = _run(live_specs, world, output / "live", quiet)
    name = made.universe.name
    specs = [replace(s, world="simulated", world_options=(("universe", name),), plan="") for s in live_specs]
    simulated = _run(specs, SimulatedWorld(made.universe), output / "simulated", quiet)
    held_out = [entry for entry in predicted if entry.held_out]
    graphs = (
        graph_fidelity(*zip(*[(e.task, e.predicted, e.observed, e.questions) for e in held_out], strict=True))
        if (held_out)
        else graph_fidelity([], [], [], [])
    )
    methods = method_fidelity(
        (live.runs_df(), live.questions_df()), (simulated.runs_df(), simulated.questions_df())
    )
    _write(made, graphs, methods, output, f"tape {read.digest[:12]}, suite {suite}")
    report = _report(made, predicted, graphs, methods, live, simulated)
    from bench.app.board import write_text

    write_text(output / "report.txt", report)
    return f"{report}\n\nwritten to {output}: pool.toml (with its figures), universe.toml, report.txt, records"


def _specs(suite: str, world: str, options: Sequence[tuple[str, str]], given: dict[str, Any]) -> list[RunSpec]:
    plan = load_suite(suite)
    if given["methods"]:
        plan = replace(plan, methods=tuple(given["methods"]), variants={})
    plan = plan.with_plan(
        world=world,
        world_options=dict(options),
        search=given["search"],
        budgets=[given["budget"]] if given["budget"] else None,
    )
    return plan.specs(given["tasks"] or None, parse_seeds(given["seeds"]) if given["seeds"] else None)


def _run(specs: Sequence[RunSpec], world: Any, folder: Path, quiet: bool) -> Records:
    """The records of all specs in one world; those that are there already are not made again."""
    from bench.loop import run_spec

    todo = missing(specs, folder)
    for count, spec in enumerate(todo, 1):
        run_spec(spec, world).save(folder / spec.filename)
        if not quiet and (count % 10 == 0 or count == len(todo)):
            click.echo(f"{folder.name}: {count}/{len(todo)} runs", err=True)
    return Records.of(Record.load(folder / spec.filename) for spec in specs)


def _write(made: Fit, graphs: GraphFidelity, methods: MethodFidelity, output: Path, source: str) -> None:
    """Add the figures to the pool's file: a board of a pool that has them loses its badge."""
    from bench.app.board import write_text

    figures: dict[str, float] = {"graphs": graphs.graphs, "pairs": methods.separated}
    for name, figure in (
        ("correlation", graphs.correlation),
        ("same_sign", methods.same_sign),
        ("slope", methods.slope),
        ("agreement", methods.agreement),
    ):
        for end, value in zip(("", "_low", "_high"), figure, strict=True):
            if math.isfinite(value):
                figures[name + end] = round(value, 4)
    lines = [made.pool_text.rstrip(), "", f"[fidelity] # isobudget fidelity, {source}"]
    write_text(
        output / "pool.toml", "\n".join([*lines, *(f"{name} = {value}" for name, value in figures.items())])
    )
    load_pool.cache_clear()


def _report(
    made: Fit,
    predicted: Sequence[Prediction],
    graphs: GraphFidelity,
    methods: MethodFidelity,
    live: Records,
    simulated: Records,
) -> str:
    sources = " against ".join(sorted({record.provenance for record in part})[0] for part in (live, simulated))
    compared = [
        [
            pair.task,
            pair.method,
            pair.other,
            100 * pair.live,
            100 * pair.simulated,
            {(True, True): "both", (True, False): "live", (False, True): "simulated", (False, False): ""}[
                pair.separated_live, pair.separated_simulated
            ],
        ]
        for pair in methods.pairs
    ]
    headers = ["task", "method", "minus", "live points", "simulated points", "separated in"]
    words = (
        f"Graphs: {graphs.graphs} held out from the fit; correlation within tasks {interval(graphs.correlation)}, "
        f"corrected for noise {interval(graphs.corrected)}.\n"
        f"Methods: {len(methods.pairs)} pairs compared, {methods.separated} separated in both worlds; same sign "
        f"{interval(methods.same_sign)}; slope of live on simulated differences {interval(methods.slope)}. "
        f"Correlation of all differences, separated or not, {interval(methods.agreement)}."
    )
    return "\n\n".join(
        [
            f"fidelity: {sources}",
            words,
            tabulate(compared, headers, tablefmt="simple", floatfmt="+.1f"),
            predictions_text(predicted),
            figures_table(made),
        ]
    )
