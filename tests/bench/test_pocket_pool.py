"""The pocket models as they come along: whole, unchanged, and as large as their pool says."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pytest

from bench.errors import IsobudgetError
from bench.pools import load_pool
from bench.space import Space

POOL = load_pool("pocket")


def test_the_weights_are_those_that_were_measured():
    recorded = json.loads((next(iter(POOL.weights.values())).parent / "hashes.json").read_text())
    found = {
        name: hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        for name, folder in POOL.weights.items()
    }
    assert found == recorded
    assert list(found) == list(POOL.names)


@pytest.mark.parametrize("name", POOL.names)
def test_a_model_is_as_large_as_the_pool_says(name):
    folder, model = POOL.weights[name], POOL[name]
    raw = (folder / "model.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__") == model.params
    config = json.loads((folder / "config.json").read_text())
    assert (config["num_hidden_layers"], config["hidden_size"]) == (model.layers, model.width)
    symbols = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    assert len(symbols) == config["vocab_size"] == 64


def test_the_selecting_sink_is_the_model_that_the_pool_names(tmp_path):
    sinks = Space.preset("standard", "pocket", "20units", "pocket").sinks
    assert [sink.model for sink in sinks] == ["M", None]
    source = Path(__file__).parents[2] / "bench" / "data" / "pools" / "pocket.toml"
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(source.read_text().replace('select = "M"', 'select = "XL"'))
    with pytest.raises(IsobudgetError, match="select is 'XL', which is none of its models S, M, L"):
        load_pool(str(wrong))
