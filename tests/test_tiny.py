"""The whole path in seconds: a suite of three methods on one task, its records, its tables."""

from __future__ import annotations

from click.testing import CliRunner

from bench import load_records
from bench.app.cli import main

RUN = "run quick -m random -m single-model -m agent-reinforce -t math --seed 0-2 --search 300ex -j 1".split()


def test_from_a_seed_to_a_leaderboard_row(tmp_path):
    done = CliRunner().invoke(main, [*RUN, "-o", str(tmp_path)], catch_exceptions=False)

    assert done.exit_code == 0
    records = load_records(tmp_path)
    assert len(records) == 9
    assert f"digest {records.digest()}" in done.output
    for words in ("Random search", "Agent-REINFORCE (scripted agent)", "Single model (raced)", "simulated", "±"):
        assert words in done.output

    again = CliRunner().invoke(main, [*RUN, "-o", str(tmp_path)], catch_exceptions=False)
    assert "nothing to do" in again.output
    assert f"digest {records.digest()}" in again.output
