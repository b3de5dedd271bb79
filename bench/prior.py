"""The published calibration table: the prior data of tier P1, offered to every method alike."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from bench.errors import IsobudgetError

__all__ = ["TIERS", "calibration_table"]

TIERS = ("P0", "P1", "P2")
"""P0: nothing but the space. P1: this table. P2: anything else, its acquisition charged."""


def calibration_table(task: str) -> dict[str, Any]:
    """`single` (model → accuracy) and `pilots` (mix and mean accuracy) of one task."""
    text = (resources.files("bench") / "data" / "prior" / "published.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    if task not in data["single"]:
        raise IsobudgetError(f"tier P1 has no published data for task {task}: use --prior P0")
    return {"single": data["single"][task], "pilots": data["pilots"].get(task, [])}
