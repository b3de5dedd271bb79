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
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bench.agent import ChatModel
from bench.errors import BrokenRecord, IsobudgetError, unknown
from bench.records import Record
from bench.registry import Loaded, load, loaded, parse_method
from bench.spec import RunSpec
from tasks import list_tasks
from tasks.base import UnknownTask

__all__ = ["Suite", "list_suites", "load_suite", "missing", "parse_seeds", "run_suite"]

_REQUIRED = (
    "tasks budgets search seeds world world_options space pool objective tier selection held_back finalists "
    "questions tests reference"
).split()
_OPTIONAL: dict[str, Any] = {
    "instances": "",
    "noise": "fresh",
    "slots": 8,
    "sampler": "published",
    "allocation": "own",
    "models": "named",
    "checkpoints": [],
    "visited": False,
    "blind": False,
    "agent": "",
    "rope": 0.01,
    "primary": "",
}
_ANALYSIS = (
    "tasks",
    "budgets",
    "seeds",
    "world_options",
    "instances",
    "reference",
    "rope",
    "primary",
    "checkpoints",
    "agent",
    "methods",
)
"""What of a plan is not a field of the runs' spec under its own name."""


@dataclass(frozen=True)
class Suite:
    """A named grid. plan: everything that decides a record or its analysis, but for the methods.

    variants: by name what differs from the plan, and possibly the `methods`; without any, the plan itself is
    the only setting.
    """

    name: str
    version: str
    title: str
    methods: tuple[str, ...]
    plan: dict[str, Any]
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def plan_hash(self) -> str:
        """Twelve hexadecimal digits of the plan: records of different plans are never ranked together."""
        changes = {name: {k: v for k, v in c.items() if k != "methods"} for name, c in self.variants.items()}
        text = json.dumps([self.version, self.plan, *([changes] if changes else [])], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def with_plan(self, **changes: Any) -> Suite:
        """The suite with another plan (None: unchanged); what is changed is changed in every variant."""
        changed = {k: v for k, v in changes.items() if v is not None and v != self.plan.get(k)}
        if "search" in changed:
            changed["checkpoints"] = []
        variants = {
            name: {k: v for k, v in own.items() if k not in changed} for name, own in self.variants.items()
        }
        return replace(self, plan=self.plan | changed, variants=variants)

    def only(self, variants: Sequence[str]) -> Suite:
        """The suite with some of its variants; records stay those of the whole suite."""
        return self if not variants else replace(self, variants={n: self._variant(n) for n in variants})

    def settings(self) -> list[tuple[str, dict[str, Any], tuple[str, ...]]]:
        """(variant, its whole plan, its methods) for each variant; ("", the plan, …) when there is none."""
        return [
            (name, _OPTIONAL | self.plan | own, tuple(own.get("methods", self.methods)))
            for name, own in (self.variants or {"": {}}).items()
        ]

    def places(self, variant: str = "") -> set[tuple[str, str, int]]:
        """Where the runs of a variant take place: (task, world as frames name it, seed)."""
        plan = next((own for name, own, _ in self.settings() if name == variant), self.plan)
        return {
            (place.task, " ".join([plan["world"], *(value for _, value in place.options)]), place.seed)
            for place in _places(_OPTIONAL | plan, None, None)
        }

    def specs(
        self,
        tasks: Sequence[str] | None = None,
        seeds: Sequence[int] | None = None,
        plan_hash: str | None = None,
    ) -> list[RunSpec]:
        """All runs of the grid, or the part with these tasks and seeds; places and seeds vary slowest.

        seeds: of a suite of instances, positions in its list of them. plan_hash: stamped into the specs, when
        it is not this suite's own.
        """
        for task in tasks or ():
            if task not in list_tasks():
                raise UnknownTask(f"no task '{task}': there are {', '.join(list_tasks())} (isobudget list tasks)")
        stamp = plan_hash or self.plan_hash
        specs = [
            (at, position, spec)
            for position, (name, plan, methods) in enumerate(self.settings())
            for at, place in enumerate(_places(plan, tasks, seeds))
            for budget, method in product(plan["budgets"], methods)
            for spec in self._runs(name, plan, place, budget, _entrant(method), stamp)
        ]
        return [spec for _, _, spec in sorted(specs, key=lambda entry: entry[:2])]

    def entry(self, method: str, apart: bool, agent: str = "") -> list[RunSpec]:
        """All runs that an entry of `method` has, whether the method is known here or not.

        method: in full. apart: it has a run for each checkpoint. agent: the LLM that drives it. A variant with a
        list of methods of its own is part of it if the list names it.
        """
        entrant = Entrant(method, apart, agent)
        return [
            spec
            for name, plan, methods in self.settings()
            if method in methods or "methods" not in self.variants.get(name, {})
            for place in _places(plan, None, None)
            for budget in plan["budgets"]
            for spec in self._runs(name, plan, place, budget, entrant, self.plan_hash)
        ]

    def _runs(
        self, variant: str, plan: dict[str, Any], place: _Place, budget: str, entrant: Entrant, stamp: str
    ) -> Iterator[RunSpec]:
        """One run, with its checkpoints; where a method plans with its budget, a run for each of them instead."""
        apart = entrant.apart and plan["checkpoints"]
        whole = RunSpec(
            suite=self.name,
            suite_version=self.version,
            plan=stamp,
            method=entrant.method,
            task=place.task,
            budget=budget,
            seed=place.seed,
            world_options=place.options,
            variant=variant,
            checkpoints=() if apart else tuple(plan["checkpoints"]),
            agent=plan["agent"] if entrant.agent is None else entrant.agent,
            **{k: v for k, v in plan.items() if k not in _ANALYSIS},
        )
        yield from (replace(whole, search=search) for search in (plan["checkpoints"] if apart else ()))
        yield whole

    def _variant(self, name: str) -> dict[str, Any]:
        if name not in self.variants:
            raise unknown("variant", name, self.variants)
        return self.variants[name]


class Entrant(NamedTuple):
    """What a grid needs to know of a method: its full spelling, whether every checkpoint is a run, its LLM.

    agent: the LLM that drives it, "" for none; None: the one that the plan names.
    """

    method: str
    apart: bool
    agent: str | None


def _entrant(method: str) -> Entrant:
    chosen = parse_method(method)
    return Entrant(chosen.text, chosen.info.budget_aware, None if chosen.agent == "llm" else "")


class _Place(NamedTuple):
    """Where a run takes place: a task in a world, and the seed."""

    task: str
    seed: int
    options: tuple[tuple[str, str], ...]


def _places(plan: dict[str, Any], tasks: Sequence[str] | None, seeds: Sequence[int] | None) -> Iterator[_Place]:
    """Seeds × tasks in one world, or the instances of a family, one seed each."""
    chosen = tuple(tasks or plan["tasks"])
    options = {str(k): str(v) for k, v in plan["world_options"].items()}
    if plan["instances"]:
        from bench.seasons import load_season

        for position, instance in enumerate(load_season(plan["instances"]).instances):
            if instance.task in chosen and (seeds is None or position in seeds):
                for seed in parse_seeds(plan["seeds"]):
                    yield _Place(
                        instance.task, seed, tuple(sorted((options | {"universe": instance.name}).items()))
                    )
        return
    for seed, task in product(parse_seeds(plan["seeds"]) if seeds is None else seeds, chosen):
        yield _Place(task, seed, tuple(sorted(options.items())))


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
        variants = data.get("variants", {})
        suite = Suite(name, data["version"], data["title"], tuple(data["methods"]), plan, variants)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise IsobudgetError(f"suite {name}: {error} is missing or wrong (see bench/data/suites)") from error
    known = {*_REQUIRED, *_OPTIONAL}
    if odd := sorted({*set(plan) - known, *set(_REQUIRED) - set(plan)}):
        raise IsobudgetError(f"suite {name}: [plan] lacks, or does not know, {', '.join(odd)}")
    for variant, own in variants.items():
        if odd := sorted(set(own) - known - {"methods"}):
            raise IsobudgetError(f"suite {name}: [variants.{variant}] has unknown fields: {', '.join(odd)}")
    if plan.get("primary") and plan["primary"] not in variants:
        raise IsobudgetError(f"suite {name}: its primary variant '{plan['primary']}' is none of its variants")
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
    specs: Sequence[RunSpec],
    folder: Path,
    jobs: int = 1,
    world: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
) -> Iterator[Finished]:
    """Run all `specs`, saving each record into `folder`; yields as runs finish.

    jobs: processes. world, agent: what the world, and the LLM of methods with `agent=llm`, need beyond their
    identity, such as a server's address.
    """
    extra = _Extra(tuple(sorted((world or {}).items())), tuple(sorted((agent or {}).items())))
    if jobs == 1 or len(specs) <= 1:
        for spec in specs:
            yield _one(spec, folder, extra)
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # inherited by the workers: linear algebra must not depend on the thread count
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(loaded(),)) as pool:
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


def _start_worker(methods: Loaded) -> None:
    """Know the parent's methods, and end when the parent is gone, however it went."""
    load(methods)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Extra(NamedTuple):
    """What opens worlds and agents and is no part of what a run is."""

    world: tuple[tuple[str, Any], ...]
    agent: tuple[tuple[str, Any], ...]


def _one(spec: RunSpec, folder: Path, extra: _Extra) -> Finished:
    from bench.loop import run_spec

    started = time.perf_counter()
    model = _agent_model(spec.agent, extra.agent) if spec.agent else None
    world = _world(spec.world, spec.world_options, extra.world)
    record = run_spec(spec, world, model)
    if hasattr(world, "flush"):
        world.flush([spec.id])  # a record must not be there before the calls that it stands on
    record.save(folder / spec.filename)
    return Finished(spec, time.perf_counter() - started)


@lru_cache(maxsize=3)
def _world(name: str, options: tuple[tuple[str, str], ...], extra: tuple[tuple[str, Any], ...]) -> Any:
    """The worlds a process has at hand: banks and connections are worth keeping between runs, few at a time."""
    from bench.worlds import load_world

    given = dict(extra)
    if "tape" in given:
        return load_world("replay", **given)
    tape = given.pop("record", None)
    world = load_world(name, **dict(options), **given)
    if tape is None:
        return world
    from bench.worlds.recording import Recorder

    return Recorder(world, tape, options, str(given.get("pool", "")))


@lru_cache(maxsize=1)
def _agent_model(name: str, extra: tuple[tuple[str, Any], ...]) -> ChatModel:
    from bench.agent_model import AgentModel

    return AgentModel(name, **dict(extra))
