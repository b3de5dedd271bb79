"""AFlow: a tree of graphs; a parent is drawn by score, an agent edits it, and what the edits did is kept.

Source: Zhang et al. 2024, "AFlow: automating agentic workflow generation". Theirs: the soft mixed choice of the
parent, P = λ/n + (1 − λ)·softmax(α·score in points) over the first graph and the best few, and the experience,
which edits of a parent helped and which did not. There a workflow is code, its operators are given, and each is
run five times on a validation set; here a node of the tree is a graph, evaluated once, and once more whenever an
edit leads to it again. The tree has several random graphs as roots, because an empty workflow is none here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from baselines._talk import Report, calibration, report, setting, told
from baselines._writing import NOTATION, ask_graph, untried
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method

_EDITS = 8
"""Edits among which the scripted agent chooses by experience."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edge of the tree: what was changed in which graph, and what came of it."""

    parent: Graph
    change: str
    child: Graph


@method(
    "aflow",
    label="AFlow",
    source="Zhang et al. 2024, arXiv 2410.10762",
    least_trials=16,
    agents=("scripted", "random", "llm"),
)
class AFlow(Optimizer):
    """starts: random graphs from which the tree grows. best: among how many of the best the parent is drawn, the
    first graph aside. mix: λ, the uniform part of that draw. sharpness: α, of the softmax, per point of score.
    """

    wants_traces = True

    starts: int = 12
    best: int = 8
    mix: float = 0.2
    sharpness: float = 0.4

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.reports: dict[str, Report] = {}
        self.edits: list[Edit] = []
        self.first: Graph | None = None

    def ask_many(self, count: int) -> list[Proposal]:
        """Random graphs, the roots, in one round; then one expansion of the tree at a time."""
        missing = self.starts - len(self.history.outcomes)
        if missing > 0 or self.first is None:
            return [Proposal(self.draw()) for _ in range(max(1, min(count, missing)))]
        parent = self._parent()
        change, child = ask_graph(self, self._lines(parent), lambda: self._chosen(parent))
        self.edits.append(Edit(parent, change, child))
        return [Proposal(child)]

    def tell(self, outcome: Outcome) -> None:
        self.first = self.first or outcome.graph
        self.reports[outcome.graph.id] = report(outcome, self.history.value(outcome))

    def _parent(self) -> Graph:
        """Soft mixed choice among the first graph and the best."""
        assert self.first is not None
        graphs = list({g.id: g for g in (*self.history.best(max(1, self.best)), self.first)}.values())
        points = 100 * np.array([self.history.score(graph) for graph in graphs])
        soft = np.exp(self.sharpness * (points - points.max()))
        chances = self.mix / len(graphs) + (1 - self.mix) * soft / soft.sum()
        return graphs[int(self.rng.choice(len(graphs), p=chances / chances.sum()))]

    def _lines(self, parent: Graph) -> list[str]:
        experience = [
            f"  {edit.change}: {edit.child}: {self.history.score(edit.child):.3f}, {_verdict(self._gain(edit))}"
            for edit in self.edits
            if edit.parent.id == parent.id
        ]
        return [
            *setting(self.problem),
            *calibration(self.problem),
            NOTATION,
            f"You edit the graph {parent}, objective so far {self.history.score(parent):.3f}.",
            *told(self.reports[parent.id]),
            *(["Edits of it so far; do not repeat what failed:", *experience] if experience else []),
            "Make one edit that may raise the objective: another model at a node, a node more or less, an edge "
            "more or less, another sink; nothing else.",
        ]

    def _gain(self, edit: Edit) -> float:
        """What an edit was worth; 0 as long as it was not evaluated."""
        if edit.child.id not in self.history.tallies:
            return 0.0
        return self.history.score(edit.child) - self.history.score(edit.parent)

    def _chosen(self, parent: Graph) -> tuple[str, Graph]:
        """Of some random edits not yet tried, the one whose like gained most in the whole tree so far."""
        gains: dict[str, list[float]] = defaultdict(lambda: [0.0])  # and nothing at first
        for edit in self.edits:
            gains[edit.change].append(self._gain(edit))
        edits = [untried(self, parent) for _ in range(_EDITS)]
        return max(edits, key=lambda edit: float(np.mean(gains[edit[0]])))


def _verdict(gain: float) -> str:
    return "helped" if gain > 0 else "did not help"
