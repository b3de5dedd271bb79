"""An audited protocol as one table and one sentence, both made from the counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaderboard.analyses import ANALYSES
from leaderboard.experiments import Bank
from leaderboard.protocols import (
    Contest,
    Copies,
    Design,
    Mean,
    Power,
    Rate,
    Source,
    contest,
    copies_differ,
    equals_differ,
    power,
    smallest_found,
)
from leaderboard.table import Cell, Column, Interval, Table

__all__ = ["LIFTS", "Findings", "audit_table", "examine", "verdict"]

LIFTS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
"""True differences, shares, at which the power is counted."""

_SHOWN = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)

COLUMNS = (
    Column("about", "about", "text"),
    Column("asked", "in how many experiments", "text", width=60),
    Column("true", "true difference", "points", digits=1, signed=True),
    Column("rate", "rate", "percent", digits=1, interval=True),
    Column("nominal", "nominal", "percent", digits=0),
    Column("points", "points", "points", digits=1, interval=True),
)


@dataclass(frozen=True)
class Findings:
    """What the laboratory counted about one protocol.

    copies: of `many` copies of one method. equals: the two methods `equal` made equally good are called different.
    power: at each of LIFTS. smallest: the share found with 80 % power by the protocol's own test, and if what
    counts is a difference beyond the noise of copies; inf beyond the last lift.
    """

    design: Design
    many: int
    copies: Copies
    equal: tuple[int, int]
    equals: Rate
    power: Power
    smallest: tuple[float, float]
    contest: Contest


def examine(
    bank: Bank, copies: Bank, reference: int, design: Design, replications: int, source: Source
) -> Findings:
    """Ask all questions about a protocol. bank: of its methods; copies: of its reference method."""
    rival = max((m for m in range(len(bank.methods)) if m != reference), key=lambda m: (bank.merit[m], -m))
    alike = copies_differ(copies, design, replications, source)
    found = power(copies, design, LIFTS, alike.noise, replications, source)
    return Findings(
        design=design,
        many=len(copies.methods),
        copies=alike,
        equal=(rival, reference),
        equals=equals_differ(bank.only(rival, reference), design, replications, source),
        power=found,
        smallest=(smallest_found(LIFTS, found.called), smallest_found(LIFTS, found.beyond_noise)),
        contest=contest(bank, reference, design, replications, source),
    )


def audit_table(findings: Findings, title: str, labels: Sequence[str], caption: str) -> Table:
    """labels: how readers call the methods, in the order of the bank."""
    return Table(
        title=title,
        columns=COLUMNS,
        rows=tuple(_rows(findings, labels)),
        caption=f"{caption} Brackets and ±: 95 % Monte-Carlo intervals of {findings.copies.pair.n:,} experiments.",
        notes=(verdict(findings),),
    )


def _rows(found: Findings, labels: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    alpha, control = found.design.alpha, labels[found.contest.reference]
    yield _row("false", f"two copies of {control}: called different", 0.0, found.copies.pair, alpha)
    winner = f"{found.many} copies: the one on top called better than the first"
    yield _row("false", winner, 0.0, found.copies.winner, None)
    pair = " and ".join(labels[place] for place in found.equal)
    yield _row("false", f"{pair}, made equally good: called different", 0.0, found.equals, alpha)
    exceeded = f"difference that two copies exceed in {100 * alpha:g} % of experiments"
    yield ("false", exceeded, 0.0, None, None, _points(found.copies.noise))
    for lift, rate in zip(LIFTS, found.power.called, strict=True):
        if lift in _SHOWN:
            yield _row("power", "two copies, one made better: called better", lift, rate)
    called, beyond = map(_points, found.smallest)
    yield ("power", "smallest true difference called in 80 %", None, None, None, called)
    yield ("power", "smallest true difference beyond that of copies in 80 %", None, None, None, beyond)
    real = found.contest
    order = sorted(range(len(labels)), key=lambda m: (-real.merit[m], m))
    for method in order:
        if method != real.reference:
            gap = real.merit[method] - real.merit[real.reference]
            asked = f"{labels[method]} called {'better' if gap > 0 else 'worse'} than {control}"
            yield _row("real methods", asked, gap, real.found[method])
    yield _row("real methods", "some method called the wrong way", None, real.wrong)
    yield _row("order", f"the truly best of {len(labels)}, {labels[order[0]]}, on top", None, real.best)
    yield _row("order", f"pairs in the wrong order, mean share of {real.pairs}", None, real.inverted)
    yield ("order", "accuracy lost by taking the one on top", None, None, None, Interval(*real.loss))


def _row(
    about: str, asked: str, true: float | None, rate: Rate | Mean, nominal: float | None = None
) -> tuple[Cell, ...]:
    shown = Interval(rate.share, *rate.interval) if isinstance(rate, Rate) else Interval(*rate)
    return (about, asked, true, shown, nominal, None)


def _points(value: float) -> Interval | None:
    return Interval(value, -math.inf, math.inf) if math.isfinite(value) else None


def verdict(findings: Findings) -> str:
    """What the numbers support, in words: what such a protocol can see, and what it cannot."""
    design, real = findings.design, findings.contest
    asked = f"{_many(design.blocks, 'run', 'runs')} of each method"
    asked += f" and {design.items} test questions a task" if design.items else " and exact accuracies"
    smallest = findings.smallest[1]
    seen = (
        f"only true differences of {100 * smallest:.1f} points and more stand out from that in 80 %"
        if math.isfinite(smallest)
        else f"not even a true difference of {100 * LIFTS[-1]:.0f} points stands out from that in 80 %"
    )
    return (
        f"With {asked}, two copies of one method differ by {100 * findings.copies.noise:.1f} points or more in "
        f"{100 * design.alpha:g} % of experiments; {seen}. The truly best of {len(real.merit)} methods comes out "
        f"on top in {100 * real.best.share:.0f} %, and {100 * real.inverted.value:.0f} % of pairs in the wrong "
        f"order. {_level(findings)}"
    )


def _level(findings: Findings) -> str:
    """Whether the test keeps the level it states, as far as this many experiments can tell."""
    pair, equal, alpha = findings.copies.pair, findings.equals, findings.design.alpha
    rates = f"{100 * pair.share:.1f} % of pairs of copies and {100 * equal.share:.1f} % of equally good pairs"
    says = f"The test ({ANALYSES[findings.design.analysis].says}) calls {rates} different"
    if max(pair.interval.low, equal.interval.low) > alpha:
        return f"{says}, more than the stated {100 * alpha:g} %: what it calls significant need not be."
    return f"{says}, which keeps the stated {100 * alpha:g} %."


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
