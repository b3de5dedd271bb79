"""What an experiment of a given size can find: power of a t test, and the smallest effect worth hoping for."""

from __future__ import annotations

import math

from scipy import optimize, special

from leaderboard.numbers import probability

__all__ = ["detectable_by_t", "minimum_detectable_effect", "power_paired_t", "power_t"]


def power_t(noncentrality: float, df: float, alpha: float = 0.05) -> float:
    """Power of a two-sided t test whose statistic has this noncentrality (true effect / true standard error)."""
    probability(alpha, "alpha")
    if not df > 0:
        raise ValueError(f"df: above 0, not {df}")
    bound = float(special.stdtrit(df, 1 - alpha / 2))
    effect = abs(noncentrality)
    return 1 - _below(bound, df, effect) + _below(-bound, df, effect)


def power_paired_t(effect_dz: float, n: float, alpha: float = 0.05) -> float:
    """Power of the two-sided paired t test: noncentral t, noncentrality dz sqrt(n) (Cohen 1988, chapter 2).

    effect_dz: true mean difference over the standard deviation of differences; n: pairs, at least 2.

    >>> round(power_paired_t(0.5, 34), 3)
    0.808
    """
    if not n >= 2:
        raise ValueError(f"n: a variance needs at least two pairs, got {n}")
    return power_t(effect_dz * n**0.5, n - 1, alpha)


def minimum_detectable_effect(
    n: float,
    omega2: float,
    sigma2_a: float = 0.0,
    sigma2_b: float = 0.0,
    k_a: float = 1,
    k_b: float = 1,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """The true difference that n questions find with this power (Miller 2024, section 5).

    (z(1 - alpha/2) + z(power)) sqrt((omega2 + sigma2_a/k_a + sigma2_b/k_b)/n): omega2 the variance over questions
    of the difference of expected scores, sigma2 the variance of a score on one question, k answers a question.
    ValueError on a negative variance, on n or k below 1, and on probabilities outside 0..1.

    >>> round(minimum_detectable_effect(969, 1 / 9), 4)
    0.03
    """
    for name, value in (("omega2", omega2), ("sigma2_a", sigma2_a), ("sigma2_b", sigma2_b)):
        if not value >= 0:
            raise ValueError(f"{name}: a variance is zero or more, not {value}")
    for name, value in (("n", n), ("k_a", k_a), ("k_b", k_b)):
        if not value >= 1:
            raise ValueError(f"{name}: at least 1, not {value}")
    z = float(special.ndtri(1 - probability(alpha, "alpha") / 2) + special.ndtri(probability(power, "power")))
    return z * math.sqrt((omega2 + sigma2_a / k_a + sigma2_b / k_b) / n)


def detectable_by_t(df: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """The effect, in standard errors, that a two-sided t test with few degrees of freedom finds with this power.

    The exact counterpart of the 2.8 of large samples: 3.1 at nine degrees of freedom.
    """
    probability(power, "power")
    return float(optimize.brentq(lambda effect: power_t(effect, df, alpha) - power, 0.0, 1e4, xtol=1e-9))


def _below(value: float, df: float, noncentrality: float) -> float:
    """The noncentral t distribution; scipy has NaN where it underflows, far below the noncentrality."""
    found = float(special.nctdtr(df, noncentrality, value))
    return 0.0 if math.isnan(found) and value < noncentrality else found
