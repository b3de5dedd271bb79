"""TextGrad: an agent criticises the current graph from what its nodes did, then revises it by that criticism.

Source: Yuksekgonul et al. 2024, "TextGrad: automatic differentiation via text". Two consultations a step, as
there: the criticism is the gradient, the revision the optimizer's step; past revisions and what came of them are
its momentum. A revision that does worse is taken back, as their prompt optimization does on a validation set;
since answers are few and noisy, one takes over only once it was asked as much as the graph that it revises. Ours:
the criticism is a list of typed findings, so that an agent without language can give and follow one; and where
nothing helps any more, the search starts again from the best of a few random graphs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from baselines._edits import added, dropped, merged, replaced
from baselines._talk import Report, calibration, graph_data, object_schema, read_graph, report, setting, told
from baselines._writing import NOTATION, TEXT, ask_graph, untried
from bench.agent import Agent
from bench.graph import Graph
from bench.optimizer import Optimizer, Outcome, Problem, Proposal, method
from bench.schedule import stages

FINDINGS = {
    "idle": "the node adds nothing",
    "weak": "the node is right far less often than others",
    "loses": "right answers that the node or the sink reads are lost there",
    "room": "the budget has room for more, and on many failed questions no node was right",
}

_LOSS = 0.1  # share of the questions on which right answers are lost that is worth a remark
_WEAK = 0.15  # how far below the best a node is weak


@method(
    "textgrad",
    label="TextGrad",
    source="Yuksekgonul et al. 2024, arXiv 2406.07496",
    least_trials=16,
    agents=("scripted", "random", "llm"),
)
class TextGrad(Optimizer):
    """starts: random graphs of which a search starts from the best. patience: failed revisions that end it.

    memory: past revisions that the agent is told of.
    """

    wants_traces = True

    starts: int = 8
    patience: int = 8
    memory: int = 4

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.tried: list[Graph] = []
        self.current: Graph | None = None
        self.revised: Graph | None = None
        self.change = ""
        self.failed = 0
        self.past: deque[str] = deque(maxlen=max(0, self.memory))
        self.reports: dict[str, Report] = {}

    def ask_many(self, count: int) -> list[Proposal]:
        """Random graphs to start from, in one round; then one revision at a time."""
        if self.current is None:
            return [Proposal(self.draw()) for _ in range(max(1, min(count, self.starts - len(self.tried))))]
        if self.revised is None:
            self.change, self.revised = self._revise(self.current, self._criticise(self.current))
        return [Proposal(self.revised)]

    def tell(self, outcome: Outcome) -> None:
        self.reports[outcome.graph.id] = report(outcome, self.history.value(outcome))
        score, tallies = self.history.score, self.history.tallies
        if self.current is None or self.revised is None:
            self.tried.append(outcome.graph)
            if len(self.tried) >= self.starts:
                self.current, self.failed = max(self.tried, key=score), 0
        elif score(self.revised) <= score(self.current):
            self._settle("worse, taken back", self.current)
            self.failed += 1
            if self.failed >= self.patience:
                self.tried, self.current = [], None
        elif tallies[self.revised.id].asked >= tallies[self.current.id].asked:
            self._settle("better, kept", self.revised)
            self.failed = 0

    def _settle(self, verdict: str, current: Graph) -> None:
        assert self.revised is not None
        self.past.append(f"  {self.change}: {self.revised}: {self.history.score(self.revised):.3f}, {verdict}.")
        self.current, self.revised = current, None

    def _told(self, graph: Graph) -> list[str]:
        """The problem and the current graph: the beginning of both prompts."""
        return [
            *setting(self.problem),
            NOTATION,
            f"The current graph is {graph}, objective so far {self.history.score(graph):.3f}.",
            *told(self.reports[graph.id]),
        ]

    def _criticise(self, graph: Graph) -> list[dict[str, Any]]:
        """The agent's findings about a graph; none when its replies were of no use."""
        assert self.agent is not None
        finding = object_schema(
            node={"type": "integer", "minimum": 0, "maximum": len(graph.nodes)},
            finding={"type": "string", "enum": list(FINDINGS)},
            advice=TEXT,
        )
        lines = [
            *self._told(graph),
            "Criticise it: what in it costs right answers, and what should change? Do not write a new graph yet. "
            f"Kinds of findings: {'; '.join(f'{name}: {text}' for name, text in FINDINGS.items())}. Node "
            f"{len(graph.nodes)} stands for the sink. Reply with JSON, the most important first: "
            '{"findings": [{"node": NODE, "finding": KIND, "advice": "…"}, …]}.',
        ]
        found = self.agent.consult(
            "\n".join(lines),
            schema=object_schema(findings={"type": "array", "items": finding, "maxItems": 8}),
            policies={
                "scripted": lambda: {"findings": criticism(self.reports[graph.id])},
                "random": lambda: {"findings": [self._random_finding(graph)]},
            },
            read=lambda reply: list(reply["findings"]),
        )
        return found or []

    def _random_finding(self, graph: Graph) -> dict[str, Any]:
        kind = list(FINDINGS)[int(self.rng.integers(len(FINDINGS)))]
        return {"node": int(self.rng.integers(len(graph.nodes) + 1)), "finding": kind, "advice": "random"}

    def _revise(self, graph: Graph, findings: list[dict[str, Any]]) -> tuple[str, Graph]:
        lines = [
            *self._told(graph),
            *calibration(self.problem),
            "It was criticised:",
            *(f"  node {f['node']}: {f['finding']}: {f['advice']}" for f in findings),
            *(["Past revisions and what came of them:", *self.past] if self.past else []),
            "Write the graph anew so that it meets the criticism. Change little else.",
        ]
        return ask_graph(self, lines, lambda: self._followed(graph, findings))

    def _followed(self, graph: Graph, findings: list[dict[str, Any]]) -> tuple[str, Graph]:
        """The first graph not yet tried that meets a finding; a random edit where there is none."""
        space = self.problem.space
        data, strongest = graph_data(space, graph), self._strongest()
        for finding in findings:
            for change, draft in _remedies(
                finding, data, strongest, [" ".join(filter(None, s)) for s in space.sinks]
            ):
                other = read_graph(space, draft)
                if other.id not in self.history.tallies:
                    return f"{finding['finding']}: {change}", other
        return untried(self, graph)

    def _strongest(self) -> list[str]:
        """The models, those first whose nodes were right most often."""
        right: dict[str, list[float]] = {name: [] for name in self.problem.space.pool.names}
        for entry in self.reports.values():
            for node, share in zip(entry.graph.nodes, entry.node_accuracy, strict=False):
                right[node.model].append(share)
        return sorted(right, key=lambda name: -float(np.mean(right[name] or [0.0])))


def criticism(entry: Report) -> list[dict[str, Any]]:
    """What the scripted agent finds, the most questions at stake first."""
    n, share = len(entry.graph.nodes), entry.node_accuracy
    stakes = [("idle", v, _LOSS) for v in entry.idle]
    alone = [v for v in range(n) if not entry.graph.nodes[v].preds]
    behind = {v: max(share[:n]) - share[v] for v in alone}
    stakes += [("weak", v, gap / 2) for v, gap in behind.items() if gap > _WEAK]
    for stage, preds in enumerate(stages(entry.graph)):
        lost = max((edge.lost for edge in entry.edges if edge.target == stage), default=0.0)
        if preds and lost > _LOSS:
            stakes.append(("loses", stage, lost))
    hopeless = (len(entry.failed) - len(entry.lost)) / entry.questions
    stakes.append(("room", int(np.argmax(share[:n])), hopeless))
    ranked = sorted(stakes, key=lambda stake: -stake[2])
    return [
        {"node": node, "finding": kind, "advice": f"{FINDINGS[kind]}: {at_stake:.2f} of the questions at stake"}
        for kind, node, at_stake in ranked[:8]
    ]


def _remedies(
    finding: dict[str, Any], data: dict[str, Any], strongest: list[str], sinks: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Changes that meet a finding, the most promising first."""
    node, kind, n = finding["node"], finding["finding"], len(data["nodes"])
    if kind in ("idle", "weak") and node < n:
        yield f"{strongest[0]} at node {node}", replaced(data, node, strongest[0])
        yield f"without node {node}", dropped(data, node)
    elif kind == "loses" and node < n:
        for model in strongest:
            yield f"{model} at node {node}", replaced(data, node, model)
        yield f"without node {node}", dropped(data, node)
    elif kind == "loses":
        yield from ((f"sink {sink}", data | {"sink": sink}) for sink in sinks)
        yield from ((f"{model} merges the answers", merged(data, model)) for model in strongest)
    else:
        for model in strongest:
            yield f"{model} added", added(data, model)
            yield f"{model} merges the answers", merged(data, model)
            if node < n:
                yield f"{model} added for node {node} to read", added(data, model, node)
