"""One stage of training one model: Muon for the matrices, AdamW for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import torch
from transformers import LlamaForCausalLM

from pocket.examples import prompt_tokens
from pocket.model import loss, sample
from pocket.muon import Muon
from tasks._puzzles import EVEN, KINDS, puzzles
from tasks.pocket import extract

__all__ = ["dev_accuracy", "learn"]

_WARM = 50  # steps
_SMALL = 0.5  # AdamW's rate, for embeddings and norms, over Muon's


def learn(
    model: LlamaForCausalLM,
    batches: Iterator[list[tuple[list[int], list[int]]]],
    steps: int,
    rate: float,
    cooling: bool,
    report: Callable[[int, float, float], None],
) -> None:
    """Train in place. cooling: the rate falls to 0. report(step, mean loss since the last report, seconds)."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    optimizers = (
        Muon(matrices, lr=rate),
        torch.optim.AdamW(others, lr=rate * _SMALL, betas=(0.9, 0.98), weight_decay=0.0),
    )
    bases = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    model.train()
    lost, since = 0.0, time.perf_counter()
    for step in range(1, steps + 1):
        share = min(1.0, step / _WARM) * (1 - (step - 1) / steps if cooling else 1.0)
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        for group, base in zip(groups, bases, strict=True):
            group["lr"] = base * share
        error = loss(model, next(batches))
        error.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        lost += error.item()
        if step % 100 == 0 or step == steps:
            report(step, lost / (step % 100 or 100), time.perf_counter() - since)
            lost, since = 0.0, time.perf_counter()
    model.eval()


def dev_accuracy(model: LlamaForCausalLM, count: int = 420) -> Mapping[str, float]:
    """Sampled accuracy on development questions, per cent: of all and by kind."""
    model.eval()
    asked = list(puzzles("dev", count, EVEN))
    answers = sample(model, [prompt_tokens(puzzle.text) for puzzle in asked], seed=0)
    right = {kind: [] for kind in KINDS}  # type: dict[str, list[bool]]
    for puzzle, answer in zip(asked, answers, strict=True):
        right[puzzle.kind].append(extract(answer).answer == puzzle.answer)
    every = [r for kind in right.values() for r in kind]
    return {"all": 100 * sum(every) / count} | {k: 100 * sum(r) / max(1, len(r)) for k, r in right.items()}
