"""`isobudget record` and `merge`: tapes made, imported and joined; and what `run --world replay` needs of one."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.errors import IsobudgetError
from bench.fusers import is_fuser_plan, load_fuser_plan, record_fusers
from bench.spec import RunSpec
from bench.tapes import CALL, GRAPH, Tape, compact, exists, merge, read_tape

__all__ = ["import_command", "merge_command", "record_command", "replayed_plan", "unrecorded"]


def record_command(suite: str | None, tape: Path | None, **options: Any) -> None:
    """Run a suite through a recorder, then put the tape's parts into its file."""
    import click

    from bench.app.running import run_command

    if suite is None or tape is None:
        raise IsobudgetError("say what to record and where: isobudget record SUITE --tape FILE")
    if options["world"] in ("simulated", "replay"):
        raise IsobudgetError(f"world {options['world']} has no calls to record: give openai, vllm or served")
    if (options["jobs"] or 1) > 1:
        raise IsobudgetError(
            "a recording is one process, so that one call has one answer; the world overlaps its calls"
        )
    if is_fuser_plan(suite):
        _record_plan(suite, tape, **options)
        return
    if options["dry_run"]:
        run_command(suite, record=tape, tape=None, **options)
        return
    with _alone(tape):
        run_command(suite, record=tape, tape=None, **options | {"jobs": 1})
        whole = compact(tape)
    if not options["quiet"]:
        click.echo(f"{_summary(whole)}\nreplay it: isobudget run {suite} --world replay --tape {tape}", err=True)


def _record_plan(name: str, tape: Path, output: Path | None, **options: Any) -> None:
    """Record a plan of readers instead of a suite's runs."""
    import click
    from tabulate import tabulate

    from bench.app.running import opening_of
    from bench.worlds import load_world
    from bench.worlds.recording import Recorder

    plan = load_fuser_plan(name)
    if options["dry_run"]:
        calls = len(options["tasks"] or plan.tasks) * plan.questions * plan.most_calls
        click.echo(f"{name}: at most {plan.most_calls} calls a question, {calls} in all (a recording resumes)")
        return
    world = options["world"] or "openai"
    identity = (("universe", options["universe"] or "main"),) if world == "served" else ()
    with _alone(tape):
        opening = opening_of(world, options["pool"] or plan.pool.name, options, output or Path("runs") / name)
        with Recorder(load_world(world, **dict(identity), **opening), tape, identity, plan.pool.name) as recorder:
            told = None if options["quiet"] else lambda words: click.echo(words, err=True)
            rows = record_fusers(recorder, plan, options["tasks"], told)
        whole = compact(tape)
    click.echo(tabulate(rows, "keys", tablefmt="simple"))
    click.echo(f"{_summary(whole)}\nfit to it: isobudget calibrate {tape} -o FOLDER", err=True)


def merge_command(paths: Sequence[Path], output: Path) -> str:
    """Merge tapes into a file; what it holds."""
    tape = merge(paths)
    tape.save(output)
    return f"{output}: {_summary(tape)}"


def import_command(answers: Path, tape: Path | None, tasks: Sequence[str], greedy: bool) -> str:
    """Make a tape of published per-question results; what it holds and the next commands."""
    from bench.imports import import_answers

    if tape is None or len(tasks) != 1:
        raise IsobudgetError(
            f"say of which task, and where to: isobudget record --import {answers} -t TASK --tape FILE"
        )
    made = import_answers(answers, tasks[0], greedy=greedy)
    made.save(tape)
    return (
        f"{tape}: {_summary(made)}\nfit the readers to it: isobudget calibrate {tape} --pool POOL.toml -o FOLDER"
    )


def replayed_plan(suite: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options with `replay`: what opening the tape takes, {} for other worlds.

    A replay of recorded calls is a run of the world that was recorded: its world and options are the tape's.
    """
    tape = options.get("tape")
    if options["world"] != "replay":
        if tape is not None:
            raise IsobudgetError(
                "--tape goes with --world replay (to make one: isobudget record SUITE --tape FILE)"
            )
        return {**options, "replay": {}}
    if tape is None:
        raise IsobudgetError(
            "world replay needs a tape: --tape FILE (isobudget record SUITE --tape FILE makes one)"
        )
    head = read_tape(tape).head
    opening: dict[str, Any] = {"tape": str(tape)}
    if head.imported:
        return {**options, "replay": opening | {"universe": options["universe"] or "main"}}
    opening |= {
        "unsafe_local": options["unsafe_local_exec"],
        "record_with": f"isobudget record {suite} --tape {tape} --world {head.world} (and this run's options)",
    }
    if options["data_dir"] is not None:
        opening["data_dir"] = str(options["data_dir"])
    universe = dict(head.options).get("universe")
    return {**options, "world": head.world, "universe": universe, "replay": opening}


def unrecorded(specs: Sequence[RunSpec], missing: Sequence[RunSpec], tape: Path | None) -> list[RunSpec]:
    """The runs to do: those without a record, and when recording those that are not wholly on the tape."""
    if tape is None:
        return list(missing)
    there = set(read_tape(tape).head.runs) if exists(tape) else set()
    lacking = set(missing)
    return [spec for spec in specs if spec in lacking or spec.id not in there]


def _summary(tape: Tape) -> str:
    kinds = tape.table["kind"].to_pylist()
    counts = f"{kinds.count(CALL)} calls, {kinds.count(GRAPH)} graph executions"
    if tape.head.imported:
        counts = f"{len(kinds)} published answers"
    return f"{counts}, of {len(tape.head.runs)} runs, world {tape.head.described}; digest {tape.digest[:16]}"


@contextlib.contextmanager
def _alone(tape: Path) -> Iterator[None]:
    """Hold the tape's lock, which ends with this process however it ends. Raises where another holds it."""
    folder = tape.with_name(tape.name + ".parts")
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / ".lock"
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise IsobudgetError(
                f"another recorder is writing {tape}: wait for it, or record to another file"
            ) from error
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                folder.rmdir()  # unless parts are left, because the recording was interrupted
