"""Mathematical equality: the hand-made cases, and Math-Verify's process."""

import os
import tomllib
from pathlib import Path

import pytest

from tasks.base import GradeKind
from tasks.grading import mathv

GROUPS = tomllib.loads(Path(__file__).with_name("math_cases.toml").read_text())
CASES = [
    pytest.param(gold, answer, verdict, id=f"{group}: {gold} / {answer}")
    for group, verdicts in GROUPS.items()
    for verdict, pairs in verdicts.items()
    for gold, answer in pairs
]


@pytest.fixture
def worker():
    """A worker of the test's own, with little patience."""
    worker = mathv.Worker(cpu_seconds=1)
    yield worker
    worker.close()


@pytest.mark.parametrize(("gold", "answer", "verdict"), CASES)
def test_hand_made_case(gold, answer, verdict):
    assert mathv.judge(gold, answer) == (GradeKind.CORRECT if verdict == "right" else GradeKind.WRONG, "")


def test_there_are_enough_cases_of_both_verdicts():
    assert sum(param.values[2] == "right" for param in CASES) >= 80
    assert sum(param.values[2] == "wrong" for param in CASES) >= 50


def test_a_stuck_pair_is_a_timeout_and_the_next_one_is_judged(worker):
    stuck = worker.equal("2^{2^{2^{2^{2^2}}}}", "3^{3^{3^{3}}}")
    assert stuck.kind is GradeKind.TIMEOUT
    assert worker.equal("x+1", "1+x").kind is GradeKind.CORRECT


def test_a_killed_process_is_a_grader_error_and_the_next_one_is_judged(worker):
    assert worker.equal("x", "x").kind is GradeKind.CORRECT
    os.kill(worker._process.pid, 9)
    worker._process.wait()
    assert worker.equal("y", "y").kind is GradeKind.GRADER_ERROR
    assert worker.equal("z", "z").kind is GradeKind.CORRECT


def test_an_endless_answer_is_wrong_without_a_process():
    assert mathv.judge("5", "x+" * 5000).kind is GradeKind.WRONG


def test_a_verdict_is_remembered(worker):
    first = worker.equal("x+1", "1+x")
    worker.close()
    assert worker.equal("x+1", "1+x") == first
    assert worker._process is None
