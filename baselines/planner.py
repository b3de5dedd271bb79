"""Planner: fits simulated worlds to what was evaluated and proposes what is best in one of them.

It knows the form of the simulator, the family `wide` of its worlds, and nothing of the run's own world: its
particles have parameters and items of their own. So in a simulated world it is the ceiling of circularity, what
a model of the right form is worth. Source: Thompson sampling (Thompson 1933) with particles that are weighted by
their likelihood and renewed near the likely ones (population Monte Carlo, Cappé et al. 2004). Ours: the graphs of
a run answer the same questions, so part of their errors counts as one; the likelihood is tempered so that several
worlds stay in play; the renewed need no proposal density, since a search needs good worlds and no exact posterior.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from baselines._edits import edited
from baselines.portfolio import members
from bench.agent import Agent
from bench.execute import nominal_latency
from bench.families.wide import PROFILES, RANGES, wide
from bench.graph import Graph
from bench.objective import Objective
from bench.optimizer import Optimizer, Problem, Proposal, method
from bench.space import Space
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.simulation.universe import Universe, load_universe

F64 = npt.NDArray[np.float64]

_SHARED = 0.5  # of the sampling variance: what the graphs of one run have in common
_STEP = 0.12  # from a particle to one near it, as a share of a parameter's range
_LEADERS = 4  # graphs that are edited


@dataclass
class Particle:
    """A world that may be the run's. accuracy: of graphs in it, by their ids."""

    world: SimulatedWorld
    accuracy: dict[str, float] = field(default_factory=dict)


@method(
    "planner",
    label="Planner (knows the simulator's form)",
    tier="P2",
    source="Thompson 1933, Biometrika 25; Cappé et al. 2004, J. Comp. Graph. Stat. 13",
    note="P2: knows the simulator's form: the ceiling of circularity",
    uses_prior=False,
)
class Planner(Optimizer):
    """particles: worlds kept. items: of each world, on which graphs are measured. alive: the least effective
    number of worlds that the likelihood may leave. batch: graphs between two updates, each the best in a world
    drawn for it. renewed: particles renewed at an update. candidates: graphs drawn for each proposal, and
    twice as many each of the usual architectures and of edits.
    """

    particles: int = 32
    items: int = 256
    alive: float = 6.0
    batch: int = 8
    renewed: int = 6
    candidates: int = 10

    def __init__(self, problem: Problem, rng: np.random.Generator, agent: Agent | None) -> None:
        super().__init__(problem, rng, agent)
        self.fixed = members(problem.space)
        self.stands_for = _stand_ins(problem.space)
        self.scorer = Objective.parse(problem.objective).scorer(self._latency(problem.space.cheapest()))
        public = str(rng.integers(2**62))
        self.likely: Graph | None = None
        self.swarm = [Particle(SimulatedWorld(_drawn(public, i, problem.task))) for i in range(self.particles)]

    def ask_many(self, count: int) -> list[Proposal]:
        """Weigh the worlds, renew the least likely of them, and plan in worlds drawn by weight."""
        weights = self._weights()
        if self.history.outcomes:
            for place in np.argsort(weights, kind="stable")[: self.renewed]:
                likely = self.swarm[int(self.rng.choice(len(weights), p=weights))].world.universe
                self.swarm[int(place)] = Particle(SimulatedWorld(_near(likely, self.rng)))
            weights = self._weights()
            known = [tally.graph for tally in self.history.tallies.values()]
            values = np.array([self._values(particle, known) for particle in self.swarm])
            self.likely = known[int(np.argmax(weights @ values))]
        drawn = self.rng.choice(len(weights), min(count, self.batch), p=weights)
        return [Proposal(self._best_in(self.swarm[int(place)])) for place in drawn]

    def recommend(self) -> Graph:
        """The evaluated graph of highest mean over the worlds, as of the last update."""
        return self.likely or super().recommend()

    def _best_in(self, particle: Particle) -> Graph:
        """The best in one world of what is known, of new draws, and of edits of the best of these."""
        space = self.problem.space
        known = [tally.graph for tally in self.history.tallies.values()]
        usual = [self.fixed[int(i)] for i in self.rng.permutation(len(self.fixed))[: 2 * self.candidates]]
        graphs = [*known, *usual, *(self.draw() for _ in range(self.candidates))]
        for _ in range(2):
            order = np.argsort(-self._values(particle, graphs), kind="stable")
            leaders = [graphs[int(i)] for i in order[:_LEADERS]]
            graphs = leaders + [
                edited(space, leaders[i % len(leaders)], self.rng)[1] for i in range(self.candidates)
            ]
        return graphs[int(np.argmax(self._values(particle, graphs)))]

    def _values(self, particle: Particle, graphs: list[Graph]) -> F64:
        """The objective of each graph in a world."""
        self._measure(particle, graphs)
        return np.array([self.scorer(particle.accuracy[g.id], self._latency(g)) for g in graphs])

    def _measure(self, particle: Particle, graphs: list[Graph]) -> None:
        lacking = {graph.id: graph for graph in graphs if graph.id not in particle.accuracy}
        if lacking:
            called = [_renamed(graph, self.stands_for) for graph in lacking.values()]
            shares = particle.world.accuracies(called, self.problem.task, slice(0, self.items), (0,))
            particle.accuracy.update(zip(lacking, shares.tolist(), strict=True))

    def _weights(self) -> F64:
        """Weights of the particles: normal errors, of which all graphs of the run have one part in common."""
        tallies = list(self.history.tallies.values())
        for particle in self.swarm:
            self._measure(particle, [tally.graph for tally in tallies])
        expected = np.array([[p.accuracy[tally.graph.id] for tally in tallies] for p in self.swarm])
        asked = np.array([tally.asked for tally in tallies])
        error = np.array([tally.right for tally in tallies]) / asked - expected
        chance = np.clip(expected, 0.02, 0.98)
        variance = chance * (1 - chance) * (1 / asked + 1 / self.items)
        own = 1 / ((1 - _SHARED) * variance)
        common = _SHARED * variance.min(axis=1, initial=0.25)  # the most of it that two graphs can share
        fit = (error**2 * own).sum(axis=1) - (error * own).sum(axis=1) ** 2 / (1 / common + own.sum(axis=1))
        volume = np.log1p(common * own.sum(axis=1)) - np.log(own).sum(axis=1)
        return _tempered(-(fit + volume) / 2, self.alive)

    def _latency(self, graph: Graph) -> float:
        if self.problem.objective == "accuracy":
            return 1.0  # nobody asks
        return nominal_latency(graph, self.problem.task, self.problem.space.pool)


def _tempered(log_likelihood: F64, alive: float) -> F64:
    """Weights by the largest power of the likelihood, at most 1, that leaves so many particles effective."""
    power, alive = 1.0, min(alive, len(log_likelihood) / 2)
    while True:
        weights = np.exp(power * (log_likelihood - log_likelihood.max()))
        weights /= weights.sum()
        if 1 / (weights**2).sum() >= alive:
            return np.asarray(weights)
        power *= 0.8


def _drawn(public: str, index: int, task: str) -> Universe:
    """A world of the family; for a task that it does not have, one that answers as for the first it has."""
    profile = task if task in PROFILES else PROFILES[0]
    universe = wide(public, "planner", PROFILES.index(profile) + index * len(PROFILES))
    return replace(universe, tasks={task: universe.tasks[profile]})


def _near(universe: Universe, rng: np.random.Generator) -> Universe:
    """A world with parameters near those of another one, and with other items."""
    ((task, physics),) = universe.tasks.items()

    def moved(value: float, name: str) -> float:
        low, high = RANGES[name]
        return float(np.clip(value + _STEP * (high - low) * rng.standard_normal(), low, high))

    def scaled(name: str) -> float:
        low, high = RANGES[name]
        return float(np.exp(_STEP * (high - low) * rng.standard_normal()))

    changed: dict[str, Any] = {n: moved(getattr(physics, n), n) for n in RANGES if hasattr(physics, n)}
    options = "coincidence of options" if physics.wrong_options else "coincidence"
    changed["coincidence"] = moved(physics.coincidence, options)
    apart = moved(physics.within - physics.between, "within over between")
    changed["within"] = min(0.95, changed["between"] + apart)
    spread = _STEP * (RANGES["logit accuracy"][1] - RANGES["logit accuracy"][0])
    accuracy = {m: float(expit(logit(a) + spread * rng.standard_normal())) for m, a in physics.accuracy.items()}
    votes, context = scaled("log plurality"), scaled("log context")
    common = universe.common
    return replace(
        universe,
        number=int(rng.integers(2**62)),
        common=replace(common, **{n: moved(getattr(common, n), n) for n in RANGES if hasattr(common, n)}),
        models={
            name: replace(reader, plurality=reader.plurality * votes, context=reader.context * context)
            for name, reader in universe.models.items()
        },
        tasks={task: replace(physics, accuracy=accuracy, **changed)},
    )


def _stand_ins(space: Space) -> dict[str, str]:
    """The family's model that stands for each of the pool's, by rank of size; the largest for all beyond it."""
    models, names = sorted(space.pool.models, key=lambda m: m.params), list(load_universe("main").models)
    return {m.name: name or names[-1] for m, name in zip_longest(models, names) if m is not None}


def _renamed(graph: Graph, names: dict[str, str]) -> Graph:
    if all(name == other for name, other in names.items()):
        return graph
    nodes = [(names[node.model], node.role) for node in graph.nodes]
    sink = None if graph.sink is None else (graph.sink.kind, graph.sink.model and names[graph.sink.model])
    return Graph.of(nodes, graph.edges, sink, graph.reads)
