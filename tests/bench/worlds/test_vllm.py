"""The live path on a real vLLM engine and a real vLLM server: `sh scripts/test-vllm` (docs/vllm.md)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from importlib.util import find_spec

import numpy as np
import pytest

from bench.errors import IsobudgetError
from bench.frames import Records
from bench.graph import Graph
from bench.levels import Request, run_graphs
from bench.loop import run
from bench.worlds import load_world

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("default"),  # vLLM's dependencies warn of each other
    pytest.mark.skipif(find_spec("vllm") is None, reason="needs vLLM: sh scripts/test-vllm"),
]

MODELS = ("S", "M", "L")
GRAPHS = [
    Graph.of([("S", "assistant"), ("M", "assistant"), ("L", "fuser")], [(0, 2), (1, 2)], ("select", "M")),
    Graph.of([("S", "assistant")] * 3, (), ("vote", None)),
]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Three folders of models with random weights."""
    from tiny_llama import make

    folder = tmp_path_factory.mktemp("tiny")
    return {name: str(make(folder / name, i, 64 + 32 * i)) for i, name in enumerate(MODELS)}


@pytest.fixture(scope="session")
def world(tiny):
    with load_world("vllm", models=tiny, pool="pocket", engine={"max_num_seqs": 32}) as opened:
        yield opened


def asked(graphs, questions, trial=0):
    question = np.asarray(questions, dtype=np.int64)
    return [Request(g, question, np.full(len(question), trial), np.uint64(g.key)) for g in graphs]


def texts(world, traces):
    return [[world.text(handle) for handle in trace.handle.ravel().tolist()] for trace in traces]


def test_graphs_are_answered_and_metered(world):
    world.measured()
    traces = run_graphs(world, asked(GRAPHS, range(20)), "pocket", "search", MODELS)
    used = world.measured()
    votes = traces[1].handle.shape[0] - 1
    assert used["calls"] == 20 * (4 + 3)
    assert used["prompt_tokens"] == sum(int(trace.prompt_tokens.sum()) for trace in traces)
    assert used["completion_tokens"] == sum(int(trace.completion_tokens.sum()) for trace in traces) > 0
    assert (traces[1].prompt_tokens[votes] == 0).all()
    assert used["mean_running"] > 8
    assert 0 < used["busy_seconds"] <= used["elapsed_seconds"]
    assert min(used[name] for name in ("queue_seconds", "prefill_seconds", "decode_seconds")) > 0
    assert (traces[0].wall > 0).all()
    assert set(world.grade("pocket", "search", np.arange(20), traces[0].final).tolist()) <= {0, 1, 2, 3}


def test_a_seed_decides_an_answer_whatever_else_is_in_the_batch(world):
    whole = texts(world, run_graphs(world, asked(GRAPHS, range(12)), "pocket", "search", MODELS))
    alone = [
        texts(world, run_graphs(world, asked(GRAPHS[:1], [q]), "pocket", "search", MODELS))[0] for q in range(12)
    ]
    assert [whole[0][i::12] for i in range(12)] == alone
    other = texts(world, run_graphs(world, asked(GRAPHS, range(12), trial=1), "pocket", "search", MODELS))
    assert other[0] != whole[0]


def test_weights_are_told_apart_by_their_content(world):
    assert all(revision.startswith("sha256:") for revision in world.facts.revisions.values())
    assert len(set(world.facts.revisions.values())) == len(MODELS)


def test_an_interrupted_batch_leaves_nothing_behind(world):
    bodies = [
        json.dumps(
            {
                "model": "S",
                "messages": [{"role": "user", "content": "Sort cab"}],
                "max_tokens": 20,
                "temperature": 0.7,
                "seed": i,
            }
        ).encode()
        for i in range(60)
    ]

    def interrupt(i, completion):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world._client.begin(bodies, interrupt).result()
    got = {}
    world._client.begin(bodies[:5], lambda i, completion: got.__setitem__(i, completion)).result()
    assert sorted(got) == list(range(5))


def test_a_batch_that_one_engine_refuses_is_taken_back_from_the_others(world):
    def body(model, words):
        message = {"role": "user", "content": words}
        return json.dumps(
            {"model": model, "messages": [message], "max_tokens": 9, "temperature": 0.7, "seed": 1}
        ).encode()

    with pytest.raises(Exception, match="maximum context length"):
        world._client.begin([body("S", "Sort cab"), body("M", "Sort " + "abc" * 500)], lambda i, done: None)
    assert all(not waiting for waiting in world._client._waiting.values())


def test_a_whole_run_is_repeatable_and_measured(world):
    made = [
        run("random", "pocket", "20units", "80ex", world=world, pool="pocket", questions=10, tests=30)
        for _ in range(2)
    ]
    first, second = made
    assert Records.of([first]).digest() == Records.of([second]).digest()
    assert first.summary["provenance"] == "measured live"
    assert first.manifest["latency"] > 0
    assert first.manifest["world"]["calls"] > 80


def test_what_is_missing_is_named(tiny):
    with pytest.raises(IsobudgetError, match=r"needs the weights of 1B, 3B, 8B: give --model 1B="):
        load_world("vllm", pool="llama-small")
    with pytest.raises(IsobudgetError, match="pool pocket has no model X"):
        load_world("vllm", pool="pocket", models="X=somewhere")
    with pytest.raises(IsobudgetError, match="cannot start model S from /nowhere"):
        load_world("vllm", pool="pocket", models=tiny | {"S": "/nowhere"})


POOL = """
[[models]]
name = "S"
key = 0
params = 90_000
layers = 1
width = 64
prefill = 60000.0
decode = 1500.0
usd_in = 0.0
usd_out = 0.0
nominal = { default = 1 }

[agent]
flops_per_token = 1e7
usd_in = 0.0
usd_out = 0.0
prefill = 10000.0
decode = 500.0
"""


class Server:
    """A vLLM server of one model, at one port, that can be killed and started again."""

    def __init__(self, model, log):
        self.model, self.log = model, log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def start(self):
        command = [
            *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", self.model),
            *("--served-model-name", "S", "--port", str(self.port), "--host", "127.0.0.1"),
            *("--enforce-eager", "--dtype", "float32", "--no-enable-chunked-prefill", "--max-num-seqs", "32"),
            *("--max-model-len", "256", "--max-num-batched-tokens", "8192"),
        ]
        extra = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, env=os.environ | extra, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def ready(self, seconds=900):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server ended: see its log"
            try:
                with urllib.request.urlopen(f"{self.url}/models", timeout=5):
                    return
            except OSError:
                time.sleep(0.5)
        raise AssertionError("the server did not come up")

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def server(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("server") / "log"
    with path.open("wb") as log:
        made = Server(tiny["S"], log)
        made.start()
        try:
            made.ready()
            yield made
        finally:
            made.kill()


@pytest.fixture(scope="session")
def one_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "one.toml"
    path.write_text(POOL)
    return str(path)


def live_run(server, pool, folder):
    with load_world("openai", base_url=server.url, pool=pool, cache=folder / "answers.sqlite") as world:
        made = run("random", "pocket", "8units", "400ex", world=world, pool=pool, questions=20, tests=100)
        return made, world.faults


def test_the_server_answers_as_the_engine_does(world, server, one_model):
    graph = Graph.of([("S", "assistant")] * 3, [(0, 2), (1, 2)])
    with load_world("openai", base_url=server.url, pool=one_model) as served:
        theirs = texts(served, run_graphs(served, asked([graph], range(15)), "pocket", "search", ("S",)))
    ours = texts(world, run_graphs(world, asked([graph], range(15)), "pocket", "search", ("S",)))
    assert np.mean(np.array(ours) == np.array(theirs)) > 0.9


def test_a_killed_server_costs_a_run_only_time(server, one_model, tmp_path, caplog):
    calm, _ = live_run(server, one_model, tmp_path / "calm")
    killed = threading.Event()

    def murder():
        answers = tmp_path / "rough" / "answers.sqlite"
        while not answers.exists() or answers.stat().st_size == 0:
            time.sleep(0.01)
        server.kill()
        killed.set()
        server.start()

    thread = threading.Thread(target=murder)
    thread.start()
    rough, faults = live_run(server, one_model, tmp_path / "rough")
    thread.join()
    assert killed.is_set()
    assert faults.retries > 0
    assert faults.gave_up == 0
    assert calm.manifest["world"]["completion_tokens"] > calm.manifest["world"]["calls"] > 100
    assert [line for line in caplog.messages if "is back after" in line]
    assert Records.of([rough]).digest() == Records.of([calm]).digest()
