"""`isobudget submit verify`: repeat a random, seeded sample of an entry's runs in processes of their own.

First the recorded proposals are replayed through the harness; then, where the method can be had, it runs again by
itself. Both must give the same record. What was found is written beside the entry as badge.json.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from bench.app.board import write_text
from bench.app.submit import known
from bench.entries import BADGES, Entry, read_entry
from bench.errors import IsobudgetError
from bench.keys import generator
from bench.provenance import manifest
from bench.registry import in_sandbox, load, loaded, parse_method
from leaderboard.submission import planned

__all__ = ["verify"]


class Finding(NamedTuple):
    """What repeating one run showed. replayed, repeated: "" when the same, else where not; None: not done."""

    run: int
    filename: str
    replayed: str | None
    repeated: str | None


def verify(path: Path, sample: int, seed: int, file: Path | None, jobs: int = 1) -> tuple[str, bool]:
    """Repeat `sample` runs of an entry (0: all) and write its badge; what was found, and whether all was the same.

    file: of the method, where it is not registered. Raises IsobudgetError when nothing can be repeated here.
    """
    entry = read_entry(path)
    runs = _sample(entry, sample, seed)
    if entry.specs[0].world != "simulated":
        raise IsobudgetError(f"{path}: only the simulated world gives the same answers twice; this entry ran live")
    if file is None and known(entry.method) is None:
        note = (
            f"{entry.method} is not known here: give its file with --method, or its command with --method-cmd, "
            "to repeat it, not only to replay it"
        )
    else:
        note = ""
    findings = sorted(_findings(path, runs, file, bool(note), jobs))
    badge = _badge(entry, findings, sample, seed)
    write_text(path / "badge.json", json.dumps(badge, indent=1, sort_keys=True))
    lines = [f"{path}: {len(findings)} of {len(entry.specs)} runs, drawn with seed {seed}"]
    lines += [line for finding in findings for line in _lines(finding)]
    lines += [note] if note else []
    lines.append(f"badge: {badge['badge']} (badge.json)")
    return "\n".join(lines), not badge["diverged"]


def _sample(entry: Entry, count: int, seed: int) -> list[int]:
    """Which runs are repeated; only such as the suite plans, so that no run can ask for anything else."""
    numbers, _ = planned(entry)
    if not numbers:
        raise IsobudgetError(f"{entry.path}: none of its runs is planned by its suite: isobudget submit validate")
    order = generator("verify", entry.manifest["digest"], seed).permutation(sorted(numbers))
    return [int(run) for run in (order[:count] if count else order)]


def _findings(
    path: Path, runs: Sequence[int], file: Path | None, replay_only: bool, jobs: int
) -> Iterator[Finding]:
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(runs))
    with ProcessPoolExecutor(workers, context, initializer=load, initargs=(loaded(),)) as pool:
        waiting = [pool.submit(_repeat, path, run, file, replay_only) for run in runs]
        yield from (future.result() for future in waiting)


def _repeat(path: Path, run: int, file: Path | None, replay_only: bool) -> Finding:
    """One run, in a child process."""
    from bench.loop import run_spec
    from bench.replay import CLAIMED, first_difference, replay
    from bench.worlds import load_world

    record = _entry(path).records()[run]
    spec = record.spec
    world = load_world(spec.world, **dict(spec.world_options))
    replayed = first_difference(record, replay(record, world), CLAIMED) or ""
    if replay_only or spec.agent:  # an LLM does not reply the same twice
        return Finding(run, spec.filename, replayed, None)
    if file is not None:
        named = parse_method(str(file)).info.name
        if named != spec.method.partition("[")[0]:
            return Finding(run, spec.filename, replayed, f"{file} is the method {named}, not {spec.method}")
    repeated = first_difference(record, run_spec(spec, world)) or ""
    return Finding(run, spec.filename, replayed, repeated)


@lru_cache(maxsize=1)
def _entry(path: Path) -> Entry:
    return read_entry(path)


def _badge(entry: Entry, findings: Sequence[Finding], sample: int, seed: int) -> dict[str, Any]:
    replayed = all(finding.replayed == "" for finding in findings)
    repeated = all(finding.repeated == "" for finding in findings)
    diverged = {
        finding.filename: finding.replayed or finding.repeated
        for finding in findings
        if finding.replayed or finding.repeated
    }
    return {
        "format": 1,
        "badge": BADGES[2] if replayed and repeated else BADGES[1] if replayed else BADGES[0],
        "digest": entry.manifest["digest"],
        "seed": seed,
        "sample": [finding.filename for finding in findings],
        "replayed": sum(finding.replayed == "" for finding in findings),
        "repeated": sum(finding.repeated == "" for finding in findings),
        "sandboxed": in_sandbox(),
        "diverged": diverged,
        "software": manifest(),
    }


def _lines(finding: Finding) -> Iterator[str]:
    for what, found in (("replayed", finding.replayed), ("repeated", finding.repeated)):
        if found is not None:
            words = "the same" if not found else f"DIVERGED at {found}"
            yield f"  run {finding.run} {finding.filename}: {what}, {words}"
