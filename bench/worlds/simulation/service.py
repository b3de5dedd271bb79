"""Tokens and seconds of a call: lognormal lengths, prefill and decoding at the pool's speeds.

The jitter of the service time has mean 1. A slot decodes slower the more slots are busy:
rate / (1 + slot_drag·(slots − 1)).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bench.keys import unif
from bench.worlds.simulation.nodes import RIGHT, Draw, Rows
from bench.worlds.simulation.tables import Tables
from bench.worlds.simulation.universe import Common, TaskPhysics

__all__ = ["Service", "Speeds"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


class Speeds(NamedTuple):
    """Tokens a second of each model, float64 (M,): reading, and writing in one of the busy slots."""

    prefill: F64
    decode: F64


class Service:
    """How long answers are and how long they take, for one task."""

    def __init__(self, physics: TaskPhysics, common: Common, tables: Tables, speeds: Speeds, answer: int) -> None:
        """answer: the task's mean tokens of an answer."""
        self.spread, self.common, self.tables, self.speeds = physics.token_spread, common, tables, speeds
        self.limit = int(common.longest * answer)

    def measure(self, rows: Rows, handle: I64, prompt: I64) -> tuple[I64, F64]:
        """Completion tokens and service seconds, both (R,), of calls that gave `handle` to `prompt` tokens.

        rows: with the draw of the jitter.
        """
        draws = rows.draws[[Draw.LENGTH, Draw.JITTER]]
        normal = ndtri(unif(draws))
        right = handle == RIGHT
        tokens = self._drawn(rows.model, right, normal[0])
        # The same comparison makes a wrong answer that is cut end as none.
        cut = (draws[0] >> np.uint64(32) >= self.tables.cut.take(rows.model)) & ~right
        tokens = np.minimum(tokens, self.limit - ~(right | cut))
        tokens[cut] = self.limit
        sd = self.common.jitter
        steady = prompt / self.speeds.prefill.take(rows.model)
        steady += tokens / self.speeds.decode.take(rows.model)
        steady += self.common.overhead
        steady *= np.exp(sd * normal[1] - sd * sd / 2)
        return tokens, steady

    def _drawn(self, model: I64, right: npt.NDArray[np.bool_], normal: F64) -> I64:
        """Lengths before the limit."""
        factor = np.where(right, self.common.right_length, self.common.wrong_length)
        factor *= self.tables.length.take(model)
        factor *= np.exp(self.spread * normal - self.spread**2 / 2)
        return np.rint(factor).astype(np.int64)
