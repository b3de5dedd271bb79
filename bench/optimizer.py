"""The ask/tell protocol: all that a method is, sees and may do.

A whole method:

    @method("random", label="Random search", source="Bergstra and Bengio 2012")
    class RandomSearch(Optimizer):
        def ask(self):
            return Proposal(self.draw())

The harness evaluates proposals on questions of the search split, charges the ledger, keeps the `history`, and
stops when the budget ends: a method holds no loop over the budget, no counter and no stopping rule. It never
sees test questions, gold answers or the world.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from bench.agent import Agent
from bench.graph import Graph
from bench.objective import Objective
from bench.prior import Prior
from bench.space import Space

__all__ = ["History", "MethodInfo", "Optimizer", "Outcome", "Problem", "Proposal", "Tally", "method"]

PRIOR_STRENGTH = 5
"""Pseudo-questions of the pooled accuracy in a posterior mean (fairness rule 6)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A graph to evaluate.

    questions: how many; None: the suite's `questions_per_evaluation`. fresh: on the run's next unseen
    questions instead of the next ones that this graph has not seen.
    """

    graph: Graph
    questions: int | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one evaluation of a graph on K questions showed.

    asked: questions proposed; K may be smaller when the budget ran short. positions int64 (K,): the questions'
    places in the run's order, the same numbers for the same questions in every graph of a run. kinds: K grade
    kinds. node_right bool (K, N): which nodes' answers were right, N the graph's nodes plus one for the sink
    if there is one; None unless the method sets `wants_traces`. node_seconds float64 (K, N): modelled service
    times of the same nodes, where there are traces. units: nominal cost a question. latency_*: modelled seconds
    a question, means: all calls in series; the critical path. seconds: modelled seconds of the round that this
    evaluation was part of.
    """

    graph: Graph
    asked: int
    positions: npt.NDArray[np.int64]
    kinds: tuple[str, ...]
    units: float
    latency_serial: float
    latency_critical: float
    seconds: float
    node_right: npt.NDArray[np.bool_] | None = None
    node_seconds: npt.NDArray[np.float64] | None = None

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """bool (K,): right answers; everything else, whatever its kind, is not."""
        return np.array([kind == "correct" for kind in self.kinds], dtype=bool)

    @property
    def accuracy(self) -> float:
        """Share of right answers among the K."""
        return float(self.correct.mean())

    @staticmethod
    def joined(parts: Sequence[Outcome]) -> Outcome:
        """One outcome of several on the same graph, in order; latencies are means over all questions."""
        if len(parts) == 1:
            return parts[0]
        count = np.array([len(part.kinds) for part in parts])
        traces = [part.node_right for part in parts if part.node_right is not None]
        times = [part.node_seconds for part in parts if part.node_seconds is not None]
        return Outcome(
            graph=parts[0].graph,
            asked=sum(part.asked for part in parts),
            positions=np.concatenate([part.positions for part in parts]),
            kinds=tuple(kind for part in parts for kind in part.kinds),
            units=parts[0].units,
            latency_serial=float(np.average([part.latency_serial for part in parts], weights=count)),
            latency_critical=float(np.average([part.latency_critical for part in parts], weights=count)),
            seconds=sum(part.seconds for part in parts),
            node_right=np.concatenate(traces) if traces else None,
            node_seconds=np.concatenate(times) if times else None,
        )

    def first(self, count: int) -> Outcome:
        """What the first `count` questions alone showed; latencies stay those of all."""
        right = None if self.node_right is None else self.node_right[:count]
        times = None if self.node_seconds is None else self.node_seconds[:count]
        return replace(
            self, positions=self.positions[:count], kinds=self.kinds[:count], node_right=right, node_seconds=times
        )


@dataclass(slots=True)
class Tally:
    """What is known of one graph: right answers of so many, its cost a question, its mean critical path."""

    graph: Graph
    units: float
    right: int = 0
    asked: int = 0
    seconds: float = 0.0

    @property
    def latency(self) -> float:
        """Mean critical path, modelled seconds a question."""
        return self.seconds / max(1, self.asked)


class History:
    """All evaluations of a run, graph by graph."""

    def __init__(self, score: Callable[[float, float], float]) -> None:
        self.tallies: dict[str, Tally] = {}
        self.outcomes: list[Outcome] = []
        self._score = score
        self._right = self._asked = 0

    def add(self, outcome: Outcome) -> None:
        """Count one evaluation."""
        graph = outcome.graph
        tally = self.tallies.setdefault(graph.id, Tally(graph, outcome.units))
        right, asked = int(outcome.correct.sum()), len(outcome.kinds)
        tally.right += right
        tally.asked += asked
        self._right += right
        self._asked += asked
        tally.seconds += outcome.latency_critical * asked
        self.outcomes.append(outcome)

    def fork(self) -> History:
        """A copy that can go on by itself; outcomes so far are not in it, only what they add up to."""
        copy = History(self._score)
        copy.tallies = {key: replace(tally) for key, tally in self.tallies.items()}
        copy._right, copy._asked = self._right, self._asked
        return copy

    @property
    def pooled(self) -> float:
        """Accuracy over everything evaluated; 0.5 before anything is."""
        return self._right / self._asked if self._asked else 0.5

    def posterior(self, graph: Graph) -> float:
        """Posterior mean accuracy (right + 5·pooled)/(asked + 5); the pooled accuracy for an unseen graph."""
        tally = self.tallies.get(graph.id)
        return self.pooled if tally is None else self._posterior(tally, self.pooled)

    def score(self, graph: Graph) -> float:
        """The objective at the posterior mean and the measured latency."""
        tally = self.tallies[graph.id]
        return self._score(self._posterior(tally, self.pooled), tally.latency)

    def value(self, outcome: Outcome) -> float:
        """The objective at what this one evaluation showed, nothing pooled."""
        return self._score(outcome.accuracy, outcome.latency_critical)

    def best(self, count: int) -> list[Graph]:
        """The `count` evaluated graphs of highest score; ties go to the lower cost, then the id."""
        pooled = self.pooled
        scored = [
            (-self._score(self._posterior(t, pooled), t.latency), t.units, key) for key, t in self.tallies.items()
        ]
        return [self.tallies[key].graph for _, _, key in sorted(scored)[:count]]

    def front(self) -> list[Graph]:
        """The evaluated graphs that none beats in both posterior accuracy and latency, fastest first."""
        order = sorted(self.tallies.values(), key=lambda t: (t.latency, -self.posterior(t.graph), t.graph.id))
        front: list[Graph] = []
        reached = -1.0
        for tally in order:
            if (accuracy := self.posterior(tally.graph)) > reached:
                front.append(tally.graph)
                reached = accuracy
        return front

    def _posterior(self, tally: Tally, pooled: float) -> float:
        return (tally.right + PRIOR_STRENGTH * pooled) / (tally.asked + PRIOR_STRENGTH)


@dataclass(frozen=True)
class Problem:
    """What a method is told.

    task: its name. space: what may be proposed. history: all evaluations so far. questions_per_evaluation: the
    suite's default. prior: None in tier P0; in P1 what the published calibration table says. oracle: the true
    accuracies of graphs; None except for bounds, which are never ranked. afford: backs `affordable`.
    """

    task: str
    space: Space
    history: History
    questions_per_evaluation: int
    objective: str = "accuracy"
    prior: Prior | None = None
    oracle: Callable[[Sequence[Graph]], npt.NDArray[np.float64]] | None = field(default=None, repr=False)
    afford: Callable[[Sequence[Graph]], int] = field(default=lambda graphs: 0, repr=False)

    @property
    def goal(self) -> str:
        """The objective in words, for prompts."""
        return Objective.parse(self.objective).words

    def affordable(self, *graphs: Graph) -> int:
        """The largest k such that the search budget still allows k questions of each of `graphs`."""
        return self.afford(graphs)


class Optimizer:
    """A method. Subclasses override `ask`, and `tell` and `recommend` where the defaults do not do.

    Class attributes with annotations are the method's parameters, set by `name[parameter=value]`.
    """

    called: ClassVar[str] = ""  # as a suite names it, with the parameters that differ from their defaults
    independent: ClassVar[bool] = False  # proposals do not depend on outcomes: may be evaluated in one round
    wants_traces: ClassVar[bool] = False  # outcomes carry `node_right`

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        self.problem, self.rng, self.agent = problem, rng, agent
        self._starts = list(problem.prior.starts) if problem.prior else []

    @property
    def history(self) -> History:
        """All evaluations so far; the harness keeps it, complete before every `ask` and `tell`."""
        return self.problem.history

    def draw(self) -> Graph:
        """The next graph of an initial design: what the prior names, each once, then the published sampler."""
        return self._starts.pop(0) if self._starts else self.problem.space.sample(self.rng)

    def ask(self) -> Proposal | None:
        """The next proposal; None when the method is finished."""
        raise NotImplementedError

    def ask_many(self, count: int) -> list[Proposal]:
        """At most `count` proposals to evaluate in one round; [] when finished."""
        proposals: list[Proposal] = []
        while len(proposals) < (count if self.independent else 1):
            proposal = self.ask()
            if proposal is None:
                break
            proposals.append(proposal)
        return proposals

    def tell(self, outcome: Outcome) -> None:
        """Learn from one evaluation; `history` already holds it."""

    def recommend(self) -> Graph:
        """The graph to use; callable at any time. Default: best posterior mean, else the cheapest graph."""
        best = self.history.best(1)
        return best[0] if best else self.problem.space.cheapest()

    def recommend_front(self) -> list[Graph]:
        """For accuracy and latency at once: the graphs among which a user would choose, at most ten count.

        Default: the front of what was evaluated, and the recommendation where nothing was.
        """
        return self.history.front() or [self.recommend()]


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """A registered method: what `isobudget list methods` shows.

    kind: `method`, `control`, `fixed` or `bound`. tier: the least prior data it needs. source: where the method
    is from. note, least_trials: what its row must say, and when. parameters: names and defaults. budget_aware:
    it reads how much budget is left, so that a run is not the beginning of a longer one. uses_prior: tier P1
    changes what it does. agents: who may drive it, the default first; () when it consults nobody. searches:
    unset when it names a graph without looking for it. requires: a module that the core install lacks.
    outside: where it runs, if not in this process: `process`, one of its own, or `jail`, one that is jailed.
    """

    name: str
    label: str
    cls: type[Optimizer]
    kind: str
    tier: str
    source: str
    note: str = ""
    least_trials: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    budget_aware: bool = False
    uses_prior: bool = True
    agents: tuple[str, ...] = ()
    searches: bool = True
    requires: str = ""
    outside: str = ""


REGISTRY: dict[str, MethodInfo] = {}
M = TypeVar("M", bound=type[Optimizer])


def method(
    name: str,
    *,
    label: str = "",
    kind: str = "method",
    tier: str = "P0",
    source: str = "",
    note: str = "",
    least_trials: int = 0,
    budget_aware: bool = False,
    uses_prior: bool = True,
    agents: tuple[str, ...] = (),
    searches: bool = True,
    requires: str = "",
) -> Callable[[M], M]:
    """Register a class as the method `name`.

    label: how tables call it. note: what its row must say about it. least_trials: with fewer evaluations its
    row says that the method had not enough of them to be itself. budget_aware: set it when the method asks
    `problem.affordable`. uses_prior: unset it when tier P1 changes nothing. agents: some of `AGENTS`; the
    method then has a parameter `agent` and consults `self.agent`. searches: unset it for a method that names
    a graph without looking for it. requires: a module that an extra brings; without it the method is refused.
    """

    def register(cls: M) -> M:
        known = REGISTRY.get(name)
        if known is not None and (known.cls.__module__, known.cls.__qualname__) != (
            cls.__module__,
            cls.__qualname__,
        ):
            raise ValueError(f"two methods call themselves '{name}': {known.cls.__module__}, {cls.__module__}")
        driver = {"agent": agents[0]} if agents else {}
        REGISTRY[name] = MethodInfo(
            name=name,
            label=label or name,
            cls=cls,
            kind=kind,
            tier=tier,
            source=source,
            note=note,
            least_trials=least_trials,
            parameters=driver | _parameters(cls),
            budget_aware=budget_aware,
            uses_prior=uses_prior,
            agents=agents,
            searches=searches,
            requires=requires,
        )
        return cls

    return register


def _parameters(cls: type[Optimizer]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Optimizer) and base is not Optimizer:
            names = [n for n, kind in inspect.get_annotations(base).items() if "ClassVar" not in str(kind)]
            own |= {n: getattr(cls, n) for n in names if hasattr(cls, n)}
    return own
