"""Records as data frames: the form in which statistics and notebooks read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from bench.cost import unit_flops
from bench.entries import is_entry, read_entry
from bench.errors import BrokenRecord, IsobudgetError
from bench.execute import nominal_latency
from bench.graph import Graph
from bench.ledger import SearchBudget
from bench.objective import Objective
from bench.records import Record
from bench.space import Space
from bench.spec import RunSpec
from bench.totals import totals
from tasks.base import GRADE_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Records", "read_all", "read_places", "record_places"]

_SETTINGS = (
    "allocation selection held_back finalists questions sampler models noise slots space pool objective agent"
).split()
"""Fields of a run's spec that a suite's variants may differ in: its row has them under their own names."""


@dataclass(frozen=True)
class Records:
    """A set of records, sorted by method, task, budget and seed. broken: files that could not be read, and why."""

    records: tuple[Record, ...]
    broken: tuple[BrokenRecord, ...] = ()

    @staticmethod
    def of(records: Iterable[Record], broken: Iterable[BrokenRecord] = ()) -> Records:
        """These records in the documented order."""
        order = sorted(records, key=lambda r: (r.spec.method, r.spec.task, r.spec.budget, r.spec.seed, r.spec.id))
        return Records(tuple(order), tuple(broken))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def digest(self) -> str:
        """SHA-256 over the records' digests, whatever the names and the order of their files."""
        digest = hashlib.sha256()
        for line in sorted(f"{record.spec.id} {record.digest()}\n" for record in self.records):
            digest.update(line.encode())
        return digest.hexdigest()

    def runs_df(self) -> pd.DataFrame:
        """One row a run, and one for each smaller budget it passed; docs/records.md lists the columns."""
        import pandas as pd

        return pd.DataFrame([row for record, sums in totals(self.records) for row in _run_rows(record, sums)])

    def evaluations_df(self) -> pd.DataFrame:
        """One row an event of a run: every evaluation and every consultation of an agent."""
        import pandas as pd

        rows = [
            key | {"step": step} | _event_row(event)
            for record in self.records
            for key in [_key(record)]
            for step, event in enumerate(record.rows())
        ]
        return pd.DataFrame(rows)

    def questions_df(self) -> pd.DataFrame:
        """One row a test question of a run: its index, its grade's kind, and whether it was right."""
        import pandas as pd

        if not self.records:
            return pd.DataFrame()
        tests = [_test(record) for record in self.records]
        counts = [len(question) for question, _ in tests]
        frame = pd.DataFrame([_key(record) for record in self.records])
        frame = frame.loc[np.repeat(np.arange(len(tests)), counts)].reset_index(drop=True)
        frame["question"] = np.concatenate([question for question, _ in tests])
        code = np.concatenate([code for _, code in tests]).astype(int)
        frame["kind"] = np.array([str(kind) for kind in GRADE_KINDS], dtype=object)[code]
        frame["correct"] = code == 0
        return frame


def read_all(path: Path) -> Records:
    """All records below `path`; see `load_records`."""
    if not path.exists():
        raise IsobudgetError(f"no records at {path}: isobudget run quick -o {path} makes some")
    found, broken = read_places(record_places(path))
    return Records.of((record for _, record in found), broken)


def read_places(places: Iterable[Path]) -> tuple[list[tuple[Path, Record]], list[BrokenRecord]]:
    """The records of some of `record_places`, each with its place, and what could not be read."""
    found: list[tuple[Path, Record]] = []
    broken: list[BrokenRecord] = []
    for place in places:
        try:
            records = read_entry(place).records() if place.is_dir() else [Record.load(place)]
            found += [(place, record) for record in records]
        except BrokenRecord as error:
            broken.append(error)
    return found, broken


def record_places(path: Path) -> list[Path]:
    """The folders of entries, and the files of single records outside them, sorted."""
    if path.is_file():
        return [path]
    found, waiting = [], [path]
    while waiting:
        folder = waiting.pop()
        if is_entry(folder):
            found.append(folder)
            continue
        for inner in folder.iterdir():
            if inner.is_dir() and not inner.is_symlink():
                waiting.append(inner)
            elif inner.suffix == ".parquet" and not inner.name.startswith("."):
                found.append(inner)
    return sorted(found)


def _key(record: Record) -> dict[str, Any]:
    names = ("suite", "variant", "method", "tier", "task", "budget", "search", "seed")
    return {name: getattr(record.spec, name) for name in names} | {"run": record.spec.id}


def _run_rows(record: Record, sums: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    summary = record.summary
    whole = _run_row(record, summary, sums)
    yield from (whole | _checkpoint_row(record.spec, summary, passed) for passed in summary["checkpoints"])
    yield whole


def _run_row(record: Record, summary: Mapping[str, Any], sums: Mapping[str, Any]) -> dict[str, Any]:
    spec, truth = record.spec, summary["truth"]
    space = _space(spec.space, spec.task, spec.budget, spec.pool)
    world = " ".join([spec.world, *(value for _, value in spec.world_options)])
    return {
        "suite": spec.suite,
        "suite_version": spec.suite_version,
        "plan": spec.plan,
        "variant": spec.variant,
        "stratum": truth.get("stratum", ""),
        "method": spec.method,
        "label": summary["label"],
        "tier": spec.tier,
        "kind": summary["kind"],
        "note": summary["note"],
        "task": spec.task,
        "budget": spec.budget,
        "cap_units": space.cap / space.unit,
        "search": spec.search,
        **_search_columns(spec.search),
        "checkpoint": False,
        **{name: getattr(spec, name) for name in _SETTINGS},
        "seed": spec.seed,
        "world": world,
        "provenance": record.provenance,
        "badge": record.badge,
        "fuser": _fuser(record, space),
        "status": summary["status"],
        "error": summary["error"],
        **_recommended_columns(spec, summary["graphs"][summary["recommended"]]),
        "accuracy": _number(truth.get("accuracy")),
        "best_visited": _number(truth.get("best_visited")),
        "test_n": sums["test_n"],
        "test_correct": sums["test_correct"],
        "reference": _number(truth.get("reference")),
        "reference_how": truth.get("reference_how", ""),
        "best_fixed": _number(truth.get("best_fixed")),
        "random_mean": _number(truth.get("random_mean")),
        "random_search": _number(truth.get("random_search")),
        "objective_value": _objective_value(spec, truth.get("accuracy"), summary["test"]["latency_critical"]),
        **summary["test"],
        "cheapest_latency": _number(summary.get("cheapest_latency")),
        "front": json.dumps([[point["accuracy"], point["latency"]] for point in summary.get("front", [])]),
        **_spent(spec, sums),
        "wall_seconds": record.manifest.get("seconds", float("nan")),
        "latency_measured": record.manifest.get("latency") or float("nan"),
    }


def _fuser(record: Record, space: Space) -> str:
    """Whether a board's modelled fusers were ever compared with real ones: the pool's file says so."""
    if not any(words in record.provenance for words in ("simulated", "modelled fusers")):
        return "real"
    return "validated" if space.pool.fidelity else "unvalidated"


def _checkpoint_row(spec: RunSpec, summary: Mapping[str, Any], passed: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the row of the whole run; what nobody measured at the smaller budget is NaN."""
    spent, agent = passed["spent"], passed["agent"]
    unit, unknown = unit_flops(spec.task), float("nan")
    names = ("executions", "node_calls", "prompt_tokens", "completion_tokens", "usd", "seconds")
    return {
        "search": passed["search"],
        **_search_columns(passed["search"]),
        "checkpoint": True,
        **_recommended_columns(spec, summary["graphs"][passed["recommended"]]),
        "accuracy": _number(passed["accuracy"]),
        "objective_value": _objective_value(spec, passed["accuracy"], passed["latency_critical"]),
        "best_visited": unknown,
        "test_n": 0,
        "test_correct": 0,
        **{name: passed[name] for name in ("latency_serial", "latency_critical", "latency_makespan")},
        **{f"spent_{name}": spent[name] for name in names},
        "spent_units": spent["flops"] / unit,
        "agent_calls": 0,
        "agent_units": agent["flops"] / unit,
        "selection_units": unknown,
        "agent_usd": agent["usd"],
        "agent_seconds": agent["seconds"],
        "evaluations": 0,
        "distinct_graphs": 0,
        "optimizer_seconds": unknown,
        "wall_seconds": unknown,
        "latency_measured": unknown,
    }


def _search_columns(search: str) -> dict[str, Any]:
    """What a search budget is counted in, and how many of them: such as executions and 3000."""
    budget = SearchBudget.parse(search)
    return {"search_currency": budget.currency, "search_amount": budget.amount}


def _objective_value(spec: RunSpec, accuracy: float | None, seconds: float) -> float:
    """What the run was to maximise, of its recommended graph; NaN without exact truth."""
    objective = Objective.parse(spec.objective)
    if accuracy is None or objective.kind == "accuracy":
        return _number(accuracy)
    space = _space(spec.space, spec.task, spec.budget, spec.pool)
    fastest = nominal_latency(space.cheapest(), spec.task, space.pool)
    return objective.scorer(fastest)(accuracy, seconds)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


@lru_cache(maxsize=64)
def _space(name: str, task: str, budget: str, pool: str) -> Space:
    return Space.preset(name, task, budget, pool)


def _recommended_columns(spec: RunSpec, data: Any) -> dict[str, Any]:
    return _graph_columns(json.dumps(data), (spec.space, spec.task, spec.budget, spec.pool))


@lru_cache(maxsize=4096)
def _graph_columns(data: str, place: tuple[str, str, str, str]) -> dict[str, Any]:
    """Many runs end with the same few graphs. data: the graph as JSON."""
    graph, space = Graph.from_dict(json.loads(data)), _space(*place)
    return {
        "graph_id": graph.id,
        "graph": str(graph),
        "depth": graph.depth,
        "width": graph.width,
        "nodes": len(graph.nodes),
        "graph_units": space.cost(graph) / space.unit,
    }


def _spent(spec: RunSpec, sums: Mapping[str, Any]) -> dict[str, Any]:
    """Totals over everything that was charged, the agent's part beside them."""
    unit = unit_flops(spec.task)
    names = ("executions", "node_calls", "prompt_tokens", "completion_tokens", "usd", "seconds")
    return {
        **{f"spent_{name}": sums[name] for name in names},
        "spent_units": float(sums["flops"]) / unit,
        "agent_calls": sums["agent_calls"],
        "agent_units": float(sums["agent_flops"]) / unit,
        "selection_units": float(sums["selection_flops"]) / unit,
        "agent_usd": float(sums["agent_usd"]),
        "agent_seconds": float(sums["agent_seconds"]),
        "evaluations": sums["evaluations"],
        "distinct_graphs": sums["distinct_graphs"],
        "optimizer_seconds": sums["measured_optimizer"],
    }


def _event_row(event: dict[str, Any]) -> dict[str, Any]:
    codes = event.pop("code")
    event["flops"] = int(event["flops"])
    counts = {str(kind): codes.count(i) for i, kind in enumerate(GRADE_KINDS)}
    return event | {"questions": len(codes)} | counts


def _test(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Question indices and grade codes of a run's test."""
    events = record.part("test")
    return pc.list_flatten(events["question"]).to_numpy(), pc.list_flatten(events["code"]).to_numpy()
