"""An interval for a share that does not collapse at 0 or 1."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

__all__ = ["ProportionInterval", "proportion_ci"]


class ProportionInterval(NamedTuple):
    """The ends of an interval for a probability."""

    low: float
    high: float


def proportion_ci(successes: float, n: float, level: float = 0.95, method: str = "wilson") -> ProportionInterval:
    """Wilson's (1927) score interval of successes out of n; both may be averages over seeds.

    ValueError unless 0 <= successes <= n and n > 0, and on a method that no table uses.
    """
    if method != "wilson":
        raise ValueError(f"method: only 'wilson' is used by the tables, not {method!r}")
    if not (n > 0 and 0 <= successes <= n):
        raise ValueError(f"successes and n: 0 <= successes <= n and n > 0, got {successes} and {n}")
    if not 0 < level < 1:
        raise ValueError(f"level: a probability between 0 and 1, not {level}")
    z2 = float(special.ndtri((1 + level) / 2)) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    half = (z2 * (successes * (n - successes) / n + z2 / 4)) ** 0.5 / (n + z2)
    # At the ends the formula gives exactly 0 and 1, but for rounding.
    low = 0.0 if successes == 0 else centre - half
    return ProportionInterval(low, 1.0 if successes == n else centre + half)
