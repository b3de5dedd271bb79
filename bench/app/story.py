"""`isobudget show`: the story of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tabulate import tabulate

from bench.cost import unit_flops
from bench.drawing import draw
from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.records import Record
from bench.schema import PHASES

__all__ = ["story"]

_EDGE = 8
"""How many evaluations are shown at either end unless all are."""


def story(path: Path, everything: bool = False) -> str:
    """Spec, evaluations, charges by phase, the recommended graph and its test, as text."""
    if not path.is_file():
        raise IsobudgetError(f"no record file at {path}: the records of a suite lie in runs/SUITE")
    record = Record.load(path, thorough=True)
    parts = [_head(record), _evaluations(record, everything), _charges(record), _ending(record)]
    return "\n\n".join(parts)


def _head(record: Record) -> str:
    spec = record.spec
    lines = [
        f"{record.summary['label']} on {spec.task}, budget {spec.budget}, search {spec.search}, seed {spec.seed}",
        f"suite {spec.suite} {spec.suite_version}, space {spec.space}, pool {spec.pool}, tier {spec.tier}, "
        f"objective {spec.objective}, selection {spec.selection}",
        f"numbers: {record.provenance}",
    ]
    if record.summary["note"]:
        lines.append(f"note: {record.summary['note']}")
    if record.summary["error"]:
        lines.append(f"failed: {record.summary['error']}")
    return "\n".join(lines)


def _evaluations(record: Record, everything: bool) -> str:
    events = record.rows("search", "selection")
    graphs = {key: Graph.from_dict(data) for key, data in record.summary["graphs"].items()}
    rows, unit, spent = [], unit_flops(record.spec.task), 0
    for step, event in enumerate(events, 1):
        spent += event["executions"]
        right = sum(code == 0 for code in event["code"])
        units = float(event["flops"]) / unit
        incumbent = event["incumbent"][:6]
        shown = [step, event["phase"], str(graphs[event["graph"]]), f"{right}/{len(event['code'])}"]
        rows.append([*shown, f"{units:.0f}", f"{event['seconds']:.0f}", spent, event["graph"][:6], incumbent])
    left_out = len(rows) - 2 * _EDGE
    if left_out > 1 and not everything:
        rows = [*rows[:_EDGE], ["", "", f"… {left_out} more (--all shows them)", *[""] * 6], *rows[-_EDGE:]]
    headers = ["#", "phase", "graph", "right", "units", "seconds", "executions", "id", "best so far"]
    return tabulate(rows, headers, tablefmt="simple", disable_numparse=True)


def _charges(record: Record) -> str:
    unit = unit_flops(record.spec.task)
    rows: list[list[Any]] = []
    for phase in PHASES[:-1]:
        events = record.rows(phase)
        if events:
            totals = {name: sum(float(event[name]) for event in events) for name in _CURRENCIES}
            rows.append(
                [
                    phase,
                    len(events),
                    *(f"{totals[n] / (unit if n == 'flops' else 1):,.2f}" for n in _CURRENCIES),
                ]
            )
    headers = [
        "charged to",
        "events",
        *("units" if name == "flops" else name.replace("_", " ") for name in _CURRENCIES),
    ]
    return tabulate(rows, headers, tablefmt="simple", disable_numparse=True, colalign=("left", *["right"] * 8))


_CURRENCIES = ("executions", "node_calls", "flops", "prompt_tokens", "completion_tokens", "usd", "seconds")


def _ending(record: Record) -> str:
    test = record.rows("test")[0]
    right, times, truth = (
        sum(code == 0 for code in test["code"]),
        record.summary["test"],
        record.summary["truth"],
    )
    lines = [
        f"recommended {record.recommended.id}",
        draw(record.recommended),
        "",
        f"test: {right} of {len(test['code'])} right; seconds a question: {times['latency_serial']:.2f} serial, "
        f"{times['latency_critical']:.2f} critical path, {times['latency_makespan']:.2f} on "
        f"{record.spec.slots} slots a model (modelled)",
    ]
    if "accuracy" in truth:
        lines.append(f"true accuracy {100 * truth['accuracy']:.1f} % ({record.provenance})")
    if "reference" in truth:
        regret = 100 * (truth["reference"] - truth["accuracy"])
        lines.append(f"best known {100 * truth['reference']:.1f} %, regret {regret:.1f} points")
    return "\n".join(lines)
