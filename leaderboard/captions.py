"""What the numbers of a table mean, in words: worlds, intervals, families, power, failures, headroom."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from leaderboard.boards import Board
from leaderboard.ranks import Plan, Ranking
from leaderboard.rows import summed_up

__all__ = [
    "counted",
    "exclusions",
    "headroom",
    "headroom_note",
    "how_ranked",
    "how_spent",
    "origin",
    "reference_words",
    "row_notes",
    "stratum_words",
    "where",
]

TRAP = 0.01
"""Headroom, a share, below which a cell holds nothing to find beyond the best fixed architecture."""


def where(board: Board, *but: str) -> str:
    """What a board is of, for titles. but: what to leave out, because the table has several."""
    names = [name for name in ("suite", "variant", "budget", "search", "tier", "stratum") if name not in but]
    parts = [f"{name} {getattr(board, name)}" for name in names if getattr(board, name)]
    return ", ".join(parts) + ("" if board.ranked else " (not ranked)")


def origin(board: Board, ranking: Ranking, plan: Plan) -> str:
    """Where the numbers come from: provenance, worlds, version, plan, runs."""
    worlds = sorted({str(world) for world in board.runs["world"]})
    sources = summed_up(sorted({str(words) for words in board.runs["provenance"]}))
    seen = f"{counted(len(worlds), 'world')}, one an instance" if board.instances else _listed("world", worlds)
    badge = _fuser_badge(board)
    assumed = " (not at hand: default reference method and margins)" if plan.assumed else ""
    return (
        f"Provenance: {sources}; {seen}. Suite {board.suite} {board.version}, "
        f"plan {board.plan}{assumed}. {badge}{_runs(board, ranking)}"
    )


def _fuser_badge(board: Board) -> str:
    """Said of boards whose fusers are modelled, until somebody has compared them with real ones."""
    if "fuser" not in board.runs or not (board.runs["fuser"] == "unvalidated").any():
        return ""
    pools = _listed("pool", sorted({str(pool) for pool in board.runs["pool"]}))
    return (
        f"FUSER UNVALIDATED: no tape of real calls has been compared with these fusers ({pools}; docs/tapes.md). "
    )


def stratum_words(board: Board) -> str:
    """What the stratum of a family of worlds is; nothing where there is one world."""
    return {
        "headroom": "Stratum headroom: instances in which there is something to find; the ranked ones.",
        "trap": "Stratum trap: instances in which no graph is known to beat the best fixed architecture or random "
        "search; reported apart, never ranked.",
        "raw": "Stratum raw: instances as they were drawn, whatever there is to find; reported apart, never "
        "ranked.",
        "": "",
    }.get(board.stratum, f"Stratum {board.stratum}: reported apart, never ranked.")


def how_ranked(board: Board, ranking: Ranking, plan: Plan) -> str:
    """The analysis: what the intervals cover, how ties are made, and what could have been found."""
    pairs = len(ranking.pairs)
    words = [_interval_words(board, ranking, plan)]
    if pairs and board.ranked:
        words.append(
            f"Rank: the places that the data allow, from all {pairs} pairs with Holm's correction at "
            f"{plan.alpha:.0%}; methods that share a letter are not separated; * marks those not separated "
            "from the best."
        )
    if family := len(ranking.against_reference):
        words.append(
            f"Differences are to {board.labels[plan.reference]}, with p values and intervals adjusted by "
            f"Holm over {counted(family, 'comparison')}."
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
    mean = 100 * _by_block(known, "reference")
    if board.instances:
        return f"Reference optima, mean {mean:.1f} % ({_kinds(known)})."
    how = "; ".join(sorted({str(words) for words in known["reference_how"]}))
    return f"Reference optimum {mean:.1f} % ({how})."


def headroom(board: Board, task: str) -> float | None:
    """Reference minus the best fixed architecture on a task, a share; None where either is unknown."""
    runs = board.runs.loc[board.runs["task"] == task, ["task", "block", "reference", "best_fixed"]].dropna()
    return None if runs.empty else _by_block(runs, "reference") - _by_block(runs, "best_fixed")


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
    both = [(frame["method"], frame["note"].fillna("")) for frame in (board.runs, board.bounds)]
    notes = sorted({(str(m), str(words)) for columns in both for m, words in zip(*columns, strict=True) if words})
    found = []
    for method in [*ranking.order, *sorted(board.bounds["method"].unique())]:
        found += [(method, note) for owner, note in notes if owner == method]
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
    if compared is None or not board.ranked:
        return True  # where there is nothing to find, not beating it says nothing
    kinds = dict(zip(board.runs["method"], board.runs["kind"], strict=True))
    # A reference that is no control, such as the whole method of an ablation, is not there to be beaten.
    if kinds[compared.other] != "control" or kinds[method] == "control":
        return True
    return compared.separated and compared.low > 0


def _interval_words(board: Board, ranking: Ranking, plan: Plan) -> str:
    level, items = f"{1 - plan.alpha:.0%}", ranking.samples.items
    exact = ranking.analysis == "simulated"
    of = "over instances" if board.instances else "over tasks" if len(items) > 1 else ""
    counts = ", ".join(f"{cell} {n}" for cell, n in items.items())
    answered = f"share of test questions ({counts}) answered"
    what = "exact expected accuracy of the recommended graph" if exact else answered
    what = f"Accuracy: {what}{f', mean {of}' if of else ''}"
    if _fewest_blocks(ranking) == 1:
        return f"{what}; one {'instance' if board.instances else 'run'}: no interval."
    if not exact:
        return (
            f"{what}; ±: {level} interval over search seeds and questions, crossed, Satterthwaite degrees of "
            "freedom."
        )
    if board.instances:
        return f"{what}; ±: {level} t interval over instances, without question noise; const: no variation."
    return (
        f"{what}; ±: {level} t interval over search seeds, in these worlds and no others, without question "
        "noise; const: no variation."
    )


def _runs(board: Board, ranking: Ranking) -> str:
    status = board.runs["status"]
    each = sorted({len(blocks) for blocks in ranking.samples.blocks.kept.values()})
    span = str(each[0]) if len(each) == 1 else f"{each[0]} to {each[-1]}"
    if board.instances:
        seeds = board.runs.groupby(["method", "block"]).size().max()
        runs = f"{seeds} run{'s' if seeds > 1 else ''} a method in each"
        many = f"{span} instance{'' if each == [1] else 's'} ({_by_task(board, ranking)}), {runs}"
    else:
        many = f"{span} run{'' if each == [1] else 's'} (search seeds) a method and task"
    return (
        f"{many}; {len(status)} runs "
        f"scheduled, {int((status != 'infra').sum())} run, {int((status == 'method_fault').sum())} failed by "
        "the method (counted with what they had)."
    )


def _by_task(board: Board, ranking: Ranking) -> str:
    """How many of the instances that count are of which task."""
    kept = {block for blocks in ranking.samples.blocks.kept.values() for block in blocks}
    tasks = board.runs[board.runs["block"].isin(kept)].drop_duplicates("block")["task"]
    return ", ".join(f"{task} {n}" for task, n in sorted(tasks.value_counts().items()))


def _fewest_blocks(ranking: Ranking) -> int:
    return min(len(blocks) for blocks in ranking.samples.blocks.kept.values())


def _by_block(runs: pd.DataFrame, name: str) -> float:
    """Mean over blocks of a value that all methods share."""
    return float(runs.drop_duplicates(["task", "block"])[name].mean())


def _kinds(runs: pd.DataFrame) -> str:
    """In how many instances the reference optimum is exact, in how many a lower bound."""
    bounds = runs.drop_duplicates("block")["reference_how"].astype(str).str.contains("lower bound")
    below = int(bounds.sum())
    return f"exact in {len(bounds) - below} instances, a lower bound in {below}"


def counted(n: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"
