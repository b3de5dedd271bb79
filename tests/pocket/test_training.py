"""The training of the pocket models, in seconds: its optimizer, its loss, its files (sh scripts/test-vllm)."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: sh scripts/test-vllm")
pytest.importorskip("transformers", reason="needs transformers: sh scripts/test-vllm")

from bench.worlds.client import Completion  # noqa: E402 - after the skips
from pocket.examples import batches, prompt_tokens, rule_made  # noqa: E402
from pocket.learn import learn  # noqa: E402
from pocket.measure import mean, measure  # noqa: E402
from pocket.model import build, load, loss, sample, save  # noqa: E402
from pocket.muon import Muon, orthogonal  # noqa: E402
from pocket.recipe import RECIPES  # noqa: E402
from pocket.vocabulary import END, encode  # noqa: E402
from tasks._puzzles import EVEN, Dice, puzzles  # noqa: E402

pytestmark = pytest.mark.vllm
TINY = dataclasses.replace(RECIPES["S"], hidden=32, layers=1, heads=1, ffn=48)


@pytest.mark.parametrize("shape", [(8, 8), (24, 8), (8, 24)])
def test_a_stack_becomes_nearly_orthogonal(shape):
    given = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(given, full_matrices=False)

    made = orthogonal(left @ torch.linspace(0.2, 1, 8).diag() @ right)

    assert made.shape == (5, *shape)
    assert torch.linalg.svdvals(made).sub(1).abs().max() < 0.35  # the quintic's own band (Jordan et al. 2024)


def test_the_directions_are_those_of_the_exact_polar_factor():
    given = torch.randn(1, 12, 6, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(given, full_matrices=False)

    alike = torch.nn.functional.cosine_similarity(orthogonal(given).flatten(), (left @ right).flatten(), dim=0)

    assert alike > 0.97


def test_a_step_has_the_size_that_the_rate_says():
    """0.2 √max(shape) times the rate, for matrices whose singular values are about 1 (Liu et al. 2025)."""
    matrix = torch.nn.Parameter(torch.zeros(16, 4))
    matrix.grad = torch.randn(16, 4, generator=torch.Generator().manual_seed(2))

    Muon([matrix], lr=0.1).step()

    moved = torch.linalg.svdvals(matrix.detach()) / (0.1 * 0.2 * 4)
    assert moved.sub(1).abs().max() < 0.35


def test_only_outputs_are_learnt_and_padding_changes_nothing():
    model = build(TINY, seed=3)
    short, long = (
        (prompt_tokens(text), [*encode(answer), END])
        for text, answer in (("Sort ba", "#ab"), ("Add 1 2", "12 3#3"))
    )
    alone = [loss(model, [example]).item() for example in (short, long)]
    sizes = [len(short[1]), len(long[1])]

    together = loss(model, [short, long]).item()

    assert together == pytest.approx(np.average(alone, weights=sizes), rel=1e-5)


def test_training_lowers_the_loss_and_repeats_bit_for_bit(tmp_path):
    hashes, ends = [], []
    for i in range(2):
        model = build(TINY, seed=1)
        made = batches(rule_made(Dice("t"), 0.3, EVEN), 512, Dice("b"))
        told = []
        learn(model, made, 100, TINY.rate, True, lambda step, lost, seconds, told=told: told.append((step, lost)))
        hashes.append(save(model, tmp_path / str(i)))
        ends.append(told[-1])

    assert hashes[0] == hashes[1] == hashlib.sha256((tmp_path / "0/model.safetensors").read_bytes()).hexdigest()
    assert ends[0][0] == 100
    assert ends[0][1] < float(np.log(64)) - 0.3  # 64 symbols, guessed evenly


def test_a_saved_model_is_the_same_and_samples_by_its_seed(tmp_path):
    model = build(TINY, seed=1)
    save(model, tmp_path)
    prompts = [prompt_tokens(text) for text in ("Sort cab", "Reverse abc", "Add 12 3")]

    again = load(tmp_path)
    first, second, other = (sample(m, prompts, seed, most=12) for m, seed in ((again, 1), (again, 1), (again, 2)))

    assert first == second != other
    for name, tensor in model.state_dict().items():
        assert torch.allclose(tensor, again.state_dict()[name], atol=2e-3)


class Oracle:
    """Engines that are always right, but for S, which is right when it reads two right answers."""

    def __init__(self, asked):
        self.gold = {puzzle.text: puzzle.answer for puzzle in asked}

    def begin(self, bodies, done):
        for i, body in enumerate(map(json.loads, bodies)):
            *read, puzzle = body["messages"][0]["content"].split("\n")
            answer = self.gold[puzzle]
            if body["model"] == "S" and (not read or read[0].split("=")[1:].count(answer) < 2):
                answer = "nothing"
            done(i, Completion(f"#{answer}", 1, 1, 0.0, 1))
        return self

    def result(self):
        pass


def test_the_figures_of_known_models():
    asked = list(puzzles("dev", 60))

    found = measure(Oracle(asked), ["S", "M", "L"], asked)

    assert {model: found["single"][model][0] for model in "SML"} == {"S": 0.0, "M": 100.0, "L": 100.0}
    assert found["gap"]["M - S"] == [100.0, 0.0]
    assert found["fused"]["S reads S+M+L"][0] == 100.0
    assert found["fused"]["S reads 3 of S"][0] == 0.0
    assert found["by right ones of all readings"]["S"] == {
        "0": [0.0, 0.0, 60],
        "2": [100.0, 0.0, 60],
        "3": [100.0, 0.0, 120],
    }
    assert mean([1.0, 0.0, 1.0, 0.0]) == [50.0, round(196 * 0.5773502691896258 / 2, 2)]
