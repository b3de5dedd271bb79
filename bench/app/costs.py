"""What a proposal of each method costs: measured by running it, stored, shown by `isobudget list methods`.

    python -m bench.app.costs            every method, anew
    python -m bench.app.costs tpe greedy only these; the others' figures stay

One run on MATH at `medium` with 1,920 executions in universe `main`, seed 0. Questions and agent tokens are what
the ledger was charged, and repeat exactly; milliseconds are this machine's and only give an order of magnitude.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from bench.app.board import write_text
from bench.loop import run
from bench.optimizer import REGISTRY
from bench.registry import list_methods, missing_module
from bench.worlds import load_world

__all__ = ["method_costs"]

SETTING: dict[str, Any] = {"task": "math", "budget": "medium", "search": "1920ex"}

_HEAD = """\
# What one proposal of each method costs; written by `python -m bench.app.costs`, which says how it is measured.
# questions: a proposal. agent_tokens: read and written by the agent, a proposal. milliseconds: of the method's
# own code, a proposal, on the machine that wrote this file: an order of magnitude."""


def method_costs() -> dict[str, dict[str, float]]:
    """By method: questions, agent_tokens and milliseconds a proposal; {} for methods never measured."""
    text = (resources.files("bench") / "data" / "method_costs.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _measured(method: str) -> dict[str, float]:
    record = run(method, world=load_world("simulated", universe="main"), **SETTING)
    searched, agent = record.rows("search"), record.rows("agent")
    proposals = max(1, len(searched))
    thought = sum(row["measured_optimizer"] for row in [*searched, *agent])
    return {
        "questions": round(sum(row["executions"] for row in searched) / proposals, 1),
        "agent_tokens": round(sum(row["prompt_tokens"] + row["completion_tokens"] for row in agent) / proposals),
        "milliseconds": round(1000 * thought / proposals, 1),
    }


def main() -> None:
    """Measure the named methods, or all, and rewrite the file."""
    known = method_costs()
    chosen = sys.argv[1:] or [name for name in list_methods() if not missing_module(REGISTRY[name])]
    for name in chosen:
        known[name] = _measured(name)
        print(f"{name}: {known[name]}", file=sys.stderr)
    rows = [f"{name} = {{ {_pairs(known[name])} }}" for name in sorted(known) if name in list_methods()]
    path = Path(str(resources.files("bench") / "data" / "method_costs.toml"))
    write_text(path, "\n".join([_HEAD, "", *rows]))


def _pairs(costs: dict[str, float]) -> str:
    return ", ".join(f"{key} = {value:g}" for key, value in costs.items())


if __name__ == "__main__":
    main()
