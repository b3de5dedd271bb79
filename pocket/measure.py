"""The five properties on fresh questions, through real vLLM engines: `python -m pocket.measure [MODELS_FOLDER]`.

Fresh questions are the split `fresh`, which nothing was chosen on; `--split dev` is for choosing. Prints the
figures and writes them as JSON. Intervals are 95 % over questions (normal), differences paired by question; one
training, so they say nothing of another seed's models.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.pools import load_pool
from bench.worlds.client import Completion
from bench.worlds.engines import Engines
from tasks._puzzles import KINDS, Puzzle, puzzles
from tasks.pocket import NOTHING, extract, merge_text

__all__ = ["main", "mean", "measure"]

Answers = npt.NDArray[np.object_]
F64 = npt.NDArray[np.float64]
_SAMPLES = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "models", nargs="?", type=Path, help="folder with S, M and L [the weights that come along]"
    )
    parser.add_argument("--split", default="fresh", choices=("dev", "fresh"))
    parser.add_argument("--questions", default=1000, type=int)
    parser.add_argument("--skip", default=0, type=int, help="how many of the first questions are left out")
    parser.add_argument("-o", "--output", type=Path, default=Path("pocket.json"))
    options = parser.parse_args()
    known = load_pool("pocket").weights
    models = {name: str(options.models / name if options.models else known[name]) for name in known}
    engines = Engines(models, False, {})
    asked = list(puzzles(options.split, options.skip + options.questions))[options.skip :]
    found = measure(engines, list(models), asked)
    found |= {"split": options.split, "questions": len(asked), "skipped": options.skip, "engines": engines.take()}
    options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def measure(engines: Any, models: Sequence[str], asked: Sequence[Puzzle]) -> dict[str, Any]:
    """All figures, in per cent. engines: anything with `complete`."""
    alone = {m: _ask(engines, m, [p.text for p in asked for _ in range(_SAMPLES)], 0) for m in models}
    alone = {m: answers.reshape(len(asked), _SAMPLES) for m, answers in alone.items()}
    gold = np.array([p.answer for p in asked], dtype=object)[:, None]
    right = {m: (alone[m] == gold).astype(float) for m in models}
    read = {"S+M+L": np.stack([alone[m][:, 8] for m in models], 1)} | {
        f"3 of {m}": alone[m][:, 6:9] for m in models
    }
    fused = {
        f"{reader} reads {name}": _fused(engines, reader, asked, inputs)
        for name, inputs in read.items()
        for reader in models
    }
    kinds = np.array([p.kind for p in asked])
    return {
        "single": {m: mean(right[m].mean(1)) for m in models},
        "by kind": {k: {m: mean(right[m][kinds == k].mean(1)) for m in models} for k in KINDS},
        "gap": {f"{b} - {a}": mean(right[b].mean(1) - right[a].mean(1)) for a, b in pairwise(models)},
        "gap by kind": {
            f"{a} - {b}, {k}": mean((right[a] - right[b])[kinds == k].mean(1))
            for k in KINDS
            for i, a in enumerate(models)
            for b in models[i + 1 :]
        },
        "some of nine": {m: mean(right[m].max(1)) for m in models},
        "vote of five": {m: mean(_voted(alone[m][:, :5]) == gold[:, 0]) for m in models},
        "vote of five - one": {
            m: mean((_voted(alone[m][:, :5]) == gold[:, 0]) - right[m].mean(1)) for m in models
        },
        "fused": {name: mean(answers == gold[:, 0]) for name, answers in fused.items()},
        "fused - itself alone": {
            name: mean((answers == gold[:, 0]) - right[name[0]].mean(1)) for name, answers in fused.items()
        },
        "by right ones of S+M+L": {
            m: _by_right(fused[f"{m} reads S+M+L"] == gold[:, 0], read["S+M+L"] == gold) for m in models
        },
        "by right ones of all readings": {
            m: _by_right(
                np.concatenate([fused[f"{m} reads {name}"] == gold[:, 0] for name in read]),
                np.concatenate([inputs == gold for inputs in read.values()]),
            )
            for m in models
        },
    }


def mean(values: Any) -> list[float]:
    """Mean and the half-width of its 95 % interval, in per cent."""
    numbers = np.asarray(values, dtype=float)
    spread = float(numbers.std(ddof=1)) if len(numbers) > 1 else math.nan
    return [round(100 * float(numbers.mean()), 2), round(196 * spread / math.sqrt(max(1, len(numbers))), 2)]


def _by_right(fused: Any, inputs: Any) -> Mapping[str, list[float]]:
    """Accuracy by the number of right answers read."""
    count = inputs.sum(1)
    return {str(n): [*mean(fused[count == n]), int((count == n).sum())] for n in np.unique(count).tolist()}


def _voted(answers: Answers) -> Answers:
    """The most frequent answer of each row, ties to the earliest; "" where nobody gave one."""
    voted = np.empty(len(answers), dtype=object)
    for i, row in enumerate(answers.tolist()):
        given = [answer for answer in row if answer]
        voted[i] = max(given, key=given.count) if given else ""
    return voted


def _fused(engines: Any, reader: str, asked: Sequence[Puzzle], inputs: Answers) -> Answers:
    texts = [
        merge_text(puzzle.text, [answer or NOTHING for answer in row])
        for puzzle, row in zip(asked, inputs.tolist(), strict=True)
    ]
    return _ask(engines, reader, texts, 10_000_000)


def _ask(engines: Any, model: str, prompts: Sequence[str], seed: int) -> Answers:
    """The extracted answers, "" where there is none."""
    bodies = [
        json.dumps(
            {
                "model": model,
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": 48,
                "temperature": 0.7,
                "seed": seed + i,
            }
        ).encode()
        for i, prompt in enumerate(prompts)
    ]
    found = np.empty(len(bodies), dtype=object)

    def done(i: int, completion: Completion) -> None:
        found[i] = extract(completion.text).answer or ""

    engines.begin(bodies, done).result()
    return found


if __name__ == "__main__":
    main()
