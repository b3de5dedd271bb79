"""Three latencies: serial, critical path, makespan on a number of slots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

from bench.execute import Estimate
from bench.graph import Graph
from bench.ledger import Charge
from bench.schedule import Job, critical_path, makespan, remaining_path, stages

CHAIN = Graph.of([("1B", "assistant"), ("1B", "fuser")], [(0, 1)], "vote")


def _job(graph, seconds):
    return Job(graph, np.array(seconds, dtype=float))


def test_a_worked_example():
    """Two questions, a chain of two calls, one slot: calls of the longer question go first."""
    job = _job(CHAIN, [[1.0, 3.0], [2.0, 5.0], [0.0, 0.0]])

    assert critical_path(job).tolist() == [3.0, 8.0]
    assert makespan([job], slots=1) == 11.0
    # longest remaining path first: question 2 runs 0–8, question 1 beside it
    assert makespan([job], slots=2) == 8.0


def test_models_have_slots_of_their_own():
    graph = Graph.of([("1B", "assistant"), ("8B", "assistant")], (), "vote")
    job = _job(graph, [[2.0, 2.0], [3.0, 3.0], [0.0, 0.0]])

    assert makespan([job], slots=1) == 6.0
    assert makespan([job, job], slots=1) == 12.0


@given(graphs(), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_bounds_hold_for_any_graph(graph, slots, questions, seed):
    """critical path ≤ makespan ≤ our bound ≤ …, and one slot for all questions at least their serial work."""
    rng = np.random.default_rng(seed)
    own = rng.uniform(0.1, 5.0, len(stages(graph)))
    if graph.sink is not None and graph.sink.model is None:
        own[-1] = 0.0
    job = _job(graph, np.repeat(own[:, None], questions, axis=1))

    whole = makespan([job], slots)

    assert whole >= critical_path(job).max() - 1e-9
    bound = Estimate(Charge(), own.sum(), remaining_path(job).max())
    assert whole <= bound.charge(questions, slots).seconds + 1e-9
    work = {}
    for model, row in zip([n.model for n in graph.nodes], job.seconds, strict=False):
        work[model] = work.get(model, 0.0) + row.sum()
    assert whole >= max(work.values()) / slots - 1e-9


def test_without_slots_in_the_way_the_makespan_is_the_critical_path():
    job = _job(CHAIN, [[1.0, 3.0, 2.0], [2.0, 5.0, 2.5], [0.0, 0.0, 0.0]])

    assert makespan([job], slots=100) == pytest.approx(critical_path(job).max())
