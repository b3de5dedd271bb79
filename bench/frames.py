"""Records as data frames: the form in which statistics and notebooks read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.cost import unit_flops
from bench.errors import BrokenRecord, IsobudgetError
from bench.graph import Graph
from bench.records import Record
from bench.space import Space
from tasks.base import GRADE_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Records", "read_all"]


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
        """One row a run; docs/records.md lists the columns."""
        import pandas as pd

        return pd.DataFrame([_run_row(record) for record in self.records])

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
    names = ("suite", "method", "tier", "task", "budget", "search", "seed")
    return {name: getattr(record.spec, name) for name in names} | {"run": record.spec.id}


def _run_row(record: Record) -> dict[str, Any]:
    spec, summary, graph = record.spec, record.summary, record.recommended
    space = Space.preset(spec.space, spec.task, spec.budget, spec.pool)
    _, code = _test(record)
    truth = summary["truth"]
    world = " ".join([spec.world, *(value for _, value in spec.world_options)])
    return {
        "suite": spec.suite,
        "suite_version": spec.suite_version,
        "plan": spec.plan,
        "method": spec.method,
        "label": summary["label"],
        "tier": spec.tier,
        "kind": summary["kind"],
        "note": summary["note"],
        "task": spec.task,
        "budget": spec.budget,
        "cap_units": space.cap / space.unit,
        "search": spec.search,
        "seed": spec.seed,
        "world": world,
        "provenance": summary["provenance"],
        "status": summary["status"],
        "error": summary["error"],
        **_graph_columns(graph, space),
        "accuracy": _number(truth.get("accuracy")),
        "test_n": len(code),
        "test_correct": int((code == 0).sum()),
        "reference": _number(truth.get("reference")),
        "reference_how": truth.get("reference_how", ""),
        "best_fixed": _number(truth.get("best_fixed")),
        "random_mean": _number(truth.get("random_mean")),
        **summary["test"],
        **_spent(record),
        "wall_seconds": record.manifest.get("seconds", float("nan")),
    }


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
