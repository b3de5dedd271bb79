"""Data flows one way, and so do imports: tasks → bench → baselines, bench → leaderboard, and bench/app last."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"tasks", "bench", "baselines", "leaderboard"}


def _imports(path):
    """Modules of ours that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from (name for name in names if name.partition(".")[0] in OURS)


def _files(folder):
    return sorted(p for p in (ROOT / folder).rglob("*.py"))


def _offences(folder, allowed, without=()):
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _files(folder)
        if not any(path.is_relative_to(ROOT / part) for part in without)
        for name in _imports(path)
        if not any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)
    ]


def _all_but(folder, name):
    return [str(path.relative_to(ROOT)) for path in _files(folder) if path.name != name]


def test_tasks_import_nothing_later():
    assert _offences("tasks", {"tasks"}) == []


def test_the_bench_imports_only_tasks_and_itself():
    assert _offences("bench", {"tasks", "bench"}, without=["bench/app"]) == []


def test_methods_see_the_protocol_and_not_the_world():
    """What a method may import: nothing that answers, grades, charges or knows the truth."""
    allowed = {
        "baselines",
        "bench.agent",
        "bench.architectures",
        "bench.encoding",
        "bench.graph",
        "bench.neighbours",
        "bench.optimizer",
        "bench.prior",
        "bench.racing",
        "bench.relaxation",
        "bench.schedule",
        "bench.space",
    }
    assert _offences("baselines", allowed, without=["baselines/planner.py"]) == []
    # It is to show what the right model of the simulated world is worth: it simulates worlds of its own. Its row
    # says so; that none of them is the run's is tested with the method.
    simulator = {
        "bench.execute",
        "bench.families",
        "bench.objective",
        "bench.worlds.simulated",
        "bench.worlds.simulation",
    }
    assert _offences("baselines", allowed | simulator, without=_all_but("baselines", "planner.py")) == []


def test_the_leaderboard_reads_records_and_runs_nothing():
    judging = ["submission", "retold", "arithmetic", "endings"]
    files = [f"leaderboard/{name}.py" for name in judging]
    allowed = {"leaderboard", "bench.records", "bench.graph", "tasks.base"}
    assert _offences("leaderboard", allowed, without=files) == []


def test_submissions_are_judged_by_arithmetic_alone():
    """What derives charges again may do the harness's sums, and never run a method, an agent or a world."""
    sums = "alias cost cursor entries errors execute frames graph ledger meter optimizer packing pools records"
    more = "reference retrace schedule schema space spec suite"
    allowed = {"leaderboard", "tasks", *(f"bench.{name}" for name in f"{sums} {more}".split())}
    sizes = {"bench.worlds.simulated"}  # how many questions its splits have
    assert _offences("leaderboard", allowed | sizes) == []
    assert not {f"bench.{name}" for name in ("loop", "finals", "rounds", "registry", "agent")} & allowed


@pytest.mark.parametrize("folder", ["bench", "leaderboard", "tasks"])
def test_code_never_names_a_method(folder):
    """Data may name methods, code may not (but for the leaderboard's reference, which a plan can replace)."""
    from bench import list_methods

    named = {name for name in list_methods() if "-" in name} | {"tpe", "portfolio"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in _files(folder)
        if not path.is_relative_to(ROOT / "bench" / "app")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in named
    ]
    assert found == []


@pytest.mark.parametrize("folder", sorted(OURS))
def test_no_file_becomes_a_drawer(folder):
    long = {str(p.relative_to(ROOT)): n for p in _files(folder) if (n := len(p.read_text().splitlines())) > 400}

    assert long == {}
