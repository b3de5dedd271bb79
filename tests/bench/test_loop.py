"""One run: charges, phases, selection, faults."""

from __future__ import annotations

import numpy as np
import pytest

from bench import Optimizer, Proposal, run
from bench.contract import SETTINGS
from bench.errors import UnknownName
from bench.graph import Graph
from bench.optimizer import History, Outcome
from bench.records import Record

OPTIONS = {"world_options": {"universe": "main"}, "tests": 50}


def _events(record, phase):
    return record.rows(phase)


def test_a_run_spends_its_budget_and_holds_back_a_fifth(world):
    record = run("random", "math", search="1000ex", world=world, **OPTIONS)

    assert sum(e["executions"] for e in _events(record, "search")) == 800
    assert sum(e["executions"] for e in _events(record, "selection")) == 200
    assert _events(record, "test")[0]["executions"] == 0


def test_the_last_evaluation_takes_what_is_left_and_says_so(world):
    record = run("random", "math", search="100ex", questions=30, world=world, selection="own", **OPTIONS)

    assert [(e["asked"], len(e["question"])) for e in _events(record, "search")] == [(30, 30)] * 3 + [(30, 10)]


def test_finalists_see_the_same_fresh_questions(world):
    record = run("random", "math", search="1000ex", world=world, **OPTIONS)
    finals = _events(record, "selection")
    searched = {q for event in _events(record, "search") for q in event["question"]}

    assert len(finals) == 5
    assert len({tuple(event["question"]) for event in finals}) == 1
    assert not searched & set(finals[0]["question"])


def test_all_currencies_are_charged_whatever_binds(world):
    for text in ("200ex", "4kunits", "0.05usd", "3min"):
        record = run("random", "math", search=text, world=world, **OPTIONS)
        for event in _events(record, "search"):
            for name in (
                "executions",
                "node_calls",
                "flops",
                "prompt_tokens",
                "completion_tokens",
                "usd",
                "seconds",
            ):
                assert event[name] > 0, (text, name)


def test_equal_graphs_meet_equal_questions_and_answers_in_all_methods(world):
    """Common random numbers: what one method saw of a graph, another sees too."""
    seen = {}
    for name in ("random", "reinforce", "agent-reinforce"):
        for event in _events(run(name, "math", world=world, **OPTIONS), "search"):
            for question, draw, code in zip(event["question"], event["draw"], event["code"], strict=True):
                assert seen.setdefault((event["graph"], question, draw), code) == code
    assert len(seen) > 5000


def test_the_truth_is_the_worlds_own(world):
    record = run("random", "mmlu", search="100ex", world=world, **OPTIONS)

    assert record.summary["truth"]["accuracy"] == world.expected_accuracy(record.recommended, "mmlu")
    assert record.summary["truth"]["reference"] >= record.summary["truth"]["best_fixed"]


def test_p1_gives_every_method_the_published_table(world, temporary_method):
    given = []

    class Asks(Optimizer):
        def ask(self):
            given.append(self.problem.prior)
            return

    temporary_method(Asks)
    run("temporary", "math", world=world, **OPTIONS)
    run("temporary", "math", world=world, tier="P1", **OPTIONS)

    assert given[0] is None
    assert given[1].table["single"]["8B"] == 0.49


def test_a_method_that_fails_is_held_to_its_incumbent(world, temporary_method):
    class Fails(Optimizer):
        def ask(self):
            if len(self.history.outcomes) == 3:
                raise RuntimeError("broken")
            return Proposal(self.problem.space.sample(self.rng))

    temporary_method(Fails)
    record = run("temporary", "math", search="300ex", world=world, **OPTIONS)

    assert record.summary["status"] == "method_fault"
    assert "RuntimeError: broken" in record.summary["error"]
    assert len(_events(record, "search")) == 3
    assert record.summary["recommended"] in {e["graph"] for e in _events(record, "search")}


@pytest.mark.parametrize("fault", ["proposal", "recommendation"])
def test_an_infeasible_graph_is_the_methods_fault(world, temporary_method, fault):
    dear = Graph.of([("8B", "assistant")] * 3, (), "vote")

    class Cheats(Optimizer):
        def ask(self):
            return Proposal(dear if fault == "proposal" else self.problem.space.cheapest())

        def recommend(self):
            return dear

    temporary_method(Cheats)
    record = run("temporary", "math", search="60ex", world=world, **OPTIONS)

    assert record.summary["status"] == "method_fault"
    assert "infeasible" in record.summary["error"]
    assert record.recommended != dear


def test_a_method_without_evaluations_recommends_the_cheapest_graph(world, temporary_method):
    class Silent(Optimizer):
        def ask(self):
            return None

    temporary_method(Silent)
    record = run("temporary", "math", world=world, **OPTIONS)

    assert str(record.recommended) == "0:1B → vote reads 0"


def test_few_trials_are_noted(world):
    few = run("tpe", "math", search="100ex", world=world, **OPTIONS)
    many = run("tpe", "math", search="2000ex", world=world, **OPTIONS)

    assert few.summary["note"] == "3 evaluations, fewer than the 40 it needs"
    assert many.summary["note"] == ""


def test_another_stream_is_another_run_of_the_same_method(world):
    one, two = (run("random", "math", search="200ex", stream=s, world=world, **OPTIONS) for s in (0, 1))

    assert _events(one, "search")[0]["graph"] != _events(two, "search")[0]["graph"]


def test_shared_noise_and_the_uniform_sampler_are_settings(world):
    fresh = run("random", "math", budget="5units", search="200ex", world=world, **OPTIONS)
    shared = run("random", "math", budget="5units", search="200ex", noise="shared", world=world, **OPTIONS)
    uniform = run("random", "math", budget="5units", search="200ex", sampler="uniform", world=world, **OPTIONS)

    assert [e["graph"] for e in _events(fresh, "search")] == [e["graph"] for e in _events(shared, "search")]
    assert [e["code"] for e in _events(fresh, "search")] != [e["code"] for e in _events(shared, "search")]
    assert [e["graph"] for e in _events(fresh, "search")] != [e["graph"] for e in _events(uniform, "search")]


def test_unknown_methods_suggest_the_nearest(world):
    with pytest.raises(UnknownName, match="did you mean 'random'"):
        run("randon", "math", world=world)


def _outcome(graph, right, asked, latency=1.0):
    kinds = ("correct",) * right + ("wrong",) * (asked - right)
    return Outcome(graph, asked, np.arange(asked), kinds, 1.0, latency, latency, latency)


def test_the_posterior_mean_shrinks_towards_the_pooled_accuracy():
    history = History(lambda accuracy, seconds: accuracy)
    lucky, solid = Graph.of([("1B", "assistant")], (), "vote"), Graph.of([("3B", "assistant")], (), "vote")
    history.add(_outcome(lucky, 3, 3))
    history.add(_outcome(solid, 60, 100))
    pooled = 63 / 103

    assert history.posterior(lucky) == pytest.approx((3 + 5 * pooled) / 8)
    assert history.posterior(solid) == pytest.approx((60 + 5 * pooled) / 105)
    assert history.best(2) == [lucky, solid]


def test_ties_go_to_the_cheaper_graph():
    history = History(lambda accuracy, seconds: accuracy)
    cheap, dear = Graph.of([("1B", "assistant")], (), "vote"), Graph.of([("8B", "assistant")], (), "vote")
    for graph, units in ((dear, 8.0), (cheap, 1.0)):
        history.add(Outcome(graph, 2, np.arange(2), ("correct", "wrong"), units, 1.0, 1.0, 1.0))

    assert history.best(1) == [cheap]


def test_records_survive_their_file(world, tmp_path):
    record = run("agent-reinforce", "math", search="300ex", world=world, **OPTIONS)
    record.save(tmp_path / "run.parquet")

    loaded = Record.load(tmp_path / "run.parquet")

    assert loaded.spec == record.spec
    assert loaded.digest() == record.digest()
    assert loaded.recommended == record.recommended


def test_the_contract_tries_every_currency():
    assert {s["search"].lstrip("0.123456789k") for s in SETTINGS} == {"ex", "units", "min", "usd"}
