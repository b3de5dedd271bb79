"""Real answers, modelled readers: published per-question results of public models as a world.

An assistant's answer is the published one. A vote counts published answers. A node that reads answers is the
simulated world's, on margins drawn once for each question from their posterior given the published answers: so it
finds hard what the models found hard. What such a world says of fusers is modelled, and its provenance says so.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError, unknown
from bench.fitting.margins import posterior_margins
from bench.fitting.observed import answer_ids, imported
from bench.keys import U64, fold, text_key
from bench.tapes import ANSWER, Tape, TapeMiss
from bench.worlds.base import ABSENT, I64, ROLE_KEYS, Answers, Calls
from bench.worlds.simulated import SPLITS
from bench.worlds.simulation.engine import Engine
from bench.worlds.simulation.items import ItemBank
from bench.worlds.simulation.nodes import NONE, RIGHT, Rows
from bench.worlds.simulation.universe import Universe, load_universe

__all__ = ["AnsweredWorld"]

F64 = npt.NDArray[np.float64]

_ASSISTANT = ROLE_KEYS["assistant"]
_SPLITS = ("search", "test")


class AnsweredWorld:
    """A tape of published answers to one task. Its questions are split in halves, by a hash of their ids."""

    name: ClassVar[str] = "replay"

    def __init__(
        self, tape: Tape, *, universe: str | Universe = "main", slots: int = 8, **of_live_worlds: Any
    ) -> None:
        """universe: of the readers; its pool's models are those that may answer. slots: as in the simulated world.

        The questions are those that all of the universe's models on the tape have answered.

        of_live_worlds: options that a live world takes and a tape has no use for. Raises IsobudgetError where tape
        and universe have no model in common.
        """
        self.universe = load_universe(universe) if isinstance(universe, str) else universe
        self.tape, self.slots = tape, slots
        rows = tape.part(ANSWER).to_pylist()
        self.task_name = str(rows[0]["task"])
        self.models = tuple(
            name for name in self.universe.task_models(self.task_name) if any(row["model"] == name for row in rows)
        )
        if not self.models:
            there = ", ".join(sorted({row["model"] for row in rows}))
            raise IsobudgetError(
                f"universe '{self.universe.name}' has no model of the tape {tape.path}, which holds {there}: "
                f"isobudget calibrate {tape.path} --pool POOL.toml writes one"
            )
        self.greedy = all(json.loads(row["sampling"]).get("greedy") for row in rows)
        self._answers = _by_question(rows)
        complete = [q for q, by_model in sorted(self._answers.items()) if set(self.models) <= set(by_model)]
        self._ids = {split: [q for q in complete if _split_of(q) == split] for split in _SPLITS}
        self._margins = self._posterior()
        self._engines: dict[str, _Engine] = {}

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What defines the world beyond its name: the universe of its readers."""
        return (("universe", self.universe.name),)

    @property
    def provenance(self) -> str:
        """Real answers, modelled fusers."""
        sources = "; ".join(self.tape.head.labels)
        return f"{sources}; modelled fusers (universe {self.universe.label})"

    def questions(self, task: str, split: str) -> int:
        """How many questions the split has. Raises IsobudgetError for another task than the tape's."""
        if task != self.task_name:
            raise IsobudgetError(f"the tape {self.tape.path} is of task {self.task_name}, not of {task}")
        if split not in _SPLITS:
            raise unknown("split", split, _SPLITS)
        return len(self._ids[split])

    def answer(self, calls: Calls) -> Answers:
        """Published answers of assistants, modelled ones of readers. Raises TapeMiss for other draws."""
        return self._engine(calls).answer(calls)

    def grade(self, task: str, split: str, question: I64, handle: I64) -> npt.NDArray[np.int8]:
        """0 correct, 1 wrong, 2 no answer."""
        return np.where(handle == RIGHT, 0, np.where(handle == NONE, 2, 1)).astype(np.int8)

    def published(self, calls: Calls, rows: I64) -> I64:
        """The published answers (R,) to rows that read nothing."""
        found = np.empty(len(rows), dtype=np.int64)
        for i, row in enumerate(rows.tolist()):
            question = self._ids[calls.split][int(calls.question[row])]
            model, replica = calls.models[int(calls.model[row])], int(calls.replica[row])
            draws = self._answers[question].get(model, [])
            if not draws or (replica >= len(draws) and not self.greedy):
                raise TapeMiss(self._lacks(question, model, replica, len(draws)))
            if self.greedy:
                found[i] = draws[0]
            else:
                order = np.argsort(
                    fold(fold(calls.salt[row], calls.trial[row]), np.arange(len(draws))), kind="stable"
                )
                found[i] = draws[int(order[replica])]
        return found

    def margins(self, split: str, question: I64) -> tuple[F64, F64]:
        """Margins (N, M) and noises (N, 1) of these questions, for the universe's models."""
        place = [self._margins[2][self._ids[split][i]] for i in question.tolist()]
        return self._margins[0][place], self._margins[1][place]

    def _lacks(self, question: str, model: str, replica: int, there: int) -> str:
        return (
            f"the tape {self.tape.path} has {there} answers of model {model}, role assistant, task "
            f"{self.task_name}, question {question}; the graph needs draw {replica + 1}. Import more samples: "
            f"isobudget record --import FILE -t {self.task_name} --tape TAPE, or with "
            "--greedy, where every draw is the published one"
        )

    def _posterior(self) -> tuple[F64, F64, dict[str, int]]:
        """One posterior draw (Q, all models of the universe), and the row of each question."""
        names, physics = self.universe.task_models(self.task_name), self.universe.task(self.task_name)
        seen = imported(self.tape, names)
        questions = sorted(
            {row["question"] for row in self.tape.part(ANSWER).to_pylist() if row["model"] in names}
        )
        first, size = SPLITS["search"].first, 1
        bank = ItemBank(self.universe, self.task_name, 0, first, size, list(range(len(names))))
        theta = bank.hardness[0]
        margin, noise = posterior_margins(
            seen, theta, physics.between, physics.within, self.universe.common.noise_spread
        )
        return margin, noise, {question: i for i, question in enumerate(questions)}

    def _engine(self, calls: Calls) -> _Engine:
        self.questions(calls.task, calls.split)
        if calls.split not in self._engines:
            self._engines[calls.split] = _Engine(self, calls.split)
        return self._engines[calls.split]


class _Engine(Engine):
    """The simulated engine with published answers in place of its assistants'."""

    def __init__(self, world: AnsweredWorld, split: str) -> None:
        first, size = SPLITS[split].first, world.questions(world.task_name, split)
        super().__init__(world.universe, world.task_name, first, size, world.slots)
        self.world = world
        self.bank = _Bank(world, split, self.bank)

    def decide(self, calls: Calls, rows: Rows) -> I64:
        """As the simulated engine, but for rows that read nothing."""
        handle = super().decide(calls, rows)
        alone = calls.role == _ASSISTANT
        if calls.inputs.shape[1]:
            alone &= calls.inputs[:, 0] == ABSENT
        own = np.flatnonzero(alone)
        if own.size:
            handle[own] = self.world.published(calls, own)
        return handle


class _Bank(ItemBank):
    """Items whose margins are the posterior's."""

    def __init__(self, world: AnsweredWorld, split: str, plain: ItemBank) -> None:
        self.world, self.split = world, split
        self.__dict__.update(plain.__dict__)

    def _margins(self, question: I64, key: U64) -> tuple[F64, F64]:
        return self.world.margins(self.split, question)


def _split_of(question: str) -> str:
    return _SPLITS[text_key(f"split {question}") % 2]


def _by_question(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[int]]]:
    """Answer ids by question and model, by sample."""
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, answer in sorted(zip(rows, answer_ids(rows), strict=True), key=lambda pair: pair[0]["replica"]):
        found[row["question"]][row["model"]].append(answer)
    return {question: dict(models) for question, models in found.items()}
