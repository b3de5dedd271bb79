"""`isobudget season evidence`: which draws of a season's family the published evidence speaks for."""

from __future__ import annotations

import math

import click
import numpy as np
from tabulate import tabulate

from bench.families.posterior import effective_size, misfit
from bench.families.wide import PROFILES, profile, wide
from bench.seasons import load_season
from bench.worlds.simulated import SimulatedWorld

__all__ = ["evidence_table"]


def evidence_table(name: str, draws: int) -> str:
    """Misfit of a season's first draws of each task, their effective number, and the season's share of weight."""
    season = load_season(name)
    chosen = {found.index for found in season.instances}
    misfits: dict[str, dict[int, float]] = {task: {} for task in PROFILES}
    for index in range(draws * len(PROFILES)):
        world = SimulatedWorld(wide(season.public, season.version, index))
        misfits[profile(index)][index] = misfit(world)
        if (index + 1) % 100 == 0:
            click.echo(f"{index + 1} of {draws * len(PROFILES)} draws", err=True)
    rows = []
    for task, found in misfits.items():
        values, least = list(found.values()), min(found.values())
        weight = {index: math.exp((least - value) / 2) for index, value in found.items()}
        share = sum(w for index, w in weight.items() if index in chosen) / sum(weight.values())
        inside = sum(index in chosen for index in found)
        rows.append(
            [task, draws, least, float(np.median(values)), effective_size(values), inside, f"{100 * share:.0f} %"]
        )
    headers = ["task", "draws", "misfit: least", "median", "effective draws", "in the season", "their weight"]
    table = tabulate(rows, headers, tablefmt="simple", floatfmt=".1f", maxheadercolwidths=12)
    return (
        f"family posterior: draws of wide (public value '{season.public}') weighted by published evidence\n\n"
        f"{table}\n\nSimulated. Weight: exp(−misfit/2). Effective draws: (Σw)²/Σw²."
    )
