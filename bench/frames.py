"""Records as data frames: the form in which statistics and notebooks read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.cost import unit_flops
from bench.errors import BrokenRecord, IsobudgetError
from bench.execute import nominal_latency
from bench.graph import Graph
from bench.ledger import SearchBudget
from bench.objective import Objective
from bench.records import Record
from bench.space import Space
from tasks.base import GRADE_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Records", "read_all"]

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

        return pd.DataFrame([row for record in self.records for row in _run_rows(record)])

    def evaluations_df(self) -> pd.DataFrame:
        """One row an event of a run: every evaluation and every consultation of an agent."""
        import pandas as pd

        rows = [
            _key(record) | {"step": step} | _event_row(event)
            for record in self.records
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
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*.parquet") if not p.name.startswith("."))
    records, broken = [], []
    for file in files:
        try:
            records.append(Record.load(file))
        except BrokenRecord as error:
            broken.append(error)
    return Records.of(records, broken)


def _key(record: Record) -> dict[str, Any]:
    names = ("suite", "variant", "method", "tier", "task", "budget", "search", "seed")
    return {name: getattr(record.spec, name) for name in names} | {"run": record.spec.id}


def _run_rows(record: Record) -> Iterator[dict[str, Any]]:
    whole = _run_row(record)
    yield from (whole | _checkpoint_row(record, passed) for passed in record.summary["checkpoints"])
    yield whole


def _run_row(record: Record) -> dict[str, Any]:
    spec, summary = record.spec, record.summary
    space = Space.preset(spec.space, spec.task, spec.budget, spec.pool)
    _, code = _test(record)
    truth = summary["truth"]
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
        "provenance": summary["provenance"],
        "status": summary["status"],
        "error": summary["error"],
        **_graph_columns(record.recommended, space),
        "accuracy": _number(truth.get("accuracy")),
        "best_visited": _number(truth.get("best_visited")),
        "test_n": len(code),
        "test_correct": int((code == 0).sum()),
        "reference": _number(truth.get("reference")),
        "reference_how": truth.get("reference_how", ""),
        "best_fixed": _number(truth.get("best_fixed")),
        "random_mean": _number(truth.get("random_mean")),
        "random_search": _number(truth.get("random_search")),
        "objective_value": _objective_value(
            record, space, truth.get("accuracy"), summary["test"]["latency_critical"]
        ),
        **summary["test"],
        "cheapest_latency": _number(summary.get("cheapest_latency")),
        "front": json.dumps([[point["accuracy"], point["latency"]] for point in summary.get("front", [])]),
        **_spent(record),
        "wall_seconds": record.manifest.get("seconds", float("nan")),
        "latency_measured": record.manifest.get("latency") or float("nan"),
    }


def _checkpoint_row(record: Record, passed: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the row of the whole run; what nobody measured at the smaller budget is NaN."""
    spec, spent, agent = record.spec, passed["spent"], passed["agent"]
    space = Space.preset(spec.space, spec.task, spec.budget, spec.pool)
    graph = Graph.from_dict(record.summary["graphs"][passed["recommended"]])
    unit, unknown = unit_flops(spec.task), float("nan")
    names = ("executions", "node_calls", "prompt_tokens", "completion_tokens", "usd", "seconds")
    return {
        "search": passed["search"],
        **_search_columns(passed["search"]),
        "checkpoint": True,
        **_graph_columns(graph, space),
        "accuracy": _number(passed["accuracy"]),
        "objective_value": _objective_value(record, space, passed["accuracy"], passed["latency_critical"]),
        "best_visited": unknown,
        "test_n": 0,
        "test_correct": 0,
        **{name: passed[name] for name in ("latency_serial", "latency_critical", "latency_makespan")},
        **{f"spent_{name}": spent[name] for name in names},
        "spent_units": spent["flops"] / unit,
        "agent_calls": 0,
        "agent_units": agent["flops"] / unit,
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


def _objective_value(record: Record, space: Space, accuracy: float | None, seconds: float) -> float:
    """What the run was to maximise, of its recommended graph; NaN without exact truth."""
    objective = Objective.parse(record.spec.objective)
    if accuracy is None or objective.kind == "accuracy":
        return _number(accuracy)
    fastest = nominal_latency(space.cheapest(), record.spec.task, space.pool)
    return objective.scorer(fastest)(accuracy, seconds)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _graph_columns(graph: Graph, space: Space) -> dict[str, Any]:
    return {
        "graph_id": graph.id,
        "graph": str(graph),
        "depth": graph.depth,
        "width": graph.width,
        "nodes": len(graph.nodes),
        "graph_units": space.cost(graph) / space.unit,
    }


def _spent(record: Record) -> dict[str, Any]:
    """Totals over everything that was charged, the agent's part beside them."""
    charged, agent = record.part("search", "agent", "selection"), record.part("agent")
    searched = record.part("search")
    unit = unit_flops(record.spec.task)

    def total(events: pa.Table, name: str) -> Any:
        return pc.sum(events[name]).as_py() or 0

    names = ("executions", "node_calls", "prompt_tokens", "completion_tokens", "usd", "seconds")
    return {
        **{f"spent_{name}": total(charged, name) for name in names},
        "spent_units": float(total(charged, "flops")) / unit,
        "agent_calls": len(agent),
        "agent_units": float(total(agent, "flops")) / unit,
        "agent_usd": float(total(agent, "usd")),
        "agent_seconds": float(total(agent, "seconds")),
        "evaluations": len(searched),
        "distinct_graphs": len(pc.unique(searched["graph"])),
        "optimizer_seconds": total(charged, "measured_optimizer"),
    }


def _event_row(event: dict[str, Any]) -> dict[str, Any]:
    codes = event.pop("code")
    event["flops"] = int(event["flops"])
    counts = {str(kind): sum(code == i for code in codes) for i, kind in enumerate(GRADE_KINDS)}
    return event | {"questions": len(codes)} | counts


def _test(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Question indices and grade codes of a run's test."""
    events = record.part("test")
    return pc.list_flatten(events["question"]).to_numpy(), pc.list_flatten(events["code"]).to_numpy()
