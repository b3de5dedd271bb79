"""The stable names, and a light start."""

from __future__ import annotations

import subprocess
import sys

import bench
import tasks

BENCH = "Graph Optimizer Outcome Problem Proposal Space list_methods load_records load_world method run".split()
TASKS = "Grade GradeKind Question Task list_tasks load_task task_class".split()


def test_the_public_names_are_the_documented_ones():
    assert sorted(bench.__all__) == BENCH
    assert sorted(tasks.__all__) == TASKS
    for name in BENCH:
        assert getattr(bench, name) is not None


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from click.testing import CliRunner; from bench.app.cli import main; "
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0; "
        "heavy = {'numpy', 'pandas', 'scipy', 'optuna', 'datasets', 'evaluate', 'pyarrow', 'math_verify'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_core_runs_without_torch_or_ray():
    code = (
        "import sys; sys.modules['torch'] = sys.modules['ray'] = None\n"
        "from bench import run; run('tpe', 'math', search='600ex', tests=5)"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120).returncode == 0
