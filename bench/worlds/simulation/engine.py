"""One task and split of a simulated world: calls in, answers out, a batch at a time."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from bench.errors import IsobudgetError
from bench.keys import fold
from bench.pools import load_pool
from bench.worlds.base import ABSENT, ROLE_KEYS, Answers, Calls
from bench.worlds.simulation.items import ItemBank
from bench.worlds.simulation.nodes import Inputs, Minds, Rows, streams, vote
from bench.worlds.simulation.service import Service, Speeds
from bench.worlds.simulation.tables import tables
from bench.worlds.simulation.universe import Universe
from tasks import task_class

__all__ = ["Engine", "pick"]

I64 = npt.NDArray[np.int64]

_TRIAL_STREAM = 1000
_KEYS = 8  # models that a call's key can tell apart
_ASSISTANT, _VOTE, _CRITIC = (ROLE_KEYS[role] for role in ("assistant", "vote", "critic"))


class Engine:
    """One task and split of a world."""

    def __init__(self, universe: Universe, task: str, first: int, size: int, slots: int) -> None:
        """first, size: the split's range of items. slots: how many calls a model serves at a time."""
        physics, common, constants = universe.task(task), universe.common, task_class(task)
        pool = load_pool(universe.pool)
        self.where = f"universe '{universe.name}' has no parameters for model '{{}}' on task '{task}'"
        self.names = universe.task_models(task)
        models = [pool[name] for name in self.names]
        self.keys = np.array([model.key for model in models], dtype=np.int64)
        if any(not 0 <= model.key < _KEYS for model in models):
            raise IsobudgetError(f"pool {pool.name}: the simulated world takes models with keys 0 to {_KEYS - 1}")
        self.bank = ItemBank(universe, task, constants.key, first, size, self.keys.tolist())
        gathered = tables(universe, constants)
        self.prompt = constants.prompt_tokens
        self.minds = Minds(physics, common, gathered, (self.prompt, constants.answer_tokens))
        busy = 1 + common.slot_drag * (slots - 1)
        speeds = Speeds(np.array([m.prefill for m in models]), np.array([m.decode / busy for m in models]))
        self.service = Service(physics, common, gathered, speeds, constants.answer_tokens)
        self._positions: dict[tuple[str, ...], I64] = {}

    def answer(self, calls: Calls) -> Answers:
        """Answers with their tokens and seconds."""
        rows = self.rows(calls, timed=True)
        handle = self.decide(calls, rows)
        read = (calls.inputs != ABSENT) * calls.input_tokens
        prompt = self.prompt + np.add.reduce(read, axis=1)
        tokens, seconds = self.service.measure(rows, handle, prompt)
        free = calls.role == _VOTE
        if np.count_nonzero(free):
            prompt[free], tokens[free], seconds[free] = 0, 0, 0.0
        return Answers(handle, prompt, tokens, seconds, np.zeros(len(handle)), np.ones(len(handle), np.int64))

    def handles(self, calls: Calls) -> I64:
        """The same answers alone (R,)."""
        return self.decide(calls, self.rows(calls, timed=False))

    def rows(self, calls: Calls, timed: bool) -> Rows:
        """Keys turned into draws, questions and models into positions. timed: with the draw of the jitter."""
        model = self.position(calls.models).take(calls.model, mode="wrap")
        slot = self.bank.slots(calls.question)
        key = fold(self.bank.items.key.take(slot), calls.trial + _TRIAL_STREAM)
        key = fold(key, self.keys.take(model) + _KEYS * calls.role + 64 * calls.replica)
        salted = np.count_nonzero(calls.salt)
        if salted:
            fresh = fold(key, calls.salt)
            key = fresh if salted == len(key) else np.where(calls.salt == 0, key, fresh)
        draws = fold(key, streams(calls.inputs.shape[1] > 0, timed))
        return Rows(draws, slot, model, calls.role)

    def position(self, models: tuple[str, ...]) -> I64:
        """Positions among our models of the batch's; a last one for −1, the model of a vote."""
        if models not in self._positions:
            for name in models:
                if name not in self.names:
                    raise IsobudgetError(f"{self.where.format(name)}: it has {', '.join(self.names)}")
            self._positions[models] = np.array([*map(self.names.index, models), 0])
        return self._positions[models]

    def decide(self, calls: Calls, rows: Rows) -> I64:
        """Answer ids (R,). A batch of one kind, the usual case, is not taken apart."""
        count = np.bincount(calls.role, minlength=_CRITIC + 1)
        votes, reads = count[_VOTE], calls.inputs.shape[1] > 0
        if votes == len(calls.role):
            return vote(calls.inputs.T)
        if not reads and not votes:
            return self.minds.alone(self.bank.items, rows)
        alone = calls.inputs[:, 0] == ABSENT if reads else np.ones(len(calls.role), dtype=np.bool_)
        if votes or np.count_nonzero(alone):
            return self._apart(calls, rows, alone)
        return self.read(calls, rows, bool(count[_ASSISTANT] or count[_CRITIC]))

    def read(self, calls: Calls, rows: Rows, free_roles: bool) -> I64:
        """Answers of calls that read; free_roles: whether assistants or critics may be among them."""
        critics = None
        judged = calls.input_role == _CRITIC
        if np.count_nonzero(judged):
            author = self.position(calls.models).take(calls.input_model, mode="wrap")
            pull = self.bank.items.verification.take(rows.slot[:, None] * len(self.names) + author)
            critics = np.where(judged & (calls.inputs != ABSENT), pull, -np.inf).T
        inputs = Inputs(np.ascontiguousarray(calls.inputs.T), calls.input_level.T, critics)
        return self.minds.reading(self.bank.items, rows, inputs, free_roles)

    def _apart(self, calls: Calls, rows: Rows, alone: npt.NDArray[np.bool_]) -> I64:
        """Votes, calls without inputs and calls with inputs, each kind by itself."""
        free = calls.role == _VOTE
        handle = np.empty(len(free), dtype=np.int64)
        handle[free] = vote(calls.inputs[free].T)
        single = np.flatnonzero(alone & ~free)
        handle[single] = self.minds.alone(self.bank.items, _some(rows, single))
        read = np.flatnonzero(~alone & ~free)
        if read.size:
            handle[read] = self.read(pick(calls, read), _some(rows, read), free_roles=True)
        return handle


def pick(calls: Calls, at: slice | I64) -> Calls:
    """Some rows of a batch."""
    arrays = (getattr(calls, field.name)[at] for field in fields(Calls)[3:])
    return Calls(calls.task, calls.split, calls.models, *arrays)


def _some(rows: Rows, at: I64) -> Rows:
    return Rows(rows.draws[:, at], rows.slot[at], rows.model[at], rows.role[at])
