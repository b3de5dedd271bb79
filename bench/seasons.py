"""Seasons: lists of simulated worlds from a family, each with what is known to be reachable in it.

A season is a TOML file: the public value that its worlds derive from, and one entry an instance. The packaged
season `dev` is for practice. Instance `dev-017` is draw 17 of season dev: its world needs nothing but the public
value, the version and the number, so anyone can derive it again; the entry says what the world is good for.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from bench.errors import IsobudgetError, unknown
from bench.families.wide import profile, wide
from bench.worlds.simulation.universe import Universe

__all__ = ["STRATA", "Instance", "Season", "instance_universe", "list_seasons", "load_season", "season_of"]

STRATA = ("headroom", "trap", "raw")
"""Reported apart; only the first is ranked."""

_NAME = re.compile(r"(?P<season>.+)-(?P<index>\d{3,})")


@dataclass(frozen=True, slots=True)
class Instance:
    """One world of a season.

    index: of the draw. name: what `--universe` takes. stratum: one of `STRATA`. accuracy (H), best_fixed,
    random_mean (L): exact expected accuracies in [0, 1]. how: the reference was found. random_search: mean over a
    few seeds of what random search recommends at the reference budget.
    """

    index: int
    name: str
    task: str
    stratum: str
    accuracy: float
    graph: str
    how: str
    best_fixed: float
    best_fixed_graph: str
    random_mean: float
    random_search: float

    @property
    def over_fixed(self) -> float:
        """Headroom over the best fixed architecture, a share."""
        return self.accuracy - self.best_fixed

    @property
    def over_random(self) -> float:
        """Headroom over random search, a share."""
        return self.accuracy - self.random_search


@dataclass(frozen=True)
class Season:
    """A list of instances, and how it came about.

    public: the value that all worlds derive from; empty before it is known. beacon: where that value was to
    appear. entries: SHA-256 of each entered method's file, frozen before. looked_at: raw draws by task.
    headroom: of the raw draws, points over the best fixed architecture at some quantiles.
    """

    name: str
    public: str
    version: str
    space: str
    pool: str
    budget: str
    search: str
    beacon: str
    entries: dict[str, str]
    looked_at: dict[str, int]
    headroom: dict[str, float]
    instances: tuple[Instance, ...]


def list_seasons() -> list[str]:
    """Names of the seasons that come with the package."""
    folder = resources.files("bench") / "data" / "seasons"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def load_season(name: str) -> Season:
    """The season of that name, or the one in the TOML file at that path. Raises IsobudgetError for a bad one."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise IsobudgetError(f"no season file at {name}: isobudget season freeze makes one")
        text, short = Path(name).read_text(encoding="utf-8"), name.removesuffix(".toml")
    elif name in list_seasons():
        text = (resources.files("bench") / "data" / "seasons" / f"{name}.toml").read_text(encoding="utf-8")
        short = name
    else:
        raise unknown("season", name, list_seasons())
    try:
        return _season(short, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise IsobudgetError(f"season {name}: {error} (docs/families.md shows a whole one)") from error


def season_of(universe: str) -> str | None:
    """What `load_season` takes for the season that `SEASON-NNN` is an instance of; None for other names."""
    match = _NAME.fullmatch(universe)
    if match is None:
        return None
    if match["season"] in list_seasons():
        return match["season"]
    path = f"{match['season']}.toml"
    return path if Path(path).is_file() else None


def instance_universe(name: str) -> Universe | None:
    """The world of `SEASON-NNN`, where SEASON is a packaged season or the path of a file without `.toml`.

    None when no such season exists.
    """
    known = season_of(name)
    if known is None:
        return None
    season = load_season(known)
    if not season.public:
        raise IsobudgetError(f"season {known} has no public value yet: isobudget season derive fills it in")
    return wide(season.public, season.version, int(name.rpartition("-")[2]), name)


def _season(short: str, data: dict[str, Any]) -> Season:
    entries = data.pop("instances", [])
    instances = tuple(
        Instance(name=f"{short}-{entry['index']:03d}", task=profile(entry["index"]), **entry) for entry in entries
    )
    if strange := [found.name for found in instances if found.stratum not in STRATA]:
        raise ValueError(f"{strange[0]}: its stratum is none of {', '.join(STRATA)}")
    return Season(name=short, instances=instances, **data)
