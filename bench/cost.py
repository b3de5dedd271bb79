"""What a graph costs: FLOPs, units, tokens, dollars; all *nominal*, known before anything runs.

A node with in-degree d reads Np = A + d·B tokens and writes Nd = B, where A and B are the task's token
constants. Its FLOPs are those of a dense decoder of M parameters, L layers and width D:

    2M·Np + 2LD·Np(Np+1)  +  2M·Nd + 2LD·Nd(2Np+Nd+1)

Source: Agent-REINFORCE (arXiv 2511.00086) and its release; one unit is the release's constant per task, about
one 1B call without predecessors. All FLOPs here are exact integers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from bench.errors import IsobudgetError
from bench.graph import Graph
from bench.pools import Model, Pool, call_usd, load_pool
from tasks import task_class

__all__ = ["BUDGET_LEVELS", "GraphCost", "budget_flops", "graph_cost", "node_flops", "unit_flops"]

BUDGET_LEVELS = {"small": 4, "medium": 8, "large": 12}
"""Budget level → n: it is the cost of the complete DAG of n 1B nodes whose 3B sink reads all of them."""


@dataclass(frozen=True, slots=True)
class GraphCost:
    """Nominal cost of one graph on one question.

    flops: an exact integer. units: flops over the task's unit. usd: dollars. per_node: FLOPs of each node in
    canonical order, the sink's last (0 for `vote`, absent without a sink).
    """

    flops: int
    units: float
    prompt_tokens: int
    completion_tokens: int
    usd: float
    per_node: tuple[int, ...]


@cache
def node_flops(task: str, params: int, layers: int, width: int, in_degree: int) -> int:
    """FLOPs of one node of the given size that reads `in_degree` answers."""
    constants = task_class(task)
    written = constants.answer_tokens
    read = constants.prompt_tokens + in_degree * written
    attention = 2 * layers * width
    prefill = 2 * params * read + attention * read * (read + 1)
    decode = 2 * params * written + attention * written * (2 * read + written + 1)
    return prefill + decode


def model_flops(task: str, model: Model, in_degree: int) -> int:
    """FLOPs of one call of `model` that reads `in_degree` answers."""
    return node_flops(task, model.params, model.layers, model.width, in_degree)


def unit_flops(task: str) -> float:
    """FLOPs of one unit on that task (the official release's constant)."""
    return task_class(task).unit_flops


def graph_cost(graph: Graph, task: str, pool: str | Pool = "llama-small") -> GraphCost:
    """The nominal cost of `graph` on one question of `task`."""
    return _cost(graph, task, load_pool(pool) if isinstance(pool, str) else pool)


@lru_cache(maxsize=8192)
def _cost(graph: Graph, task: str, pool: Pool) -> GraphCost:
    constants = task_class(task)
    calls: list[tuple[str | None, int]] = [(node.model, len(node.preds)) for node in graph.nodes]
    if graph.sink is not None:
        calls.append((graph.sink.model, len(graph.reads)))
    per_node, prompt, completion, usd = [], 0, 0, 0.0
    for name, in_degree in calls:
        if name is None:  # a vote
            per_node.append(0)
            continue
        model = pool[name]
        read = constants.prompt_tokens + in_degree * constants.answer_tokens
        per_node.append(model_flops(task, model, in_degree))
        prompt += read
        completion += constants.answer_tokens
        usd += call_usd(model, read, constants.answer_tokens)
    flops = sum(per_node)
    return GraphCost(flops, flops / constants.unit_flops, prompt, completion, usd, tuple(per_node))


def budget_flops(budget: str | float, task: str) -> int:
    """The inference budget as FLOPs a question.

    budget: a level (`small`, `medium`, `large`), a number of units, or text such as `18units`.
    """
    if isinstance(budget, str) and budget in BUDGET_LEVELS:
        return graph_cost(_complete(BUDGET_LEVELS[budget]), task, "llama-small").flops
    return int(_units(budget) * unit_flops(task))


def _units(budget: str | float) -> float:
    if isinstance(budget, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *(?:u|units?)", budget)
        if match is None:
            levels = ", ".join(BUDGET_LEVELS)
            raise IsobudgetError(f"'{budget}' is no inference budget: give {levels}, or units such as 18units")
        budget = float(match[1])
    if not 0 < budget < 1e9:
        raise IsobudgetError(f"an inference budget of {budget} units makes no sense: give a positive number")
    return budget


def _complete(n: int) -> Graph:
    nodes = [("1B", "assistant" if v == 0 else "fuser") for v in range(n)]
    edges = [(a, b) for b in range(n) for a in range(b)]
    return Graph.of(nodes, edges, ("select", "3B"), range(n))
