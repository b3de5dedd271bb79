"""Which wrong answer: geometric weights whose concentration is the chance that two wrong answers agree.

The k-th wrong answer of an item (k = 1, 2, …) has weight proportional to r^(k−1), over three options or
without bound, and r is such that the squared weights sum to the item's coincidence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["kth_wrong", "ratio"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_OPEN, _THREE = (0.01, 0.95), (0.334, 0.95)  # clips of the coincidence; three options force at least 1/3


def ratio(coincidence: F64, options: int) -> F64:
    """The ratio r of the weights, any shape. options: 3, or 0 for unboundedly many."""
    if options == 0:
        bounded = np.clip(coincidence, *_OPEN)
        return np.asarray((1 - bounded) / (1 + bounded))
    # Σ w² = (1 − r + r²) / (1 + r + r²), solved for r
    s = np.clip(coincidence, *_THREE)
    return np.asarray(((1 + s) - np.sqrt((3 * s - 1) * (3 - s))) / (2 * (1 - s)))


def kth_wrong(u: F64, log_ratio: F64, options: int) -> I64:
    """The id of a wrong answer by inverse CDF: u uniform in (0, 1), log_ratio log r, both broadcast."""
    if options == 0:
        return (np.log(u) / log_ratio).astype(np.int64) + 1
    below = np.log1p(-u * (1 - np.exp(3 * log_ratio))) / log_ratio
    return np.asarray(np.minimum(below.astype(np.int64) + 1, 3))
