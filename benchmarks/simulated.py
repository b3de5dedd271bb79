"""How fast the simulated world is: node calls a second, time of small batches, of truths and of banks.

    uv run python benchmarks/simulated.py

Prints figures for this machine, one core; it never fails on time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench.graph import Graph
from bench.levels import Request, run_graphs
from bench.worlds.base import ROLE_KEYS, Calls
from bench.worlds.simulated import SimulatedWorld

MODELS = ("1B", "3B", "8B")


def batch(rows: int, inputs: int, seed: int = 0) -> Calls:
    """A batch of assistants (no inputs) or fusers on MATH, models and questions at random."""
    rng = np.random.default_rng(seed)
    wide = (rows, inputs)
    ids = np.asfortranarray(rng.integers(-1, 4, wide))
    return Calls(
        task="math",
        split="test",
        models=MODELS,
        question=rng.integers(0, 2000, rows),
        trial=np.zeros(rows, dtype=np.int64),
        salt=rng.integers(1, 2**63, rows).astype(np.uint64),
        model=rng.integers(0, 3, rows),
        role=np.full(rows, ROLE_KEYS["fuser" if inputs else "assistant"]),
        replica=rng.integers(0, 3, rows),
        inputs=ids,
        input_level=np.zeros(wide, dtype=np.int64),
        input_tokens=np.full(wide, 275),
        input_role=np.zeros(wide, dtype=np.int64),
        input_model=np.zeros(wide, dtype=np.int64),
    )


def seconds(work: Callable[[], object], least: float = 0.5) -> float:
    """Seconds of one call of `work`: the best of several timings, after one call to warm up."""
    work()
    best, spent = np.inf, 0.0
    while spent < least:
        start = time.perf_counter()
        work()
        took = time.perf_counter() - start
        best, spent = min(best, took), spent + took
    return best


def main() -> None:
    """Print all figures."""
    world = SimulatedWorld()
    print("batch            answer          handles only")
    for rows in (30, 100, 1000, 10_000, 100_000):
        for inputs in (0, 1, 3, 8):
            calls = batch(rows, inputs)
            full, lean = (seconds(lambda f=f, c=calls: f(c), 0.2) for f in (world.answer, world.handles))
            rates = f"{rows / full / 1e6:5.2f} M/s  {1e6 * lean:9.0f} µs {rows / lean / 1e6:5.2f} M/s"
            print(f"{rows:>6} × {inputs} inputs {1e6 * full:9.0f} µs {rates}")
    nodes = [("1B", "assistant")] * 3 + [("3B", "fuser")] * 3
    graph = Graph.of(nodes, [(a, b) for a in range(3) for b in range(3, 6)], ("select", "3B"))
    question, trial = np.arange(30), np.zeros(30, dtype=np.int64)
    request = Request(graph, question, trial, np.full(30, 7, dtype=np.uint64))
    run = seconds(lambda: run_graphs(world, [request], "math", "test", MODELS))
    print(f"7-node graph on 30 questions: {1e3 * run:.2f} ms")
    many = seconds(lambda: run_graphs(world, [request] * 20, "math", "test", MODELS))
    print(f"20 of them at once: {1e3 * many:.2f} ms")
    truth = seconds(lambda: world.expected_accuracy(graph, "math"))
    print(f"true accuracy of it (20,000 items × 2): {1e3 * truth:.0f} ms")
    fresh = seconds(
        lambda: SimulatedWorld().accuracies([Graph.of([("1B", "assistant")])], "math", slice(30), (0,))
    )
    print(f"a new world's first 30 questions: {1e3 * fresh:.1f} ms")
    whole = seconds(lambda: SimulatedWorld().accuracies([Graph.of([("1B", "assistant")])], "math", trials=(0,)))
    print(f"a new world's 20,000 items: {1e3 * whole:.1f} ms")


if __name__ == "__main__":
    main()
