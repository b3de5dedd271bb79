"""What a comparison needs before it means something: `uv run python docs/protocols.py [-j N]`.

Makes the banks of runs that it lacks under runs/ (about 15 minutes of one core), draws experiments from them, and
writes docs/protocols.md and docs/protocols.svg. The same banks give the same bytes.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import click
import matplotlib as mpl
import numpy as np
from tabulate import tabulate

from bench.app.audit import examined, make_bank, tabled
from bench.app.bank import read_banks
from bench.app.protocol import Protocol, load_protocol
from bench.frames import Records
from bench.keys import generator
from bench.records import Record
from leaderboard import render
from leaderboard.analyses import ANALYSES
from leaderboard.audits import Findings, verdict
from leaderboard.boards import split_boards
from leaderboard.experiments import Bank, as_frames, draw, levelled
from leaderboard.protocols import Design, Rate, calls_by_analysis, copies_differ, power, smallest_found
from leaderboard.ranks import Plan, rank

PAGE = """\
# What a comparison needs before it means something

Written by `uv run python docs/protocols.py`. Every number is simulated (universe main and the ranked worlds of
family dev): real methods were run by the real harness, a bank of them, and experiments were drawn from the
bank. Seeds and questions are drawn independently and with replacement, so the bank is the population and its
truth is known. Rates are in per cent of {experiments} experiments, with 95 % Monte-Carlo intervals.

![False winners by analysis, and what can be found](protocols.svg)

## Two copies of one method

Random search against random search, with other random streams: 300 question executions, three tasks, mean over
tasks, a bank of 500 seeds. How often is one copy called better than the other, at a stated level of 5 %?
Columns: seeds × test questions a task.

{copies}

At 10 × 300 the crossed plan of the leaderboard calls {crossed} % of pairs of copies different. Analyses that
take the answers, or the questions, for the unit forget that a search ends with another graph in another run;
more questions make them worse. Copies have no questions of their own, so taking the questions for fixed does no
harm *here*.

## Different methods that are equally good

Then it does. Each pair is two methods of the bank, the better of which loses right answers at random until both
are equal; each keeps its own questions and its own luck. Best-of-N and parallel-then-fuse (raced fixed
families):

{equals}

Random search and best-of-N:

{mixed}

The crossed plan errs, where it errs, on the side of caution: its variance is never below that of either source
alone. {checked} experiments of each design also went through frames, boards and ranking as a live suite's
records do, and gave the same differences and p values to twelve digits.

## Exact accuracies

Where the world knows the truth the plan is a paired t over blocks: seeds in one world, or worlds of a family
(one run each; random search with 480 question executions).

{exact}

## What can be found

The smallest true difference, in points, that the crossed plan calls significant in 80 % of {trials} experiments
(one copy of random search made better by it; one comparison, before Holm):

{smallest}

The seed is by far the larger source of noise: ten times the questions hardly help, four times the seeds halve the
difference. These are figures for random search, whose runs differ much; a method that ends with the same graph in
every run needs fewer seeds.

## Protocols

`isobudget audit PROTOCOL` does all this for one protocol (`published`, `real`, `crossed10x300`, `pooled10x300`,
`quick`, `standard`, your own TOML file, or any of them changed by options), with real methods beside the
copies. Noise: by how much two copies differ in 5 % of experiments. Found beyond noise: the smallest true
difference that exceeds it in 80 %, which is what a test could find that keeps its level. Best on top: how often
the truly best method has the highest score.

{presets}

`isobudget audit published`: {sentence}

{published}"""

AA = Protocol(
    name="aa",
    title="A/A study: 300 question executions, shared selection",
    methods=("random", "best-of-n", "parallel-then-fuse"),
    search="300ex",
    questions=10,
    seeds=10,
    items=300,
    analysis="crossed",
    bank=500,
    copies=2,
)
WORLDS = Protocol(
    name="aa-worlds",
    title="A/A study in a family of worlds: 480 question executions, shared selection",
    methods=("random", "best-of-n"),
    search="480ex",
    questions=10,
    seeds=48,
    items=0,
    analysis="exact",
    budget="medium",
    universe="",
    instances="dev",
    bank=4,
)
PRESETS = ("published", "pooled10x300", "real", "crossed10x300")

DESIGNS = ((3, 100), (5, 100), (10, 100), (20, 100), (10, 300), (20, 500))
ANSWERED = ("two-proportions", "mcnemar", "paired-items", "paired-seeds", "wilcoxon", "crossed")
EXPERIMENTS = 2000
CHECKED = 10
"""Experiments of each design that also go through frames, boards and ranking, number for number."""

SEEDS, ITEMS = (3, 5, 10, 20, 40), (100, 300, 1000)
TRUE = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2)
TRIALS = 300

SOURCE = partial(generator, "protocols")

Calls = dict[tuple[int, int], dict[str, Rate]]


class Study(NamedTuple):
    """All that the page and its picture are made from. smallest: by (seeds, items), a share."""

    copies: Calls
    equals: Calls
    mixed: Calls
    exact: dict[str, Rate]
    smallest: dict[tuple[int, int], float]
    audits: dict[str, Findings]


def calls(bank: Bank, exchanged: bool) -> Calls:
    """How often each analysis calls the two methods of a bank different, by design."""
    found = {}
    for design in DESIGNS:
        found[design] = calls_by_analysis(
            bank, Design(*design, "crossed"), ANSWERED, EXPERIMENTS, SOURCE, exchanged
        )
        say(
            f"{design[0]} x {design[1]}: "
            + ", ".join(f"{name} {r.share:.3f}" for name, r in found[design].items())
        )
    return found


def check_pipeline(bank: Bank, template: Record) -> None:
    """Send experiments through frames, boards and ranking, and demand the very numbers of the array path."""
    frame = Records.of([template]).runs_df()
    for seeds, items in DESIGNS:
        for number in range(CHECKED):
            cells = draw(bank, seeds, items, SOURCE("analyses", number), exchanged=True)
            runs, questions = as_frames(cells, ("one", "two"), bank.cells, frame)
            (board,) = split_boards(runs)
            found = rank(board, questions, Plan(reference="two")).against_reference["one"].test
            array = ANALYSES["crossed"].test(*([cell[place] for cell in cells] for place in (0, 1)))
            if not np.allclose((found.mean_difference, found.pvalue), array, rtol=1e-12, atol=1e-15):
                raise ValueError(f"{seeds} x {items}, number {number}: the pipeline says {found}, not {array}")
    say(f"{CHECKED} experiments of each design through the whole pipeline: the same numbers")


def exact_calls(seeds: Bank, worlds: Bank) -> dict[str, Rate]:
    """How often the simulated plan calls two copies different: seeds in one world, and worlds of a family."""
    found = {}
    for blocks in SEEDS:
        found[f"{blocks} seeds in one world"] = copies_differ(
            seeds, Design(blocks, 0, "exact"), EXPERIMENTS, SOURCE
        ).pair
    for blocks in (12, 24, 48):
        found[f"{blocks} worlds of the family"] = copies_differ(
            worlds, Design(blocks, 0, "exact"), EXPERIMENTS, SOURCE
        ).pair
    return found


def smallest_differences(copies: Bank) -> dict[tuple[int, int], float]:
    """The true difference that the crossed plan finds with 80 % power, by (seeds, items)."""
    found = {}
    for seeds in SEEDS:
        for items in ITEMS:
            rates = power(copies, Design(seeds, items, "crossed"), TRUE, 1.0, TRIALS, SOURCE).called
            found[seeds, items] = smallest_found(TRUE, rates)
            say(f"{seeds} x {items}: {100 * found[seeds, items]:.1f} points")
    return found


def study(jobs: int) -> tuple[Study, str]:
    """Everything counted, and the whole table of the published protocol."""
    protocols = {name: load_protocol(name) for name in PRESETS}
    for protocol in (AA, *protocols.values(), WORLDS):
        make_bank(protocol, protocol.folder, jobs, quiet=False)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        audits = {
            name: pool.submit(examined, protocol, protocol.folder, EXPERIMENTS)
            for name, protocol in protocols.items()
        }
        methods, copies = read_banks(AA, AA.folder)
        worlds = read_banks(WORLDS, WORLDS.folder)[1]
        say("banks are read")
        counted = [
            pool.submit(check_pipeline, copies, Record.load(AA.folder / AA.specs()[0].filename)),
            pool.submit(calls, copies, exchanged=True),
            pool.submit(calls, levelled(methods.only(1, 2), SOURCE("levelled", 1)), exchanged=False),
            pool.submit(calls, levelled(methods.only(0, 1), SOURCE("levelled", 0)), exchanged=False),
            pool.submit(exact_calls, copies, worlds),
            pool.submit(smallest_differences, copies),
        ]
        _, *parts = [future.result() for future in counted]
        result = Study(*parts, audits={name: future.result() for name, future in audits.items()})
    return result, render(tabled(protocols["published"], result.audits["published"]), "md")


def calls_table(found: Calls) -> str:
    """Rates in per cent with their intervals, one row an analysis."""
    rows = []
    for name in ANSWERED:
        cells = [shown(found[design][name]) for design in DESIGNS]
        label = ANALYSES[name].says
        rows.append([f"**{label}**" if name == "crossed" else label, *cells])
    headers = ["analysis", *(f"{seeds} × {items}" for seeds, items in DESIGNS)]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def shown(rate: Rate) -> str:
    """12.3 (11.0–13.8)"""
    low, high = rate.interval
    return f"{100 * rate.share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def points(value: float, most: float) -> str:
    """A share in points; beyond the largest that was tried it is only known to be larger."""
    return f"{100 * value:.1f}" if value <= most else f"> {100 * most:.0f}"


def smallest_table(found: dict[tuple[int, int], float]) -> str:
    """Points, one row a number of seeds."""
    rows = [[str(s), *(points(found[s, i], TRUE[-1]) for i in ITEMS)] for s in SEEDS]
    return tabulate(rows, ["seeds", *(f"{i} items" for i in ITEMS)], tablefmt="github", disable_numparse=True)


def presets_table(audits: dict[str, Findings]) -> str:
    """One row a protocol."""
    rows = [
        [
            name,
            shown(found.copies.pair),
            shown(found.equals),
            f"{100 * found.copies.noise:.1f}",
            points(found.smallest[1], 0.3),
            shown(found.contest.best),
            f"{100 * found.contest.inverted.value:.0f}",
        ]
        for name, found in audits.items()
    ]
    headers = ["protocol", "copies called different, %", "equals called different, %", "noise, points"]
    headers += ["found beyond noise, points", "best on top, %", "pairs inverted, %"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def picture(result: Study, path: Path) -> None:
    """False winners by design and analysis; what the crossed plan can find. The same bytes from the same data."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "isobudget", "font.size": 8, "axes.spines.top": False})
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    places = range(len(DESIGNS))
    panels = ((result.copies, "copies of random search"), (result.mixed, "two methods made equally good"))
    for axis, (found, title) in zip(axes, panels, strict=False):
        axis.axhspan(3.5, 6.5, color="0.9")
        axis.axhline(5, color="0.6", linewidth=0.8)
        for name in ANSWERED:
            rates = [100 * found[design][name].share for design in DESIGNS]
            wide = 2.5 if name == "crossed" else 1
            axis.plot(places, rates, marker="o", markersize=3, linewidth=wide, label=ANALYSES[name].says)
        ticks = [f"{seeds}×{items}" for seeds, items in DESIGNS]
        axis.set(title=title, yscale="log", ylim=(1, 100), ylabel="called different, %")
        axis.set_xticks(list(places), ticks)
        axis.set_xlabel("seeds × test questions a task")
        axis.set_yticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axis.minorticks_off()
    axes[0].legend(frameon=False, fontsize=6, loc="lower left")
    for seeds in SEEDS:
        found_here = [100 * result.smallest[seeds, items] for items in ITEMS]
        axes[2].plot(ITEMS, found_here, marker="o", markersize=3, label=f"crossed, {seeds} seeds")
    published = result.audits["published"].smallest[1]
    axes[2].plot([100], [100 * min(published, 0.3)], marker="*", markersize=9, color="k", label="published, 1 run")
    axes[2].set(title="smallest true difference found (80 %)", xscale="log", yscale="log", ylabel="points")
    axes[2].set_xticks(ITEMS, [str(items) for items in ITEMS])
    axes[2].set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes[2].minorticks_off()
    axes[2].set_xlabel("test questions a task")
    axes[2].legend(frameon=False, fontsize=6)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def page(result: Study, published: str) -> str:
    """docs/protocols.md."""
    exact = tabulate(
        [[name, shown(rate)] for name, rate in result.exact.items()],
        ["exact accuracies, paired t over", "copies called different, %"],
        tablefmt="github",
        disable_numparse=True,
    )
    return PAGE.format(
        experiments=f"{EXPERIMENTS:,}",
        checked=CHECKED,
        trials=TRIALS,
        copies=calls_table(result.copies),
        equals=calls_table(result.equals),
        mixed=calls_table(result.mixed),
        exact=exact,
        smallest=smallest_table(result.smallest),
        presets=presets_table(result.audits),
        published=published,
        sentence=verdict(result.audits["published"]),
        crossed=shown(result.copies[10, 300]["crossed"]),
    )


def say(text: str) -> None:
    """Progress."""
    click.echo(text, err=True)


@click.command()
@click.option("-j", "--jobs", default=os.cpu_count() or 1, help="Processes.")
def main(jobs: int) -> None:
    """Write the page and its picture."""
    result, published = study(jobs)
    folder = Path("docs")
    picture(result, folder / "protocols.svg")
    (folder / "protocols.md").write_text(page(result, published), encoding="utf-8")


if __name__ == "__main__":
    main()
