"""The primary test beside others that take the data differently: a verdict that only one of them gives is weak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from leaderboard import captions
from leaderboard.bootstrap import crossed_bootstrap_ci, stratified_bootstrap_ci
from leaderboard.clusters import clustered_se, paired_difference, two_way_clustered_se
from leaderboard.numbers import Floats, data_seed
from leaderboard.paired import block_test, paired_permutation, sampled_permutation, t_test
from leaderboard.proportions import mcnemar
from leaderboard.ranks import Plan, Standing
from leaderboard.signed_ranks import bayesian_signed_rank, wilcoxon_signed_rank
from leaderboard.table import Cell, Column, Interval, Table
from leaderboard.wide.common import METHOD, TEXT, against, compared, footing, task_differences

__all__ = ["sensitivity_tables"]

_EXACT_FLIPS, _EXACT_RANKS, _RESAMPLES = 24, 500, 2000

_COLUMNS = (
    TEXT,
    Column("difference", "difference", "points", digits=1, signed=True, interval=True),
    Column("pvalue", "primary\np", "pvalue"),
    Column("pvalue_blocks", "paired t\nover seeds", "pvalue"),
    Column("pvalue_wilcoxon", "Wilcoxon", "pvalue"),
    Column("pvalue_flips", "sign\nflips", "pvalue"),
    Column("mcnemar", "McNemar\nper seed", "text"),
    Column("pvalue_questions", "by\nquestion", "pvalue"),
    Column("pvalue_two_way", "two-way\nclusters", "pvalue"),
    Column("bootstrap", "bootstrap", "points", digits=1, signed=True, interval=True),
    Column("better", "better", "percent", digits=1),
    Column("equal", "equal", "percent", digits=1),
    Column("worse", "worse", "percent", digits=1),
    Column("agree", "agree?", "text"),
    METHOD,
)


def sensitivity_tables(standings: Sequence[Standing], plan: Plan) -> Iterator[Table]:
    """A table for each full, ranked board with the reference method and at least two blocks."""
    for standing in compared(standings):
        rows = tuple(_row(standing, method, plan) for method in against(standing))
        board = standing.board
        yield Table(
            title=f"Sensitivity: {captions.where(board)}",
            columns=_COLUMNS,
            rows=rows,
            caption=f"Difference to {board.labels[plan.reference]} in points with its unadjusted "
            f"{1 - plan.alpha:.0%} interval and p value by the primary test, and what other tests of the same "
            f"{'answers' if not standing.ranking.samples.exact else 'blocks'} say. {_words(standing, plan)} All p "
            f"values are unadjusted ({captions.counted(len(rows), 'comparison')}); agree: every test with a p "
            "value "
            f"or interval is on the same side of {plan.alpha:g} as the primary one. {footing(standing, plan)}",
            notes=tuple(captions.exclusions(standing.ranking)),
        )


def _row(standing: Standing, method: str, plan: Plan) -> tuple[Cell, ...]:
    found = standing.ranking.against_reference[method].test
    tasks = task_differences(standing, method, plan.reference)
    cells: dict[str, Cell] = {
        "label": standing.board.labels[method],
        "method": method,
        "difference": Interval(found.mean_difference, found.ci_low, found.ci_high),
        "pvalue": found.pvalue,
    }
    blocks = block_means(standing, tasks)
    cells |= _by_blocks(blocks, plan)
    if not standing.ranking.samples.exact:
        cells["pvalue_blocks"] = block_test(blocks).pvalue
        cells |= _by_answers(tasks, plan)
        cells["mcnemar"] = _mcnemar(tasks, plan.alpha)
    cells["bootstrap"] = _bootstrap(standing, tasks, found.mean_difference, plan)
    cells["agree"] = _agreement(cells, plan.alpha)
    return tuple(cells.get(column.key) for column in _COLUMNS)


def block_means(standing: Standing, tasks: Sequence[Floats]) -> Floats:
    """One difference a block: an instance's own, or the mean over tasks of a seed that all tasks have."""
    if standing.board.instances:
        return np.concatenate([values[:, 0] for values in tasks])
    kept = list(standing.ranking.samples.blocks.kept.values())
    shared = sorted(set.intersection(*(set(blocks) for blocks in kept)))
    means = [
        [float(values[list(blocks).index(seed)].mean()) for seed in shared]
        for values, blocks in zip(tasks, kept, strict=True)
    ]
    return np.asarray(np.mean(means, axis=0), dtype=np.float64)


def _by_blocks(blocks: Floats, plan: Plan) -> dict[str, Cell]:
    """Wilcoxon, sign flips and the posterior of one difference a block."""
    zeros = np.zeros_like(blocks)
    method = "exact" if len(blocks) <= _EXACT_RANKS else "asymptotic"
    flips = (
        paired_permutation(blocks, zeros)
        if len(blocks) <= _EXACT_FLIPS
        else sampled_permutation(blocks, zeros, 10_000 - 1, data_seed("sign flips", blocks))
    )
    posterior = bayesian_signed_rank(blocks, zeros, plan.rope, _RESAMPLES, data_seed("signed rank", blocks))
    return {
        "pvalue_wilcoxon": wilcoxon_signed_rank(blocks, zeros, method=method).pvalue,
        "pvalue_flips": flips.pvalue,
        "better": posterior.left,
        "equal": posterior.rope,
        "worse": posterior.right,
    }


def _by_answers(tasks: Sequence[Floats], plan: Plan) -> dict[str, Cell]:
    """All answers as they are: clustered by question alone, and by seed and question."""
    one_way, two_way = [], []
    for values in tasks:
        seeds, items = np.indices(values.shape)
        answers = values.ravel()
        one_way.append(paired_difference(answers, np.zeros_like(answers), items.ravel()).se)
        by_seed = clustered_se(answers, seeds.ravel(), "g")
        both = two_way_clustered_se(answers, seeds.ravel(), items.ravel())
        two_way.append(max(both, by_seed))
    mean = float(np.mean([values.mean() for values in tasks]))
    questions, fewest = (sum(values.shape[1] for values in tasks), min(min(values.shape) for values in tasks))
    return {
        "pvalue_questions": t_test(mean, _over_tasks(one_way), questions - 1, 1 - plan.alpha).pvalue,
        "pvalue_two_way": t_test(mean, _over_tasks(two_way), fewest - 1, 1 - plan.alpha).pvalue,
    }


def _over_tasks(errors: Sequence[float]) -> float:
    return float(np.linalg.norm(errors)) / len(errors)


def _mcnemar(tasks: Sequence[Floats], alpha: float) -> str:
    """In how many seeds McNemar's exact test, all tasks pooled, rejects; and its median p value."""
    seeds = min(len(values) for values in tasks)
    rounded = [np.rint(values) for values in tasks]
    pvalues = [
        mcnemar(
            sum(int((values[seed] > 0).sum()) for values in rounded),
            sum(int((values[seed] < 0).sum()) for values in rounded),
        ).pvalue
        for seed in range(seeds)
    ]
    return f"{sum(p < alpha for p in pvalues)}/{seeds} ({median(pvalues):.2f})"


def _bootstrap(standing: Standing, tasks: Sequence[Floats], mean: float, plan: Plan) -> Interval | None:
    if all(np.ptp(values) == 0 for values in tasks) or min(len(values) for values in tasks) < 2:
        return None
    level, seed = 1 - plan.alpha, data_seed("bootstrap", *tasks)
    if standing.ranking.samples.exact:
        ends = stratified_bootstrap_ci([values[:, 0] for values in tasks], "mean", level, _RESAMPLES, seed)
    elif min(values.shape[1] for values in tasks) < 2:
        return None
    else:
        ends = crossed_bootstrap_ci(tasks, level, _RESAMPLES, seed)
    return Interval(mean, *ends)


def _agreement(cells: dict[str, Cell], alpha: float) -> str:
    names = [column.key for column in _COLUMNS if column.kind == "pvalue"]
    verdicts = {p < alpha for name in names if isinstance(p := cells.get(name), float)}
    if isinstance(ends := cells["bootstrap"], Interval):
        verdicts.add(ends.low > 0 or ends.high < 0)
    return "yes" if len(verdicts) == 1 else "no"


def _words(standing: Standing, plan: Plan) -> str:
    """What each column does with the data."""
    rope = f"{100 * plan.rope:g} point{'' if plan.rope == 0.01 else 's'}"
    unit = "instance" if standing.board.instances else "seed"
    words = (
        f"Wilcoxon: signed ranks of one difference a {unit}, exact under ties; sign flips: exact up to "
        f"{_EXACT_FLIPS} of them, else 9,999 sampled. Better, equal, worse: share of {_RESAMPLES} posterior draws "
        "of "
        f"the Bayesian signed-rank test in which the difference is mostly above, within or below ±{rope}. "
    )
    if standing.ranking.samples.exact:
        return (
            words + f"Bootstrap: percentiles of {_RESAMPLES} resamplings of {unit}s within each task, tasks equal."
        )
    return (
        words + "Paired t over seeds, Wilcoxon, flips and posterior take the questions for the whole population; "
        "McNemar: seeds in which it rejects, of all, with the median p, and by question: clustered standard "
        "error; "
        "both take the seeds for the whole population. Two-way clusters: seed and question, fewest minus one "
        "degrees "
        f"of freedom. Bootstrap: {_RESAMPLES} resamplings of seeds and questions within each task."
    )
