"""Graphs: immutable candidates, one object for each isomorphism class.

A graph is a set of nodes `(model, role)`, directed edges (whose answers a node reads), and a sink that
gives the answer. `Graph.of` puts the nodes into canonical order, so relabelling the nodes of a graph gives
the *same* object: same id, same cost, same answers.

>>> g = Graph.of(nodes=[("3B", "assistant"), ("1B", "assistant")], edges=[], sink=("select", "3B"))
>>> h = Graph.of(nodes=[("1B", "assistant"), ("3B", "assistant")], edges=[], sink=("select", "3B"))
>>> g == h, g.id == h.id, str(g)
(True, True, '0:1B 1:3B → select 3B reads 0 1')
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from bench.canonical import canonical_order
from bench.errors import InvalidGraph

__all__ = ["ROLES", "SINKS", "Graph", "Node"]

ROLES = ("assistant", "fuser", "reviser", "critic")
SINKS = ("select", "vote")


class Node(NamedTuple):
    """One LLM call: which model, in which role, reading the answers of which earlier nodes."""

    model: str
    role: str
    preds: tuple[int, ...]


class Sink(NamedTuple):
    """What turns the answers of `Graph.reads` into one: `select` (an LLM reads them) or `vote` (free)."""

    kind: str
    model: str | None


@dataclass(frozen=True)
class Graph:
    """A candidate in canonical form. Build one with `Graph.of`; the constructor trusts its caller.

    nodes: in canonical order, which is topological. sink: None when a node's own answer is the result.
    reads: the nodes whose answers the sink reads; with `sink=None`, the one node that answers.
    """

    nodes: tuple[Node, ...]
    sink: Sink | None
    reads: tuple[int, ...]

    @staticmethod
    def of(
        nodes: Sequence[tuple[str, str]],
        edges: Iterable[tuple[int, int]] = (),
        sink: tuple[str, str | None] | str | None = None,
        reads: Iterable[int] | None = None,
    ) -> Graph:
        """The graph with these nodes, edges `(from, to)` and sink, in canonical order.

        sink: `("select", model)`, `"vote"`, or None: the last node answers.
        reads: the nodes whose answers the sink reads; None: those that no other node reads.
        Raises InvalidGraph for a cycle, an unknown role, an index out of range, a sink that reads nothing.
        """
        n = len(nodes)
        preds = _predecessors(n, edges)
        the_sink = _sink(sink)
        read_set = _reads(n, preds, the_sink, reads)
        _check_roles(nodes, preds)
        labels = [(model, role, v in read_set) for v, (model, role) in enumerate(nodes)]
        order = canonical_order(labels, preds)
        rank = {v: i for i, v in enumerate(order)}
        canonical = [Node(*nodes[v], tuple(sorted([rank[p] for p in preds[v]]))) for v in order]
        return Graph(tuple(canonical), the_sink, tuple(sorted([rank[v] for v in read_set])))

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits; equal exactly for isomorphic graphs."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:16]

    @property
    def key(self) -> int:
        """The id as a 64-bit integer, to be folded into keys."""
        return int(self.id, 16)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Topological level of each node: 0 without predecessors, else one more than the highest of them."""
        levels: list[int] = []
        for node in self.nodes:
            levels.append(1 + max((levels[p] for p in node.preds), default=-1))
        return tuple(levels)

    @cached_property
    def replicas(self) -> tuple[int, ...]:
        """Rank of each node among the nodes of equal model and role, in canonical order."""
        seen: dict[tuple[str, str], int] = {}
        ranks = []
        for model, role, _ in self.nodes:
            ranks.append(seen.get((model, role), 0))
            seen[model, role] = ranks[-1] + 1
        return tuple(ranks)

    @property
    def depth(self) -> int:
        """Number of levels, the sink not counted."""
        return max(self.levels) + 1

    @property
    def width(self) -> int:
        """Number of nodes on the fullest level."""
        return max(self.levels.count(level) for level in set(self.levels))

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """All `(from, to)` pairs between nodes, the sink's readings not among them."""
        return tuple((p, v) for v, node in enumerate(self.nodes) for p in node.preds)

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        words = []
        for v, (model, role, preds) in enumerate(self.nodes):
            shown = "" if role == ("fuser" if preds else "assistant") else f"/{role}"
            words.append(f"{v}:{model}{shown}" + (f"←{','.join(map(str, preds))}" if preds else ""))
        read = " ".join(map(str, self.reads))
        if self.sink is None:
            return f"{' '.join(words)} → {read} answers"
        name = f"{self.sink.kind} {self.sink.model}" if self.sink.model else self.sink.kind
        return f"{' '.join(words)} → {name} reads {read}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data (JSON types) from which `from_dict` makes an equal graph."""
        return {
            "nodes": [[node.model, node.role] for node in self.nodes],
            "edges": [list(edge) for edge in self.edges],
            "sink": None if self.sink is None else [self.sink.kind, self.sink.model],
            "reads": list(self.reads),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Graph:
        """The graph of `to_dict`'s data. Raises InvalidGraph when it is not such data."""
        try:
            sink = data.get("sink")
            nodes = [(str(model), str(role)) for model, role in data["nodes"]]
            edges = [(int(a), int(b)) for a, b in data["edges"]]
            reads = data.get("reads")
            chosen = None if reads is None else [int(v) for v in reads]
            if sink is None and chosen is not None and chosen != [len(nodes) - 1]:
                return _answering(nodes, edges, chosen)
            return Graph.of(nodes, edges, None if sink is None else (sink[0], sink[1]), chosen)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise InvalidGraph(f"not a graph's data ({error!r}): {str(data)[:80]}") from error


def _answering(nodes: list[tuple[str, str]], edges: list[tuple[int, int]], reads: list[int]) -> Graph:
    """A graph without sink whose answering node is not the last one: move it to the end."""
    if len(reads) != 1 or not 0 <= reads[0] < len(nodes):
        raise InvalidGraph(f"without a sink exactly one node answers, not {reads}")
    order = [v for v in range(len(nodes)) if v != reads[0]] + reads
    rank = {v: i for i, v in enumerate(order)}
    return Graph.of([nodes[v] for v in order], [(rank[a], rank[b]) for a, b in edges])


def _predecessors(n: int, edges: Iterable[tuple[int, int]]) -> list[set[int]]:
    if n == 0:
        raise InvalidGraph("a graph needs at least one node")
    preds: list[set[int]] = [set() for _ in range(n)]
    sorted_so_far = True  # the usual case: nodes come after what they read, so there is no cycle
    for a, b in edges:
        if not (0 <= a < n and 0 <= b < n):
            raise InvalidGraph(f"edge ({a}, {b}) names a node outside 0..{n - 1}")
        preds[b].add(a)
        sorted_so_far &= a < b
    if sorted_so_far:
        return preds
    left, settled = set(range(n)), set[int]()
    while left:
        ready = {v for v in left if preds[v] <= settled}
        if not ready:
            raise InvalidGraph(f"the edges among nodes {sorted(left)} form a cycle")
        settled |= ready
        left -= ready
    return preds


def _sink(sink: tuple[str, str | None] | str | None) -> Sink | None:
    if sink is None:
        return None
    kind, model = (sink, None) if isinstance(sink, str) else sink
    if kind not in SINKS:
        raise InvalidGraph(f"no sink '{kind}': there are {', '.join(SINKS)}")
    if (kind == "select") != (model is not None):
        raise InvalidGraph("sink select needs a model, sink vote takes none")
    return Sink(kind, model)


def _reads(n: int, preds: Sequence[set[int]], sink: Sink | None, reads: Iterable[int] | None) -> set[int]:
    if sink is None:
        if reads is not None and set(reads) != {n - 1}:
            raise InvalidGraph("without a sink the last node answers; reads must be left out")
        return {n - 1}
    chosen = set(range(n)).difference(*preds) if reads is None else set(reads)
    if not chosen or not chosen <= set(range(n)):
        raise InvalidGraph(f"the sink must read at least one of the nodes 0..{n - 1}, not {sorted(chosen)}")
    return chosen


def _check_roles(nodes: Sequence[tuple[str, str]], preds: Sequence[set[int]]) -> None:
    for v, (_, role) in enumerate(nodes):
        if role not in ROLES:
            raise InvalidGraph(f"node {v}: no role '{role}': there are {', '.join(ROLES)}")
        if not preds[v] and role != "assistant":
            raise InvalidGraph(f"node {v}: a {role} needs at least one predecessor")
        if role == "reviser" and len(preds[v]) != 1:
            raise InvalidGraph(f"node {v}: a reviser reads exactly one answer, not {len(preds[v])}")
