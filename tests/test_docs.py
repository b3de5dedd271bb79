"""What the documents show works: code blocks, docstrings, links, commands."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from bench import run
from bench.app.cli import main
from tasks import Grade, GradeKind

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(("page", "name"), [("README.md", "epsilon-greedy"), ("CONTRIBUTING.md", "my-method")])
def test_the_method_that_the_page_shows_runs(page, name):
    exec(_blocks(ROOT / page)[0], {"__name__": "shown"})

    record = run(name, "math", search="200ex", tests=20)

    assert record.summary["status"] == "ok"
    assert len(record.rows("search")) > 3


def test_the_task_that_contributing_shows_grades():
    names = {"__name__": "shown"}
    exec(_blocks(ROOT / "CONTRIBUTING.md")[1], names)
    task = names["Capitals"]()

    assert task.grade(task.test[0], "It is …\nAnswer: Rome") == Grade(GradeKind.CORRECT, "Rome")
    assert task.grade(task.test[0], "Answer: Milan").kind is GradeKind.WRONG
    assert task.grade(task.test[0], "no idea").kind is GradeKind.NO_ANSWER


@pytest.mark.parametrize(
    "module",
    [
        "bench.drawing",
        "bench.errors",
        "bench.graph",
        "bench.keys",
        "bench.space",
        "bench.worlds.simulated",
    ],
)
def test_docstrings_say_what_happens(module):
    found = doctest.testmod(importlib.import_module(module))

    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page):
    commands = "run|record|merge|calibrate|fidelity|audit|leaderboard|list|show|test|serve"
    for line in re.findall(rf"isobudget ((?:{commands})\b[^`\n#]*)", page.read_text()):
        words = line.split()
        known = {flag for option in main.commands[words[0]].params for flag in option.opts}
        assert [w for w in words if w.startswith("--") and w not in known] == []
