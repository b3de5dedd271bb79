"""The briefing as text: what an LLM agent is sent, and what every agent is charged for.

Structured replies: `{"mixes": [{"1B": 0, "3B": 2, …}, …], "reason": …}` at the start, later
`{"changes": {"slot 0": [probability of empty, of each model], …}, "reason": …}`.
"""

from __future__ import annotations

from baselines.agent_reinforce.feedback import Briefing, Report
from bench.space import Space

__all__ = ["INSIGHTS", "mix_prompt", "update_prompt"]

INSIGHTS = (
    "Tasks differ in which models they reward: some want one large model, others a crowd of small ones.",
    "Width and depth each have an optimum: answers in parallel help up to a point, so do rounds of refinement, "
    "and a model with more parameters bears more answers to read.",
    "Width and depth depend on each other: once one grows, the best value of the other moves.",
)
"""The three findings of the paper that its agent is told, in our words."""

_SHOWN_FAILURES = 12


def mix_prompt(space: Space, count: int, insights: bool) -> str:
    """Asks for at most `count` promising mixes of models, to be pre-tested."""
    lines = [
        *_setting(space),
        *(_numbered(INSIGHTS[:1]) if insights else []),
        f"Name up to {count} mixes of models that are worth a short test, as counts of each model. "
        'Reply with JSON: {"mixes": [{"MODEL": COUNT, …}, …], "reason": "…"}.',
    ]
    return "\n".join(lines)


def update_prompt(briefing: Briefing, insights: bool, traces: bool) -> str:
    """Asks for new probabilities after the latest evaluations; without `traces` only accuracies are told."""
    latest = briefing.reports[-briefing.new :]
    lines = [
        *_setting(briefing.space),
        *(_numbered(INSIGHTS[1:]) if insights else []),
        f"Best graph so far: {briefing.best}, posterior mean {briefing.scores[briefing.best.id]:.3f}.",
        f"Tried so far: {briefing.wider} graphs wider and {briefing.deeper} deeper than the best of their time.",
        *(line for entry in latest for line in _told(entry, briefing.scores, traces)),
        "Current probabilities (slot j: empty, then each model; edge i<-j: no, yes; slot i may read slot j > i):",
        *(f"{name}: {_row(values)}" for name, values in briefing.probabilities.items()),
        "Move probabilities so that better graphs become likely. Reply with JSON: "
        '{"changes": {"NAME": [PROBABILITIES], …}, "reason": "…"}; leave out what should stay.',
    ]
    return "\n".join(lines)


def _setting(space: Space) -> list[str]:
    costs = [
        f"{name}: {', '.join(f'{flops / space.unit:.2f}' for flops in row[:5])}"
        for name, row in zip(space.pool.names, space.flops, strict=True)
    ]
    sinks = ", ".join(f"{sink.kind} {sink.model or ''}".strip() for sink in space.sinks)
    return [
        "You design a graph of language models that answers questions together. A node is one call of one model; "
        "a node without predecessors answers the question, a node with predecessors merges their answers into a "
        "better one; a sink gives the final answer.",
        f"Task: {space.task}. A graph may cost at most {space.cap / space.unit:.2f} units a question and have at "
        f"most {space.max_nodes} nodes. Sinks: {sinks}.",
        "Cost in units of one call that reads 0, 1, 2, 3, 4 answers:",
        *costs,
    ]


def _numbered(insights: tuple[str, ...]) -> list[str]:
    return [f"Known: {text}" for text in insights]


def _told(entry: Report, scores: dict[str, float], traces: bool) -> list[str]:
    head = (
        f"Graph {entry.graph}: {entry.accuracy:.3f} right on {entry.questions} questions, posterior mean "
        f"{scores[entry.graph.id]:.3f}, {entry.units:.2f} units, {entry.latency:.1f} s critical path."
    )
    if not traces:
        return [head]
    failed = ", ".join(map(str, entry.failed[:_SHOWN_FAILURES]))
    nodes = ", ".join(f"{v}: {share:.2f}" for v, share in enumerate(entry.node_accuracy))
    edges = "; ".join(f"{e.source}→{e.target} lost {e.lost:.2f}, repaired {e.repaired:.2f}" for e in entry.edges)
    idle = f" Nodes {', '.join(map(str, entry.idle))} added nothing." if entry.idle else ""
    return [
        head,
        f"  Right by node: {nodes}.{idle} Failed questions: {failed or 'none'}.",
        f"  Edges: {edges}.",
    ]


def _row(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)
