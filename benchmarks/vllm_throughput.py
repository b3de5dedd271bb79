"""Our executor against a plain asyncio client, on the same vLLM server: requests a second, and their ratio.

    python benchmarks/vllm_throughput.py --model L           starts a server of that pocket model on this machine
    python benchmarks/vllm_throughput.py --base-url URL --served NAME

Both send the same requests at the same concurrency, all of which the server has seen once, when it was warmed
up. Ours are those of graphs on questions, level by level: prompts are made, answers graded and votes counted in
between. The plain client (aiohttp, a worker a connection) sends what ours has sent, without waiting for levels.
Who goes first alternates, so that what else the machine does weighs on both. The ratio is the geometric mean
over rounds, with its 95 % interval (Student's t on logarithms). Mean running requests are the server's own
gauge, looked at twice a second.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import aiohttp
import numpy as np
from scipy import stats

from bench.graph import Graph
from bench.levels import Request, run_graphs
from bench.pools import load_pool
from bench.worlds.openai import OpenAIWorld


class Measured(NamedTuple):
    """One client's turn: requests a second, milliseconds of our processor time a request, looks at the gauge."""

    rate: float
    cpu: float
    running: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="L", help="which pocket model's server is started")
    parser.add_argument("--weights", help="its folder [the weights that come along]")
    parser.add_argument("--base-url", help="a server that runs already")
    parser.add_argument("--served", help="its model")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=8)
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
    begin = world._client.begin
    world._client.begin = lambda bodies, done: (sent.extend(bodies), begin(bodies, done))[1]  # type: ignore[method-assign]
    _ours(world, model, options.questions)  # warms up, and what it sends is what both will send
    bodies = list(sent)
    times: list[tuple[Measured, Measured]] = []
    for trial in range(options.rounds):
        turns: dict[str, Measured] = {}
        for who in ("ours", "plain")[:: -1 if trial % 2 else 1]:
            with _gauge(url) as looks:
                cpu = time.process_time()
                if who == "ours":
                    seconds = _ours(world, model, options.questions)
                else:
                    seconds = asyncio.run(_plain(url, bodies, options.concurrency))
                cpu = time.process_time() - cpu
            turns[who] = Measured(len(bodies) / seconds, 1e3 * cpu / len(bodies), looks)
        ours, plain = turns["ours"], turns["plain"]
        times.append((ours, plain))
        print(
            f"round {trial + 1}: {len(bodies)} requests, ours {ours.rate:.1f}/s, plain {plain.rate:.1f}/s; "
            f"processor time {ours.cpu:.2f} and {plain.cpu:.2f} ms a request",
            flush=True,
        )
    world.close()
    logs = np.log([ours.rate / plain.rate for ours, plain in times])
    half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / len(logs) ** 0.5
    low, ratio, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
    means = [
        (statistics.mean(m.rate for m in own), statistics.mean(m.cpu for m in own), _running(own))
        for own in zip(*times, strict=True)
    ]
    (rate, cpu, running), (rate_plain, cpu_plain, running_plain) = means
    print(
        f"concurrency {options.concurrency}, {len(bodies)} requests a round: "
        f"ratio {ratio:.3f} ({low:.3f} to {high:.3f}); "
        f"ours {rate:.1f} requests/s, plain asyncio {rate_plain:.1f}; processor time "
        f"{cpu:.2f} and {cpu_plain:.2f} ms; mean running requests {running:.1f} and {running_plain:.1f}"
    )


def _running(measured: Sequence[Measured]) -> float:
    """Mean of all looks at the gauge."""
    return statistics.mean([look for m in measured for look in m.running] or [0.0])


def _ours(world: OpenAIWorld, model: str, questions: int) -> float:
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
    asked = [Request(g, question, np.zeros(questions, int), np.uint64(g.key)) for g in graphs]
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
