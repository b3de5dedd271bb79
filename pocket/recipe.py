"""The frozen recipe: sizes, mixtures, steps. Chosen on the split `dev`; docs/pocket.md tells how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks._puzzles import KINDS

__all__ = ["RECIPES", "SEED", "TOKENS", "Recipe"]

SEED = 1
TOKENS = 2048
"""Tokens of a batch, padding included."""


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    hidden, layers, heads, ffn: of the Llama architecture. weights: how often each kind is taught on its own,
    against 1 for the others. first, second: steps of the two stages. rate: Muon's learning rate in the first; the
    second starts at `cooled` times it and falls to 0. fusing: share of examples with answers to read, by stage.
    """

    hidden: int
    layers: int
    heads: int
    ffn: int
    first: int
    second: int
    rate: float
    cooled: float = 0.4
    fusing: tuple[float, float] = (0.3, 0.6)
    weights: Mapping[str, float] = field(default_factory=dict)

    def mixture(self) -> dict[str, float]:
        """Weights of all kinds."""
        return {kind: self.weights.get(kind, 1.0) for kind in KINDS}


RECIPES = {
    "S": Recipe(64, 2, 2, 160, 300, 550, rate=5e-3, fusing=(0.3, 0.7), weights={"reverse": 1.6, "count": 1.6}),
    "M": Recipe(96, 3, 3, 224, 600, 100, rate=4e-3, fusing=(0.3, 0.65)),
    "L": Recipe(128, 3, 4, 320, 1300, 300, rate=3.5e-3, weights={"reverse": 0.08}),
}
"""Smallest first. Their mixtures differ, as those of real models do: the largest has hardly seen a reversal."""
