"""The family `wide`: worlds whose parameters are drawn from broad ranges instead of fitted to one paper.

Draw j of a season is a pure function of (public value, version, j): its universe integer and all parameters
come from one SHA-256, through keyed counters. Parameters are rounded to six decimals, so that the last bit of
a machine's `log` or `exp` cannot change a world. The task's costs, token constants and options stay as they
are; so does everything that `RANGES` and `wide` do not name, which is that of the universe `main`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from bench.keys import fold, text_key, unif
from bench.worlds.simulation.universe import Reader, Universe, load_universe

__all__ = ["PERMUTED", "PROFILES", "RANGES", "profile", "wide"]

PROFILES = ("math", "mmlu", "humaneval")
"""The task whose costs and options draw j has: they take turns."""

RANGES = {
    "between": (0.45, 0.72),
    "within over between": (0.03, 0.40),
    "coincidence": (0.06, 0.40),
    "coincidence of options": (0.36, 0.60),
    "pet": (0.40, 0.70),
    "self_trust": (-0.3, 2.2),
    "verification": (-0.3, 2.2),
    "verification_slope": (0.0, 1.4),
    "reading": (-0.4, 0.2),
    "sway": (0.0, 0.5),
    "anchor": (0.0, 1.6),
    "log plurality": (-0.5, 0.6),
    "log context": (-0.5, 0.6),
    "select_self_trust": (-2.0, 0.0),
    "select_anchor": (1.0, 3.0),
    "length_inflation": (0.0, 0.8),
    "logit accuracy": (-1.386294, 0.0),  # of the 1B: from .2 to .5
}
"""Ends of the uniform draws, by parameter."""

PERMUTED = 0.25
"""Chance that strength does not follow size: that the 1B, 3B and 8B are dealt each other's at random."""

_WITHIN = 0.95  # never more
_STEP, _STEP_SPREAD, _STEP_LEAST = 0.45, 0.35, -0.2  # of the logit accuracy, from one model to the next larger
_FAMILY = ("self_trust", "verification", "verification_slope", "reading", "sway", "anchor", "pet", "between")


def profile(index: int) -> str:
    """The task of draw j."""
    return PROFILES[index % len(PROFILES)]


def wide(public: str, version: str, index: int, name: str | None = None) -> Universe:
    """Draw j as a universe with that one task. name: what it is called; None: its family and index.

    public: the season's public value. version: of the suite, so that a later one draws other worlds.
    """
    digest = hashlib.sha256(f"{public}‖{version}‖{index}".encode()).digest()
    draws = _Draws(int.from_bytes(digest[8:16], "little"))
    base, task = load_universe("main"), profile(index)
    physics = base.tasks[task]
    between = draws.uniform("between")
    strong, readers = _strengths(draws, base.models)
    physics = replace(
        physics,
        **{parameter: draws.uniform(parameter) for parameter in _FAMILY},  # type: ignore[arg-type]
        within=round(min(_WITHIN, between + draws.uniform("within over between")), 6),
        coincidence=draws.uniform("coincidence of options" if physics.wrong_options else "coincidence"),
        accuracy=strong,
    )
    return Universe(
        name=f"wide-{index}" if name is None else name,
        number=int.from_bytes(digest[:6], "little"),
        pool=base.pool,
        common=replace(
            base.common,
            **{p: draws.uniform(p) for p in ("select_self_trust", "select_anchor", "length_inflation")},
        ),
        models=readers,
        tasks={task: physics},
    )


class _Draws:
    """Parameters of one draw: each has its own key, so none depends on which others are drawn."""

    def __init__(self, key: int) -> None:
        self.key = np.uint64(key)

    def unit(self, what: str) -> float:
        """Uniform in (0, 1)."""
        return float(unif(fold(self.key, text_key(what) % 2**63)))

    def uniform(self, what: str) -> float:
        """Uniform over its range, to six decimals."""
        low, high = RANGES[what]
        return round(low + (high - low) * self.unit(what), 6)

    def normal(self, what: str) -> float:
        """Standard normal."""
        return float(ndtri(self.unit(what)))


def _strengths(draws: _Draws, models: Mapping[str, Reader]) -> tuple[dict[str, float], dict[str, Reader]]:
    """Accuracy and reading of each model, smallest first.

    What makes a model strong (accuracy, pull of votes, trust in its own attempt) is permuted together; how much
    it can take in stays with its size, as do its costs. The largest, outside the suite's pool, is left alone.
    """
    names = list(models)
    logit = draws.uniform("logit accuracy")
    accuracy = [1 / (1 + np.exp(-logit))]
    for name in names[1:]:
        logit += max(_STEP_LEAST, _STEP + _STEP_SPREAD * draws.normal(f"step to {name}"))
        accuracy.append(1 / (1 + np.exp(-logit)))
    order = list(range(len(names)))
    if draws.unit("permuted?") < PERMUTED:
        order[:-1] = sorted(order[:-1], key=lambda m: draws.unit(f"place of {names[m]}"))
    votes, context = np.exp(draws.uniform("log plurality")), np.exp(draws.uniform("log context"))
    strong = {name: round(float(accuracy[m]), 6) for name, m in zip(names, order, strict=True)}
    readers = {
        name: replace(
            models[name],
            plurality=round(float(models[names[m]].plurality * votes), 6),
            self_trust=models[names[m]].self_trust,
            context=round(float(models[name].context * context), 6),
        )
        for name, m in zip(names, order, strict=True)
    }
    return strong, readers
