"""`isobudget season`: freeze the entries, derive the worlds from a value nobody knew, reproduce, show."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np
from tabulate import tabulate

from bench.app.board import write_text
from bench.errors import IsobudgetError
from bench.families.strata import Measured, choose, entry, measure, searched
from bench.families.wide import PROFILES, profile, wide
from bench.graph import Graph
from bench.loop import run
from bench.reference_search import random_mean
from bench.seasons import STRATA, load_season
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld

__all__ = ["derive", "freeze", "reproduce", "show"]

SETTING = {"version": "1.0", "space": "standard", "pool": "llama-small", "budget": "medium", "search": "1920ex"}
"""What the instances of a season are measured in: that of suite `standard`."""

_MEAN = (600, (0,))
"""Draws and trials behind the mean of random graphs: its standard error is about 0.7 points."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)

_HEAD = """\
# A season: simulated worlds of the family `wide`, and what is reachable in each. docs/families.md says how.
# Accuracies are exact expected accuracies on the reference items: simulated, not measured.
# headroom: of all draws looked at, points over the best fixed architecture, by quantile.
"""

_HOW = "lower bound: reference search from all fixed architectures that fit, re-measured on unused items"


def freeze(files: Sequence[Path], beacon: str, output: Path) -> str:
    """Write a season without worlds: the digests of the entered files, and where the public value will appear."""
    if output.exists():
        raise IsobudgetError(f"{output} is there already: a season is frozen once")
    if missing := [str(path) for path in files if not path.is_file()]:
        raise IsobudgetError(f"no method file at {missing[0]}")
    entries = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    if len(entries) < len(files):
        raise IsobudgetError("two entered files have the same name: rename one")
    head = {"public": "", **SETTING, "beacon": beacon, "entries": entries, "looked_at": {}, "headroom": {}}
    write_text(output, _toml(head, []))
    return f"{len(entries)} entries frozen in {output}; next: isobudget season derive {output} --public VALUE"


def derive(season: Path, public: str, most: int, jobs: int) -> str:
    """Fill in the worlds. Measured draws are kept beside the file, so that the same command goes on."""
    data = _read(season)
    if data.pop("instances"):
        raise IsobudgetError(f"{season} has its worlds: isobudget season reproduce checks them")
    version = data["version"]
    chosen, rooms = choose(_draws(_kept(season, public), public, version, jobs, most), most)
    entries = []
    for stratum, draw in sorted(chosen, key=lambda pair: pair[1].index):
        world, space = SimulatedWorld(wide(public, version, draw.index)), _space(profile(draw.index))
        whole = searched(draw, world, space, _random_search) if np.isnan(draw.random_search) else draw
        entries.append(entry(stratum, whole, _HOW, random_mean(world, space, *_MEAN)))
        _say(f"{len(entries)} of {len(chosen)} instances described")
    every = [room for task in PROFILES for room in rooms[task]]
    data |= {"public": public, "looked_at": {task: len(rooms[task]) for task in PROFILES}}
    data["headroom"] = {f"{q:g}": round(100 * float(np.quantile(every, q)), 2) for q in QUANTILES}
    write_text(season, _toml(data, entries))
    load_season.cache_clear()
    return f"{len(entries)} instances in {season}\n{show(str(season))}"


def reproduce(name: str, sample: int) -> tuple[str, bool]:
    """Derive some instances again, chosen by the public value, and compare every figure; whether all agree."""
    season = load_season(name)
    if not season.instances:
        raise IsobudgetError(f"season {name} has no worlds yet: isobudget season derive fills them in")
    seed = int.from_bytes(hashlib.sha256(f"reproduce {season.public}".encode()).digest()[:8], "little")
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(season.instances))
    lines, same = [], True
    for position in sorted(order[:sample].tolist()):
        stored = season.instances[position]
        again = _measured(stored.index, season.public, season.version)
        world, space = SimulatedWorld(wide(season.public, season.version, stored.index)), _space(stored.task)
        if np.isnan(again.random_search):
            again = searched(again, world, space, _random_search)
        found = asdict(again) | {"random_mean": random_mean(world, space, *_MEAN)}
        differing = [key for key, value in found.items() if value != getattr(stored, key)]
        same = same and not differing
        lines.append(f"FAIL {stored.name}: {', '.join(differing)}" if differing else f"ok   {stored.name}")
        _say(lines[-1])
    return f"{sum(line.startswith('ok') for line in lines)} of {len(lines)} instances reproduced bit for bit", same


def show(name: str) -> str:
    """The strata of a season: how many worlds, and how much there is to find in them."""
    season = load_season(name)
    rows = []
    for task in PROFILES:
        for stratum in STRATA:
            own = [found for found in season.instances if found.task == task and found.stratum == stratum]
            if own:
                fixed = np.array([100 * found.over_fixed for found in own])
                search = np.array([100 * found.over_random for found in own])
                rows.append([task, stratum, len(own), *_spread(fixed), *_spread(search)])
    headers = ["task", "stratum", "worlds", "over fixed: least", "median", "most"]
    headers += ["over random search: least", "median", "most"]
    table = tabulate(rows, headers, tablefmt="simple", floatfmt=".1f", maxheadercolwidths=12)
    draws = ", ".join(f"{task} {n}" for task, n in season.looked_at.items())
    spread = ", ".join(f"{100 * float(q):.0f} %: {room}" for q, room in season.headroom.items())
    return (
        f"season {season.name}: simulated worlds of the family wide, public value '{season.public}'\n\n{table}\n\n"
        f"Headroom in points. Draws looked at: {draws}; quantiles of their headroom over the best fixed "
        f"architecture: {spread}."
    )


def _spread(values: np.ndarray) -> list[float]:
    return [float(values.min()), float(np.median(values)), float(values.max())]


@cache
def _space(task: str) -> Space:
    return Space.preset(SETTING["space"], task, SETTING["budget"], SETTING["pool"])


@cache
def _fixed(task: str) -> tuple[Graph, ...]:
    from baselines import portfolio

    return tuple(portfolio.members(_space(task)))


def _random_search(world: SimulatedWorld, space: Space, seed: int) -> float:
    where = {"universe": world.universe.name}
    record = run(
        "random", space.task, SETTING["budget"], SETTING["search"], seed, world, world_options=where, tests=20
    )
    return float(record.summary["truth"]["accuracy"])


def _measured(index: int, public: str, version: str) -> Measured:
    task = profile(index)
    return measure(public, version, index, _space(task), _fixed(task), _random_search)


def _draws(kept: Path, public: str, version: str, jobs: int, most: int) -> Iterator[Measured]:
    """All draws in order: those measured before, then new ones, on some processes; each is kept at once."""
    known = _known(kept)
    work: Callable[[int], Measured] = partial(_measured, public=public, version=version)
    started, first = time.perf_counter(), len(known)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool, kept.open("a", encoding="utf-8") as file:
        ahead: dict[int, Future[Measured]] = {}
        try:
            for index in count():
                if index not in known:
                    for later in range(index, min(index + 2 * jobs, len(PROFILES) * most)):
                        if later not in known and later not in ahead:
                            ahead[later] = pool.submit(work, later)
                    if index not in ahead:
                        return
                    known[index] = ahead.pop(index).result()
                    file.write(json.dumps(asdict(known[index])) + "\n")
                    file.flush()
                    rate = (time.perf_counter() - started) / (len(known) - first)
                    _say(f"{index + 1} draws measured, {rate:.1f} s each")
                yield known[index]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _kept(season: Path, public: str) -> Path:
    """Where the measured draws of one public value are kept."""
    return season.with_suffix(f".{hashlib.sha256(public.encode()).hexdigest()[:8]}.draws")


def _known(kept: Path) -> dict[int, Measured]:
    if not kept.is_file():
        return {}
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [Measured(**json.loads(line)) for line in lines if line.endswith("\n")]
    return {draw.index: draw for draw in whole}


def _read(season: Path) -> dict[str, Any]:
    if not season.is_file():
        raise IsobudgetError(f"no season file at {season}: isobudget season freeze makes one")
    load_season.cache_clear()
    load_season(str(season))  # complains about what is wrong with it
    return {"instances": []} | tomllib.loads(season.read_text(encoding="utf-8"))


def _toml(head: dict[str, Any], entries: Sequence[dict[str, Any]]) -> str:
    lines = [_HEAD, *(f"{key} = {_value(value)}" for key, value in head.items())]
    for one in entries:
        lines += ["", "[[instances]]", *(f"{key} = {_value(value)}" for key, value in one.items())]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _say(text: str) -> None:
    click.echo(text, err=True)
