"""From a new method to a verified entry, with the commands that the documents show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import load_records
from bench.app.cli import main

sys.path.insert(0, str(Path(__file__).parent / "leaderboard"))  # `forging`

import forging

from bench.loop import run_spec
from bench.registry import parse_method
from bench.worlds import load_world
from leaderboard import submission


@pytest.fixture(autouse=True)
def the_small_suite(monkeypatch, tmp_path):
    monkeypatch.setattr(submission, "load_suite", lambda name: forging.small_suite())
    monkeypatch.chdir(tmp_path)


def _call(*words, code=0):
    done = CliRunner().invoke(main, ["submit", *words])
    assert done.exit_code == code, done.output
    return done.output


def _run(specs, folder):
    world = load_world("simulated", universe="main")
    for spec in specs:
        run_spec(spec, world).save(folder / spec.filename)


def test_from_init_to_verified(tmp_path):
    assert "isobudget submit validate results/standard/coin-flip" in _call("init", "coin-flip")
    assert "there already" in _call("init", "coin-flip", code=2)
    card = tmp_path / "card.md"
    card.write_text(card.read_text().replace("who made it", "A. Tester"))
    parse_method("coin_flip.py")
    specs = forging.small_suite().entry("coin-flip", apart=False)
    _run(specs[:3], tmp_path / "runs")

    pack = ("pack", "runs", "--method", "coin-flip", "--card", "card.md", "-o", "entry")
    assert "1 of 4 planned runs are missing" in _call(*pack)
    assert "1 of 4 planned runs are missing" in _call("validate", "entry", code=1)
    _run(specs[3:], tmp_path / "runs")
    _call(*pack)

    assert _call("validate", "entry").startswith("ok")
    assert load_records("entry").digest() == load_records("runs").digest()
    output = _call("verify", "entry", "--sample", "1", "--method", "coin_flip.py")
    assert "replayed, the same" in output
    assert "repeated, the same" in output
    assert "badge: verified" in output
    assert _call("validate", "entry").startswith("ok"), "a badge is no part of what is judged"


def test_bad_usage_ends_with_two(tmp_path):
    forging.make_honest(tmp_path / "entry")

    assert "no folder at nowhere" in _call("validate", "nowhere", code=2)
    (tmp_path / "empty").mkdir()
    assert "no entry in empty" in _call("validate", "empty", code=2)
    assert "there is a method 'random' already" in _call("init", "random", code=2)
    assert "a-z, 0-9" in _call("init", "Random Search", code=2)
    assert "no run of 'tpe'" in _call("pack", "entry", "-m", "tpe", "--card", "entry/card.md", "-o", "x", code=2)
    (tmp_path / "card.md").write_text("no head")
    assert "card.md, head" in _call("pack", "entry", "-m", "tpe", "--card", "card.md", "-o", "x", code=2)


def test_every_method_of_a_folder_is_packed_with_its_page(tmp_path):
    for method in ("random", "local-search"):
        _run(forging.small_suite().entry(method, apart=False), tmp_path / "runs")
    pages = Path(__file__).parents[1] / "docs" / "methods"

    _call("pack", "runs", "--all", "--pages", str(pages), "-o", "results")

    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["local-search", "random"]
    assert _call("validate", "results").count("0 problems") == 2


def test_published_results_are_whole():
    """Each committed entry is read, and is of the suite that is installed."""
    from bench.entries import read_entry
    from bench.suite import load_suite

    folder = Path(__file__).parents[1] / "results"
    entries = [read_entry(path.parent) for path in sorted(folder.glob("*/*/manifest.json"))]

    for suite in {entry.manifest["suite"] for entry in entries}:
        installed = load_suite(suite)
        own = [entry for entry in entries if entry.manifest["suite"] == suite]
        assert {plan for entry in own for plan in entry.manifest["plans"]} == {installed.plan_hash}
        assert {entry.method for entry in own} == {
            parse_method(name).text for _, _, methods in installed.settings() for name in methods
        }
