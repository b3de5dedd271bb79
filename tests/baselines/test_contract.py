"""Every registered method keeps the shipped contract."""

from __future__ import annotations

import pytest

from bench import list_methods
from bench.contract import SETTINGS, check_method
from bench.optimizer import REGISTRY, Optimizer, Proposal, method
from bench.registry import broken_methods, missing_module


def test_every_method_file_can_be_imported():
    assert broken_methods() == {}


FEWER = {"planner": "planner[particles=8,candidates=4,items=64,renewed=2]"}
"""Methods that think for long, with less to think about: the contract is the same."""


@pytest.mark.parametrize("name", list_methods())
def test_contract(name):
    if lack := missing_module(REGISTRY[name]):
        pytest.skip(f"{name} needs {lack}: install the extra gp")
    verdicts = list(check_method(FEWER.get(name, name)))

    assert len(verdicts) == 7 * (len(SETTINGS) + 1) + 1
    assert [verdict for verdict in verdicts if not verdict.passed] == []


@pytest.fixture
def broken(request):
    return method("broken")(request.param)


class Unseeded(Optimizer):
    """Draws from a source that the seed does not decide."""

    count = 0

    def ask(self):
        Unseeded.count += 1
        if Unseeded.count % 3:
            return Proposal(self.problem.space.cheapest())
        return Proposal(self.problem.space.sample(self.rng))


class Infeasible(Optimizer):
    """Proposes a graph of another space."""

    def ask(self):
        from bench.graph import Graph

        return Proposal(Graph.of([("70B", "assistant")]))


class Mute(Optimizer):
    """Recommends nothing."""

    def ask(self):
        return Proposal(self.problem.space.cheapest())

    def recommend(self):
        return None


@pytest.mark.parametrize(
    ("broken", "check"),
    [(Unseeded, "deterministic by seed, whatever else ran"), (Infeasible, "no fault"), (Mute, "no fault")],
    indirect=["broken"],
)
def test_the_contract_catches(broken, check):
    failed = {verdict.check for verdict in check_method("broken") if not verdict.passed}

    assert check in failed
