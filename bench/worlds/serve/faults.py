"""Injected faults: what servers really do, on purpose and repeatably.

Whether an attempt fails, and how, is decided by the request's content and how often it was made before. The
answer never depends on the attempt, so a client that retries ends where it would have ended without faults.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, fields

import numpy as np

from bench.errors import IsobudgetError
from bench.keys import fold, text_key, unif

__all__ = ["FaultRates", "Injector"]

KINDS = ("limited", "error", "hang", "drop", "truncated")


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Shares of requests, each in [0, 1], their sum at most 1.

    limited: 429 with Retry-After. error: 500. hang: no reply for `hang_seconds`, which should exceed the
    client's timeout. drop: the connection closes before the body. truncated: half of the JSON. in_a_row: one
    request never fails more often than this in a row, so a patient client always gets through.
    """

    limited: float = 0.0
    error: float = 0.0
    hang: float = 0.0
    drop: float = 0.0
    truncated: float = 0.0
    hang_seconds: float = 300.0
    retry_after: float = 0.05
    in_a_row: int = 5

    def __post_init__(self) -> None:
        rates = self.rates
        if min(rates) < 0 or sum(rates) > 1 + 1e-9:
            raise IsobudgetError(f"fault rates are shares from 0 to 1 that sum to at most 1, not {rates}")

    @property
    def rates(self) -> tuple[float, ...]:
        """The shares, in the order of KINDS."""
        return tuple(float(getattr(self, kind)) for kind in KINDS)

    @staticmethod
    def evenly(share: float, **others: float) -> FaultRates:
        """All five kinds, alike, `share` of the requests in sum. others: the remaining fields."""
        parts = dict.fromkeys(KINDS, share / len(KINDS))
        return FaultRates(**(parts | others))  # type: ignore[arg-type]

    @staticmethod
    def parse(text: str) -> FaultRates:
        """The rates in `0.2` (all kinds alike) or `limited=0.1,hang=0.05,hang_seconds=3`."""
        try:
            if "=" not in text:
                return FaultRates.evenly(float(text))
            pairs = (pair.partition("=") for pair in text.split(","))
            values = {key.strip(): float(value) for key, _, value in pairs}
            return FaultRates(**(values | {"in_a_row": int(values.get("in_a_row", 5))}))  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            known = ", ".join(field.name for field in fields(FaultRates))
            raise IsobudgetError(f"'{text}' are no fault rates: a share or name=value of {known}") from error


class Injector:
    """Decides the fault of each attempt."""

    def __init__(self, rates: FaultRates) -> None:
        self.rates = rates
        self._bounds = np.cumsum(rates.rates)
        self._attempts: Counter[bytes] = Counter()
        self._failures: Counter[bytes] = Counter()
        self._root = np.uint64(text_key("injected fault"))

    def fault(self, body: bytes) -> str | None:
        """One of KINDS for this attempt at a request with this body, or None."""
        if self._bounds[-1] == 0:
            return None
        digest = hashlib.blake2b(body, digest_size=8).digest()
        attempt = self._attempts[digest]
        self._attempts[digest] += 1
        key = fold(fold(self._root, np.uint64(int.from_bytes(digest, "little"))), attempt)
        kind = int(np.searchsorted(self._bounds, float(unif(key)), side="right"))
        if kind == len(KINDS) or self._failures[digest] >= self.rates.in_a_row:
            self._failures[digest] = 0
            return None
        self._failures[digest] += 1
        return KINDS[kind]
