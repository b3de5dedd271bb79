"""Train the three pocket models from nothing: `python -m pocket.train OUTPUT` (docs/pocket.md).

Two processes of one thread each. Stage 1: puzzles alone and after answers spoilt by rule. Then each model answers
new questions, and stage 2 goes on with those answers to read. What is finished is kept, so a killed training
resumes at the stage where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

_QUESTIONS = 2000  # answered by every model between the stages
_SAMPLES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="folder for models/S, models/M, models/L and hashes.json")
    parser.add_argument("--stage", choices=("first", "answers", "second"), help=argparse.SUPPRESS)
    parser.add_argument("--model", choices=("S", "M", "L"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        _work(options.output, options.stage, options.model)
        return
    started = time.perf_counter()
    _round(options.output, "first")
    _round(options.output, "answers")
    _round(options.output, "second")
    hashes = {m: json.loads((options.output / f"{m}.second.json").read_text())["sha256"] for m in "SML"}
    (options.output / "hashes.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(hashes, indent=1), f"\n{(time.perf_counter() - started) / 60:.1f} minutes", flush=True)


def _round(output: Path, stage: str) -> None:
    """One stage of all models: the largest in one process, the others one after the other beside it."""
    output.mkdir(parents=True, exist_ok=True)
    queues = [["L"], ["M", "S"]]
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        while any(queues) or running:
            for queue in queues:
                if queue and queue[0] not in running:
                    running[queue[0]] = _start(output, stage, queue[0])
            for name, process in list(running.items()):
                if process.poll() is None:
                    continue
                if process.returncode:
                    raise SystemExit(f"stage {stage} of {name} failed")
                del running[name]
                next(queue for queue in queues if queue and queue[0] == name).pop(0)
            time.sleep(0.2)
    finally:
        for process in running.values():
            process.kill()


def _start(output: Path, stage: str, model: str) -> subprocess.Popen[bytes]:
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment = os.environ | threads | {"TQDM_DISABLE": "1"}  # bars of a few milliseconds, among the steps
    command = [sys.executable, "-m", "pocket.train", str(output), "--stage", stage, "--model", model]
    return subprocess.Popen(command, env=environment)


def _work(output: Path, stage: str, name: str) -> None:
    """One stage of one model, in a process of its own; nothing to do when its report is there."""
    from pocket.stages import answers, first, second

    done = output / f"{name}.{stage}.json"
    if done.exists():
        return
    started, cpu = time.perf_counter(), time.process_time()
    if stage == "answers":
        report = answers(output, name, _QUESTIONS, _SAMPLES)
    else:
        report = (first if stage == "first" else second)(output, name)
    report |= {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    done.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
