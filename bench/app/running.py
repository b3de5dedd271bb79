"""`isobudget run`: which runs, what they cost, running them with progress, and the leaderboard at the end."""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click

from bench.errors import IsobudgetError, unknown
from bench.spec import RunSpec
from bench.suite import Finished, Suite, load_suite, missing, parse_seeds, run_suite

__all__ = ["check_plan", "follow", "opening_of", "run_command"]


def run_command(
    name: str,
    commands: Sequence[str] = (),
    names: Sequence[str] = (),
    sandbox: bool = False,
    **options: Any,
) -> None:
    """Run what is missing of a suite, then print its leaderboard, its digest and the next commands.

    commands, names: methods in other processes, and what to call them. sandbox: all methods run jailed.
    """
    from bench.app.outside import added

    with added(commands, names, sandbox) as more:
        _run(name, **options | {"methods": (*options["methods"], *more)})


def _run(
    name: str,
    output: Path | None,
    dry_run: bool,
    form: str,
    quiet: bool,
    record: Path | None = None,
    **options: Any,
) -> None:
    """record: the tape on which every node call is kept."""
    from bench.app.taping import replayed_plan, unrecorded

    started = time.perf_counter()
    original = load_suite(name)
    options = replayed_plan(name, options)
    suite = _chosen(original, options)
    specs = _shard(_specs(suite, options), options["shard"])
    folder = output or _folder(suite, original, options)
    open_specs = unrecorded(specs, missing(specs, folder), record)
    if dry_run:
        click.echo(_bill(suite, specs, open_specs, folder))
        return
    notes = _silent if quiet else _note
    notes(f"{suite.name} {suite.version}: {suite.title}")
    notes(f"{len(specs)} runs, {len(specs) - len(open_specs)} already in {folder}")
    jobs = options["jobs"] or (1 if suite.plan["world"] != "simulated" else os.cpu_count() or 1)
    if open_specs:
        opening, agent = _opening(suite, options, folder), _agent(suite, options)
        if record is not None:
            opening["record"] = str(record)
        finished = run_suite(open_specs, folder, min(jobs, len(open_specs)), opening, agent)
        follow(finished, len(open_specs), quiet)
    else:
        notes("nothing to do: every run has its record")
    if options["shard"]:
        seconds = time.perf_counter() - started
        notes(f"shard {options['shard']}: all {len(specs)} runs are in {folder}; {seconds:.1f} s")
        notes(f"when all shards are there, or copied into one folder: isobudget leaderboard {folder}")
        return
    _report(suite, specs, folder, form, notes, started)


def _specs(suite: Suite, options: dict[str, Any]) -> list[RunSpec]:
    seeds = parse_seeds(options["seeds"]) if options["seeds"] else None
    chosen = suite.only(options["variants"])
    return chosen.specs(options["tasks"] or None, seeds, suite.plan_hash)


def _chosen(suite: Suite, options: dict[str, Any]) -> Suite:
    """The suite with the command line's changes, checked before anything runs or is written.

    What changes the plan changes its hash.
    """
    from dataclasses import replace

    from bench.worlds import list_worlds

    if options["methods"]:
        variants = {n: {k: v for k, v in own.items() if k != "methods"} for n, own in suite.variants.items()}
        suite = replace(suite, methods=tuple(options["methods"]), variants=variants)
    world, universe = options["world"], options["universe"]
    suite = suite.with_plan(
        search=options["search"],
        budgets=[options["budget"]] if options["budget"] else None,
        tier=options["prior"],
        objective=options["objective"],
        space=options["space"],
        pool=options["pool"],
        world=world,
        world_options=_identity(suite, world, universe),
        models=options["naming"] or _aliases(suite, options),
        blind=options["blind"] or None,
        agent=options["agent_model"],
    )
    if suite.plan["world"] not in list_worlds():
        raise unknown("world", suite.plan["world"], list_worlds())
    for _, plan, _ in suite.settings():
        check_plan(plan, options["tasks"])
    return suite


def _aliases(suite: Suite, options: dict[str, Any]) -> str | None:
    """What models are called where nothing says it: in blind runs without prior data, by neutral names."""
    named = suite.plan.get("models", "named") == "named"
    return "aliased" if options["blind"] and named and (options["prior"] or suite.plan["tier"]) == "P0" else None


def check_plan(plan: dict[str, Any], tasks: Sequence[str]) -> None:
    """Raise for what the runs of one setting would stumble over."""
    from bench.ledger import SearchBudget
    from bench.objective import Objective
    from bench.space import Space
    from bench.worlds.simulation.universe import load_universe

    for search in (plan["search"], *plan["checkpoints"]):
        SearchBudget.parse(search)
    Objective.parse(plan["objective"])
    for task, level in product(tasks or plan["tasks"], plan["budgets"]):
        Space.preset(plan["space"], task, level, plan["pool"])
    if "universe" in plan["world_options"]:
        load_universe(plan["world_options"]["universe"])


def _identity(suite: Suite, world: str | None, universe: str | None) -> dict[str, str] | None:
    """What defines the world beyond its name: for the simulated models, their universe."""
    if suite.plan.get("instances") and not universe:
        return None
    if world == "replay":  # of published answers: the readers' universe is part of what the world is
        return {"universe": universe or "main"}
    if (world or suite.plan["world"]) not in ("simulated", "served"):
        return {} if world else None
    return {"universe": universe or suite.plan["world_options"].get("universe", "main")}


def _shard(specs: Sequence[RunSpec], shard: str | None) -> list[RunSpec]:
    """Every n-th place with all its runs: a place is a task in a world with a seed, and is compared as a whole."""
    if shard is None:
        return list(specs)
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise IsobudgetError(f"'{shard}' is no shard: write i/n with 1 ≤ i ≤ n, such as 1/4")
    places = list(dict.fromkeys(_place(spec) for spec in specs))
    if int(match[2]) > len(places):
        raise IsobudgetError(
            f"'{shard}' is too fine: there are {len(places)} places (a task in a world with a seed)"
        )
    mine = set(places[int(match[1]) - 1 :: int(match[2])])
    return [spec for spec in specs if _place(spec) in mine]


def _place(spec: RunSpec) -> tuple[Any, ...]:
    return spec.task, spec.world_options, spec.seed


def _folder(suite: Suite, original: Suite, options: dict[str, Any]) -> Path:
    same = suite.plan_hash == original.plan_hash
    name = suite.name if same else f"{suite.name}-{suite.plan_hash[:6]}"
    return Path("runs") / (f"{name}-replay" if options["replay"] else name)


def opening_of(world: str, pool: str, options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What opening a live world takes that no suite asks for."""
    return _opening(load_suite("real").with_plan(world=world, pool=pool), {**options, "replay": {}}, folder)


def _opening(suite: Suite, options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What opening the world takes beyond its identity: an address, the questions, a cache of its answers."""
    world = suite.plan["world"]
    if options["replay"]:
        return dict(options["replay"])
    if world == "simulated":
        return {}
    given: dict[str, Any] = {
        "cache": str(folder / "answers.sqlite"),
        "unsafe_local": options["unsafe_local_exec"],
        "pool": suite.plan["pool"],
    }
    if options["data_dir"] is not None:
        given["data_dir"] = str(options["data_dir"])
    if options["models"]:
        given["models"] = ",".join(options["models"])
    if world == "openai":
        if not options["base_urls"]:
            raise IsobudgetError(
                "world openai needs a server: give --base-url http://HOST:PORT/v1, "
                "or --world served for the simulated models over HTTP"
            )
        given["base_url"] = ",".join(options["base_urls"])
    return given


def _agent(suite: Suite, options: dict[str, Any]) -> dict[str, Any]:
    """What opening the LLM of methods with `agent=llm` takes beyond its name; here it is tried once."""
    from bench.registry import parse_method

    driven = {
        method: plan["agent"]
        for _, plan, methods in suite.settings()
        for method in methods
        if parse_method(method).agent == "llm"
    }
    if not driven:
        if options["agent_url"] or options["agent_model"]:
            raise IsobudgetError("--agent-url and --agent-model are for methods with agent=llm, and none is here")
        return {}
    if not options["agent_url"] or not all(driven.values()):
        raise IsobudgetError(
            f"{next(iter(driven))} needs an LLM: give --agent-url http://HOST:PORT/v1 and --agent-model NAME"
        )
    from bench.agent_model import AgentModel  # an HTTP client, which few runs need

    given = {"base_url": options["agent_url"], "key_variable": options["agent_key_env"] or ""}
    for name in set(driven.values()):
        AgentModel(name, **given).close()
    return given


def _bill(suite: Suite, specs: Sequence[RunSpec], open_specs: Sequence[RunSpec], folder: Path) -> str:
    """What would run, and the most it can cost."""
    from bench.ledger import SearchBudget

    budgets: dict[str, float] = {}
    for spec in open_specs:
        budget = SearchBudget.parse(spec.search)
        currency = budget.currency.replace("flops", "units")
        budgets[currency] = budgets.get(currency, 0.0) + budget.amount
    searches = ", ".join(sorted({spec.search for spec in specs}))
    free = suite.plan["world"] == "simulated"
    lines = [
        f"{suite.name} {suite.version}, plan {suite.plan_hash}: {suite.title}",
        f"runs: {len(specs)}, of which {len(open_specs)} are missing in {folder}",
        f"each: at most {searches} of search and {suite.plan['tests']} test executions, "
        f"graphs of at most {', '.join(suite.plan['budgets'])} a question",
        *(f"all missing ones: at most {most:g} {name} of search budget" for name, most in sorted(budgets.items())),
        f"world: {suite.plan['world']} ({'costs nothing but time' if free else 'calls a server'})",
    ]
    return "\n".join(lines)


def follow(finished: Iterator[Finished], total: int, quiet: bool) -> None:
    """Show how far it is and what it is doing, until all runs are done."""
    if quiet:
        for _ in finished:
            pass
    elif sys.stderr.isatty():
        _bar(finished, total)
    else:
        _lines(finished, total)


def _bar(finished: Iterator[Finished], total: int) -> None:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as progress:
        bar = progress.add_task("starting", total=total)
        for done in finished:
            spec = done.spec
            progress.update(bar, advance=1, description=f"{spec.method} on {spec.task}, seed {spec.seed}")


def _lines(finished: Iterator[Finished], total: int) -> None:
    """For logs: a line every few seconds at most."""
    started = last = time.perf_counter()
    for count, done in enumerate(finished, 1):
        now = time.perf_counter()
        if now - last > 5 or count == total:
            last, spec = now, done.spec
            left = (now - started) / count * (total - count)
            _note(f"{count}/{total} runs, {left:.0f} s left; last: {spec.method} on {spec.task}, seed {spec.seed}")


def _report(suite: Suite, specs: Sequence[RunSpec], folder: Path, form: str, notes: Any, started: float) -> None:
    from bench.app.board import board_text
    from bench.app.measured import measured_text
    from bench.frames import Records
    from bench.records import Record

    records = Records.of(Record.load(folder / spec.filename) for spec in specs)
    click.echo(board_text(records, form, wide=False, overall=form == "table", suite=suite))
    if measured := measured_text(records):
        click.echo(f"\n{measured}\n", err=form != "table")
    faults = [record for record in records if record.summary["status"] != "ok"]
    for record in faults[:5]:
        notes(f"failed: {record.spec.filename}: {record.summary['error']}")
    click.echo(f"digest {records.digest()}", err=form != "table")
    seconds, memory = time.perf_counter() - started, _peak_mebibytes()
    notes(f"{len(records)} records in {folder}; {seconds:.1f} s, at most {memory:.0f} MiB a process")
    notes(f"each task and every pair: isobudget leaderboard {folder}")
    notes(f"one run's story: isobudget show {folder / specs[0].filename}")


def _peak_mebibytes() -> float:
    """The largest resident set of this process and of any worker it has waited for."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(peaks) / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _note(text: str) -> None:
    click.echo(text, err=True)


def _silent(text: str) -> None:
    """Say nothing."""
