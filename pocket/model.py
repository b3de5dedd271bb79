"""The models: Llama's architecture in miniature, their batches, their sampling, their files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from pocket.recipe import Recipe
from pocket.vocabulary import END, PAD, SYMBOLS, decode, write_tokenizer

__all__ = ["POSITIONS", "build", "load", "loss", "sample", "save"]

POSITIONS = 256
_ROWS = 512  # sampled together


def build(recipe: Recipe, seed: int) -> LlamaForCausalLM:
    """A model with random weights."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(SYMBOLS),
            hidden_size=recipe.hidden,
            intermediate_size=recipe.ffn,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.heads,
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=END,
            pad_token_id=PAD,
        )
    )


def loss(model: LlamaForCausalLM, examples: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
    """Mean cross-entropy of the outputs alone; rows are padded on the right, which nothing before it can see."""
    length = max(len(a) + len(b) for a, b in examples)
    rows = torch.full((len(examples), length), PAD)
    wanted = torch.zeros((len(examples), length), dtype=torch.bool)
    for i, (prompt, output) in enumerate(examples):
        end = len(prompt) + len(output)
        rows[i, :end] = torch.tensor(prompt + output)
        wanted[i, len(prompt) : end] = True
    hidden = model.model(rows[:, :-1], use_cache=False).last_hidden_state
    held = wanted[:, 1:]
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[held]), rows[:, 1:][held])


@torch.no_grad()
def sample(
    model: LlamaForCausalLM, prompts: Sequence[list[int]], seed: int, temperature: float = 0.7, most: int = 40
) -> list[str]:
    """One completion a prompt. Prompts of equal length go together, so nothing is padded."""
    chance = torch.Generator().manual_seed(seed)
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    found: list[str] = [""] * len(prompts)
    for _, same in groupby(order, key=lambda i: len(prompts[i])):
        places = list(same)
        for start in range(0, len(places), _ROWS):
            part = places[start : start + _ROWS]
            for i, tokens in zip(
                part, _rows(model, [prompts[i] for i in part], chance, temperature, most), strict=True
            ):
                found[i] = decode(tokens)
    return found


def _rows(
    model: LlamaForCausalLM, prompts: list[list[int]], chance: torch.Generator, temperature: float, most: int
) -> list[list[int]]:
    given: Any = torch.tensor(prompts)
    cache, written, open_rows = None, [], torch.ones(len(prompts), dtype=torch.bool)
    for _ in range(most):
        out = model(given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = out.past_key_values
        given = torch.multinomial((out.logits[:, -1] / temperature).softmax(-1), 1, generator=chance)
        written.append(given[:, 0])
        open_rows &= given[:, 0] != END
        if not open_rows.any():
            break
    rows: list[list[int]] = torch.stack(written, 1).tolist()
    return rows


def save(model: LlamaForCausalLM, folder: Path) -> str:
    """Write weights in half precision, configuration and tokenizer; the weights' sha256."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {
        name: tensor.to(torch.float16) for name, tensor in model.state_dict().items() if name != "lm_head.weight"
    }
    model.save_pretrained(folder, state_dict=half, safe_serialization=True)
    write_tokenizer(folder)
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def load(folder: Path) -> LlamaForCausalLM:
    """The model of a folder, in float32."""
    model: LlamaForCausalLM = LlamaForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
    return model
