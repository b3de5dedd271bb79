"""Where a method's own randomness comes from: keyed by the place of the run, never by the method's name.

In a blind run the key also holds the public value of the season, where the world is of one. A method was frozen
before that value was known and sees neither it nor the world's name, so it cannot try keys until one fits.
"""

from __future__ import annotations

import numpy as np

from bench.keys import generator
from bench.spec import RunSpec

__all__ = ["method_generator"]


def method_generator(spec: RunSpec) -> np.random.Generator:
    """The method's own stream in one run."""
    where = [text for pair in spec.world_options for text in pair]
    place: tuple[int | str, ...] = (spec.world, *where, spec.seed, spec.task, spec.space, spec.budget, spec.stream)
    return generator("blind", _public(spec), *place) if spec.blind else generator("method", *place)


def _public(spec: RunSpec) -> str:
    """The public value of the season that the run's world is of; empty for other worlds."""
    from bench.seasons import load_season, season_of

    season = season_of(dict(spec.world_options).get("universe", ""))
    return load_season(season).public if season else ""
