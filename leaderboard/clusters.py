"""Standard errors when observations come in groups: the same question asked in every seed, and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from leaderboard.numbers import Floats, choice, vector
from leaderboard.paired import rounded_differences

__all__ = ["PairedDifference", "clustered_se", "paired_difference", "two_way_clustered_se"]

Labels = Sequence[Any] | npt.NDArray[Any]


class PairedDifference(NamedTuple):
    """The mean of x - y and its standard error, in the unit of the data."""

    mean: float
    se: float


def paired_difference(x: npt.ArrayLike, y: npt.ArrayLike, clusters: Labels | None = None) -> PairedDifference:
    """Mean of x - y with its standard error (Miller 2024, section 4): s/sqrt(n), or clustered.

    ValueError on unequal lengths, NaN, fewer than two pairs or clusters.
    """
    d, _ = rounded_differences(np.asarray(x), np.asarray(y))
    if len(d) < 2:
        raise ValueError(f"x and y: a variance needs at least two pairs, got {len(d)}")
    mean = float(d.mean())
    if clusters is not None:
        return PairedDifference(mean, clustered_se(d, clusters))
    return PairedDifference(mean, 0.0 if np.ptp(d) == 0 else float(d.std(ddof=1)) / len(d) ** 0.5)


def clustered_se(x: npt.ArrayLike, clusters: Labels, correction: str = "none") -> float:
    """Standard error of mean(x) when values in one cluster go together (Liang, Zeger 1986; Miller 2024, eq. 4).

    clusters: one label a value. correction: none | g, times sqrt(G/(G - 1)) for G clusters. ValueError on unequal
    lengths, NaN, fewer than two clusters.
    """
    choice(correction, "correction", ("none", "g"))
    values = vector(x, "x", 2)
    sums = _sums(values, _codes(clusters, len(values), "clusters"))
    factor = len(sums) / (len(sums) - 1) if correction == "g" else 1.0
    return float(np.sqrt(factor * (sums**2).sum())) / len(values)


def two_way_clustered_se(x: npt.ArrayLike, cluster_a: Labels, cluster_b: Labels) -> float:
    """Standard error of mean(x) with two crossed clusterings: sqrt(Va + Vb - Vab) (Cameron, Gelbach, Miller 2011).

    Vab clusters on the pairs; no term is corrected for few clusters. Where the sum falls below Va or Vb, which the
    formula allows, the larger of the two stands: a variance must not vanish by subtraction. ValueError on unequal
    lengths, NaN, fewer than two clusters on a side.
    """
    values = vector(x, "x", 2)
    a, b = _codes(cluster_a, len(values), "cluster_a"), _codes(cluster_b, len(values), "cluster_b")
    both = a * (int(b.max()) + 1) + b
    of_a, of_b, of_both = (float((_sums(values, codes) ** 2).sum()) for codes in (a, b, both))
    return float(np.sqrt(max(of_a + of_b - of_both, of_a, of_b))) / len(values)


def _codes(labels: Labels, n: int, name: str) -> npt.NDArray[np.int64]:
    found, codes = np.unique(np.asarray(labels), return_inverse=True)
    if np.asarray(labels).shape != (n,):
        raise ValueError(f"{name}: one label a value is needed, {n}, got shape {np.asarray(labels).shape}")
    if len(found) < 2:
        raise ValueError(f"{name}: a variance needs at least two clusters, got {len(found)}")
    return np.asarray(codes, dtype=np.int64)


def _sums(values: Floats, codes: npt.NDArray[np.int64]) -> Floats:
    """The residuals' sum in each cluster that has a value."""
    sums = np.bincount(codes, weights=values - values.mean())
    return np.asarray(sums[np.bincount(codes) > 0], dtype=np.float64)
