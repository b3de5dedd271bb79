"""From a tape to a universe and a pool: all fits together, and what the fitted world predicts.

Graphs are halved by a hash of their ids: calls of one half are fitted, the other half is predicted. Published
answers have no graphs: all of them are fitted, and votes of three models, which no fit sees, are predicted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.errors import IsobudgetError
from bench.execute import execute
from bench.fitting.estimate import Estimate, assumed
from bench.fitting.files import pool_text, toml_text
from bench.fitting.margins import Margins, fit_margins
from bench.fitting.observed import Executed, Sightings, executions, halves, ids_of, imported, sighted
from bench.fitting.readers import BY_TASK, Evidence, fit_readers
from bench.fitting.service import Service, fit_service
from bench.fitting.wrongs import Lengths, Wrongs, fit_lengths, fit_wrongs
from bench.graph import Graph
from bench.keys import text_key
from bench.pools import Pool, load_pool
from bench.tapes import Tape
from bench.worlds.replay import ReplayWorld
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.nodes import vote
from bench.worlds.simulation.universe import Common, Reader, TaskPhysics, Universe, load_universe, parse_universe
from tasks import task_class

__all__ = ["Fit", "Prediction", "calibrate", "fit", "predictions"]

_SLOTS = 8
_STRANGER = Reader(plurality=0.56, self_trust=0.0, context=4.9)  # a model that the base does not know: as its 3B
_FEW = 10  # questions of a graph below which an observed accuracy tells little: not predicted


class Prediction(NamedTuple):
    """One graph: true accuracy in the fitted world, and what the tape shows. held_out: it was not fitted."""

    task: str
    graph: Graph
    predicted: float
    observed: float
    questions: int
    held_out: bool


@dataclass(frozen=True)
class Fit:
    """universe: the fitted world, and its files. figures: by path in the universe's file. service: of the pool."""

    universe: Universe
    universe_text: str
    pool_text: str
    figures: dict[tuple[str, ...], Estimate]
    service: Service
    calls: int
    seen: Mapping[str, Sightings]

    def save(self, folder: Path) -> None:
        """Write pool.toml and universe.toml."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("pool.toml", self.pool_text), ("universe.toml", self.universe_text)):
            part = folder / f".{name}.part"
            part.write_text(text, encoding="utf-8")
            part.replace(folder / name)


class _Task(NamedTuple):
    calls: Sightings
    margins: Margins
    wrongs: Wrongs
    lengths: Lengths


def calibrate(
    tape: Tape, pool: str = "", base: str = "main", data_dir: str | Path | None = None, unsafe_local: bool = False
) -> tuple[Fit, list[Prediction]]:
    """Fit to half of a tape's graphs, predict the others.

    pool: whose models (default: the one that the tape names). base: the universe whose figures stand where the
    tape does not tell. Raises IsobudgetError where the tape has nothing to fit.
    """
    chosen = load_pool(pool or tape.head.pool or "llama-small")
    if tape.head.imported:
        seen = imported(tape, chosen.names)
        made = fit({seen.task: seen}, chosen, base, tape, measured=True)
        return made, _voted(made, seen)
    world = ReplayWorld(tape, data_dir=data_dir, unsafe_local=unsafe_local)
    fitted, held_out = halves(executions(tape))
    if not fitted:
        raise IsobudgetError(f"the tape {tape.path} has no graphs: isobudget record SUITE --tape {tape.path}")
    live = any(label.startswith("measured") for label in tape.head.labels)
    made = fit(sighted(world, fitted, chosen.names, ids_of(world)), chosen, base, tape, measured=live)
    return made, [
        *predictions(made.universe, world, held_out, chosen, True),
        *predictions(made.universe, world, fitted, chosen, False),
    ]


def fit(calls: Mapping[str, Sightings], pool: Pool, base: str, tape: Tape | None, measured: bool) -> Fit:
    """All figures of the calls of some tasks. measured: whether their `wall` was measured on real models."""
    start = load_universe(base)
    tasks = {task: _alone(task, seen, start) for task, seen in calls.items()}
    readers = {name: start.models.get(name, _STRANGER) for name in pool.names}
    physics = {task: _physics(start, task) for task in tasks}
    reading = {task: _evidence(found) for task, found in tasks.items() if len(found.calls.reading.model)}
    told = fit_readers(reading, {t: physics[t] for t in reading}, readers, start.common) if reading else {}
    busy = 1 + start.common.slot_drag * (_SLOTS - 1)
    service = fit_service([found.calls for found in tasks.values()], pool, busy, measured)
    figures = _figures(tasks, physics, readers, told, start.common, service)
    number = text_key(f"fitted {tape.digest if tape else pool.name}") % 2**31
    data = _data(figures, physics, readers, start.common, number)
    notes = {path: figure.note for path, figure in figures.items()}
    source = f"Fitted to the tape {tape.digest[:12]} ({'; '.join(tape.head.labels)})." if tape else "Fitted."
    head = f"{source}\n[fit]: with a 95 % interval; [assumed]: universe {base}'s, the tape does not tell."
    rates = {(name, "decode"): f"[fit] {service.source} seconds" for name in service.told}
    return Fit(
        universe=parse_universe(f"fitted-{number:x}", {**data, "pool": _kept_pool(pool)}),
        universe_text=toml_text({**data, "pool": "pool.toml"}, notes, head),
        pool_text=pool_text(
            service.pool, f"{source}\nRates: {service.source} seconds; the rest as pool {pool.name}.", rates
        ),
        figures=figures,
        service=service,
        calls=sum(len(seen.model) for seen in calls.values()),
        seen=calls,
    )


def predictions(
    universe: Universe, world: ReplayWorld, executed: Sequence[Executed], pool: Pool, held_out: bool
) -> list[Prediction]:
    """Predicted against observed accuracy of graphs with enough questions; a graph's splits count together."""
    simulated = SimulatedWorld(universe)
    right: dict[tuple[str, str], list[int]] = {}
    graphs: dict[tuple[str, str], Graph] = {}
    for entry in executed:
        if entry.chosen:
            continue
        (done,) = execute(world, entry.task, entry.split, pool, [entry.request])
        key = entry.task, entry.graph.id
        graphs[key] = entry.graph
        right.setdefault(key, []).extend((done.codes == 0).tolist())
    found = []
    for task in sorted({task for task, _ in right}):
        keys = [key for key in right if key[0] == task and len(right[key]) >= _FEW]
        if not keys:
            continue
        expected = simulated.accuracies([graphs[key] for key in keys], task)
        for key, value in zip(keys, expected, strict=True):
            seen = right[key]
            found.append(Prediction(task, graphs[key], float(value), sum(seen) / len(seen), len(seen), held_out))
    return found


def _physics(start: Universe, task: str) -> TaskPhysics:
    """A task's figures in the base; of a task that it does not know, those of its first, without any model's."""
    if task in start.tasks:
        return start.tasks[task]
    first = next(iter(start.tasks.values()))
    return replace(first, accuracy={}, no_answer={}, lengths={}, strengths={}, across=None)


def _alone(task: str, seen: Sightings, start: Universe) -> _Task:
    """The fits to calls that read nothing."""
    alone, base, common = seen.alone, _physics(start, task), start.common
    if not len(alone.model):
        raise IsobudgetError(f"no call on task {task} that reads nothing: a fit begins with what models do alone")
    lengths = fit_lengths(alone, base, common, task_class(task).answer_tokens)
    wrongs = fit_wrongs(alone, base, common, _options(task, alone), lengths.cut)
    return _Task(seen, fit_margins(alone, base, common.noise_spread), wrongs, lengths)


def _options(task: str, alone: Sightings) -> int:
    """Three wrong options, where the task has four and no question shows more; else unboundedly many."""
    return 3 if task_class(task).choices == 4 and int(alone.answer.max(initial=0)) <= 3 else 0


def _evidence(found: _Task) -> Evidence:
    return Evidence(
        calls=found.calls.reading,
        alone=found.calls.alone,
        margins=found.margins,
        same=found.wrongs.same if found.wrongs.pet.fitted else 0.0,
        different=found.wrongs.different,
        options=_options(found.calls.task, found.calls.alone),
        no_answer={name: figure.value for name, figure in found.wrongs.no_answer.items()},
        cut=found.lengths.cut,
    )


def _figures(
    tasks: Mapping[str, _Task],
    physics: Mapping[str, TaskPhysics],
    readers: Mapping[str, Reader],
    told: Mapping[tuple[str, str], Estimate],
    common: Common,
    service: Service,
) -> dict[tuple[str, ...], Estimate]:
    """Every figure that a tape can tell, by its path in a universe's file."""
    figures: dict[tuple[str, ...], Estimate] = {}
    for task, found in tasks.items():
        at = ("tasks", task)
        figures[*at, "between"], figures[*at, "within"] = found.margins.between, found.margins.within
        figures[*at, "coincidence"], figures[*at, "pet"] = found.wrongs.coincidence, found.wrongs.pet
        figures[*at, "token_spread"] = found.lengths.spread
        constants = task_class(task)
        for name in found.calls.models:
            figures[*at, "accuracy", name] = found.margins.accuracy[name]
            figures[*at, "no_answer", name] = found.wrongs.no_answer[name]
            if name in found.lengths.mean:
                figures[*at, "lengths", name] = _scaled(found.lengths.mean[name], 1 / constants.answer_tokens)
        for name in BY_TASK:
            figures[*at, name] = told.get((task, name), assumed(getattr(physics[task], name)))
    for model, reader in readers.items():
        for name in ("plurality", "self_trust", "context"):
            figures["models", model, name] = told.get((model, name), assumed(getattr(reader, name)))
    for name in ("select_self_trust", "select_anchor"):
        figures["common", name] = told.get(("common", name), assumed(getattr(common, name)))
    ratios = [found.lengths.ratio for found in tasks.values() if found.lengths.ratio.fitted]
    if ratios:
        best = min(ratios, key=lambda ratio: ratio.high - ratio.low)
        figures["common", "wrong_length"] = _scaled(best, common.right_length)
    if service.overhead is not None and service.jitter is not None:
        for name, value in (("overhead", service.overhead), ("jitter", service.jitter)):
            figures["common", name] = Estimate(value, value, value)
    return figures


def _scaled(figure: Estimate, factor: float) -> Estimate:
    return Estimate(figure.value * factor, figure.low * factor, figure.high * factor, figure.fitted)


def _data(
    figures: Mapping[tuple[str, ...], Estimate],
    physics: Mapping[str, TaskPhysics],
    readers: Mapping[str, Reader],
    common: Common,
    number: int,
) -> dict[str, Any]:
    """A whole universe's data: the base's with the fitted figures in it."""
    data: dict[str, Any] = {"universe": number, "common": asdict(common)}
    data["models"] = {model: asdict(reader) for model, reader in readers.items()}
    data["tasks"] = {}
    for task, base in physics.items():
        plain = {
            k: v
            for k, v in asdict(base).items()
            if k not in ("accuracy", "no_answer", "lengths", "strengths", "across")
        }
        data["tasks"][task] = plain | {"accuracy": {}, "no_answer": {}, "lengths": {}}
        # An open set of wrong answers stands for more options than three, too.
        plain_options = figures["tasks", task, "coincidence"].value
        data["tasks"][task]["wrong_options"] = 3 if base.wrong_options == 3 and plain_options >= 1 / 3 else 0
    for path, figure in figures.items():
        table = data
        for part in path[:-1]:
            table = table[part]
        table[path[-1]] = figure.value
    for task in physics:
        table = data["tasks"][task]
        table["between"] = min(table["between"], table["within"])
    return data


def _kept_pool(pool: Pool) -> str:
    """What loads this pool again."""
    return pool.name if pool.path is None else str(pool.path)


def _voted(made: Fit, seen: Sightings) -> list[Prediction]:
    """Single models (fitted) and votes of three (not): published answers against the fitted world."""
    world, models = SimulatedWorld(made.universe), seen.models
    ids = np.full((seen.questions, len(models)), -2, dtype=np.int64)
    first = seen.replica == 0
    ids[seen.question[first], seen.model[first]] = seen.answer[first]
    whole = ids[(ids > -2).all(axis=1)]
    groups = [*((m,) for m in range(len(models))), *itertools.combinations(range(len(models)), 3)][:200]
    graphs, observed = [], []
    for group in groups:
        graph = Graph.of([(models[m], "assistant") for m in group], sink=("vote", None))
        order = [models.index(graph.nodes[node].model) for node in graph.reads]
        graphs.append(graph)
        observed.append(float((vote(whole[:, order].T) == 0).mean()))
    expected = world.accuracies(graphs, seen.task)
    return [
        Prediction(seen.task, graph, float(value), real, len(whole), len(graph.nodes) > 1)
        for graph, value, real in zip(graphs, expected, observed, strict=True)
    ]
