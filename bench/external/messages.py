"""The protocol's values as plain data and back: what both ends of a line agree on.

The harness imports this file, and so does `bench.child` inside the jail: it needs only what is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from bench.cost import model_flops
from bench.errors import InvalidGraph
from bench.graph import Graph, Sink
from bench.optimizer import Outcome, Problem, Proposal
from bench.pools import AgentRates, Model, Pool
from bench.prior import Prior
from bench.space import Space
from tasks import task_class

__all__ = [
    "VERSION",
    "decode",
    "encode",
    "graph_data",
    "outcome_data",
    "outcome_of",
    "prior_of",
    "problem_data",
    "proposal_data",
    "proposal_of",
    "space_of",
]

VERSION = 1
"""Of the protocol. A harness and a method that speak different ones refuse each other."""

_RATES = ("prefill", "decode", "usd_in", "usd_out")
_RULES = ("name", "cap", "budget", "max_nodes", "free_reads", "dead_ends", "free_roles", "nominal", "sampler")


def encode(message: Mapping[str, Any]) -> bytes:
    """One message as one line. Raises ValueError for NaN, infinities and what is not plain data."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message of one line. Raises ValueError when it is not a JSON object in UTF-8."""
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def graph_data(graph: Graph) -> dict[str, Any]:
    """A graph as the harness sends it: canonical, with its id."""
    return graph.to_dict() | {"id": graph.id}


def proposal_data(proposal: Proposal) -> dict[str, Any]:
    """A proposal as a method sends it."""
    asked = None if proposal.questions is None else int(proposal.questions)
    return {"graph": proposal.graph.to_dict(), "questions": asked, "fresh": bool(proposal.fresh)}


def proposal_of(data: Mapping[str, Any]) -> Proposal:
    """The proposal of `proposal_data`; InvalidGraph when its graph is none."""
    return Proposal(Graph.from_dict(data["graph"]), data.get("questions"), data.get("fresh", False))


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the harness sends it. Floats survive the way exactly."""
    right, times = outcome.node_right, outcome.node_seconds
    return {
        "graph": graph_data(outcome.graph),
        "asked": int(outcome.asked),
        "questions": outcome.positions.tolist(),
        "kinds": [str(kind) for kind in outcome.kinds],
        "right": int(outcome.correct.sum()),
        "units": float(outcome.units),
        "latency_serial": float(outcome.latency_serial),
        "latency_critical": float(outcome.latency_critical),
        "seconds": float(outcome.seconds),
        "node_right": None if right is None else right.tolist(),
        "node_seconds": None if times is None else times.tolist(),
    }


def outcome_of(data: Mapping[str, Any]) -> Outcome:
    """The outcome of `outcome_data`."""
    right, times = data["node_right"], data["node_seconds"]
    return Outcome(
        graph=Graph.from_dict(data["graph"]),
        asked=data["asked"],
        positions=np.array(data["questions"], dtype=np.int64),
        kinds=tuple(data["kinds"]),
        units=data["units"],
        latency_serial=data["latency_serial"],
        latency_critical=data["latency_critical"],
        seconds=data["seconds"],
        node_right=None if right is None else np.array(right, dtype=bool),
        node_seconds=None if times is None else np.array(times, dtype=np.float64),
    )


def problem_data(problem: Problem, cheapest_latency: float) -> dict[str, Any]:
    """What a method is told before it begins, but for its parameters, its seed and its agent."""
    task = task_class(problem.task)
    return {
        "task": {
            "name": task.name,
            "prompt_tokens": task.prompt_tokens,
            "answer_tokens": task.answer_tokens,
            "unit_flops": float(task.unit_flops),
        },
        "space": _space_data(problem.space),
        "objective": problem.objective,
        "goal": problem.goal,
        "questions_per_evaluation": problem.questions_per_evaluation,
        "cheapest": graph_data(problem.space.cheapest()),
        "cheapest_latency": cheapest_latency,
        "prior": None if problem.prior is None else _prior_data(problem.prior),
    }


def _space_data(space: Space) -> dict[str, Any]:
    """The rules, the models, and what a call of each costs by the number of answers that it reads."""
    return {name: getattr(space, name) for name in _RULES} | {
        "sinks": [list(sink) for sink in space.sinks],
        "pool": {
            "name": space.pool.name,
            "synthetic": space.pool.synthetic,
            "models": [_model_data(space, model) for model in space.pool.models],
            "agent": {name: float(getattr(space.pool.agent, name)) for name in ("flops_per_token", *_RATES)},
        },
    }


def _model_data(space: Space, model: Model) -> dict[str, Any]:
    sizes = {name: getattr(model, name) for name in ("name", "params", "layers", "width")}
    rates = {name: float(getattr(model, name)) for name in _RATES}
    flops = [model_flops(space.task, model, reads) for reads in range(space.max_nodes + 1)]
    return sizes | rates | {"nominal": model.nominal.get(space.task, model.nominal["default"]), "flops": flops}


def space_of(data: Mapping[str, Any], task: str) -> Space:
    """The space of `problem_data`, for a task that is known here."""
    models = tuple(
        Model(
            key=key,
            nominal={"default": entry["nominal"]},
            **{k: v for k, v in entry.items() if k not in ("nominal", "flops")},
        )
        for key, entry in enumerate(data["pool"]["models"])
    )
    sinks = tuple(Sink(kind, model) for kind, model in data["sinks"])
    selector = next((model for kind, model in sinks if kind == "select" and model), models[0].name)
    agent = AgentRates(**data["pool"]["agent"])
    pool = Pool(data["pool"]["name"], models, agent, data["pool"]["synthetic"], selector)
    return Space(task=task, pool=pool, sinks=sinks, **{name: data[name] for name in _RULES})


def _prior_data(prior: Prior) -> dict[str, Any]:
    return {
        "table": prior.table,
        "starts": [graph_data(graph) for graph in prior.starts],
        "mixes": [[dict(mix), accuracy] for mix, accuracy in prior.mixes],
    }


def prior_of(data: Mapping[str, Any] | None) -> Prior | None:
    """The prior data of `problem_data`; None in tier P0."""
    if data is None:
        return None
    starts = tuple(Graph.from_dict(graph) for graph in data["starts"])
    return Prior(data["table"], starts, tuple((mix, accuracy) for mix, accuracy in data["mixes"]))


def checked_graph(data: Mapping[str, Any], most: int) -> Graph:
    """A graph that a method sent. Raises InvalidGraph, before any work, when it is larger than any allowed one."""
    if len(data["nodes"]) > most:
        raise InvalidGraph(f"{len(data['nodes'])} nodes, at most {most} are allowed")
    return Graph.from_dict(data)
