"""What is maximised: accuracy, accuracy with latency, or accuracy below a deadline.

`joint` = accuracy − w·log2(L/L0), with L the mean critical path and L0 that of the cheapest feasible graph: a
doubling of the latency costs w (0.05 by default) of accuracy. No formula for the paper's joint objective is
published; this one is ours and labelled so. `deadline=SECONDS` counts only graphs at most that slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench.errors import IsobudgetError

__all__ = ["Objective"]


@dataclass(frozen=True, slots=True)
class Objective:
    """kind: accuracy, joint or deadline. value: the weight w, or the deadline in seconds."""

    kind: str
    value: float = 0.0

    @staticmethod
    def parse(text: str) -> Objective:
        """`accuracy`, `joint`, `joint=0.1` or `deadline=8`."""
        kind, _, value = text.partition("=")
        defaults = {"accuracy": 0.0, "joint": 0.05, "deadline": math.nan}
        try:
            objective = Objective(kind, float(value) if value else defaults[kind])
        except (KeyError, ValueError):
            objective = Objective("", math.nan)
        if math.isnan(objective.value) or objective.value < 0:
            raise IsobudgetError(f"'{text}' is no objective: give accuracy, joint[=weight] or deadline=SECONDS")
        return objective

    @property
    def words(self) -> str:
        """What is maximised, as one tells it to somebody who designs graphs."""
        if self.kind == "joint":
            return (
                f"accuracy − {self.value:g}·log2(L/L0), L the mean critical path of a question in seconds and L0 "
                "that of the cheapest graph"
            )
        if self.kind == "deadline":
            return f"accuracy among graphs whose mean critical path is at most {self.value:g} seconds"
        return "accuracy, the share of questions answered right"

    def scorer(self, cheapest_latency: float) -> Callable[[float, float], float]:
        """A function of (accuracy, critical path in seconds); higher is better."""
        if self.kind == "joint":
            floor = max(cheapest_latency, 1e-9)
            return lambda accuracy, seconds: accuracy - self.value * math.log2(max(seconds, 1e-9) / floor)
        if self.kind == "deadline":
            return lambda accuracy, seconds: accuracy if seconds <= self.value else accuracy - 1.0
        return lambda accuracy, seconds: accuracy
