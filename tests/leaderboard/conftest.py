"""Synthetic frames with the columns that records give: known truth, known noise, no optimizer involved."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from leaderboard.boards import split_boards
from leaderboard.ranks import Standing, rank

TASKS = ("humaneval", "math", "mmlu")
CAPS = {"humaneval": 14.15, "math": 17.753, "mmlu": 16.34}
REFERENCE = {"humaneval": 0.81, "math": 0.537, "mmlu": 0.62}
BEST_FIXED = {"humaneval": 0.78, "math": 0.50, "mmlu": 0.615}

# name -> (label, kind, note, accuracy shift against random search, sd between seeds)
METHODS = {
    "agent-reinforce": ("Agent-REINFORCE (scripted agent)", "method", "", 0.030, 0.008),
    "portfolio-race": ("Portfolio race", "control", "", 0.022, 0.006),
    "random": ("Random search", "control", "", 0.0, 0.012),
    "random-agent": ("Random agent", "control", "", -0.004, 0.012),
    "single": ("Single model", "fixed", "", -0.06, 0.0),
    "tpe": ("TPE", "method", "fewer than 40 trials", 0.004, 0.012),
}


def make_run(method, task, seed, accuracy, **changes):
    """One row of a runs frame; `changes` overwrites any column."""
    label, kind, note, _, _ = METHODS.get(method, (method, "method", "", 0.0, 0.01))
    agent = 400.0 if method == "agent-reinforce" else 0.0
    row = {
        "suite": "quick", "suite_version": "1.0", "plan": "ab12cd34", "variant": "", "stratum": "",
        "method": method, "label": label, "tier": "P0", "kind": kind, "note": note, "task": task,
        "budget": "small",
        "cap_units": CAPS.get(task, 18.0), "search": "3000ex", "seed": seed, "world": "main",
        "search_currency": "executions", "search_amount": 3000.0, "checkpoint": False, "allocation": "own",
        "selection": "shared", "held_back": 0.2, "finalists": 5, "questions": 30, "sampler": "published",
        "models": "named", "noise": "fresh", "slots": 8, "space": "standard", "pool": "llama-small",
        "objective": "accuracy", "agent": "",
        "provenance": "simulated (universe main)", "status": "ok", "error": "", "graph_id": "g0",
        "graph": "8B, 3B -> 3B", "depth": 1, "width": 2, "nodes": 2, "graph_units": 15.0 + seed / 10,
        "accuracy": accuracy, "test_n": 500, "test_correct": 250, "reference": REFERENCE.get(task, 0.6),
        "reference_how": "exact: enumerated 28,724 graphs", "best_fixed": BEST_FIXED.get(task, 0.55),
        "random_mean": 0.40, "random_search": np.nan, "objective_value": accuracy, "best_visited": np.nan,
        "latency_serial": 9.5, "latency_critical": 4.2, "latency_makespan": 4.9,
        "spent_executions": 3000, "spent_node_calls": 9400 + seed, "spent_units": 41000.0 + agent,
        "spent_prompt_tokens": 2_400_000, "spent_completion_tokens": 2_600_000, "spent_usd": 0.57,
        "spent_seconds": 5200.0 * (1 + seed / 10), "agent_calls": 0, "agent_units": agent, "agent_usd": 0.0,
        "agent_seconds": 0.0, "evaluations": 100, "distinct_graphs": 80, "wall_seconds": 0.4,
        "optimizer_seconds": 0.05,
    }  # fmt: skip
    return row | changes


def make_runs(methods=METHODS, tasks=TASKS, seeds=10, key=0):
    """A balanced suite: every method shares the seed's luck, as common random numbers give it."""
    rng = np.random.default_rng(key)
    rows = []
    for task in tasks:
        luck = rng.normal(0, 0.01, seeds)
        for method in methods:
            shift, spread = METHODS[method][3:]
            own = rng.normal(0, 1, seeds) * spread
            level = REFERENCE.get(task, 0.6) - 0.06 + shift
            rows += [
                make_run(method, task, seed, level + own[seed] + (luck[seed] if spread else 0))
                for seed in range(seeds)
            ]
    return pd.DataFrame(rows)


def make_family(methods=("random", "single", "tpe"), strata=None, gain=0.03, key=3, **changes):
    """A suite of instances: one run a method in each, the world's level far wider than any difference.

    strata: how many instances of each (the tasks take turns). gain: of tpe over random, on average; single stands
    0.06 below. changes: overwrite columns.
    """
    rng = np.random.default_rng(key)
    rows, number = [], 0
    for stratum, many in (strata or {"headroom": 9, "raw": 3, "trap": 3}).items():
        for at in range(many):
            level, number = rng.uniform(0.3, 0.6), number + 1
            shifts = {"random": 0.0, "single": -0.06, "tpe": gain + rng.normal(0, 0.005)}
            room = 0.0 if stratum == "trap" else 0.1
            rows += [
                make_run(
                    method, TASKS[at % 3], 0, level + shifts.get(method, 0.01), suite="standard", stratum=stratum,
                    world=f"simulated dev-{number:03}", provenance=f"simulated (universe dev-{number:03})",
                    reference=level + room, best_fixed=level, random_search=level + 0.01, random_mean=level - 0.1,
                )
                for method in methods
            ]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def make_searches(runs, amounts=(30, 120, 480), step=0.02):
    """These runs at the largest amount, with a checkpoint at each smaller one, `step` worse each."""
    *smaller, largest = amounts
    parts = [runs.assign(search=f"{largest}ex", search_amount=float(largest))]
    for back, amount in enumerate(reversed(smaller), 1):
        lower = {"accuracy": runs["accuracy"] - step * back, "optimizer_seconds": np.nan, "wall_seconds": np.nan}
        parts.append(runs.assign(search=f"{amount}ex", search_amount=float(amount), checkpoint=True, **lower))
    return pd.concat(parts, ignore_index=True)


def stand(runs, plan=None):
    """The boards with their verdicts, as the tables across boards take them."""
    return [Standing(board, rank(board, None, plan)) for board in split_boards(runs)]


def make_questions(runs, items=40, key=1, shifts=None):
    """Graded answers for every run: item difficulty, method by seed and method by item effects, in logits."""
    rng = np.random.default_rng(key)
    difficulty = {task: rng.normal(0, 2.0, items) for task in sorted(set(runs["task"]))}
    by_item = {(m, t): rng.normal(0, 0.5, items) for m in sorted(set(runs["method"])) for t in difficulty}
    parts = []
    for method, task, budget, seed in runs[["method", "task", "budget", "seed"]].itertuples(index=False):
        logit = 0.3 + difficulty[task] + by_item[method, task] + rng.normal(0, 0.2) + (shifts or {}).get(method, 0)
        correct = rng.random(items) < 1 / (1 + np.exp(-logit))
        parts.append(
            pd.DataFrame(
                {
                    "method": method,
                    "task": task,
                    "budget": budget,
                    "seed": seed,
                    "question": np.arange(items),
                    "kind": np.where(correct, "correct", "wrong"),
                    "correct": correct,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def make_live(runs):
    """The same runs as a world without truth records them."""
    return runs.assign(
        accuracy=np.nan, reference=np.nan, reference_how="", best_fixed=np.nan, random_mean=np.nan,
        provenance="measured live", world="openai",
    )  # fmt: skip


@pytest.fixture(scope="session")
def frames():
    """The makers above, for tests that build their own frames."""
    return SimpleNamespace(
        tasks=TASKS,
        methods=METHODS,
        run=make_run,
        runs=make_runs,
        questions=make_questions,
        live=make_live,
        family=make_family,
        searches=make_searches,
        stand=stand,
    )


@pytest.fixture
def runs():
    """The default suite: 6 methods, 3 tasks, 10 seeds."""
    return make_runs()


@pytest.fixture
def live(frames):
    """A live suite (runs, questions): 4 methods, 3 tasks, 4 seeds, 40 questions."""
    some = frames.live(frames.runs(methods=("agent-reinforce", "random", "single", "tpe"), seeds=4))
    return some, frames.questions(some, shifts={"agent-reinforce": 1.0, "single": -1.5})
