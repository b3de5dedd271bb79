"""The simulated world: statistical models of LLM calls, fitted to published data, with a known truth.

Answers are ids: 0 the right answer of the item, k ≥ 1 its k-th wrong one, −1 none. Everything is a pure
function of the call, so any call can be recomputed alone, in any order, in any process, and the true accuracy
of a graph is exact by definition: its mean over the reference items at two trials.

>>> from bench.graph import Graph
>>> graph = Graph.of([("3B", "assistant")] * 3, sink=("select", "3B"))
>>> round(SimulatedWorld().expected_accuracy(graph, "math"), 2)
0.51
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError, unknown
from bench.graph import Graph
from bench.levels import Block, final_handles, merged_plans
from bench.worlds.base import Answers, Calls
from bench.worlds.simulation.engine import Engine, pick
from bench.worlds.simulation.nodes import NONE, RIGHT
from bench.worlds.simulation.universe import Universe, load_universe

__all__ = ["SPLITS", "SimulatedWorld"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


class Split(NamedTuple):
    """A range of a task's unlimited items."""

    first: int
    size: int


SPLITS = {"search": Split(0, 50_000), "test": Split(100_000, 2_000), "reference": Split(200_000, 20_000)}

_TRUTH_TRIALS = (0, 1)
_CHUNK = 8192  # rows at a time: their arrays stay in the processor's cache
_ITEMS = 4096  # questions × trials at a time when many graphs are measured


class SimulatedWorld:
    """A world of one universe. Its items are built as they are asked for and kept."""

    name: ClassVar[str] = "simulated"

    def __init__(self, universe: str | Universe = "main", *, slots: int = 8) -> None:
        """slots: how many calls a model serves at a time, which slows each of them."""
        self.universe = load_universe(universe) if isinstance(universe, str) else universe
        self.slots = slots
        self._engines: dict[tuple[str, str], Engine] = {}
        self._truths: dict[tuple[str, str], float] = {}

    @property
    def provenance(self) -> str:
        """How numbers from this world are labelled."""
        return f"simulated (universe {self.universe.label})"

    def answer(self, calls: Calls) -> Answers:
        """Answer every row by itself. Raises IsobudgetError for a model or task without parameters."""
        parts = [self._engine(calls.task, calls.split).answer(part) for part in _chunks(calls)]
        if len(parts) == 1:
            return parts[0]
        return Answers(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Answers)))

    def handles(self, calls: Calls) -> I64:
        """The answers alone (R,), without tokens and seconds: the same as `answer(calls).handle`."""
        engine = self._engine(calls.task, calls.split)
        return np.concatenate([engine.handles(part) for part in _chunks(calls)])

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """0 correct, 1 wrong, 2 no answer (positions in `tasks.base.GRADE_KINDS`), shaped like `handle`."""
        return np.where(handle == RIGHT, 0, np.where(handle == NONE, 2, 1)).astype(np.int8)

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has. Raises IsobudgetError for an unknown task or split."""
        self.universe.task(task)
        return _split(split).size

    def expected_accuracy(self, graph: Graph, task: str) -> float:
        """The true accuracy of a graph: its mean over all reference items at trials 0 and 1, in [0, 1]."""
        return float(self.accuracies([graph], task)[0])

    def accuracies(
        self,
        graphs: Sequence[Graph],
        task: str,
        questions: slice | Sequence[int] | I64 = slice(None),
        trials: Sequence[int] = _TRUTH_TRIALS,
        split: str = "reference",
    ) -> F64:
        """Mean accuracy (G,) of each graph over these questions and trials, without salt.

        questions: indices in the split, or a slice of it. Nodes that several graphs have in common, with all
        that they read, are answered once, so lists of related graphs cost far less than their sum. Memory
        stays below about 100 MB whatever is asked. Truths are kept: many runs end with the same few graphs.
        """
        if split == "reference" and tuple(trials) == _TRUTH_TRIALS and _everything(questions):
            truths, lacking = self._truths, {g.id: g for g in graphs if (task, g.id) not in self._truths}
            shares = self._measured(list(lacking.values()), task, questions, trials, split)
            truths |= zip(((task, key) for key in lacking), shares.tolist(), strict=True)
            return np.array([truths[task, graph.id] for graph in graphs])
        return self._measured(graphs, task, questions, trials, split)

    def _measured(
        self,
        graphs: Sequence[Graph],
        task: str,
        questions: slice | Sequence[int] | I64,
        trials: Sequence[int],
        split: str,
    ) -> F64:
        asked = np.arange(self.questions(task, split))[questions]
        question = np.tile(asked, len(trials))
        trial = np.repeat(np.asarray(trials, dtype=np.int64), len(asked))
        if question.size == 0:
            raise IsobudgetError("an accuracy needs at least one question and one trial")
        models = self.universe.task_models(task)
        width = min(_ITEMS, len(question))
        right = [np.zeros(0, dtype=np.int64)]
        for plan in merged_plans(graphs, models, width):
            count = np.zeros(len(plan.final), dtype=np.int64)
            for start in range(0, len(question), _ITEMS):
                block = Block.of(question[start : start + _ITEMS], trial[start : start + _ITEMS])
                final = final_handles(self.handles, plan, block, task, split, 2 * _CHUNK)
                count += np.count_nonzero(final == RIGHT, axis=1)
            right.append(count)
        return np.concatenate(right) / len(question)

    def _engine(self, task: str, split: str) -> Engine:
        if (task, split) not in self._engines:
            self._engines[task, split] = Engine(self.universe, task, *_split(split), self.slots)
        return self._engines[task, split]


def _everything(questions: slice | Sequence[int] | I64) -> bool:
    return isinstance(questions, slice) and questions == slice(None)


def _split(name: str) -> Split:
    if name not in SPLITS:
        raise unknown("split", name, SPLITS)
    return SPLITS[name]


def _chunks(calls: Calls) -> list[Calls]:
    count = len(calls.question)
    if count <= _CHUNK:
        return [calls]
    return [pick(calls, slice(start, start + _CHUNK)) for start in range(0, count, _CHUNK)]
