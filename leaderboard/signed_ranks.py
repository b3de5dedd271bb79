"""Paired differences by their signed ranks: Wilcoxon's test, exact under ties, and its Bayesian counterpart."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from leaderboard.numbers import Floats, choice
from leaderboard.paired import rounded_differences

__all__ = ["BayesianSignedRank", "SignedRank", "bayesian_signed_rank", "wilcoxon_signed_rank"]

ZeroMethod = Literal["wilcox", "pratt", "zsplit"]
_MOST_PAIRS = 500  # the exact distribution holds n (n + 1) + 1 probabilities


class SignedRank(NamedTuple):
    """Wilcoxon's test. statistic: min(r_plus, r_minus) when two-sided, else r_plus; rank sums of x > y, x < y."""

    statistic: float
    pvalue: float
    r_plus: float
    r_minus: float


class BayesianSignedRank(NamedTuple):
    """Posterior shares. left: x is better, rope: practically equal, right: y is better."""

    left: float
    rope: float
    right: float


def wilcoxon_signed_rank(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    zero_method: str = "wilcox",
    alternative: str = "two-sided",
    method: str = "exact",
    correction: bool = False,
) -> SignedRank:
    """Wilcoxon's (1945) signed-rank test of symmetry of x - y about 0.

    zero_method: wilcox (zeros dropped before ranking) | pratt (ranked, then dropped; Pratt 1959) | zsplit (their
    ranks shared by both sides). method: exact, the distribution over all sign flips of the *observed* mid-ranks,
    so it stays right under ties and zeros, up to 500 pairs | asymptotic, tie-corrected normal, with continuity
    correction if asked. Differences are rounded to 12 significant decimals first. ValueError on unequal lengths,
    NaN, no pair, or an unknown option.
    """
    choice(zero_method, "zero_method", get_args(ZeroMethod))
    choice(alternative, "alternative", ("two-sided", "greater", "less"))
    choice(method, "method", ("exact", "asymptotic"))
    d, _ = rounded_differences(np.asarray(x), np.asarray(y))
    if len(d) == 0 or (method == "exact" and len(d) > _MOST_PAIRS):
        raise ValueError(f"x and y: 1 to {_MOST_PAIRS} pairs are needed, got {len(d)}")
    d = d[d != 0] if zero_method == "wilcox" else d
    ranks = np.asarray(stats.rankdata(np.abs(d)), dtype=np.float64)
    split = ranks[d == 0].sum() / 2 if zero_method == "zsplit" else 0.0
    plus, minus = float(ranks[d > 0].sum() + split), float(ranks[d < 0].sum() + split)
    moving = ranks[d != 0]
    if len(moving) == 0:
        pvalue = 1.0
    elif method == "exact":
        pvalue = _exact(moving, plus - split, alternative)
    else:
        # Split zeros add the variance of ties between plus and minus, as in scipy.
        spread = float(((ranks if zero_method == "zsplit" else moving) ** 2).sum()) ** 0.5 / 2
        pvalue = _normal(plus - split - moving.sum() / 2, spread, alternative, correction)
    return SignedRank(min(plus, minus) if alternative == "two-sided" else plus, pvalue, plus, minus)


def bayesian_signed_rank(
    x: npt.ArrayLike, y: npt.ArrayLike, rope: float, n_samples: int = 2000, seed: int = 0
) -> BayesianSignedRank:
    """The Bayesian signed-rank test with a region of practical equivalence (Benavoli et al. 2014, 2017).

    Dirichlet-process prior of strength 1/2 placed at 0: each posterior draw weighs the differences, and the
    region (x better, equal, y better) that holds most of the weighted pair averages wins the draw; the result is
    the share of draws that each won. rope: half width, in the unit of x and y. ValueError on unequal lengths,
    NaN, no pair, a negative rope, fewer than one sample.
    """
    d, _ = rounded_differences(np.asarray(x), np.asarray(y))
    if len(d) == 0:
        raise ValueError("x and y: at least one pair is needed")
    if not rope >= 0:
        raise ValueError(f"rope: zero or more, not {rope}")
    if n_samples < 1:
        raise ValueError(f"n_samples: at least 1, not {n_samples}")
    z = np.concatenate([[0.0], d])
    pairs = np.round(z[:, None] + z[None, :], 12)
    strength = np.concatenate([[0.5], np.ones(len(d))])
    weights = np.random.default_rng(seed).dirichlet(strength, n_samples)
    better, worse = (
        ((weights @ region.astype(np.float64)) * weights).sum(axis=1)
        for region in (pairs > 2 * rope, pairs < -2 * rope)
    )
    shares = np.stack([better, 1 - better - worse, worse], axis=1)
    # A draw that two regions share, as with all differences 0 and no rope, counts half for each.
    winners = np.isclose(shares, shares.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    left, equal, right = (winners / winners.sum(axis=1, keepdims=True)).mean(axis=0).tolist()
    return BayesianSignedRank(left, equal, right)


def _exact(ranks: Floats, plus: float, alternative: str) -> float:
    """P value from the distribution of the positive rank sum, a step a rank; doubled mid-ranks are whole."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    observed, total = round(2 * plus), int(doubled.sum())
    share = np.zeros(total + 1)
    share[0] = 1.0
    for rank in doubled:
        share[rank:] = (share[rank:] + share[: total + 1 - rank]) / 2
        share[:rank] /= 2
    above, below = float(share[observed:].sum()), float(share[: observed + 1].sum())
    found = {"two-sided": 2 * min(above, below), "greater": above, "less": below}[alternative]
    return min(1.0, found)


def _normal(distance: float, spread: float, alternative: str, correction: bool) -> float:
    shift = {"two-sided": np.sign(distance) / 2, "greater": 0.5, "less": -0.5}[alternative] if correction else 0.0
    z = float((distance - shift) / spread)
    tail = {"two-sided": -abs(z), "greater": -z, "less": z}[alternative]
    return min(1.0, (2 if alternative == "two-sided" else 1) * float(special.ndtr(tail)))
