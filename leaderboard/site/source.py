"""What a site is built from: frames and plain data, read by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from leaderboard.ranks import Plan

__all__ = ["SELF_REPORTED", "FileLine", "Source"]

SELF_REPORTED = "self-reported"
"""The badge of what nobody has repeated."""


class FileLine(NamedTuple):
    """A file that records were read from: its path below the folder of results, its size, its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """One suite's records and what is known about them. Everything in here may be hostile text.

    runs, questions: the frames of `load_records(path)`; questions only where no exact accuracy is known. graphs:
    the data of every recommended graph by its id. badges, cards: by method, where an entry has them. digest: of
    the records. software: what they say they were made with, and how many. broken: what could not be read.
    """

    suite: str
    title: str
    runs: pd.DataFrame
    questions: pd.DataFrame | None
    plan: Plan
    graphs: Mapping[str, Mapping[str, Any]]
    digest: str
    badges: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)
    software: tuple[tuple[str, int], ...] = ()
    files: tuple[FileLine, ...] = ()
    broken: tuple[str, ...] = ()

    def badge(self, method: str) -> str:
        """How far a method's records were repeated."""
        return self.badges.get(method) or SELF_REPORTED
