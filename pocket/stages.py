"""What each stage of the training does for one model, from files to files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from pocket.examples import batches, prompt_tokens, rule_made, sampled
from pocket.learn import dev_accuracy, learn
from pocket.model import build, load, sample, save
from pocket.recipe import RECIPES, SEED, TOKENS
from tasks._puzzles import EVEN, Dice, Puzzle, draw
from tasks.pocket import extract

__all__ = ["answers", "first", "second"]

torch.set_num_threads(1)


def first(output: Path, name: str) -> dict[str, Any]:
    """Puzzles alone, and after answers spoilt by rule; constant rate."""
    recipe, dice = RECIPES[name], Dice(f"pocket first {name} {SEED}")
    reached = output / "steps" / f"{name}-{recipe.first}"
    if reached.exists():  # a longer training came by here: the rate is constant, so this is the same model
        model = load(reached)
    else:
        model = build(recipe, SEED)
        made = batches(rule_made(dice, recipe.fusing[0], recipe.mixture()), TOKENS, Dice(f"{SEED}"))
        learn(model, made, recipe.first, recipe.rate, False, _told(name, "first", model, output / "steps"))
    sha256 = save(model, output / "first" / name)
    return {"sha256": sha256, "parameters": model.num_parameters(), "dev": dev_accuracy(model)}


def answers(output: Path, name: str, count: int, samples: int) -> dict[str, Any]:
    """What the model answers to new questions, for all models to read in the second stage."""
    model = load(output / "first" / name)
    asked = _asked(count)
    prompts = [prompt_tokens(puzzle.text) for puzzle in asked for _ in range(samples)]
    found = [extract(text).answer for text in sample(model, prompts, SEED)]
    rows = [found[i * samples : (i + 1) * samples] for i in range(count)]
    (output / f"{name}.answered.json").write_text(json.dumps(rows), encoding="utf-8")
    right = sum(answer == puzzle.answer for puzzle, row in zip(asked, rows, strict=True) for answer in row)
    return {"accuracy": 100 * right / len(found)}


def second(output: Path, name: str) -> dict[str, Any]:
    """Goes on with answers that the models gave; the rate falls to 0."""
    recipe, dice = RECIPES[name], Dice(f"pocket second {name} {SEED}")
    model = load(output / "first" / name)
    asked = _asked(len(json.loads((output / f"{name}.answered.json").read_text())))
    given = {m: json.loads((output / f"{m}.answered.json").read_text()) for m in RECIPES}
    # What a model has hardly been taught it is not taught here either: what it reads would teach it as well.
    weights = {kind: weight if weight >= 0.5 else 0.0 for kind, weight in recipe.mixture().items()}
    answered = [
        (puzzle, {m: given[m][i] for m in given}) for i, puzzle in enumerate(asked) if weights[puzzle.kind]
    ]
    made = batches(sampled(dice, recipe.fusing[1], weights, answered), TOKENS, Dice(f"{SEED}"))
    learn(model, made, recipe.second, recipe.rate * recipe.cooled, True, _told(name, "second", model))
    sha256 = save(model, output / "models" / name)
    return {"sha256": sha256, "dev": dev_accuracy(load(output / "models" / name))}


def _asked(count: int) -> list[Puzzle]:
    """The questions that all models answer between the stages."""
    dice = Dice(f"pocket answers {SEED}")
    return [draw(dice, "train", EVEN) for _ in range(count)]


def _told(name: str, stage: str, model: Any, kept: Path | None = None) -> Callable[[int, float, float], None]:
    """Prints how far a stage is; every 300 steps also the development accuracies, and into `kept` the model."""

    def tell(step: int, loss: float, seconds: float) -> None:
        line = f"{time.strftime('%H:%M:%S')} {name} {stage} step {step}: loss {loss:.3f}, {seconds:.0f} s"
        if step % 300 == 0:
            line += ", dev " + " ".join(f"{k} {v:.0f}" for k, v in dev_accuracy(model, 210).items())
            model.train()
            if kept is not None:
                save(model, kept / f"{name}-{step}")
        print(line, flush=True)

    return tell
