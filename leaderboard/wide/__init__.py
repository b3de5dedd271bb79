"""The tables behind the ranks: is the verdict robust, what was lost, what could have been found, how it got there.

`isobudget leaderboard RESULTS --wide` has them after all others. None of them makes a rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from leaderboard.ranks import Plan, Standing
from leaderboard.table import Table
from leaderboard.wide.agreement import agreement_tables
from leaderboard.wide.anytime import anytime_tables
from leaderboard.wide.failures import failure_tables
from leaderboard.wide.fronts import front_tables
from leaderboard.wide.gates import gate_tables
from leaderboard.wide.power import power_tables
from leaderboard.wide.profiles import profile_tables
from leaderboard.wide.ratios import ratio_tables
from leaderboard.wide.sensitivity import sensitivity_tables
from leaderboard.wide.targets import target_tables

__all__ = ["WIDE", "wide_tables"]

WIDE: tuple[Callable[[Sequence[Standing], Plan], Iterator[Table]], ...] = (
    sensitivity_tables,
    gate_tables,
    power_tables,
    ratio_tables,
    target_tables,
    anytime_tables,
    profile_tables,
    front_tables,
    agreement_tables,
)
"""In the order of reading, after the table of failures; each makes only the tables that there are data for."""


def wide_tables(
    standings: Sequence[Standing], plan: Plan, questions: pd.DataFrame | None = None
) -> Iterator[Table]:
    """All of them; questions: the answers, where nothing is exact."""
    yield from failure_tables(standings, plan, questions)
    for tables in WIDE:
        yield from tables(standings, plan)
