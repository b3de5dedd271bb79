"""`leaderboard.stats`: every name is used by a table, and nothing that a table uses is missing."""

import ast
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
    """It is used in code, not only named in `stats`, in an import, or in a docstring."""
    used = [
        path
        for path, text in SOURCES.items()
        if name in text and not path.endswith("leaderboard/stats.py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and node.id == name
    ]

    assert used


def test_luck_comes_from_a_seed_that_the_caller_gives():
    """No analysis reads the global generator, or a generator that nobody seeded."""
    for path, text in SOURCES.items():
        for call in re.findall(r"random\.(\w+)\(([^)]*)", text):
            assert call[0] == "default_rng" and call[1] == "seed", path
