"""`isobudget audit`: a bank of real runs in the simulated world, then the protocol over and over again on it."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.app.bank import lacking, read_banks
from bench.app.protocol import Protocol, load_protocol
from bench.app.running import check_plan, follow
from bench.keys import generator
from bench.registry import parse_method
from bench.spec import RunSpec
from bench.suite import run_suite

if TYPE_CHECKING:
    from leaderboard.audits import Findings
    from leaderboard.table import Table

__all__ = ["audit_command", "examined", "make_bank", "tabled"]


def audit_command(
    name: str, output: Path | None, dry_run: bool, form: str, quiet: bool, replications: int, jobs: int | None,
    **changes: Any,
) -> None:  # fmt: skip
    """Run what is missing of a protocol's bank, audit the protocol, print one table and one sentence."""
    from leaderboard import render

    protocol = load_protocol(name, changes)
    for _, plan, _ in protocol.suite.settings():
        check_plan(plan, protocol.tasks)
    folder = output or protocol.folder
    if dry_run:
        click.echo(_bill(protocol, lacking(protocol.specs(), folder), folder, replications))
        return
    make_bank(protocol, folder, jobs or os.cpu_count() or 1, quiet)
    started = time.perf_counter()
    table = tabled(protocol, examined(protocol, folder, replications))
    click.echo(render(table, form))  # type: ignore[arg-type]
    if not quiet:
        click.echo(f"{replications} experiments a row: {time.perf_counter() - started:.0f} s", err=True)


def make_bank(protocol: Protocol, folder: Path, jobs: int, quiet: bool) -> None:
    """Run what the bank lacks; the same again resumes."""
    started = time.perf_counter()
    specs = protocol.specs()
    todo = lacking(specs, folder)
    if not quiet:
        click.echo(f"{protocol.name}: {protocol.title}", err=True)
        click.echo(f"bank: {len(specs)} runs, {len(specs) - len(todo)} already in {folder}", err=True)
    if todo:
        follow(run_suite(todo, folder, min(jobs, len(todo))), len(todo), quiet)
        if not quiet:
            click.echo(f"bank finished in {time.perf_counter() - started:.0f} s; it is kept", err=True)


def examined(protocol: Protocol, folder: Path, replications: int) -> Findings:
    """What is found about the protocol; every run of its bank must be in `folder`."""
    from leaderboard.audits import examine
    from leaderboard.protocols import Design

    bank, copies = read_banks(protocol, folder)
    design = Design(protocol.seeds, protocol.items, protocol.analysis, protocol.correction, protocol.alpha)
    at = protocol.methods.index(protocol.reference)
    return examine(bank, copies, at, design, replications, partial(generator, "audit"))


def tabled(protocol: Protocol, findings: Findings) -> Table:
    """The findings as the table that is printed."""
    from leaderboard.audits import audit_table

    labels = [parse_method(method).label for method in protocol.methods]
    return audit_table(findings, f"Audit of protocol {protocol.name}", labels, _caption(protocol))


def _caption(protocol: Protocol) -> str:
    """What was simulated, and from what."""
    where = (
        f"family {protocol.instances}, stratum headroom" if protocol.instances else f"universe {protocol.universe}"
    )
    from leaderboard.analyses import ANALYSES

    unit = "world" if protocol.instances else "seed"
    compared = f"{protocol.seeds} {unit}{'' if protocol.seeds == 1 else 's'}"
    compared += f", {protocol.items} test questions a task" if protocol.items else ", exact accuracies"
    corrected = (
        "Holm over the comparisons with the reference" if protocol.correction == "holm" else "no correction"
    )
    return (
        f"Simulated ({where}). Each method searches with {protocol.search}, {protocol.questions} questions an "
        f"evaluation, {protocol.selection} selection, graphs of budget {protocol.budget}. Compared: {compared}; "
        f"{ANALYSES[protocol.analysis].says} at {100 * protocol.alpha:g} %, {corrected}. Every experiment is "
        f"drawn from {protocol.bank} runs of each method {'in a world' if protocol.instances else 'on a task'}, "
        "made by the harness; truth is their mean exact accuracy."
    )


def _bill(protocol: Protocol, todo: list[RunSpec], folder: Path, replications: int) -> str:
    """What would run, and the most it can cost."""
    methods = ", ".join(protocol.methods)
    return "\n".join(
        [
            f"{protocol.name}: {protocol.title}",
            f"bank: {len(protocol.specs())} runs, of which {len(todo)} are missing in {folder}",
            f"each method {protocol.bank} times: {methods}; {protocol.copies} copies of {protocol.reference}",
            f"each run: at most {protocol.search} of search; simulated, costs nothing but time (0.1 to 1 s each)",
            f"then {replications} experiments a row of the table",
        ]
    )
