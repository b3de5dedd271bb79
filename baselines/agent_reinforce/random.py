"""The control: replies of valid structure and random content, charged like any other."""

from __future__ import annotations

from typing import Any

import numpy as np

from baselines.agent_reinforce.feedback import Briefing
from bench.space import Space

__all__ = ["propose_mixes", "update"]


def propose_mixes(space: Space, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Mixes of the published sampler's graphs."""
    mixes = []
    for _ in range(count):
        models = [node.model for node in space.sample(rng).nodes]
        mixes.append({name: models.count(name) for name in space.pool.names})
    return {"mixes": mixes, "reason": "random"}


def update(briefing: Briefing, eta: float, rng: np.random.Generator) -> dict[str, Any]:
    """Move every probability by eta towards a random value."""
    point = [int(rng.integers(size)) for size in briefing.rows.sizes]
    changes = [
        {
            "name": name,
            "probabilities": [
                round((1 - eta) * p + eta * t, 3)
                for p, t in zip(briefing.probabilities[name], target, strict=True)
            ],
        }
        for name, target in briefing.rows.certain(point).items()
    ]
    return {"changes": changes, "reason": "random"}
