"""Where every number comes from: versions, hashes, software, files."""

from __future__ import annotations

import pandas as pd

from leaderboard.captions import counted
from leaderboard.cells import clean
from leaderboard.live import simulated
from leaderboard.site.page import Item, Page, Section, Shelf, Words
from leaderboard.site.study import Study
from leaderboard.table import Cell, Column, Table

__all__ = ["provenance_page"]

_MOST_FILES = 200
"""Files that are listed on the page itself; the data file has all of them."""

_FILES = (
    Column("path", "file", "text"),
    Column("size", "bytes", "count", digits=0),
    Column("sha256", "SHA-256", "text"),
)
_ENTRIES = (
    Column("label", "method", "text"),
    Column("kind", "kind", "text"),
    Column("runs", "runs", "count", digits=0),
    Column("worlds", "worlds", "count", digits=0),
    Column("seeds", "seeds", "count", digits=0),
    Column("provenance", "how its numbers were obtained", "text"),
    Column("wall_seconds", "measured\nin all", "seconds"),
    Column("method", "method", "text", view="data"),
)
_NUMBERS = (
    "Accuracy: simulated, the exact expected accuracy of the recommended graph, from the world's own "
    "parameters; live, "
    "the share of test questions answered right, which no method ever sees.",
    "Reference, headroom, regret, score: simulated, against the instance's stored reference optimum; live, none.",
    "Executions, node calls, compute, tokens, cost: counted by the ledger as the run was charged; compute "
    "and cost are nominal, from the pool's table.",
    "Search time: modelled, the makespans of the rounds on the plan's slots a model, and the agent's calls in "
    "series.",
    "Latency: modelled seconds a question of the recommended graph: serial, critical path, makespan.",
    "Optimizer CPU and wall seconds: measured on whatever machine made the run; never charged, never ranked.",
    "Intervals, p values, ranks, letters: computed by the program that built this site from the numbers "
    "above, under the plan.",
)


def provenance_page(study: Study, shelf: Shelf) -> Page:
    """Suite, plan, digest, software, how each number was obtained, and the files."""
    sections = [
        Section("Identity", (Words("", tuple(_identity(study))),)),
        Section("How each number was obtained", (Words("", _NUMBERS),)),
        Section("Entries", (shelf.table(_entries(study)),)),
        Section("Software", *_software(study)),
        Section("Files", *_files(study, shelf)),
    ]
    return Page("provenance.html", "Provenance", tuple(sections), "provenance.html")


def _identity(study: Study) -> list[str]:
    source, board = study.source, study.lead.board
    runs = source.runs
    whole = runs[~runs["checkpoint"].astype(bool)]
    kinds = sorted({"simulated" if simulated(board) else "measured" for board in study.boards})
    assumed = " (not at hand: default reference method and margins)" if study.plan.assumed else ""
    return [
        f"Suite {clean(source.suite)} {clean(board.version)}: {clean(source.title)}.",
        f"Plan {clean(board.plan)}{assumed}: reference {clean(study.plan.reference)}, level {study.plan.alpha:g}, "
        f"practical margin ±{100 * study.plan.rope:g} point, primary variant "
        f"{clean(study.plan.primary) or 'none'}.",
        f"Records: {counted(len(whole), 'run')}, digest {source.digest}. It is over values, so it does not "
        "depend on how the records are stored.",
        f"Origin: {' and '.join(kinds)}.",
        "The pages hold no clock and no random number: the same records, with the same package versions, "
        "give the same bytes. All runs as one frame: data/runs.parquet.",
    ]


def _entries(study: Study) -> Table:
    runs = study.source.runs
    whole = runs[~runs["checkpoint"].astype(bool)]
    rows = []
    for method in study.methods:
        own = whole[whole["method"] == method]
        kinds = sorted({str(words).split(" (")[0] for words in own["provenance"]})
        cells: dict[str, Cell] = {
            "label": study.labels[method],
            "kind": study.kind(method),
            "runs": len(own),
            "worlds": int(own["world"].nunique()),
            "seeds": int(own["seed"].nunique()),
            "provenance": "; ".join(kinds),
            "wall_seconds": float(own["wall_seconds"].sum(min_count=1)),
            "method": method,
        }
        rows.append(tuple(cells[column.key] for column in _ENTRIES))
    return Table(
        title=f"Entries: suite {study.source.suite}",
        columns=_ENTRIES,
        rows=tuple(rows),
        caption="One entry a method: all of its runs for this suite. Badge: self-reported, nobody has "
        "repeated the runs; replayed, the recorded proposals were run again and gave the same records; "
        "verified, the method itself was run again. Measured in all: wall-clock seconds of its runs, on "
        "whatever machine made them.",
    )


def _software(study: Study) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    found = [f"{counted(many, 'record')}: {clean(words)}" for words, many in study.source.software]
    nothing = () if found else ("The records do not say what they were made with.",)
    return ((Words("", tuple(found)),) if found else ()), nothing


def _files(study: Study, shelf: Shelf) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    source = study.source
    words = [f"Could not be read: {clean(line)}" for line in source.broken]
    if not source.files:
        return (), (*words, "The records did not come from files.")
    total = sum(line.size for line in source.files)
    words.append(f"{counted(len(source.files), 'file')}, {total:,} bytes.")
    table = Table(
        title=f"Files: suite {source.suite}",
        columns=_FILES,
        rows=tuple(sorted(source.files)),
        caption="What the records were read from, below the folder of results.",
    )
    whole = shelf.table(table)
    if len(source.files) > _MOST_FILES:
        words.append(f"The first {_MOST_FILES} are listed here; the data files under the table have all of them.")
    return (whole.first(_MOST_FILES),), tuple(words)


def runs_frame(runs: pd.DataFrame) -> pd.DataFrame:
    """All runs in an order that does not depend on the order of the files."""
    by = ["variant", "method", "task", "budget", "search_amount", "search", "tier", "world", "seed", "checkpoint"]
    return runs.sort_values(by, kind="stable").reset_index(drop=True)
