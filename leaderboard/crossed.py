"""Seeds crossed with questions: the analysis of real questions, where both are samples.

The same seeds and the same questions serve every method, so a difference has three sources of noise: the
seed, the question, and the rest. Taking either factor for fixed makes false discoveries up to five times as
frequent as stated (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from leaderboard.paired import Floats, PairedTest, t_test

__all__ = ["CrossedAnova", "crossed_anova", "crossed_difference"]


class CrossedAnova(NamedTuple):
    """Two-way layout without replication: variance components and mean squares, squared units of the data."""

    row: float
    column: float
    residual: float
    grand_mean: float
    ms_row: float
    ms_column: float
    ms_residual: float


class _Part(NamedTuple):
    """A task's share of the variance of the mean, with the squared terms of Satterthwaite's formula."""

    mean: float
    variance: float
    curvature: float


def crossed_anova(matrix: Sequence[Sequence[float]] | Floats) -> CrossedAnova:
    """Two-way random-effects analysis of variance, one value a cell (Fisher 1925; method of moments).

    matrix: rows x columns, at least 2 x 2. The components are not truncated at 0, so that their expectation
    is right. ValueError on a wrong shape or NaN.
    """
    values = _matrix(matrix)
    rows, columns = values.shape
    if rows < 2 or columns < 2:
        raise ValueError(f"matrix: a variance needs at least two rows and two columns, got {rows} x {columns}")
    grand = float(values.mean())
    by_row, by_column = values.mean(axis=1), values.mean(axis=0)
    ms_row = columns * float(by_row.var(ddof=1))
    ms_column = rows * float(by_column.var(ddof=1))
    rest = values - by_row[:, None] - by_column[None, :] + grand
    ms_residual = float((rest**2).sum()) / ((rows - 1) * (columns - 1))
    row, column = (ms_row - ms_residual) / columns, (ms_column - ms_residual) / rows
    return CrossedAnova(row, column, ms_residual, grand, ms_row, ms_column, ms_residual)


def crossed_difference(matrices: Sequence[npt.ArrayLike], level: float = 0.95) -> PairedTest:
    """t test of the equally weighted mean over tasks of seeds x questions matrices of differences.

    matrices: one a task, each seeds x questions, seeds and questions both >= 2. Per task the variance of the
    mean is max(MS_seed + MS_item - MS_resid, MS_seed, MS_item)/(S I), the moment form of a mixed model kept
    from falling below either single source; the sum over tasks is divided by T^2, with Satterthwaite's (1946)
    degrees of freedom. When nothing varies, `t_test` says what happens, with the smallest S as n.
    """
    if not matrices:
        raise ValueError("matrices: at least one task is needed")
    values = [_matrix(matrix) for matrix in matrices]
    parts = [_part(matrix) for matrix in values]
    mean = float(np.mean([part.mean for part in parts]))
    variance = sum(part.variance for part in parts)
    if variance == 0:
        return t_test(mean, 0.0, min(len(matrix) for matrix in values) - 1, level)
    df = variance**2 / sum(part.curvature for part in parts)
    return t_test(mean, variance**0.5 / len(parts), df, level)


def _part(matrix: Floats) -> _Part:
    if np.ptp(matrix) == 0:
        return _Part(float(matrix.flat[0]), 0.0, 0.0)
    seeds, items = matrix.shape
    found = crossed_anova(matrix)
    seed_term, item_term = (found.ms_row, seeds - 1), (found.ms_column, items - 1)
    rest_term = (-found.ms_residual, (seeds - 1) * (items - 1))
    sources = [[seed_term, item_term, rest_term], [seed_term], [item_term]]
    chosen = max(sources, key=lambda terms: sum(square for square, _ in terms))
    cells = matrix.size
    variance = sum(square for square, _ in chosen) / cells
    curvature = sum((square / cells) ** 2 / df for square, df in chosen)
    return _Part(found.grand_mean, variance, curvature)


def _matrix(matrix: npt.ArrayLike) -> Floats:
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"matrix: rows x columns are needed, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("matrix: NaN and infinity have no place in a balanced layout")
    return values
