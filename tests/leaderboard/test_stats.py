"""`leaderboard.stats`: every name is used by a table, and nothing that a table uses is missing."""

import re
from pathlib import Path

import pytest

import leaderboard
from leaderboard import stats

SOURCES = {path.stem: path.read_text() for path in Path(leaderboard.__file__).parent.glob("*.py")}
FUNCTIONS = [name for name in stats.__all__ if name[0].islower()]


def test_names_are_sorted_and_there():
    assert sorted(stats.__all__) == stats.__all__
    assert all(hasattr(stats, name) for name in stats.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_that_nothing_calls(name):
    calls = sum(
        len(re.findall(rf"(?<!def )\b{name}\(", text)) for stem, text in SOURCES.items() if stem != "stats"
    )

    assert calls > 0


def test_leaderboard_imports_records_only():
    for stem, text in SOURCES.items():
        for module in re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE):
            assert not module.startswith(("tasks", "baselines")), stem
            assert not module.startswith("bench") or module == "bench.records", stem


def test_no_analysis_draws_random_numbers():
    assert not any("random." in text and "np.random" in text for text in SOURCES.values())
