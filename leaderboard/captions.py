"""What the numbers of a table mean, in words: worlds, intervals, families, power, failures, headroom."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from leaderboard.boards import Board
from leaderboard.ranks import Plan, Ranking

__all__ = ["headroom", "headroom_note", "how_ranked", "how_spent", "origin", "reference_words", "row_notes"]

TRAP = 0.01
"""Headroom, a share, below which a cell holds nothing to find beyond the best fixed architecture."""


def origin(board: Board, ranking: Ranking) -> str:
    """Where the numbers come from: provenance, worlds, version, plan, runs."""
    worlds = sorted({str(world) for world in board.runs["world"]})
    where = "; ".join(sorted({str(words) for words in board.runs["provenance"]}))
    return (
        f"Provenance: {where}; {_listed('world', worlds)}. Suite {board.suite} {board.version}, "
        f"plan {board.plan}. {_runs(board, ranking)}"
    )


def how_ranked(board: Board, ranking: Ranking, plan: Plan) -> str:
    """The analysis: what the intervals cover, how ties are made, and what could have been found."""
    pairs = len(ranking.pairs)
    words = [_interval_words(ranking, plan)]
    if pairs:
        words.append(
            f"Rank: the places that the data allow, from all {pairs} pairs with Holm's correction at "
            f"{plan.alpha:.0%}; methods that share a letter are not separated; * marks those not separated "
            "from the best."
        )
    if family := len(ranking.against_reference):
        words.append(
            f"Differences are to {board.labels[plan.reference]}, with p values and intervals adjusted by "
            f"Holm over {family} comparison{'s' if family > 1 else ''}."
        )
    else:
        words.append(
            f"No comparison with the reference method ({plan.reference}): it has no runs to compare here."
        )
    if ranking.detectable:
        usual, worst = (100 * value for value in ranking.detectable)
        words.append(
            f"Minimum detectable difference {usual:.1f} points (noisiest comparison {worst:.1f}), at 80 % "
            "power, one test at 5 %, before Holm."
        )
    return " ".join(words)


def how_spent(board: Board) -> str:
    """What the cost columns are."""
    regret = "Regret is to the reference optimum. " if board.runs["reference"].notna().any() else ""
    return (
        f"{regret}Spending is the mean of a run's search, the optimizer's own LLM "
        "included; search time is modelled (geometric mean); latency is modelled, in seconds a question, for "
        "the recommended graph; agent: its share of the compute."
    )


def reference_words(board: Board) -> str:
    """The reference optimum of a one-task board, and how it was found."""
    known = board.runs.dropna(subset=["reference"])
    if known.empty:
        return "No reference optimum is known."
    how = "; ".join(sorted({str(words) for words in known["reference_how"]}))
    return f"Reference optimum {100 * _by_seed(known, 'reference'):.1f} % ({how})."


def headroom(board: Board, task: str) -> float | None:
    """Reference minus the best fixed architecture on a task, a share; None where either is unknown."""
    runs = board.runs[board.runs["task"] == task].dropna(subset=["reference", "best_fixed"])
    return None if runs.empty else _by_seed(runs, "reference") - _by_seed(runs, "best_fixed")


def headroom_note(board: Board) -> list[str]:
    """One line with every cell's headroom; cells with less than a point are called traps."""
    words = []
    for task in board.tasks:
        room = headroom(board, task)
        if room is not None:
            words.append(f"{task} {100 * room:.1f}{' (trap)' if room < TRAP else ''}")
    if not words:
        return []
    trap = any("trap" in word for word in words)
    meaning = "; trap: nothing to find beyond the best fixed architecture" if trap else ""
    return [f"headroom, reference minus best fixed architecture, in points: {', '.join(words)}{meaning}"]


def row_notes(board: Board, ranking: Ranking) -> list[tuple[str, str]]:
    """(method, words) for every row that must carry some: its own notes, and whether it beats its control."""
    found = []
    for method in [*ranking.order, *sorted(board.bounds["method"].unique())]:
        for frame in (board.runs, board.bounds):
            own = frame.loc[(frame["method"] == method) & frame["note"].notna(), "note"]
            found += [(method, note) for note in sorted({str(words) for words in own} - {""})]
        if not _beats_control(board, ranking, method):
            found.append((method, "does not beat its control"))
    return found


def exclusions(ranking: Ranking) -> list[str]:
    """What was left out for all methods, and why; never silent."""
    left = ranking.samples.blocks.left_out
    lines = [f"left out for all methods: {'; '.join(left)}"] if left else []
    return [*lines, *ranking.samples.remarks]


def _beats_control(board: Board, ranking: Ranking, method: str) -> bool:
    """False only for a method or fixed architecture that was compared and is not separated upwards."""
    compared = ranking.against_reference.get(method)
    kind = str(board.runs.loc[board.runs["method"] == method, "kind"].iloc[0]) if compared else "bound"
    return compared is None or kind in ("control", "bound") or (compared.separated and compared.low > 0)


def _interval_words(ranking: Ranking, plan: Plan) -> str:
    level, items = f"{1 - plan.alpha:.0%}", ranking.samples.items
    mean = ", mean over tasks" if len(items) > 1 else ""
    if ranking.analysis == "simulated":
        if _fewest_seeds(ranking) == 1:
            return f"Accuracy: exact expected accuracy of the recommended graph{mean}; one run: no interval."
        return (
            f"Accuracy: exact expected accuracy of the recommended graph{mean}; ±: {level} t interval over "
            "search seeds, in these worlds and no others, without question noise; const: no variation."
        )
    counts = ", ".join(f"{task} {n}" for task, n in items.items())
    if _fewest_seeds(ranking) == 1:
        return f"Accuracy: share of test questions ({counts}) answered{mean}; one run: no interval."
    return (
        f"Accuracy: share of test questions ({counts}) answered{mean}; ±: {level} interval over "
        "search seeds and questions, crossed, Satterthwaite degrees of freedom."
    )


def _runs(board: Board, ranking: Ranking) -> str:
    status = board.runs["status"]
    each = sorted({len(seeds) for seeds in ranking.samples.blocks.seeds.values()})
    span = str(each[0]) if len(each) == 1 else f"{each[0]} to {each[-1]}"
    return (
        f"{span} run{'' if each == [1] else 's'} (search seeds) a method and task; {len(status)} runs "
        f"scheduled, {int((status != 'infra').sum())} run, {int((status == 'method_fault').sum())} failed by "
        "the method (counted with what they had)."
    )


def _fewest_seeds(ranking: Ranking) -> int:
    return min(len(seeds) for seeds in ranking.samples.blocks.seeds.values())


def _by_seed(runs: pd.DataFrame, name: str) -> float:
    """Mean over seeds of a value that all methods share."""
    return float(runs.drop_duplicates(["task", "seed"])[name].mean())


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"
