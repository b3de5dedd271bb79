"""Racing as a service of the harness: losers stop early, contenders go on, and the method is told once."""

from __future__ import annotations

from bench import run
from bench.graph import Graph
from bench.optimizer import Optimizer, Proposal
from bench.racing import instalments

OPTIONS = {"task": "math", "world_options": {"universe": "main"}, "allocation": "racing"}


def test_instalments_are_thirds_up_to_twice_what_was_asked_for():
    assert instalments(30) == [10] * 6
    assert sum(instalments(1)) >= 1


def test_losers_stop_early_and_winners_get_more(world, temporary_method):
    good, bad = Graph.of([("8B", "assistant")], (), "vote"), Graph.of([("1B", "assistant")], (), "vote")
    told = []

    class TwoGraphs(Optimizer):
        def ask(self):
            return Proposal([good, bad][len(told) % 2], questions=60)

        def tell(self, outcome):
            told.append((outcome.graph, len(outcome.kinds), len(set(outcome.positions.tolist()))))

    temporary_method(TwoGraphs)
    record = run("temporary", search="900ex", world=world, **OPTIONS)

    assert {count for graph, count, _ in told if graph == bad} == {20}
    assert max(count for graph, count, _ in told if graph == good) == 120
    assert all(count == different for _, count, different in told)
    assert sum(count for _, count, _ in told) == sum(row["executions"] for row in record.rows("search"))


def test_a_method_is_told_once_of_each_proposal(world, temporary_method):
    asked = told = 0

    class Counts(Optimizer):
        def ask(self):
            nonlocal asked
            asked += 1
            return Proposal(self.draw())

        def tell(self, outcome):
            nonlocal told
            told += 1

    temporary_method(Counts)
    run("temporary", search="600ex", world=world, **OPTIONS)

    assert told in (asked, asked - 1)
