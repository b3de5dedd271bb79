"""`isobudget list`: what there is, without loading anything heavy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from tabulate import tabulate

__all__ = ["catalog"]

_WIDEST = 32
"""Characters of a column in the terminal; longer texts are folded."""

Rows = tuple[list[str], list[list[str]]]


def catalog(kind: str, form: str) -> str:
    """The names of one kind of thing as a table."""
    headers, rows = _KINDS[kind]()
    if form == "json":
        return json.dumps([dict(zip(headers, row, strict=True)) for row in rows], indent=2)
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([headers, *rows])
        return text.getvalue().rstrip("\n")
    style = {"table": "simple", "md": "github", "latex": "latex"}[form]
    widths = [_WIDEST] * len(headers) if form == "table" else None
    return tabulate(rows, headers, tablefmt=style, disable_numparse=True, maxcolwidths=widths)


def _methods() -> Rows:
    from bench.app.costs import method_costs
    from bench.optimizer import REGISTRY
    from bench.registry import broken_methods, list_methods

    costs = method_costs()
    rows = []
    for name in list_methods():
        info = REGISTRY[name]
        knobs = ", ".join(f"{k}={v}" for k, v in info.parameters.items())
        tiers = info.tier if info.tier != "P0" or not info.uses_prior else "P0 P1"
        label = f"{info.label} (needs {info.requires})" if info.requires else info.label
        rows.append([name, label, info.kind, tiers, _proposal(costs.get(name)), knobs, info.source])
    rows += [[module, "cannot be imported", *[""] * 4, reason] for module, reason in broken_methods().items()]
    return ["method", "label", "kind", "tier", "a proposal costs", "parameters", "source"], rows


def _proposal(cost: dict[str, float] | None) -> str:
    """Questions, agent tokens and own time of one proposal, where they were measured."""
    if cost is None:
        return "not measured"
    agent = f", {cost['agent_tokens']:g} agent tokens" if cost["agent_tokens"] else ""
    return f"{cost['questions']:g} questions{agent}, {cost['milliseconds']:g} ms"


def _tasks() -> Rows:
    from bench.cost import BUDGET_LEVELS, budget_flops
    from tasks import list_tasks, task_class

    rows = []
    for name in list_tasks():
        task = task_class(name)
        caps = [f"{budget_flops(level, name) / task.unit_flops:.3f}" for level in BUDGET_LEVELS]
        rows.append([name, str(task.prompt_tokens), str(task.answer_tokens), f"{task.unit_flops:.4g}", *caps])
    return ["task", "prompt tokens", "answer tokens", "FLOPs a unit", *BUDGET_LEVELS], rows


def _worlds() -> Rows:
    from bench.worlds import list_worlds
    from bench.worlds.simulation.universe import list_universes

    rows = [[name, about] for name, about in list_worlds().items()]
    rows.append(["", f"universes of the simulated world: {', '.join(list_universes())}"])
    return ["world", "what it is"], rows


def _suites() -> Rows:
    from bench.suite import list_suites, load_suite

    rows = []
    for name in list_suites():
        suite = load_suite(name)
        rows.append([name, suite.version, suite.title, str(len(suite.methods)), suite.plan_hash])
    return ["suite", "version", "what it is", "methods", "plan"], rows


def _pools() -> Rows:
    from bench.pools import list_pools, load_pool

    rows = []
    for name in list_pools():
        pool = load_pool(name)
        sizes = ", ".join(f"{m.name} ({m.decode:g} tok/s)" for m in pool.models)
        rows.append([name, sizes, "yes" if pool.synthetic else "no"])
    return ["pool", "models", "synthetic"], rows


def _protocols() -> Rows:
    from bench.app.protocol import list_protocols, load_protocol

    rows = []
    for name in list_protocols():
        found = load_protocol(name)
        compared = f"{found.seeds} x {found.items}" if found.items else f"{found.seeds}, exact"
        rows.append([name, found.title, found.search, compared, found.analysis, str(len(found.methods))])
    return ["protocol", "what it is", "search", "seeds x items", "analysis", "methods"], rows


_KINDS: dict[str, Callable[[], Rows]] = {
    "methods": _methods,
    "tasks": _tasks,
    "worlds": _worlds,
    "suites": _suites,
    "pools": _pools,
    "protocols": _protocols,
}
