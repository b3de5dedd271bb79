"""The briefing as text: what an LLM is sent and every agent is charged for; and the schemas of the replies."""

from __future__ import annotations

from typing import Any

from baselines._talk import calibration, object_schema, setting, told
from baselines.agent_reinforce.feedback import Briefing
from baselines.agent_reinforce.rows import Rows
from bench.optimizer import Problem
from bench.space import Space

__all__ = ["INSIGHTS", "INVERTED", "mix_prompt", "mix_schema", "update_prompt", "update_schema"]

INSIGHTS = (
    "Tasks differ in which models they reward: some want one large model, others a crowd of small ones.",
    "Width and depth each have an optimum: answers in parallel help up to a point, so do rounds of refinement, "
    "and a model with more parameters bears more answers to read.",
    "Width and depth depend on each other: once one grows, the best value of the other moves.",
)
"""The three findings of the paper that its agent is told, in our words: one at the start, two later."""

INVERTED = (
    "Tasks do not differ in which models they reward: an even mix of all models is the best start everywhere.",
    "Width and depth have no optimum: more of what was grown before is always better, and a model with fewer "
    "parameters bears more answers to read.",
    "Width and depth do not depend on each other: one can be settled without a look at the other.",
)
"""The opposites, for the ablation that asks whether it matters what the agent is told."""

_TEXT = {"type": "string"}
_BEST = 3


def mix_prompt(problem: Problem, count: int, insights: tuple[str, ...]) -> str:
    """Asks for at most `count` promising mixes of models, to be pre-tested."""
    lines = [
        *setting(problem),
        *calibration(problem),
        *_known(insights),
        f"Name up to {count} mixes of models that are worth a short test, the most promising first, as counts of "
        "each model. They are tested as answers side by side under the sink; what exceeds the budget is left out.",
        'Reply with JSON: {"mixes": [{"MODEL": COUNT, … for every model}, …], "reason": "…"}.',
    ]
    return "\n".join(lines)


def mix_schema(space: Space, count: int) -> dict[str, Any]:
    """Of the reply to `mix_prompt`."""
    number = {"type": "integer", "minimum": 0, "maximum": space.max_nodes}
    mix = object_schema(**dict.fromkeys(space.pool.names, number))
    return object_schema(mixes={"type": "array", "items": mix, "minItems": 1, "maxItems": count}, reason=_TEXT)


def update_prompt(briefing: Briefing, insights: tuple[str, ...], traces: bool) -> str:
    """Asks for new probabilities after the latest evaluations; without `traces` only accuracies are told."""
    latest = briefing.reports[-briefing.new :]
    lines = [
        *setting(briefing.problem),
        *_known(insights),
        "Graphs are written like `0:1B 1:3B←0 → select 3B reads 1`: node 1, a 3B, reads node 0, and the sink "
        "reads node 1.",
        "Best graphs so far, with the objective at the posterior mean of what was measured:",
        *_leaders(briefing),
        f"Tried so far: {briefing.wider} graphs wider and {briefing.deeper} deeper than the best before them.",
        "Latest evaluations:",
        *("\n  ".join([f"{entry.graph}:", *told(entry, traces)]) for entry in latest),
        *_meaning(briefing.problem.space),
        *(f"{name}: {' '.join(f'{p:.2f}' for p in row)}" for name, row in briefing.probabilities.items()),
        "Change probabilities so that better graphs become likely. Reply with JSON: "
        '{"changes": [{"name": ROW, "probabilities": [as many numbers as the row has]}, …], "reason": "…"}. '
        "Rows that you leave out stay; probabilities are clipped to [0.02, 0.98] and renormalised.",
    ]
    return "\n".join(lines)


def update_schema(rows: Rows) -> dict[str, Any]:
    """Of the reply to `update_prompt`."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    changes = [
        object_schema(
            name={"type": "string", "enum": names},
            probabilities={"type": "array", "items": share, "minItems": fewest, "maxItems": most},
        )
        for names, fewest, most in rows.kinds
    ]
    return object_schema(changes={"type": "array", "items": {"anyOf": changes}}, reason=_TEXT)


def _known(insights: tuple[str, ...]) -> list[str]:
    return [f"Known: {text}" for text in insights]


def _leaders(briefing: Briefing) -> list[str]:
    graphs = {entry.graph.id: entry.graph for entry in briefing.reports}
    ranked = sorted(graphs, key=lambda key: (key != briefing.best.id, -briefing.scores[key]))
    return [f"  {graphs[key]}: {briefing.scores[key]:.3f}" for key in ranked[:_BEST]]


def _meaning(space: Space) -> list[str]:
    """What the rows of the distribution mean."""
    sinks = ", ".join(" ".join(filter(None, sink)) for sink in space.sinks)
    return [
        "New graphs are drawn from independent probabilities, in rows:",
        f"`sink`: of {sinks}.",
        f"`slot j`: of what stands in slot j: nothing, {', '.join(space.pool.names)}. Slot 0 is nearest the sink: "
        "node v of a graph of n nodes stands in slot n − 1 − v.",
        "`edges i`: for each j = i + 1, i + 2, … that the node in slot i reads the node in slot j."
        + ("" if space.dead_ends else " A node that no slot reads is read by the sink.")
        + " What would exceed the budget is left out, higher slots first.",
        *(["`reads`: for each j that the sink reads slot j, even if a slot does."] if space.free_reads else []),
        *(["`role j`: of the roles of slot j that suit what it reads."] if space.free_roles else []),
        "They are now:",
    ]
