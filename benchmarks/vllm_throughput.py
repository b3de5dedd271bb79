"""Our executor against a plain asyncio client, on the same vLLM server: requests a second, and their ratio.

    python benchmarks/vllm_throughput.py --model L           starts a server of that pocket model on this machine
    python benchmarks/vllm_throughput.py --base-url URL --served NAME

Both send the same requests at the same concurrency. Ours are those of graphs on questions, level by level: prompts
are made, answers graded and votes counted in between. The plain client (aiohttp, a worker a connection) sends what
ours has sent, without waiting for levels. Rounds alternate, so that what else the machine does weighs on both; the
ratio is of the medians. Mean running requests are the server's own gauge, looked at every half second of our
rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import numpy as np

from bench.graph import Graph
from bench.levels import Request, run_graphs
from bench.pools import load_pool
from bench.worlds.openai import OpenAIWorld

ROUNDS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="L", help="which pocket model's server is started")
    parser.add_argument("--weights", help="its folder [the weights that come along]")
    parser.add_argument("--base-url", help="a server that runs already")
    parser.add_argument("--served", help="its model")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--questions", type=int, default=40)
    options = parser.parse_args()
    if options.base_url:
        _compare(options.base_url, options.model, options.served, options)
        return
    weights = options.weights or str(load_pool("pocket").weights[options.model])
    with _server(weights, options.model) as url:
        _compare(url, options.model, options.model, options)


def _compare(url: str, model: str, served: str, options: argparse.Namespace) -> None:
    world = OpenAIWorld(url, pool="pocket", models={model: served}, concurrency=options.concurrency, timeout=300)
    sent: list[bytes] = []
    complete = world._client.complete
    world._client.complete = lambda bodies, done: (sent.extend(bodies), complete(bodies, done))[1]  # type: ignore[method-assign]
    ours, plain, running = [], [], []
    for trial in range(ROUNDS + 1):  # the first one warms up
        sent.clear()
        cpu = [time.process_time()]
        with _gauge(url) as looks:
            seconds = _ours(world, model, options.questions, trial)
        count = len(sent)
        cpu.append(time.process_time())
        with _gauge(url):  # looking costs the server something, so it weighs on both
            alone = asyncio.run(_plain(url, list(sent), options.concurrency))
        cpu.append(time.process_time())
        if trial:
            ours.append(count / seconds)
            plain.append(count / alone)
            running += looks
            each_cpu = [1e3 * (b - a) / count for a, b in pairwise(cpu)]
            print(
                f"round {trial}: {count} requests, ours {ours[-1]:.1f}/s, plain {plain[-1]:.1f}/s; processor time "
                f"{each_cpu[0]:.2f} and {each_cpu[1]:.2f} ms a request",
                flush=True,
            )
    world.close()
    ratio = statistics.median(ours) / statistics.median(plain)
    each = sorted(a / b for a, b in zip(ours, plain, strict=True))
    print(
        f"concurrency {options.concurrency}: ours {statistics.median(ours):.1f} requests/s, plain asyncio "
        f"{statistics.median(plain):.1f}, ratio {ratio:.3f} (rounds {each[0]:.3f} to {each[-1]:.3f}); "
        f"mean running requests {statistics.mean(running or [0]):.1f} ({len(running)} looks)"
    )


def _ours(world: OpenAIWorld, model: str, questions: int, trial: int) -> float:
    """Seconds for six graphs on the questions, answers graded."""
    graphs = [
        Graph.of([(model, "assistant")] * 5, (), ("vote", None)),
        Graph.of([(model, "assistant")] * 4, [(0, 2), (1, 2), (0, 3), (1, 3)], ("vote", None)),
        Graph.of([(model, "assistant")] * 3, [(0, 1), (1, 2)], ("vote", None)),
        Graph.of([(model, "assistant")] * 3, [(0, 2), (1, 2)]),
        Graph.of([(model, "assistant")] * 2, (), ("vote", None)),
        Graph.of([(model, "assistant")]),
    ]
    question = np.arange(questions)
    asked = [Request(g, question, np.full(questions, trial), np.uint64(g.key)) for g in graphs]
    started = time.perf_counter()
    for trace in run_graphs(world, asked, "pocket", "search", ("S", "M", "L")):
        world.grade("pocket", "search", question, trace.final)
    return time.perf_counter() - started


async def _plain(url: str, bodies: list[bytes], concurrency: int) -> float:
    """Seconds of a client that does nothing but send and read."""
    waiting = iter(bodies)
    headers = {"content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def work() -> None:
            for body in waiting:
                async with session.post(f"{url}/chat/completions", data=body) as response:
                    json.loads(await response.read())["choices"][0]["message"]["content"]

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
        return time.perf_counter() - started


@contextmanager
def _gauge(url: str) -> Iterator[list[float]]:
    """What `num_requests_running` was, every half second."""
    looks: list[float] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics") as response:
                text = response.read().decode()
            found = re.search(r"^vllm:num_requests_running\{.*\} (\S+)$", text, re.MULTILINE)
            if found:
                looks.append(float(found[1]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        stop.set()
        thread.join()


@contextmanager
def _server(model: str, name: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model),
        *("--served-model-name", name, "--port", str(port), "--host", "127.0.0.1", "--dtype", "float32"),
        *("--enforce-eager", "--no-enable-chunked-prefill", "--max-num-seqs", "64"),
        *("--max-num-batched-tokens", str(64 * 256), "--disable-uvicorn-access-log"),
    ]
    extra = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}
    quiet: Any = subprocess.DEVNULL
    server = subprocess.Popen(command, env=os.environ | extra, stdout=quiet, stderr=quiet, start_new_session=True)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        while True:
            if server.poll() is not None:
                raise SystemExit("the server ended before it was ready")
            try:
                with urllib.request.urlopen(f"{url}/models", timeout=5):
                    break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


if __name__ == "__main__":
    main()
