"""Keyed counters: the only place that makes randomness.

Everything random is a pure function of what it belongs to. The simulated world folds integers into a
64-bit key and reads draws off it; a method gets a NumPy generator seeded by such a key. There is no state,
so any draw can be recomputed alone, in any order, in any process. A method's name is never part of a key.

Source: the finaliser is splitmix64's (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators"); Philox is Salmon et al. 2011.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["U64", "fold", "generator", "mix", "text_key", "unif"]

U64 = npt.NDArray[np.uint64]

# Arrays of no dimension: NumPy takes twice as long for a small array and a scalar.
_GOLDEN = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
_SPREAD = np.array(0xD1342543DE82EF95, dtype=np.uint64)
_M1 = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
_M2 = np.array(0x94D049BB133111EB, dtype=np.uint64)
_S11, _S27, _S30, _S31 = (np.array(s, dtype=np.uint64) for s in (11, 27, 30, 31))
_UINT, _INT = np.dtype(np.uint64), np.dtype(np.int64)
_HALF, _UNIT = np.array(0.5), np.array(2.0**-53)


def _u64(value: Any) -> U64:
    array = np.asarray(value)
    if array.dtype == _UINT:
        return array
    if array.dtype == _INT:
        return array.view(_UINT)
    if array.dtype.kind == "O":  # Python integers of 2^63 and above
        return np.asarray(value, dtype=np.uint64)
    return array.astype(np.int64).view(np.uint64)


def _mix_into(z: U64) -> U64:
    """splitmix64's finaliser on an array that may be overwritten."""
    z ^= z >> _S30
    z *= _M1
    z ^= z >> _S27
    z *= _M2
    z ^= z >> _S31
    return z


def mix(x: Any) -> U64:
    """splitmix64's finaliser on integers of any shape, modulo 2^64."""
    with np.errstate(over="ignore"):
        return np.asarray(_mix_into(_u64(x).copy()))


def fold(h: Any, v: Any) -> U64:
    """Fold the integer(s) `v` into the key(s) `h`; both broadcast. Returns keys of the broadcast shape."""
    key, value = _u64(h), _u64(v)
    if key.ndim and value.ndim:  # arrays wrap modulo 2^64 in silence; only scalars would warn
        return _mix_into((key + _GOLDEN) ^ (value * _SPREAD))
    with np.errstate(over="ignore"):
        return np.asarray(_mix_into((key + _GOLDEN) ^ (value * _SPREAD)))


def unif(h: Any) -> npt.NDArray[np.float64]:
    """Uniform draws in the open interval (0, 1), one a key: never 0, never 1."""
    return np.asarray(((_u64(h) >> _S11).astype(np.float64) + _HALF) * _UNIT)


def text_key(text: str) -> int:
    """A 64-bit key of a text (first eight bytes of its SHA-256, little-endian)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def generator(*parts: int | str) -> np.random.Generator:
    """A generator whose stream is determined by `parts` alone (strings enter by `text_key`).

    >>> float(generator("space", 3).random()) == float(generator("space", 3).random())
    True
    """
    h = np.uint64(0)
    for part in parts:
        value = text_key(part) if isinstance(part, str) else part % 2**64
        h = np.uint64(fold(h, np.uint64(value)))
    return np.random.Generator(np.random.Philox(key=int(h)))
