"""Every method has a page that keeps the template and names all its parameters; its file stays short."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

import pytest

from bench import list_methods
from bench.optimizer import REGISTRY

ROOT = Path(__file__).parents[2]
SECTIONS = ("What it does", "Source", "What we changed, and why", "Knobs", "Prior tier", "Cost per proposal")


@pytest.mark.parametrize("name", list_methods())
def test_every_method_has_its_page(name):
    info = REGISTRY[name]
    text = (ROOT / "docs" / "methods" / f"{name}.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {info.label} (`{name}`)")
    assert [section for section in SECTIONS if f"## {section}" not in text and f"**{section}**" not in text] == []
    assert [parameter for parameter in info.parameters if f"`{parameter}`" not in text] == []
    assert info.tier in text


def test_there_is_no_page_without_a_method():
    pages = {path.stem for path in (ROOT / "docs" / "methods").glob("*.md")}

    assert pages == set(list_methods())


def _files():
    folder = ROOT / "baselines"
    return [p for p in folder.glob("*.py") if not p.name.startswith("_")] + [
        folder / "agent_reinforce" / "loop.py"
    ]


def test_method_files_are_short():
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in _files())

    assert median(lengths) < 100
    assert lengths[-1] < 400


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.stem)
def test_methods_hold_no_budget_and_no_grading(path):
    """What a budget, a ledger or a grader is called does not occur in a method's code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert names.isdisjoint(
        {"ledger", "Ledger", "SearchBudget", "spend", "spent", "charge", "grade", "answer_key"}
    )
    assert not any(isinstance(node, ast.While) and "ask" in ast.unparse(node) for node in ast.walk(tree))
