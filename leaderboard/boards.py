"""Which runs may stand in one table, and which blocks of them count.

A *board* is what shares suite, inference budget, search budget and tier. Everything that would make its rows
unlike each other (two suite versions, two plans, two caps on one task, two worlds on one seed) is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from leaderboard.errors import LeaderboardError

__all__ = ["QUESTION_COLUMNS", "RUN_COLUMNS", "Blocks", "Board", "common_blocks", "split_boards"]

_IDENTITY = (
    "suite suite_version plan method label tier kind note task budget cap_units search seed world provenance"
)
_OUTCOME = "status error graph graph_units accuracy reference reference_how best_fixed random_mean"
_SECONDS = "latency_serial latency_critical latency_makespan spent_seconds wall_seconds optimizer_seconds"
_SPENDING = "executions node_calls units prompt_tokens completion_tokens usd"

RUN_COLUMNS: tuple[str, ...] = (
    *f"{_IDENTITY} {_OUTCOME} {_SECONDS} agent_units".split(),
    *(f"spent_{name}" for name in _SPENDING.split()),
)
"""The columns of a runs frame that the tables read (bench.records gives more)."""

QUESTION_COLUMNS: tuple[str, ...] = ("method", "task", "budget", "seed", "question", "kind", "correct")
"""The columns of a questions frame: one row a test question of a run."""

KINDS = ("method", "control", "fixed", "bound")
STATUSES = ("ok", "method_fault", "infra")


@dataclass(frozen=True)
class Board:
    """The runs of one table: what is ranked, and the bounds that only stand beside it."""

    suite: str
    version: str
    plan: str
    budget: str
    search: str
    tier: str
    runs: pd.DataFrame
    bounds: pd.DataFrame

    @property
    def tasks(self) -> list[str]:
        """Task names, sorted."""
        return sorted(self.runs["task"].unique())

    @property
    def methods(self) -> list[str]:
        """Names of the ranked methods, sorted."""
        return sorted(self.runs["method"].unique())

    @cached_property
    def labels(self) -> dict[str, str]:
        """Display names by method, bounds included."""
        pairs = pd.concat([frame[["method", "label"]] for frame in (self.runs, self.bounds)])
        return dict(zip(pairs["method"], pairs["label"].astype(str), strict=True))

    def only(self, task: str) -> Board:
        """The same board, of one task."""
        runs, bounds = self.runs[self.runs["task"] == task], self.bounds[self.bounds["task"] == task]
        return replace(self, runs=runs, bounds=bounds)


@dataclass(frozen=True)
class Blocks:
    """What every ranked method has: seeds by task; left_out says for each dropped block why."""

    seeds: dict[str, tuple[int, ...]]
    left_out: tuple[str, ...]


def split_boards(runs: pd.DataFrame) -> list[Board]:
    """The boards of a runs frame, ordered by suite, budget, search budget, tier.

    Bounds have no tier of their own here: they stand beside every tier. LeaderboardError on missing columns,
    no rows, mixed suite versions or plans, and on anything else that cannot be compared.
    """
    _check_columns(runs, RUN_COLUMNS, "runs")
    if runs.empty:
        raise LeaderboardError("no runs to rank: is this the folder that `isobudget run` printed?")
    # The order of the files must not move a bit of the output: sums of floats depend on it.
    ordered = runs.sort_values(["suite", "budget", "search", "tier", "method", "task", "seed"], kind="stable")
    _same(ordered, ["suite"], "suite_version", "mixed suite versions", "rank one version at a time")
    _same(ordered, ["suite"], "plan", "mixed analysis plans", "rank the runs of one plan at a time")
    is_bound = ordered["kind"] == "bound"
    ranked, bounds = ordered[~is_bound], ordered[is_bound]
    boards = [_board(group, bounds) for _, group in ranked.groupby(["suite", "budget", "search", "tier"])]
    if not boards:
        raise LeaderboardError("nothing to rank: every run is a bound")
    return boards


def common_blocks(board: Board, whole_seeds: bool) -> Blocks:
    """The seeds that every ranked method has on each task, without infrastructure faults.

    whole_seeds: a seed counts only when it is there on every task (the simulated analysis averages over tasks
    within a seed). What one method lacks is left out for all. LeaderboardError when nothing common remains.
    """
    runs = board.runs
    wanted = sorted({int(seed) for seed in runs["seed"]})
    have = {
        (str(method), str(task), int(seed)): str(status)
        for method, task, seed, status in zip(
            runs["method"], runs["task"], runs["seed"], runs["status"], strict=True
        )
    }
    lost: dict[tuple[str, int], list[str]] = {}
    for task in board.tasks:
        for seed in wanted:
            for method in board.methods:
                status = have.get((method, task, seed), "missing")
                if status in ("missing", "infra"):
                    why = "no run of" if status == "missing" else "infrastructure fault of"
                    lost.setdefault((task, seed), []).append(f"{why} {board.labels[method]}")
    dropped = set(lost)
    if whole_seeds:
        dropped |= {(task, seed) for _, seed in lost for task in board.tasks}
    seeds = {t: tuple(s for s in wanted if (t, s) not in dropped) for t in board.tasks}
    reasons = tuple(f"{task} seed {seed} ({', '.join(why)})" for (task, seed), why in sorted(lost.items()))
    for task, kept in seeds.items():
        if not kept:
            raise LeaderboardError(
                f"suite {board.suite}, {task}: no seed is shared by all methods: {'; '.join(reasons[:3])}; "
                "finish the suite (the same `isobudget run` resumes) or leave the method out"
            )
    return Blocks(seeds, reasons)


def _board(group: pd.DataFrame, bounds: pd.DataFrame) -> Board:
    """One group of ranked runs with the bounds of its suite and budgets."""
    names = ("suite", "suite_version", "plan", "budget", "search", "tier")
    suite, version, plan, budget, search, tier = (str(group[name].iloc[0]) for name in names)
    beside = bounds[(bounds["suite"] == suite) & (bounds["budget"] == budget) & (bounds["search"] == search)]
    board = Board(suite, version, plan, budget, search, tier, group, beside)
    _check_comparable(board)
    return board


def _check_comparable(board: Board) -> None:
    runs = pd.concat([board.runs, board.bounds])
    for name, allowed in (("kind", KINDS), ("status", STATUSES)):
        if strange := sorted(set(runs[name]) - set(allowed)):
            raise LeaderboardError(f"{name} {strange[0]!r} is none of {', '.join(allowed)}")
    twice = runs[runs.duplicated(["method", "task", "seed"])]
    if not twice.empty:
        method, task, seed = twice[["method", "task", "seed"]].iloc[0]
        raise LeaderboardError(f"{method} on {task}, seed {seed}: more than one run in suite {board.suite}")
    _same(runs, ["method"], "label", "several labels of one method", "one label a method")
    _same(runs, ["method"], "kind", "several kinds of one method", "one kind a method")
    _same(runs, ["task"], "cap_units", "several caps at one budget", "equal budgets only")
    for name in ("world", "provenance"):
        _same(runs, ["task", "seed"], name, f"{name} differs between methods", "rank one world at a time")


def _same(runs: pd.DataFrame, by: list[str], name: str, what: str, cure: str) -> None:
    """Refuse groups in which a column has more than one value, naming the first."""
    pairs = runs[[*by, name]].drop_duplicates()
    mixed = pairs[pairs.duplicated(by, keep=False)]
    if not mixed.empty:
        where = ", ".join(f"{key} {mixed.iloc[0][key]}" for key in by)
        first = mixed[(mixed[by] == mixed[by].iloc[0]).all(axis=1)]
        values = sorted(str(value) for value in first[name])
        raise LeaderboardError(f"{where}: {what}: {', '.join(values)}; {cure}")


def _check_columns(frame: pd.DataFrame, needed: Sequence[str], what: str) -> None:
    if missing := [name for name in needed if name not in frame.columns]:
        raise LeaderboardError(f"the {what} frame lacks {', '.join(missing)}")
