"""From pairwise verdicts to what a reader sees: letters and rank intervals."""

from __future__ import annotations

import string
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

__all__ = ["letter_display", "rank_interval"]

_LETTERS = string.ascii_letters + "αβγδεζηθικλμνξπρστυφχψω"


def letter_display(n: int, significant_pairs: Collection[tuple[int, int]]) -> list[str]:
    """Letters for n methods such that two share one exactly when their pair is not significant (Piepho 2004).

    Insert-and-absorb: not runs of neighbours, because "not separated" is no transitive relation. Methods in
    order, best first, get the early letters. ValueError on a pair outside 0..n-1 and beyond 75 groups.
    """
    groups: list[frozenset[int]] = [frozenset(range(n))]
    for first, second in sorted({(min(pair), max(pair)) for pair in significant_pairs}):
        if first == second or first < 0 or second >= n:
            raise ValueError(f"significant_pairs: ({first}, {second}) is no pair of {n} methods")
        groups = _absorb(_insert(groups, first, second))
    if len(groups) > len(_LETTERS):
        raise ValueError(f"significant_pairs: {len(groups)} groups are more than there are letters")
    ordered = sorted(groups, key=sorted)
    return ["".join(_LETTERS[at] for at, group in enumerate(ordered) if method in group) for method in range(n)]


def rank_interval(difference_low: npt.ArrayLike, difference_high: npt.ArrayLike) -> list[tuple[int, int]]:
    """Best and worst rank of each method that simultaneous intervals allow (Mogstad et al. 2024).

    difference_low, difference_high: M x M, the intervals of score[i] - score[j]; the diagonal is ignored.
    Best = 1 + how many are certainly better, worst = M - how many are certainly worse. ValueError on a wrong
    shape or NaN.
    """
    low, high = np.asarray(difference_low, dtype=np.float64), np.asarray(difference_high, dtype=np.float64)
    if low.ndim != 2 or low.shape[0] != low.shape[1] or low.shape != high.shape:
        raise ValueError(f"difference_low and difference_high: two M x M, got {low.shape} and {high.shape}")
    off = ~np.eye(len(low), dtype=bool)
    if np.isnan(low[off]).any() or np.isnan(high[off]).any():
        raise ValueError("difference_low and difference_high: NaN has no place in an interval")
    better = ((high < 0) & off).sum(axis=1)
    worse = ((low > 0) & off).sum(axis=1)
    return [(1 + int(up), len(low) - int(down)) for up, down in zip(better, worse, strict=True)]


def _insert(groups: list[frozenset[int]], first: int, second: int) -> list[frozenset[int]]:
    split: list[frozenset[int]] = []
    for group in groups:
        both = first in group and second in group
        split += [group - {first}, group - {second}] if both else [group]
    return split


def _absorb(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    distinct = set(groups)
    return [group for group in distinct if not any(group < other for other in distinct)]
