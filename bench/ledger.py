"""The one meter: every charge of a run goes through its ledger, in all currencies at once.

A search budget names one binding currency. What is known beforehand is checked before it is spent; tokens,
dollars and seconds are planned at their nominal size and settled at what they really were, and an evaluation
that turns out longer is cut at the question at which the budget ends. A charge that would overshoot the binding
currency is refused and changes nothing; the other currencies are only reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields

from bench.errors import BudgetExceeded, IsobudgetError

__all__ = ["CURRENCIES", "EXACT", "Charge", "Ledger", "SearchBudget"]

CURRENCIES = ("executions", "node_calls", "flops", "prompt_tokens", "completion_tokens", "usd", "seconds")

EXACT = ("executions", "flops")
"""Those that are known before they are spent, so that no evaluation is cut short after the fact."""


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount in every currency.

    executions: one graph on one question. node_calls: LLM calls of graphs. flops: nominal, an exact integer.
    tokens: as counted by the world. usd: dollars. seconds: modelled, never the wall clock.
    """

    executions: int = 0
    node_calls: int = 0
    flops: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Charge) -> Charge:
        return Charge(*(getattr(self, name) + getattr(other, name) for name in CURRENCIES))

    def share(self, part: int, whole: int) -> Charge:
        """`part` of `whole` equal parts; counts are rounded."""
        amounts = (getattr(self, name) for name in CURRENCIES)
        return Charge(*(x * part // whole if isinstance(x, int) else x * part / whole for x in amounts))

    def __sub__(self, other: Charge) -> Charge:
        return Charge(*(getattr(self, name) - getattr(other, name) for name in CURRENCIES))


assert tuple(f.name for f in fields(Charge)) == CURRENCIES

_UNITS = {"ex": ("executions", 1.0), "units": ("flops", 1.0), "usd": ("usd", 1.0), "min": ("seconds", 60.0)}
_UNITS |= {"s": ("seconds", 1.0), "h": ("seconds", 3600.0)}
_PREFIX = {"": 1.0, "k": 1e3, "M": 1e6}


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """What an optimizer may spend to find a graph.

    text: as written, such as `3000ex`, `50kunits`, `2usd`, `10min`. currency: the binding one. amount: in the
    currency's own unit; for `flops` in units of the task, which `Ledger` turns into FLOPs.
    """

    text: str
    currency: str
    amount: float

    @staticmethod
    def parse(text: str) -> SearchBudget:
        """The budget that `text` names; the unit is part of the value."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *(k|M)?(ex|units|usd|min|s|h)", text)
        if match is None or float(match[1]) <= 0:
            raise IsobudgetError(
                f"'{text}' is no search budget: give an amount with its unit, "
                "such as 3000ex, 50kunits, 2usd or 10min"
            )
        currency, scale = _UNITS[match[3]]
        return SearchBudget(text, currency, float(match[1]) * _PREFIX[match[2] or ""] * scale)


@dataclass(slots=True)
class Ledger:
    """The account of one run.

    budget: the search budget. unit: FLOPs of one unit of the task. held_back: share of the budget that the
    search phase may not touch (the final selection's). spent: by purpose (`search`, `agent`, `selection`).
    """

    budget: SearchBudget
    unit: float
    held_back: float = 0.0
    spent: dict[str, Charge] = field(default_factory=dict)
    _open_to_all: bool = False

    @property
    def total(self) -> Charge:
        """Everything charged so far, over all purposes."""
        return sum(self.spent.values(), Charge())

    @property
    def limit(self) -> float:
        """How much of the binding currency may be spent in this phase, in the unit of `Charge`."""
        amount = self.budget.amount * (self.unit if self.budget.currency == "flops" else 1.0)
        return amount if self._open_to_all else amount * (1 - self.held_back)

    @property
    def left(self) -> float:
        """What is left of `limit`; never below zero."""
        return max(0.0, self.limit - self._binding(self.total))

    def most(self, charge: Callable[[int], Charge], least: int, largest: int) -> int:
        """The largest k from `least` to `largest` whose charge fits; charges grow with k, `least` is not tried."""
        if self.fits(charge(largest)):
            return largest
        fitting, beyond = least, largest
        while beyond - fitting > 1:
            middle = (fitting + beyond) // 2
            fitting, beyond = (middle, beyond) if self.fits(charge(middle)) else (fitting, middle)
        return fitting

    def beyond(self, charge: Charge) -> bool:
        """Whether having spent `charge` is more than this phase allows."""
        return self._binding(charge) > self.limit * (1 + 1e-12)

    def room(self, charge: Charge) -> float:
        """The share of `charge` that is left, in [0, 1]."""
        one = self._binding(charge)
        return min(1.0, self.left / one) if one else 1.0

    def release(self) -> None:
        """End the search phase: what was held back may now be spent."""
        self._open_to_all = True

    def fits(self, charge: Charge) -> bool:
        """Whether `charge` stays within the binding currency."""
        return self._binding(self.total) + self._binding(charge) <= self.limit * (1 + 1e-12)

    def spend(self, purpose: str, charge: Charge) -> None:
        """Book `charge`. Raises BudgetExceeded, and books nothing, when it does not fit."""
        if not self.fits(charge):
            raise BudgetExceeded(
                f"{self.budget.text} are not enough: {self._binding(charge):g} {self.budget.currency} asked, "
                f"{self.left:g} of {self.limit:g} left"
            )
        self.spent[purpose] = self.spent.get(purpose, Charge()) + charge

    def _binding(self, charge: Charge) -> float:
        return float(getattr(charge, self.budget.currency))
