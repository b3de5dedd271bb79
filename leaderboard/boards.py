"""Which runs may stand in one table.

A *board* is what shares suite, variant, inference budget, search budget, tier and stratum. Everything that would
make its rows unlike each other (two suite versions, two plans, two caps on one task, two worlds on one seed) is
refused.

What is compared is a *block*. In one world it is a seed, and an estimate is the mean over tasks (its *cells*). In
a family of worlds it is an instance, which has one task; all instances of a stratum are one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from leaderboard.errors import LeaderboardError

__all__ = ["QUESTION_COLUMNS", "RUN_COLUMNS", "SETTINGS", "Board", "split_boards"]

SETTINGS: tuple[str, ...] = tuple(
    "tier search_currency allocation selection held_back finalists questions sampler models noise slots space "
    "pool objective".split()
)
"""What the variants of a suite may differ in."""

_IDENTITY = (
    "suite suite_version plan variant stratum method label kind note task budget cap_units search search_amount "
    "checkpoint seed world provenance agent"
)
_OUTCOME = (
    "status error graph graph_units accuracy objective_value best_visited reference reference_how best_fixed "
    "random_mean random_search"
)
_SECONDS = "latency_serial latency_critical latency_makespan spent_seconds wall_seconds optimizer_seconds"
_SPENDING = "executions node_calls units prompt_tokens completion_tokens usd"

RUN_COLUMNS: tuple[str, ...] = (
    *f"{_IDENTITY} {_OUTCOME} {_SECONDS} agent_units agent_calls".split(),
    *SETTINGS,
    *(f"spent_{name}" for name in _SPENDING.split()),
)
"""The columns of a runs frame that the tables read (bench.records gives more)."""

OPTIONAL_COLUMNS = ("fuser", "selection_units")
"""Read where they are there: whether modelled fusers were ever compared with real ones; what the shared final
choice cost."""

QUESTION_COLUMNS: tuple[str, ...] = ("method", "task", "budget", "seed", "question", "kind", "correct")
"""The columns of a questions frame: one row a test question of a run."""

KINDS = ("method", "control", "fixed", "bound")
STATUSES = ("ok", "method_fault", "infra")
RANKED = ("", "headroom")
"""Strata that are ranked: all there is in one world, and instances that hold something to find in a family."""


@dataclass(frozen=True)
class Board:
    """The runs of one table: what is ranked, and the bounds that only stand beside it.

    runs, bounds: rows of a runs frame with two columns more: `cell`, what weighs equally (the task, or the whole
    stratum), and `block`, a number (the seed, or the place of the instance's world in their sorted list). full:
    no run of this variant has a larger search budget.
    """

    suite: str
    variant: str
    budget: str
    search: str
    tier: str
    stratum: str
    version: str
    plan: str
    full: bool
    runs: pd.DataFrame
    bounds: pd.DataFrame

    @property
    def instances(self) -> bool:
        """Whether the blocks are instances of a family of worlds, rather than seeds in one."""
        return self.stratum != ""

    @property
    def units(self) -> str:
        """What the blocks are, in a word for readers."""
        return "instances" if self.instances else "search seeds"

    @property
    def ranked(self) -> bool:
        """Whether its stratum is one that is ranked."""
        return self.stratum in RANKED

    @property
    def tasks(self) -> list[str]:
        """Task names, sorted."""
        return sorted(self.runs["task"].unique())

    @property
    def cells(self) -> list[str]:
        """What weighs equally: the tasks, or the one stratum."""
        return sorted(self.runs["cell"].unique())

    @property
    def methods(self) -> list[str]:
        """Names of the ranked methods, sorted."""
        return sorted(self.runs["method"].unique())

    @cached_property
    def labels(self) -> dict[str, str]:
        """Display names by method, bounds included."""
        pairs = pd.concat([frame[["method", "label"]] for frame in (self.runs, self.bounds)])
        return dict(zip(pairs["method"], pairs["label"].astype(str), strict=True))

    @cached_property
    def setting(self) -> dict[str, str]:
        """The values of `SETTINGS`, as text."""
        return {name: ", ".join(sorted({str(value) for value in self.runs[name]})) for name in SETTINGS}

    def only(self, task: str) -> Board:
        """The same board, of one task."""
        runs, bounds = self.runs[self.runs["task"] == task], self.bounds[self.bounds["task"] == task]
        return replace(self, runs=runs, bounds=bounds)

    def without(self, tasks: Sequence[str]) -> Board:
        """The same board, without these tasks."""
        runs, bounds = self.runs[~self.runs["task"].isin(tasks)], self.bounds[~self.bounds["task"].isin(tasks)]
        return replace(self, runs=runs, bounds=bounds)


def split_boards(runs: pd.DataFrame) -> list[Board]:
    """The boards of a runs frame, ordered by suite, variant, budget, search budget, tier, stratum.

    Bounds have no tier of their own here: they stand beside every tier. LeaderboardError on missing columns,
    no rows, mixed suite versions or plans, and on anything else that cannot be compared.
    """
    _check_columns(runs, RUN_COLUMNS, "runs")
    if runs.empty:
        raise LeaderboardError("no runs to rank: is this the folder that `isobudget run` printed?")
    # A smaller budget that a run passed is never tested: without exact truth nothing is known of it.
    columns = [*RUN_COLUMNS, *(name for name in OPTIONAL_COLUMNS if name in runs.columns)]
    known = runs.loc[~runs["checkpoint"].astype(bool) | runs["accuracy"].notna(), columns]
    # Taking rows is what the tables do most, and plain objects are taken ten times faster than typed strings.
    known = known.astype({name: object for name in known.select_dtypes(["str", "object"]).columns})
    # The order of the files must not move a bit of the output: sums of floats depend on it.
    keys = ["suite", "variant", "budget", "search_currency", "search_amount", "search", "tier", "stratum"]
    ordered = known.sort_values([*keys, "method", "task", "world", "seed"], kind="stable")
    _same(ordered, ["suite"], "suite_version", "mixed suite versions", "rank one version at a time")
    _same(ordered, ["suite"], "plan", "mixed analysis plans", "rank the runs of one plan at a time")
    largest = ordered.groupby(["suite", "variant", "search_currency"])["search_amount"].transform("max")
    ordered = ordered.assign(full=ordered["search_amount"] == largest)
    is_bound = ordered["kind"] == "bound"
    ranked, bounds = ordered[~is_bound], ordered[is_bound]
    boards = [_board(group, bounds) for _, group in ranked.groupby(keys)]
    if not boards:
        raise LeaderboardError("nothing to rank: every run is a bound")
    return boards


def _board(group: pd.DataFrame, bounds: pd.DataFrame) -> Board:
    """One group of ranked runs with the bounds of its suite, variant, budgets and stratum."""
    names = ("suite", "variant", "budget", "search", "tier", "stratum")
    first = {name: str(group[name].iloc[0]) for name in names}
    beside = bounds
    for name in ("suite", "variant", "budget", "search", "stratum"):
        beside = beside[beside[name] == first[name]]
    world = {name: place for place, name in enumerate(sorted({*group["world"], *beside["world"]}))}
    family = first["stratum"] != ""

    def placed(runs: pd.DataFrame) -> pd.DataFrame:
        if family:
            return runs.assign(cell=first["stratum"], block=runs["world"].map(world))
        return runs.assign(cell=runs["task"], block=runs["seed"])

    board = Board(
        **first,
        version=str(group["suite_version"].iloc[0]),
        plan=str(group["plan"].iloc[0]),
        full=bool(group["full"].iloc[0]),
        runs=placed(group),
        bounds=placed(beside),
    )
    _check_comparable(board)
    return board


def _check_comparable(board: Board) -> None:
    names = "kind status method cell block seed task world label cap_units provenance".split()
    runs = pd.concat([board.runs[names], board.bounds[names]])
    for name, allowed in (("kind", KINDS), ("status", STATUSES)):
        if strange := sorted(set(runs[name]) - set(allowed)):
            raise LeaderboardError(f"{name} {strange[0]!r} is none of {', '.join(allowed)}")
    twice = runs[runs.duplicated(["method", "cell", "block", "seed"])]
    if not twice.empty:
        method, task, seed, world = twice[["method", "task", "seed", "world"]].iloc[0]
        where = f"{task}, {world}, seed {seed}" if board.instances else f"{task}, seed {seed}"
        raise LeaderboardError(f"{method} on {where}: more than one run in suite {board.suite}")
    _same(runs, ["method"], "label", "several labels of one method", "one label a method")
    _same(runs, ["method"], "kind", "several kinds of one method", "one kind a method")
    if board.instances:
        _same(runs, ["world"], "task", "several tasks in one instance", "an instance has one task")
        _same(runs, ["world"], "cap_units", "several caps at one budget", "equal budgets only")
        return
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
