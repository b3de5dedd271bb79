"""Recording what readers make of answers, by how many are right: the plan of the open call (docs/tapes.md).

A team of assistants is asked at several trials; for each question and each number of right answers that occurs
among them, the first such trial goes to every reader. A reader's call is part of an ordinary graph without salt,
whose assistants' calls the tape already has; so such a tape replays and calibrates like any other.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.cursor import question_order
from bench.errors import IsobudgetError
from bench.execute import execute, node_right
from bench.graph import Graph
from bench.levels import Request
from bench.pools import Pool, load_pool
from bench.worlds.base import I64, World
from bench.worlds.recording import Recorder
from tasks import task_class

__all__ = ["FuserPlan", "is_fuser_plan", "load_fuser_plan", "record_fusers"]

_SPLIT = "search"
_TOGETHER = 64  # readers' graphs that are executed as one batch


@dataclass(frozen=True)
class FuserPlan:
    """What is asked. teams: by the number of inputs, the models of the assistants that are read together."""

    name: str
    tasks: tuple[str, ...]
    questions: int
    trials: int
    inputs: tuple[int, ...]
    readers: tuple[str, ...]
    roles: tuple[str, ...]
    pool: Pool
    teams: dict[int, tuple[tuple[str, ...], ...]]

    @property
    def most_calls(self) -> int:
        """The most calls that a question takes: every number of right answers occurring for every team."""
        replicas: Counter[str] = Counter()
        for size in self.inputs:
            for team in self.teams[size]:
                replicas |= Counter(team)
        readers = len(self.readers) * len(self.roles)
        return self.trials * replicas.total() + sum((d + 1) * len(self.teams[d]) * readers for d in self.inputs)


def is_fuser_plan(name: str) -> bool:
    """Whether a plan of that name, or the TOML file at that path, is one of these."""
    if name.endswith(".toml"):
        path = Path(name)
        return path.is_file() and "fusers" in tomllib.loads(path.read_text(encoding="utf-8"))
    return (resources.files("bench") / "data" / "tapes" / f"{name}.toml").is_file()


def load_fuser_plan(name: str) -> FuserPlan:
    """The plan of that name or path. Raises IsobudgetError for a bad one."""
    source = Path(name) if name.endswith(".toml") else resources.files("bench") / "data" / "tapes" / f"{name}.toml"
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        plan = data["fusers"]
        return FuserPlan(
            name=name,
            tasks=tuple(task_class(task).name for task in plan["tasks"]),
            questions=int(plan["questions"]),
            trials=int(plan["trials"]),
            inputs=tuple(map(int, plan["inputs"])),
            readers=tuple(plan["readers"]),
            roles=tuple(plan["roles"]),
            pool=load_pool(plan["pool"]),
            teams={int(size): tuple(map(tuple, teams)) for size, teams in data["teams"].items()},
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise IsobudgetError(
            f"{name} is no plan of fusers: {error!r} (bench/data/tapes/fusers.toml is one)"
        ) from error


def record_fusers(
    world: Recorder, plan: FuserPlan, tasks: Sequence[str] = (), done: Callable[[str], None] | None = None
) -> list[dict[str, Any]]:
    """Ask everything of a plan; one row for each (task, inputs, right ones): on how many questions it was read.

    tasks: only these. done: told after each team.
    """
    covered: Counter[tuple[str, int, int]] = Counter()
    for task in tasks or plan.tasks:
        questions = _questions(world, task, plan.questions)
        for size in plan.inputs:
            for team in plan.teams[size]:
                right = _right(world, plan, task, team, questions)
                chosen = _chosen(right)
                world.chosen = True
                _read(world, plan, task, team, [(questions[q], trial) for _, q, trial in chosen])
                world.chosen = False
                covered.update((task, size, count) for count, _, _ in chosen)
                if done is not None:
                    done(
                        f"{task}: {size} inputs, {' '.join(team)}: {len(chosen)} of {(size + 1) * len(questions)}"
                    )
    return [{"task": t, "inputs": d, "right": j, "readings": n} for (t, d, j), n in sorted(covered.items())]


def _questions(world: World, task: str, most: int) -> I64:
    order = question_order(task_class(task).key, _SPLIT, world.questions(task, _SPLIT), 0)
    return order[:most]


def _right(world: World, plan: FuserPlan, task: str, team: Sequence[str], questions: I64) -> I64:
    """How many of the team's answers were right: (questions, trials)."""
    graph = Graph.of([(model, "assistant") for model in team], [], ("vote", None))
    number = np.repeat(questions, plan.trials)
    trial = np.tile(np.arange(plan.trials), len(questions))
    request = Request(graph, number, trial, np.zeros(len(number), np.uint64))
    (execution,) = execute(world, task, _SPLIT, plan.pool, [request])
    nodes = node_right(world, task, _SPLIT, execution)[:, : len(team)]
    return np.asarray(nodes.sum(axis=1).reshape(len(questions), plan.trials), dtype=np.int64)


def _chosen(right: I64) -> list[tuple[int, int, int]]:
    """(right ones, question, its first trial with so many)."""
    found = []
    for q, counts in enumerate(right):
        values, first = np.unique(counts, return_index=True)
        found += [(int(count), q, int(trial)) for count, trial in zip(values, first, strict=True)]
    return found


def _read(
    world: World, plan: FuserPlan, task: str, team: Sequence[str], places: Sequence[tuple[np.int64, int]]
) -> None:
    """Give the team's answers at these (question, trial) to every reader."""
    number = np.array([question for question, _ in places], dtype=np.int64)
    trial = np.array([at for _, at in places], dtype=np.int64)
    nothing: npt.NDArray[np.uint64] = np.zeros(len(places), np.uint64)
    requests = [
        Request(_graph(team, reader, role), number, trial, nothing)
        for reader in plan.readers
        for role in plan.roles
    ]
    for start in range(0, len(requests), _TOGETHER):
        execute(world, task, _SPLIT, plan.pool, requests[start : start + _TOGETHER])


def _graph(team: Sequence[str], reader: str, role: str) -> Graph:
    nodes = [(model, "assistant") for model in team]
    if role == "select":
        return Graph.of(nodes, [], ("select", reader))
    return Graph.of([*nodes, (reader, role)], [(i, len(team)) for i in range(len(team))])
