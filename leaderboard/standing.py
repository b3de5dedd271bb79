"""The tables of one board: overall, one task, and every method against the reference."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from leaderboard import captions
from leaderboard.boards import Board
from leaderboard.claims import claim
from leaderboard.columns import BY_TASK, INSTANCES, OVERALL, PAIRWISE
from leaderboard.multiple import detectable_difference
from leaderboard.ranks import Plan, Ranking
from leaderboard.rows import Costs, data_cells, ranked_cells, take_costs
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["by_task", "overall", "pairwise"]


_SCORE = "Score: 0 at the mean of random graphs, 1 at the reference."


def overall(board: Board, ranking: Ranking, plan: Plan) -> Table:
    """Every method of a board; of a stratum that is not ranked without ranks and letters."""
    objective = board.setting["objective"]
    spoken = [
        captions.stratum_words(board),
        captions.origin(board, ranking, plan),
        claim(board, plan),
        captions.how_ranked(board, ranking, plan),
        f"By accuracy, although these runs sought {objective}: for that see the table Objective."
        if objective != "accuracy"
        else "",
        f"{_SCORE[:-1]} of its instance, unclipped." if board.instances else "",
        captions.how_spent(board),
    ]
    columns = INSTANCES if board.instances else OVERALL
    return Table(
        title=f"Leaderboard: {captions.where(board)}",
        columns=_named(columns, board, plan),
        rows=_rows(columns, board, ranking),
        caption=" ".join(filter(None, spoken)),
        notes=_notes(board, ranking, plan),
    )


def by_task(board: Board, ranking: Ranking, plan: Plan) -> Table:
    """Every method of a board of one task; of a family of worlds, that task's instances."""
    spoken = [
        captions.origin(board, ranking, plan),
        captions.reference_words(board),
        f"Secondary: the plan's endpoint is the mean over {_mean_over(board)}.",
        captions.how_ranked(board, ranking, plan),
        _SCORE if board.runs["random_mean"].notna().any() else "",
        "Latency is modelled, in seconds a question: serial, critical path, and makespan with few slots.",
    ]
    return Table(
        title=f"Task {board.tasks[0]}: {captions.where(board)}",
        columns=_named(BY_TASK, board, plan),
        rows=_rows(BY_TASK, board, ranking),
        caption=" ".join(filter(None, spoken)),
        notes=_notes(board, ranking, plan),
    )


def pairwise(board: Board, ranking: Ranking, plan: Plan) -> Table:
    """Every method against the reference: raw and adjusted, the check by sign flips, and what it amounts to."""
    label = board.labels[plan.reference]
    spoken = [
        captions.origin(board, ranking, plan),
        f"Difference: method minus {label}, mean over {_mean_over(board)}, with its "
        f"{1 - plan.alpha:.0%} interval; Holm-adjusted: at the level of its step among "
        f"{len(ranking.against_reference)} comparisons.",
        "p: t test; sign flips: exact permutation of the same differences, unadjusted, as a check.",
        f"Separated: the adjusted interval excludes 0; matters: it lies beyond ±{100 * plan.rope:g} point.",
        "Detectable: 80 % power, one test at 5 %."
        if ranking.detectable
        else f"One {'instance' if board.instances else 'run'}: no interval.",
    ]
    return Table(
        title=f"Against {label}: {captions.where(board)}",
        columns=PAIRWISE,
        rows=tuple(
            _pair_row(board, ranking, method) for method in ranking.order if method in ranking.against_reference
        ),
        caption=" ".join(spoken),
        notes=tuple(captions.exclusions(ranking)),
    )


def _rows(columns: tuple[Column, ...], board: Board, ranking: Ranking) -> tuple[tuple[Cell, ...], ...]:
    """Ranked methods in order, then the bounds by name."""
    notes = captions.row_notes(board, ranking)
    bounds = sorted(board.bounds["method"].unique())
    extra: dict[str, Cell] = {"headroom": captions.headroom(board, board.tasks[0]), "task": board.tasks[0]}
    everyone = pd.concat([board.runs, board.bounds])
    costs = take_costs(everyone, ranking.samples.blocks)
    by_method = dict(iter(everyone.groupby("method")))
    rows = []
    for method in [*ranking.order, *bounds]:
        note = "; ".join(words for owner, words in notes if owner == method)
        cells = _cost_cells(by_method[method], costs.get(method)) | data_cells(board, method, by_method[method])
        cells |= ranked_cells(board, ranking, method) | extra | {"note": note}
        rows.append(tuple(cells.get(column.key) for column in columns))
    return tuple(rows)


def _cost_cells(runs: pd.DataFrame, costs: Costs | None) -> dict[str, Cell]:
    """One method: its means by column name (spent_ left out), then how many runs; costs None: none that count."""
    cells: dict[str, Cell] = {}
    if costs is not None:
        cells |= {name.removeprefix("spent_"): mean for name, mean in costs.means.items()}
        cells |= {"accuracy": costs.accuracy, "regret": costs.regret, "score": costs.score}
        cells |= {"search_seconds": costs.search_seconds, "agent_share": costs.agent_share}
    status = runs["status"]
    cells |= {"runs": len(runs), "failed": int((status == "method_fault").sum())}
    return cells | {"infra": int((status == "infra").sum())}


def _pair_row(board: Board, ranking: Ranking, method: str) -> tuple[Cell, ...]:
    found = ranking.against_reference[method]
    test = found.test
    cells: dict[str, Cell] = {
        "label": board.labels[method],
        "difference": Interval(test.mean_difference, test.ci_low, test.ci_high),
        "adjusted": Interval(test.mean_difference, found.low, found.high),
        "pvalue": test.pvalue if test.df else None,
        "pvalue_holm": found.pvalue_holm if test.df else None,
        "pvalue_flips": found.pvalue_flips,
        "df": test.df,
        "detectable": detectable_difference(test.standard_error) if test.standard_error else None,
        "separated": "yes" if found.separated else "no",
        "matters": "yes" if found.matters else "no",
    }
    cells |= data_cells(board, method, board.runs[board.runs["method"] == method])
    return tuple(cells.get(column.key) for column in PAIRWISE)


def _notes(board: Board, ranking: Ranking, plan: Plan) -> tuple[str, ...]:
    """The rows' notes, one line a note; then headroom, then what was left out."""
    grouped: dict[str, list[str]] = {}
    for method, words in captions.row_notes(board, ranking):
        grouped.setdefault(words, []).append(board.labels[method])
    control = board.labels.get(plan.reference, "")
    lines = []
    for words, owners in grouped.items():
        of = f" ({control})" if words == "does not beat its control" else ""
        lines.append(f"{words}{of}: {', '.join(owners)}")
    return (*lines, *captions.headroom_note(board), *captions.exclusions(ranking))


def _mean_over(board: Board) -> str:
    return "instances of all tasks" if board.instances else "tasks"


def _named(columns: tuple[Column, ...], board: Board, plan: Plan) -> tuple[Column, ...]:
    """The columns with the reference method's name where the differences stand."""
    label = board.labels.get(plan.reference, plan.reference)
    return tuple(
        replace(column, heading="\n".join(["to", *label.split()])) if column.key == "difference" else column
        for column in columns
    )
