"""A tiny Llama with random weights and the pocket models' vocabulary, for tests of real engines."""

from __future__ import annotations

from pathlib import Path


def make(folder: Path, seed: int, hidden: int = 64) -> Path:
    """Write one; needs torch and transformers."""
    from pocket.model import build, save
    from pocket.recipe import Recipe

    model = build(Recipe(hidden, 1, hidden // 32, 2 * hidden, 0, 0, 0.0), seed)
    save(model, folder)
    return folder
