"""Replay: recorded proposals give the same record again, whoever proposed them and whoever was asked."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from bench import Proposal, run
from bench.optimizer import Optimizer
from bench.records import Record
from bench.replay import CLAIMED, first_difference, replay
from bench.schema import EVENTS
from leaderboard.arithmetic import run_arithmetic
from leaderboard.endings import run_ending
from leaderboard.retold import retell

SETTING = {"search": "240ex", "tests": 50, "checkpoints": ("60ex",)}
TIMED = {"search": "60s", "tests": 50, "checkpoints": ("15s",)}


def _problems(record):
    told, problems = retell(record, "run")
    assert told is not None, problems
    return [str(problem) for problem in [*run_arithmetic(told), *run_ending(told)]]


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("random", SETTING),
        ("random", TIMED),
        ("random", {"search": "4kunits", "tests": 50, "checkpoints": ("1kunits",)}),
        ("agent-reinforce", SETTING),
        ("agent-reinforce", TIMED),
        ("opro", SETTING),
        ("portfolio", {"search": "480ex", "tests": 50}),
        ("local-search", SETTING | {"models": "permuted"}),
        ("tpe", SETTING | {"selection": "own"}),
        ("random", SETTING | {"objective": "joint"}),
        ("oracle-selection", SETTING),
    ],
)
def test_a_replay_is_the_record_and_every_sum_holds(world, method, settings):
    record = run(method, "humaneval", seed=2, world=world, world_options={"universe": "main"}, **settings)

    assert first_difference(record, replay(record, world), CLAIMED) is None
    assert _problems(record) == []


class _Fails(Optimizer):
    """Proposes eight at a time and fails when told of the third."""

    def ask_many(self, count):
        return [Proposal(self.draw()) for _ in range(count)]

    def tell(self, outcome):
        if len(self.history.outcomes) == 3:
            raise ValueError("no more")


def test_what_was_charged_is_written_down_when_a_method_fails(world, temporary_method):
    temporary_method(_Fails)
    record = run("temporary", "math", world=world, world_options={"universe": "main"}, **SETTING)

    assert record.summary["status"] == "method_fault"
    assert [row["executions"] for row in record.rows("search")] == [30] * 6  # the whole round, as it was charged
    assert _problems(record) == []


def test_the_first_difference_is_named_by_step_and_field(world):
    record = run("random", "math", world=world, world_options={"universe": "main"}, **SETTING)
    rows = record.rows()
    rows[2]["code"] = [1 - code if code < 2 else code for code in rows[2]["code"]]
    forged = Record(record.spec, pa.Table.from_pylist(rows, schema=EVENTS), record.summary, record.manifest)
    cut = replace(record, events=record.events.slice(0, 3))

    assert first_difference(forged, record, CLAIMED).startswith("step 2, code: recorded [")
    assert first_difference(record, cut) == f"step 3: recorded {len(record.events)} events, repeated 3"
    other = replace(record, summary=record.summary | {"status": "x"})
    assert first_difference(record, other) == "summary.status: recorded 'ok', repeated 'x'"
