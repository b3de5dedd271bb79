"""The openai world against our own server: equality with the simulated world, faults, cache, votes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from tiny_questions import tiny_mmlu

from bench.errors import IsobudgetError, Unreachable
from bench.graph import Graph
from bench.keys import generator
from bench.levels import Request, run_graphs
from bench.space import Space
from bench.worlds import load_world
from bench.worlds.base import ABSENT, ROLE_KEYS, Calls
from bench.worlds.cache import AnswerCache
from bench.worlds.client import Completion
from bench.worlds.openai import OpenAIWorld
from bench.worlds.serve import FaultRates, running_server
from bench.worlds.simulated import SimulatedWorld
from bench.worlds.texts import NO_TEXT, Texts
from tasks import load_task

MODELS = ("1B", "3B", "8B")
KIND = {0: 0, 1: 1, 2: 2, 3: 2}  # texts without an answer may be malformed where the simulated one has none


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A data folder with a few multiple-choice questions of our own."""
    return tiny_mmlu(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def server(tiny):
    with running_server(tiny) as url:
        yield url


def requests(graphs, questions, trial=5, salted=True):
    q = np.asarray(questions, dtype=np.int64)
    salt = [np.full(len(q), g.key if salted else 0, dtype=np.uint64) for g in graphs]
    return [Request(g, q, np.full(len(q), trial), s) for g, s in zip(graphs, salt, strict=True)]


def sampled(task, count, seed=0):
    rng = generator("openai test", task, seed)
    presets = [Space.preset("standard", task=task, budget=b) for b in ("small", "medium")]
    return [presets[i % 2].sample(rng) for i in range(count)]


OPEN = [
    Graph.of([("8B", "assistant"), ("3B", "critic"), ("1B", "fuser")], [(0, 1), (0, 2), (1, 2)], ("select", "3B")),
    Graph.of([("1B", "assistant"), ("1B", "reviser"), ("3B", "assistant")], [(0, 1), (1, 2)], ("vote", None)),
    Graph.of([("1B", "assistant")] * 4, [], ("vote", None)),
    Graph.of([("1B", "assistant")] * 2, [(0, 1)]),
]


def assert_equal(live, task, split, graphs, questions):
    """Grades of all nodes, charges and final answers as the simulated executor has them; how many there were."""
    simulated, asked = SimulatedWorld(), requests(graphs, questions)
    ours = run_graphs(live, asked, task, split, MODELS)
    theirs = run_graphs(simulated, asked, task, split, MODELS)
    compared = 0
    for request, a, b in zip(asked, ours, theirs, strict=True):
        assert np.array_equal(a.prompt_tokens, b.prompt_tokens)
        assert np.array_equal(a.completion_tokens, b.completion_tokens)
        for left, right in zip([*a.handle, a.final], [*b.handle, b.final], strict=True):
            got = [KIND[code] for code in live.grade(task, split, request.question, left).tolist()]
            assert got == simulated.grade(task, split, request.question, right).tolist(), str(request.graph)
            compared += len(got)
    return compared


@pytest.mark.parametrize("split", ["search", "test"])
def test_equal_to_the_simulated_world(tiny, server, split):
    with OpenAIWorld(server, data_dir=tiny) as live:
        count = live.questions("mmlu", split)
        assert assert_equal(live, "mmlu", split, [*sampled("mmlu", 8), *OPEN], range(count)) > 500
        assert live.provenance == "simulated (universe main), over HTTP"
        assert not hasattr(live, "expected_accuracy")


@pytest.mark.parametrize("task", ["math", "mmlu", "humaneval"])
def test_equal_on_real_questions(data_dir, real_server, task, request):
    if task == "humaneval":
        request.getfixturevalue("bubblewrap")
    with OpenAIWorld(real_server, data_dir=data_dir) as live:
        for split, step in (("search", 3), ("test", 2)):
            few = range(0, 36 if task != "humaneval" else 24, step)
            graphs = [*sampled(task, 6, seed=step), *OPEN]
            assert assert_equal(live, task, split, graphs, few) > 300


@pytest.fixture(scope="session")
def real_server(data_dir):
    with running_server(data_dir) as url:
        yield url


def test_faults_change_nothing_but_attempts(tiny, server):
    graphs = [*sampled("mmlu", 5), *OPEN]
    asked = requests(graphs, range(12))
    faults = FaultRates.evenly(0.2, hang_seconds=1.2)
    with OpenAIWorld(server, data_dir=tiny) as calm:
        expected = run_graphs(calm, asked, "mmlu", "search", MODELS)
        texts = [[calm.text(h) for h in t.handle.ravel().tolist()] for t in expected]
        assert calm.faults.retries == 0
    with running_server(tiny, faults=faults) as url:
        with OpenAIWorld(url, data_dir=tiny, timeout=60, backoff=0.02) as patient:  # until the server is warm
            run_graphs(patient, requests(graphs[:1], [13]), "mmlu", "search", MODELS)
        with OpenAIWorld(url, data_dir=tiny, timeout=0.8, backoff=0.02) as rough:
            got = run_graphs(rough, asked, "mmlu", "search", MODELS)
            assert [[rough.text(h) for h in t.handle.ravel().tolist()] for t in got] == texts
            assert rough.faults.retries > 40
            assert rough.faults.gave_up == 0
    for a, b in zip(got, expected, strict=True):
        assert np.array_equal(a.prompt_tokens, b.prompt_tokens)
        assert np.array_equal(a.completion_tokens, b.completion_tokens)
        assert np.array_equal(a.seconds, b.seconds)
    assert sum(int((t.attempts - 1).sum()) for t in got) == rough.faults.retries


def test_seconds_are_modelled_from_the_tokens(tiny, server):
    with OpenAIWorld(server, data_dir=tiny, slots=1) as live:
        (trace,) = run_graphs(
            live, requests([Graph.of([("1B", "assistant")])], range(6)), "mmlu", "search", MODELS
        )
    expected = 0.03 + trace.prompt_tokens / 62000 + trace.completion_tokens / 225
    assert np.allclose(trace.seconds, expected)
    assert (trace.wall > 0).all()


def test_the_cache_answers_without_the_server(tiny, tmp_path):
    asked = requests(sampled("mmlu", 4), range(8))
    path = tmp_path / "deep" / "answers.sqlite"
    with running_server(tiny) as url, OpenAIWorld(url, data_dir=tiny, cache=path) as first:
        before = run_graphs(first, asked, "mmlu", "search", MODELS)
        texts = [first.text(int(h)) for t in before for h in t.final]
    # Another server, all of whose chat requests fail: only the model list is asked for.
    with (
        running_server(tiny, faults=FaultRates(error=1.0, in_a_row=10**6)) as url,
        OpenAIWorld(url, data_dir=tiny, cache=path, retries=0) as second,
    ):
        after = run_graphs(second, asked, "mmlu", "search", MODELS)
        assert [second.text(int(h)) for t in after for h in t.final] == texts
        for a, b in zip(before, after, strict=True):
            assert all(np.array_equal(x, y) for x, y in zip(a[1:-1], b[1:-1], strict=True))
        with pytest.raises(IsobudgetError, match="500"):
            run_graphs(second, requests(sampled("mmlu", 1), [0], trial=6), "mmlu", "search", MODELS)


def test_two_may_share_a_cache_and_the_first_answer_stays(tmp_path):
    path = tmp_path / "answers.sqlite"
    one, two = AnswerCache(path), AnswerCache(path)
    one.put(b"k", Completion("first", 1, 2, 0.5, 1))
    assert two.get([b"k"]) == {}  # held back until enough came together
    one.flush()
    two.put(b"k", Completion("second", 1, 2, 0.5, 1))
    two.close()
    assert {key: kept.text for key, kept in one.get([b"k", b"other"]).items()} == {b"k": "first"}
    one.close()


def test_a_file_that_is_no_cache(tiny, server, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database" * 100)
    with pytest.raises(IsobudgetError, match=r"notes.txt is no answer cache"):
        OpenAIWorld(server, data_dir=tiny, cache=path)


def test_nobody_listens_is_told_within_seconds():
    started = time.perf_counter()
    with pytest.raises(Unreachable, match="isobudget serve"):
        load_world("openai", base_url="http://127.0.0.1:9/v1")
    assert time.perf_counter() - started < 5


def test_options_may_be_texts(tiny, server):
    with load_world(
        "openai", base_url=server, data_dir=str(tiny), timeout="30", concurrency="2", models="1B=1B,3B=8B"
    ) as live:
        (trace,) = run_graphs(live, requests([Graph.of([("3B", "assistant")])], [0]), "mmlu", "search", MODELS)
        assert trace.handle.shape == (1, 1)
    with pytest.raises(IsobudgetError, match="models"):
        OpenAIWorld(server, data_dir=tiny, models="1B")


def test_unknown_split(tiny, server):
    with OpenAIWorld(server, data_dir=tiny) as live, pytest.raises(IsobudgetError, match="no split 'tset'"):
        live.questions("mmlu", "tset")


def test_votes_take_the_first_of_the_most(tiny):
    task = load_task("mmlu", tiny)
    texts, question = Texts(), task.search[0]
    a, b, a2, none = (texts.add(text) for text in ("Answer: A", "Answer: B", "It is A.\nAnswer: A", "Who knows."))
    assert texts.plurality(task, question, [none, b, a]) == b
    assert texts.plurality(task, question, [b, a, none, a2]) == a
    assert texts.plurality(task, question, [none, NO_TEXT]) == NO_TEXT
    assert texts.add("Answer: A") == a


def test_a_vote_asks_nobody(tiny, server):
    with OpenAIWorld(server, data_dir=tiny) as live:
        one = np.zeros(1, dtype=np.int64)
        padded = np.array([[NO_TEXT, ABSENT]])
        calls = Calls(
            "mmlu", "search", MODELS, one, one, one.astype(np.uint64), one - 1,
            np.array([ROLE_KEYS["vote"]]), one, padded, padded * 0, padded * 0, padded * 0, padded * 0,
        )  # fmt: skip
        answers = live.answer(calls)
        assert (answers.handle[0], answers.prompt_tokens[0], answers.seconds[0]) == (NO_TEXT, 0, 0.0)
        assert live.grade("mmlu", "search", one, answers.handle).tolist() == [2]
