"""What a comparison protocol can and cannot see: its errors counted over many experiments drawn from a bank.

Four questions. Does it call copies of one method different? Does it call different but equally good methods
different? How large must a difference be to be found? How near does it come to the true order of real methods?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from leaderboard.analyses import ANALYSES, Verdict
from leaderboard.experiments import Bank, draw, levelled, lifted
from leaderboard.multiple import adjust_pvalues
from leaderboard.paired import Floats
from leaderboard.proportions import ProportionInterval, proportion_ci

__all__ = [
    "Contest",
    "Copies",
    "Design",
    "Mean",
    "Power",
    "Rate",
    "calls_by_analysis",
    "contest",
    "copies_differ",
    "equals_differ",
    "power",
    "smallest_found",
]

Source = Callable[..., np.random.Generator]
"""A generator for each key: an experiment can be drawn again alone, whatever was drawn before it."""


class Design(NamedTuple):
    """How methods are compared. blocks: seeds (or worlds); items: questions a cell, 0 with exact accuracies."""

    blocks: int
    items: int
    analysis: str
    correction: str = "none"
    alpha: float = 0.05


class Rate(NamedTuple):
    """How often something happened in n experiments."""

    happened: float
    n: int

    @property
    def share(self) -> float:
        """The estimate."""
        return self.happened / self.n

    @property
    def interval(self) -> ProportionInterval:
        """Wilson's 95 % interval: the error of counting a finite number of experiments, nothing else."""
        return proportion_ci(self.happened, self.n)


class Mean(NamedTuple):
    """A mean over experiments with its 95 % interval (normal approximation)."""

    value: float
    low: float
    high: float


class Copies(NamedTuple):
    """A/A. pair: two copies are called different. winner: the best of all is called better than the first.

    noise: by how much two copies differ, either way, in a share alpha of the experiments; a share.
    """

    pair: Rate
    winner: Rate
    noise: float


class Power(NamedTuple):
    """By true difference: called better by the protocol's own test; better by more than the noise of copies."""

    called: tuple[Rate, ...]
    beyond_noise: tuple[Rate, ...]


@dataclass(frozen=True)
class Contest:
    """Real methods. reference: position of the method that the others are compared with.

    best: the method on top is the truly best. loss: truth of the best minus that of the method on top, a share.
    inverted: share of pairs in the wrong order (Kendall's distance over its largest value); pairs: how many there
    are. winner: the method on top is called better than the reference. wrong: some method is called better or
    worse than the reference while the opposite is true. found: by method, how often its true difference from the
    reference is called with the right sign.
    """

    reference: int
    merit: tuple[float, ...]
    best: Rate
    loss: Mean
    inverted: Mean
    pairs: int
    winner: Rate
    wrong: Rate
    found: tuple[Rate, ...]


def copies_differ(bank: Bank, design: Design, replications: int, source: Source) -> Copies:
    """A/A: the bank's methods are copies of one, with different random streams."""
    pair = winner = 0
    gaps = np.zeros(replications)
    for number in range(replications):
        rng = source("copies", number)
        cells = draw(bank, design.blocks, design.items, rng, exchanged=True)
        verdicts = _against(cells, 0, design)
        pair += verdicts[1].pvalue <= design.alpha
        gaps[number] = abs(verdicts[1].difference)
        top = _top(_scores(cells), rng)
        winner += top != 0 and _called(verdicts, 0, design)[top]
    noise = float(np.quantile(gaps, 1 - design.alpha))
    return Copies(Rate(pair, replications), Rate(winner, replications), noise)


def calls_by_analysis(
    bank: Bank, design: Design, analyses: Sequence[str], replications: int, source: Source, exchanged: bool
) -> dict[str, Rate]:
    """How often each analysis calls the first two methods different, all on the same experiments.

    exchanged: they are copies; otherwise they must have been made equal (`levelled`).
    """
    counts = dict.fromkeys(analyses, 0)
    pair = bank.only(0, 1)
    for number in range(replications):
        cells = draw(pair, design.blocks, design.items, source("analyses", number), exchanged)
        one, two = ([cell[place] for cell in cells] for place in (0, 1))
        for name in analyses:
            counts[name] += ANALYSES[name].test(one, two).pvalue <= design.alpha
    return {name: Rate(count, replications) for name, count in counts.items()}


def equals_differ(bank: Bank, design: Design, replications: int, source: Source) -> Rate:
    """Two different methods, made equally good, are called different."""
    equal = levelled(bank, source("levelled"))
    count = 0
    for number in range(replications):
        cells = draw(equal, design.blocks, design.items, source("equals", number))
        count += _against(cells, 0, design)[1].pvalue <= design.alpha
    return Rate(count, replications)


def power(
    bank: Bank, design: Design, lifts: Sequence[float], noise: float, replications: int, source: Source
) -> Power:
    """How often a copy that is better by each of these shares is found better; the same draws for all of them.

    noise: what two equal copies exceed in a share alpha of experiments. A test that calls copies different too
    often finds true differences often too; beyond the noise is what it would find if it kept its level.
    """
    called, beyond = np.zeros(len(lifts)), np.zeros(len(lifts))
    level, pair = bank.level.mean(axis=0).tolist(), bank.only(0, 1)
    for number in range(replications):
        rng = source("power", number)
        cells = draw(pair, design.blocks, design.items, rng, exchanged=True)
        worse, better = ([cell[place] for cell in cells] for place in (0, 1))
        luck = [rng.random(values.shape) for values in better]
        for position, lift in enumerate(lifts):
            verdict = ANALYSES[design.analysis].test(lifted(better, level, lift, luck), worse)
            called[position] += verdict.difference > 0 and verdict.pvalue <= design.alpha
            beyond[position] += verdict.difference > noise
    return Power(*(tuple(Rate(float(count), replications) for count in counts) for counts in (called, beyond)))


def smallest_found(lifts: Sequence[float], rates: Sequence[Rate], wanted: float = 0.8) -> float:
    """The difference that is found with this power, by straight lines between the lifts; inf beyond the last."""
    points = [(0.0, 0.0), *((lift, rate.share) for lift, rate in zip(lifts, rates, strict=True))]
    for (low, below), (high, above) in pairwise(points):
        if below < wanted <= above:
            return low + (high - low) * (wanted - below) / (above - below)
    return math.inf


def contest(bank: Bank, reference: int, design: Design, replications: int, source: Source) -> Contest:
    """The bank's methods compared again and again; truth is each one's mean exact accuracy over the bank."""
    merit = np.round(bank.merit, 12)
    pairs = [(i, j) for i, j in combinations(range(len(merit)), 2) if merit[i] != merit[j]]
    signs = np.sign(merit - merit[reference])
    best, winner, wrong = 0, 0, 0
    found = np.zeros(len(merit))
    losses, inverted = np.zeros(replications), np.zeros(replications)
    for number in range(replications):
        rng = source("contest", number)
        cells = draw(bank, design.blocks, design.items, rng)
        scores = _scores(cells)
        top = _top(scores, rng)
        verdicts = _against(cells, reference, design)
        called = np.array(_called(verdicts, reference, design)) * np.sign([v.difference for v in verdicts])
        best += merit[top] == merit.max()
        losses[number] = merit.max() - merit[top]
        inverted[number] = _inverted(scores, merit, pairs)
        winner += called[top] > 0
        wrong += bool((called * signs < 0).any())
        found += called * signs > 0
    return Contest(
        reference=reference,
        merit=tuple(merit.tolist()),
        best=Rate(best, replications),
        loss=_mean(losses),
        inverted=_mean(inverted),
        pairs=len(pairs),
        winner=Rate(winner, replications),
        wrong=Rate(wrong, replications),
        found=tuple(Rate(float(count), replications) for count in found),
    )


def _scores(cells: Sequence[Floats]) -> Floats:
    """Each method's mean over cells (M,), rounded: sums in another order must not break ties."""
    return np.asarray(np.mean([cell.mean(axis=(1, 2)) for cell in cells], axis=0)).round(12)


def _top(scores: Floats, rng: np.random.Generator) -> int:
    """The method on top; ties are broken by lot."""
    return int(rng.choice(np.flatnonzero(scores == scores.max())))


def _against(cells: Sequence[Floats], reference: int, design: Design) -> list[Verdict]:
    """Every method against the reference (itself included: no difference)."""
    test = ANALYSES[design.analysis].test
    base = [cell[reference] for cell in cells]
    return [
        Verdict(0.0, 1.0) if method == reference else test([cell[method] for cell in cells], base)
        for method in range(len(cells[0]))
    ]


def _called(verdicts: Sequence[Verdict], reference: int, design: Design) -> list[bool]:
    """Which methods are called different from the reference, after the protocol's correction."""
    others = [method for method in range(len(verdicts)) if method != reference]
    pvalues = [verdicts[method].pvalue for method in others]
    adjusted = adjust_pvalues(pvalues) if design.correction == "holm" else pvalues
    decided = dict(zip(others, adjusted, strict=True))
    return [decided.get(method, 1.0) <= design.alpha for method in range(len(verdicts))]


def _inverted(scores: Floats, merit: Floats, pairs: Sequence[tuple[int, int]]) -> float:
    """The share of pairs whose scores are in the opposite order of their merits; ties count half."""
    if not pairs:
        return 0.0
    i, j = np.array(pairs).T
    agreement = np.sign(scores[i] - scores[j]) * np.sign(merit[i] - merit[j])
    return float(((1 - agreement) / 2).mean())


def _mean(values: Floats) -> Mean:
    value = float(values.mean())
    half = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return Mean(value, value - half, value + half)
