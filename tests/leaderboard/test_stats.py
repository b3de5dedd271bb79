"""`leaderboard.stats`: every name is used by a table, and nothing that a table uses is missing."""

import re
from pathlib import Path

import pytest

import leaderboard
from leaderboard import stats

SOURCES = {str(path): path.read_text() for path in Path(leaderboard.__file__).parent.rglob("*.py")}
FUNCTIONS = [name for name in stats.__all__ if name[0].islower()]


def test_names_are_sorted_and_there():
    assert sorted(stats.__all__) == stats.__all__
    assert all(hasattr(stats, name) for name in stats.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_that_nothing_calls(name):
    calls = sum(
        len(re.findall(rf"(?<!def )\b{name}\(", text))
        for path, text in SOURCES.items()
        if not path.endswith("leaderboard/stats.py")
    )

    assert calls > 0


def test_leaderboard_imports_records_only():
    for path, text in SOURCES.items():
        for module in re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE):
            assert not module.startswith(("tasks", "baselines")), path
            assert not module.startswith("bench") or module == "bench.records", path


def test_luck_comes_from_a_seed_that_the_caller_gives():
    """No analysis reads the global generator, or a generator that nobody seeded."""
    for path, text in SOURCES.items():
        for call in re.findall(r"random\.(\w+)\(([^)]*)", text):
            assert call[0] == "default_rng" and call[1] == "seed", path
