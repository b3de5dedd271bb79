"""A grid of runs: what is in it, what is already done, and running the rest on one or more processes.

State is files: a run is done when its record exists. So the same command again resumes, a killed suite loses
only the runs that were under way, and the digest at the end does not depend on how it was reached.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from bench.errors import BrokenRecord, IsobudgetError, unknown
from bench.records import Record
from bench.registry import load_files, loaded_files, parse_method
from bench.spec import RunSpec
from tasks import list_tasks
from tasks.base import UnknownTask

__all__ = ["Suite", "list_suites", "load_suite", "missing", "parse_seeds", "run_suite"]

_PLAN_FIELDS = (
    "tasks budgets search seeds world world_options space pool objective tier selection held_back finalists "
    "questions tests reference"
).split()


@dataclass(frozen=True)
class Suite:
    """A named grid. plan: everything that decides a record or its analysis, but for the methods."""

    name: str
    version: str
    title: str
    methods: tuple[str, ...]
    plan: dict[str, Any]

    @property
    def plan_hash(self) -> str:
        """Twelve hexadecimal digits of the plan: records of different plans are never ranked together."""
        text = json.dumps([self.version, self.plan], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def with_plan(self, **changes: Any) -> Suite:
        """The suite with another plan (None: unchanged)."""
        return replace(self, plan=self.plan | {k: v for k, v in changes.items() if v is not None})

    def specs(self, tasks: Sequence[str] | None = None, seeds: Sequence[int] | None = None) -> list[RunSpec]:
        """All runs of the grid, or the part with these tasks and seeds; seeds vary slowest."""
        plan = self.plan
        for task in tasks or ():
            if task not in list_tasks():
                raise UnknownTask(f"no task '{task}': there are {', '.join(list_tasks())} (isobudget list tasks)")
        options = tuple(sorted((str(k), str(v)) for k, v in plan["world_options"].items()))
        shared = (
            "search",
            "world",
            "space",
            "pool",
            "objective",
            "tier",
            "selection",
            "held_back",
            "finalists",
        )
        return [
            RunSpec(
                suite=self.name,
                suite_version=self.version,
                plan=self.plan_hash,
                method=parse_method(method).text,
                task=task,
                budget=budget,
                seed=seed,
                world_options=options,
                questions=plan["questions"],
                tests=plan["tests"],
                **{name: plan[name] for name in shared},
            )
            for seed, budget, task, method in product(
                parse_seeds(plan["seeds"]) if seeds is None else seeds,
                plan["budgets"],
                tasks or plan["tasks"],
                self.methods,
            )
        ]


def list_suites() -> list[str]:
    """Names of the suites that come with the package."""
    folder = resources.files("bench") / "data" / "suites"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_suite(name: str) -> Suite:
    """The suite of that name, or the one in the TOML file at that path."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise IsobudgetError(f"no suite file at {name}")
        text, name = Path(name).read_text(encoding="utf-8"), Path(name).stem
    elif name in list_suites():
        text = (resources.files("bench") / "data" / "suites" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise unknown("suite", name, list_suites())
    try:
        data = tomllib.loads(text)
        plan = data["plan"]
        suite = Suite(name, data["version"], data["title"], tuple(data["methods"]), plan)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise IsobudgetError(f"suite {name}: {error} is missing or wrong (see bench/data/suites)") from error
    if set(plan) != set(_PLAN_FIELDS):
        odd = sorted(set(plan) ^ set(_PLAN_FIELDS))
        raise IsobudgetError(
            f"suite {name}: [plan] must have exactly the documented fields; check {', '.join(odd)}"
        )
    return suite


def parse_seeds(text: str) -> list[int]:
    """`0`, `0-9` or `0,3,5-7` as numbers."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise IsobudgetError(f"'{text}' are no seeds: give 0, 0-9 or 0,3,5-7")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds:
        raise IsobudgetError(f"'{text}' names no seed")
    return list(dict.fromkeys(seeds))


def missing(specs: Sequence[RunSpec], folder: Path) -> list[RunSpec]:
    """The runs without a whole record in `folder`."""
    return [spec for spec in specs if not _done(folder / spec.filename, spec)]


def _done(path: Path, spec: RunSpec) -> bool:
    try:
        return path.is_file() and Record.load(path).spec == spec
    except BrokenRecord:
        return False


@dataclass(frozen=True)
class Finished:
    """One run is done: which, and how many seconds it took here."""

    spec: RunSpec
    seconds: float


def run_suite(
    specs: Sequence[RunSpec], folder: Path, jobs: int = 1, world: dict[str, Any] | None = None
) -> Iterator[Finished]:
    """Run all `specs`, saving each record into `folder`; yields as runs finish.

    jobs: processes. world: what the world needs beyond its identity, such as a server's address.
    """
    extra = tuple(sorted((world or {}).items()))
    if jobs == 1 or len(specs) <= 1:
        for spec in specs:
            yield _one(spec, folder, extra)
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # inherited by the workers: linear algebra must not depend on the thread count
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_start_worker, initargs=(loaded_files(),)
    ) as pool:
        yield from _as_finished(pool, lambda spec: pool.submit(_one, spec, folder, extra), specs)


def _as_finished(
    pool: ProcessPoolExecutor, submit: Callable[[RunSpec], Future[Finished]], specs: Sequence[RunSpec]
) -> Iterator[Finished]:
    running = {submit(spec) for spec in specs}
    try:
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _start_worker(method_files: list[Path]) -> None:
    """Know the parent's methods, and end when the parent is gone, however it went."""
    load_files(method_files)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _one(spec: RunSpec, folder: Path, extra: tuple[tuple[str, Any], ...]) -> Finished:
    from bench.loop import run_spec

    started = time.perf_counter()
    record = run_spec(spec, _world(spec.world, spec.world_options, extra))
    record.save(folder / spec.filename)
    return Finished(spec, time.perf_counter() - started)


@cache
def _world(name: str, options: tuple[tuple[str, str], ...], extra: tuple[tuple[str, Any], ...]) -> Any:
    """One world a process: banks and connections are worth keeping between runs."""
    from bench.worlds import load_world

    return load_world(name, **dict(options), **dict(extra))
