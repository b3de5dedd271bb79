"""Shares: an interval that does not collapse at 0 or 1, and the test of two shares on the same questions."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

from leaderboard.numbers import choice

__all__ = ["McNemar", "ProportionInterval", "mcnemar", "proportion_ci"]


class ProportionInterval(NamedTuple):
    """The ends of an interval for a probability."""

    low: float
    high: float


class McNemar(NamedTuple):
    """P value of McNemar's test; statistic: chi-square with one degree of freedom, None where p is exact."""

    pvalue: float
    statistic: float | None


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


def mcnemar(b: int, c: int, method: str = "exact") -> McNemar:
    """McNemar's (1947) test from the questions that one of two methods answered right and the other did not.

    b, c: how many of each kind. method: exact (binomial) | mid-p (Fagerland et al. 2013) | asymptotic |
    corrected (Edwards 1948). p is 1 without any such question. ValueError on negative or broken counts.
    """
    choice(method, "method", ("exact", "mid-p", "asymptotic", "corrected"))
    for name, count in (("b", b), ("c", c)):
        if count < 0 or count != int(count):
            raise ValueError(f"{name}: a count is a whole number, zero or more, not {count}")
    fewer, n = int(min(b, c)), int(b + c)
    if n == 0:
        return McNemar(1.0, None if method in ("exact", "mid-p") else 0.0)
    if method in ("exact", "mid-p"):
        tails = 2 * float(special.bdtr(fewer, n, 0.5))
        here = float(special.bdtr(fewer, n, 0.5) - (special.bdtr(fewer - 1, n, 0.5) if fewer else 0.0))
        return McNemar(min(1.0, tails) if method == "exact" else tails - here, None)
    distance = abs(b - c) - (1 if method == "corrected" else 0)
    statistic = max(0, distance) ** 2 / n
    return McNemar(float(special.chdtrc(1, statistic)), float(statistic))
