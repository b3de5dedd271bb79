"""Recording, killing, replaying, merging, calibrating: the whole path of a tape, by command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_questions import tiny_mmlu

from bench import load_records
from bench.app.cli import main
from bench.fitting.calibrate import calibrate
from bench.tapes import CALL, GRAPH, read_tape
from bench.worlds import load_world
from bench.worlds.simulation.universe import load_universe

SMALL = "-t mmlu -m random -m best-of-n --seed 0-1 --search 60ex -q".split()


def _call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def _record(data, tape, output, *more):
    return ["record", "real", "--world", "served", "--data-dir", data, "--tape", tape, "-o", output, *SMALL, *more]


def _replay(data, tape, output, *more):
    return ["run", "real", "--world", "replay", "--data-dir", data, "--tape", tape, "-o", output, *SMALL, *more]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny_mmlu(tmp_path_factory.mktemp("tiny"), validation=12, test=8)


@pytest.fixture(scope="module")
def recorded(data, tmp_path_factory):
    """A tape of a whole small suite and the folder of its records."""
    folder = tmp_path_factory.mktemp("recorded")
    done = _call(*_record(data, folder / "a.tape", folder / "live"))
    assert done.exit_code == 0, done.output
    return folder


def test_a_recorded_run_replays_with_the_same_answers_charges_and_digest(data, recorded, tmp_path):
    done = _call(*_replay(data, recorded / "a.tape", tmp_path / "again"))

    assert done.exit_code == 0, done.output
    live, again = load_records(recorded / "live"), load_records(tmp_path / "again")
    assert len(live) == len(again) == 4
    assert live.digest() == again.digest()
    assert "Provenance: replayed (tape " in done.output
    assert {record.provenance.partition(":")[0][:8] for record in again} == {"replayed"}
    assert not any("replayed" in record.provenance for record in live)
    measured = [frame.evaluations_df()["measured_wall"].sum() for frame in (live, again)]
    assert measured[0] == pytest.approx(measured[1])  # the recorded seconds, not those of reading a file


def test_the_tape_says_what_was_asked_and_answered(recorded):
    tape = read_tape(recorded / "a.tape")
    calls = tape.part(CALL).to_pylist()

    assert tape.head.world == "served"
    assert tape.head.options == (("universe", "main"),)
    assert len(tape.head.runs) == 4
    assert len(tape.part(GRAPH)) > 100
    assert not (recorded / "a.tape.parts").exists()
    for row in calls:
        assert row["text"] and row["model"] in ("1B", "3B", "8B") and row["finish"] in ("stop", "length")
        assert row["prompt_tokens"] > 0 and row["seconds"] > 0 and row["wall"] > 0
        assert row["server"].startswith("http") and row["revision"] == row["model"]
        assert '"temperature": 0.7' in row["sampling"]
    assert any(row["parents"] != "[]" for row in calls)


def test_recording_again_has_nothing_to_do(data, recorded):
    before = read_tape(recorded / "a.tape").digest
    done = _call(*[a for a in _record(data, recorded / "a.tape", recorded / "live") if a != "-q"])

    assert done.exit_code == 0, done.output
    assert "nothing to do" in done.output
    assert f"digest {before[:16]}" in done.output


def test_a_killed_recording_goes_on_and_ends_the_same(data, recorded, tmp_path):
    tape, output = tmp_path / "k.tape", tmp_path / "live"
    command = [sys.executable, "-m", "bench.app.cli", *map(str, _record(data, tape, output))]
    root = Path(main.callback.__code__.co_filename).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    parts = tape.with_name("k.tape.parts")
    while not any(parts.glob("*.parquet")) and time.monotonic() < until and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()

    killed = read_tape(tape)
    assert not tape.exists()
    assert 1 <= len(killed.head.runs) < 4
    done = _call(*_record(data, tape, output))
    assert done.exit_code == 0, done.output
    assert not parts.exists()
    assert read_tape(tape).digest == read_tape(recorded / "a.tape").digest
    assert load_records(output).digest() == load_records(recorded / "live").digest()


def test_a_call_that_is_not_on_the_tape_is_named_with_the_command_that_records_it(data, recorded, tmp_path):
    done = _call(
        *[a.replace("0-1", "7") if isinstance(a, str) else a for a in _replay(data, recorded / "a.tape", tmp_path)]
    )

    assert done.exit_code == 2
    for words in (
        "lacks",
        "calls, the first: model ",
        ", role ",
        "task mmlu",
        "question mmlu/sums/",
        "trial 7",
        "salt ",
    ):
        assert words in done.stderr
    assert f"isobudget record real --tape {recorded / 'a.tape'} --world served" in done.stderr
    assert not list(tmp_path.glob("*.parquet"))


def test_parts_of_a_recording_merge_into_the_whole(recorded, tmp_path):
    whole = read_tape(recorded / "a.tape")
    half = len(whole.table) // 2
    replace(whole, table=whole.table.slice(0, half + 50)).save(tmp_path / "x")
    replace(whole, table=whole.table.slice(half - 50)).save(tmp_path / "y")

    done = _call("merge", tmp_path / "y", tmp_path / "x", "-o", tmp_path / "z")

    assert done.exit_code == 0, done.output
    assert read_tape(tmp_path / "z").digest == whole.digest


def test_the_world_opens_from_python(data, recorded):
    world = load_world("replay", tape=recorded / "a.tape", data_dir=data)

    assert world.name == "served"
    assert world.provenance == "simulated (universe main), over HTTP"
    assert world.questions("mmlu", "search") == 16


def test_calibrate_writes_what_the_simulated_world_loads(data, recorded, tmp_path):
    done = _call("calibrate", recorded / "a.tape", "--data-dir", data, "-o", tmp_path / "fit")

    assert done.exit_code == 0, done.output
    assert "held out from the fit" in done.output
    assert "tasks.mmlu.accuracy.1B" in done.output
    universe, pool = tmp_path / "fit" / "universe.toml", tmp_path / "fit" / "pool.toml"
    ran = _call("run", "quick", "--universe", universe, "--pool", pool, "-o", tmp_path / "runs", *SMALL)
    assert ran.exit_code == 0, ran.output
    assert "FUSER UNVALIDATED" in " ".join(ran.output.split())


def test_texts_give_back_the_parameters_they_were_made_from(data, recorded):
    """Few questions, so wide intervals; the truth is in them, and what few questions do tell is told closely."""
    made, predicted = calibrate(read_tape(recorded / "a.tape"), data_dir=data)
    truth = load_universe("main").tasks["mmlu"]

    for path, value in (
        *((("tasks", "mmlu", "accuracy", m), truth.accuracy[m]) for m in ("1B", "3B")),
        *(
            (("tasks", "mmlu", name), getattr(truth, name))
            for name in ("between", "within", "token_spread", "sway")
        ),
    ):
        figure = made.figures[path]
        assert not figure.fitted or 2 * figure.low - figure.value <= value <= 2 * figure.high - figure.value, path
    assert made.figures["tasks", "mmlu", "accuracy", "1B"].fitted
    assert made.figures["tasks", "mmlu", "token_spread"].value == pytest.approx(truth.token_spread, abs=0.08)
    assert made.service.pool["1B"].decode == pytest.approx(225, rel=0.01)
    assert any(entry.held_out for entry in predicted)


def test_fidelity_runs_both_worlds_and_marks_the_pool(data, recorded, tmp_path):
    fit = tmp_path / "fidelity"
    done = _call("fidelity", "real", "--tape", recorded / "a.tape", "--data-dir", data, "-o", fit, *SMALL)

    assert done.exit_code == 0, done.output
    for words in ("replayed (tape", "against simulated", "held out from the fit", "1 pairs compared", "Methods:"):
        assert words in done.output
    assert "[fidelity]" in (fit / "pool.toml").read_text()
    assert load_records(fit / "live").digest() == load_records(recorded / "live").digest()
    universe, pool = fit / "universe.toml", fit / "pool.toml"
    ran = _call("run", "quick", "--universe", universe, "--pool", pool, "-o", tmp_path / "runs", *SMALL)
    assert ran.exit_code == 0, ran.output
    assert "UNVALIDATED" not in ran.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "real", "--world", "replay"], "world replay needs a tape"),
        (["run", "real", "--world", "replay", "--tape", "nowhere"], "no tape at nowhere: isobudget record SUITE"),
        (["run", "quick", "--tape", "x"], "--tape goes with --world replay"),
        (["record", "quick", "--world", "simulated", "--tape", "x"], "world simulated has no calls to record"),
        (["record", "quick"], "say what to record and where"),
        (["record", "real", "--world", "served", "--tape", "x", "-j", "2"], "a recording is one process"),
        (["record", "--import", "nowhere.csv", "-t", "math", "--tape", "x"], "no file of answers at nowhere.csv"),
        (["merge", "nowhere", "-o", "x"], "no tape at nowhere"),
        (["calibrate", "nowhere", "-o", "x"], "no tape at nowhere"),
        (["fidelity", "real", "--tape", "nowhere", "-o", "x"], "no tape at nowhere"),
    ],
)
def test_mistakes_get_one_line(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = _call(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
