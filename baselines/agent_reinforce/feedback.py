"""What the agent is told at an update: the content of the textual gradient before it is text.

The prompt is rendered from this record and the scripted policy reads this record, so every kind of agent knows
the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from baselines._talk import Report
from baselines.agent_reinforce.rows import Rows
from bench.graph import Graph
from bench.optimizer import Problem

__all__ = ["Briefing"]


@dataclass(frozen=True, slots=True)
class Briefing:
    """One consultation.

    reports: all evaluations so far, oldest first; the last `new` of them since the last consultation. scores:
    the objective at the posterior mean, by graph id. best: the graph with the highest. wider, deeper: how many
    evaluated graphs were wider, or deeper, than the best before them. rows: how the probabilities are written;
    probabilities: the current ones, by name of the row.
    """

    problem: Problem
    reports: tuple[Report, ...]
    new: int
    scores: dict[str, float]
    best: Graph
    wider: int
    deeper: int
    rows: Rows
    probabilities: dict[str, list[float]]
