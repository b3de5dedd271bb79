"""What goes into a statistic, checked once: vectors, matrices, strata, probabilities; and where its luck is from.

Every check raises a ValueError that begins with the argument's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "choice", "data_seed", "matrix", "probability", "strata", "vector"]

Floats = npt.NDArray[np.float64]


def vector(values: npt.ArrayLike, name: str, least: int = 0) -> Floats:
    """Values as a finite one-dimensional array of at least `least` numbers."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"{name}: one dimension is needed, got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: NaN and infinity have no place here")
    if len(found) < least:
        raise ValueError(f"{name}: at least {least} values are needed, got {len(found)}")
    return found


def matrix(values: npt.ArrayLike, name: str, rows: int = 1, columns: int = 1, infinite: bool = False) -> Floats:
    """Values as a two-dimensional array of at least rows x columns, without NaN. infinite: inf may stand there."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] < rows or found.shape[1] < columns:
        raise ValueError(f"{name}: at least {rows} x {columns} values are needed, got shape {found.shape}")
    if np.isnan(found).any() or (not infinite and np.isinf(found).any()):
        raise ValueError(f"{name}: NaN{'' if infinite else ' and infinity'} have no place here")
    return found


def strata(scores: Sequence[npt.ArrayLike] | Floats, name: str, least: int = 1) -> list[Floats]:
    """One vector of runs a task: from a runs x tasks array, or from vectors that may differ in length."""
    if isinstance(scores, np.ndarray) and scores.ndim == 2:
        scores = list(scores.T)
    found = [vector(np.asarray(task), name, least) for task in scores]
    if not found:
        raise ValueError(f"{name}: at least one task is needed")
    return found


def probability(value: float, name: str) -> float:
    """A number strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name}: a probability between 0 and 1, not {value}")
    return value


def choice(value: str, name: str, among: Sequence[str]) -> str:
    """One of the named options."""
    if value not in among:
        raise ValueError(f"{name}: {', '.join(among)}; not {value!r}")
    return value


def data_seed(purpose: str, *arrays: npt.ArrayLike) -> int:
    """A seed from the data alone: the first 64 bits of SHA-256 over the purpose, shapes and 12-digit values.

    The same data give the same intervals on every machine, whatever was drawn before, and no seed can be picked.
    """
    digest = hashlib.sha256(purpose.encode())
    for values in arrays:
        found = np.round(np.asarray(values, dtype=np.float64), 12) + 0.0
        digest.update(str(found.shape).encode() + found.astype("<f8").tobytes())
    return int.from_bytes(digest.digest()[:8], "little")
