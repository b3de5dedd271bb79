"""Published answers as a world: real assistants and votes, modelled readers, and misses that are named."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.app.cli import main
from bench.errors import IsobudgetError
from bench.execute import Request, execute
from bench.fitting.calibrate import calibrate
from bench.graph import Graph
from bench.imports import import_answers
from bench.keys import generator
from bench.pools import load_pool
from bench.tapes import TapeMiss
from bench.worlds import load_world

ROOT = Path(__file__).resolve().parents[3]
CALIBRATION = Path(os.environ.get("ISOBUDGET_CALIBRATION") or ROOT.parent / "shared" / "calibration")
MODELS = ("1B", "3B", "8B")


def write(path, rows, header=("model", "question", "answer", "correct")):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def answers():
    """model → question → answer text, "" for none, "right" the right one."""
    rng = generator("published", 1)
    table = {}
    for m, model in enumerate(MODELS):
        for q in range(120):
            draw = rng.random()
            table[model, q] = (
                "right" if draw < 0.3 + 0.15 * m + 0.3 * (q % 2) else "" if draw > 0.97 else f"w{q % 3}"
            )
    return table


@pytest.fixture(scope="module")
def tape(answers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    rows = [(m, f"q{q}", a, int(a == "right")) for (m, q), a in answers.items()]
    path = folder / "published.tape"
    import_answers(write(folder / "published.csv", rows), "math", greedy=True).save(path)
    return path


def _executed(world, graph, split="search"):
    count = world.questions("math", split)
    request = Request(graph, np.arange(count), np.zeros(count, np.int64), np.zeros(count, np.uint64))
    return execute(world, "math", split, load_pool("llama-small"), [request])[0]


def test_assistants_give_the_published_answers(tape, answers):
    world = load_world("replay", tape=tape)
    assert world.questions("math", "search") + world.questions("math", "test") == 120

    right = 0
    for split in ("search", "test"):
        right += int((_executed(world, Graph.of([("8B", "assistant")]), split).codes == 0).sum())

    assert right == sum(answers["8B", q] == "right" for q in range(120))
    assert world.provenance == "real answers (published.csv); modelled fusers (universe main)"


def test_votes_count_published_answers(tape, answers):
    world = load_world("replay", tape=tape)
    graph = Graph.of([(model, "assistant") for model in MODELS], [], ("vote", None))

    def voted(q):
        given = [answers[graph.nodes[v].model, q] for v in graph.reads]
        counts = [given.count(a) if a else 0 for a in given]
        return given[counts.index(max(counts))] == "right"

    right = sum(int((_executed(world, graph, split).codes == 0).sum()) for split in ("search", "test"))
    assert right == sum(map(voted, range(120)))


def test_readers_are_modelled_and_find_hard_what_the_models_found_hard(tape, answers):
    world = load_world("replay", tape=tape)
    graph = Graph.of([("1B", "assistant"), ("3B", "assistant")], [], ("select", "3B"))
    done, again = _executed(world, graph), _executed(world, graph)

    assert np.array_equal(done.codes, again.codes)
    handles = done.trace.handle
    both_right = (handles[0] == 0) & (handles[1] == 0)
    both_wrong = (handles[0] != 0) & (handles[1] != 0)
    assert (done.codes[both_right] == 0).mean() > 0.9
    assert (done.codes[both_wrong] == 0).mean() < 0.3
    assert (done.trace.seconds > 0).all()


def test_greedy_answers_repeat_and_others_run_out(tmp_path, tape):
    pair = Graph.of([("1B", "assistant")] * 2, [], ("vote", None))
    greedy = _executed(load_world("replay", tape=tape), pair)
    assert np.array_equal(greedy.trace.handle[0], greedy.trace.handle[1])

    rows = [(m, f"q{q}", f"a{q * s % 3}", 0, s) for m in MODELS for q in range(40) for s in range(2)]
    header = ("model", "question", "answer", "correct", "sample")
    import_answers(write(tmp_path / "two.csv", rows, header), "math").save(tmp_path / "two")
    world = load_world("replay", tape=tmp_path / "two")
    two = _executed(world, pair)
    assert set(np.unique(two.trace.handle)) == {1, 2}

    with pytest.raises(
        TapeMiss, match=r"has 2 answers of model 1B, role assistant, task math, question q\d+; .*draw 3"
    ):
        _executed(world, Graph.of([("1B", "assistant")] * 3, [], ("vote", None)))


def test_another_task_or_other_models_are_refused(tape, tmp_path):
    world = load_world("replay", tape=tape)
    with pytest.raises(IsobudgetError, match="is of task math, not of mmlu"):
        world.questions("mmlu", "search")
    import_answers(write(tmp_path / "x.csv", [("Q7", "1", "a", 1)]), "math").save(tmp_path / "x")
    with pytest.raises(IsobudgetError, match=r"has no model of the tape .* which holds Q7: isobudget calibrate"):
        load_world("replay", tape=tmp_path / "x")


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (("model", "question", "answer"), ("1B", "1", "a"), "no column correct (or gold)"),
        (("model", "answer", "correct"), ("1B", "a", "1"), "no column question"),
        (("model", "question", "answer", "correct"), ("1B", "1", "a", "maybe"), "row 1: correct must be 0 or 1"),
        (
            ("model", "question", "answer", "gold", "seconds"),
            ("1B", "1", "a", "a", "-2"),
            "row 1: seconds must be",
        ),
        (
            ("model", "question", "answer", "gold", "task"),
            ("1B", "1", "a", "a", "mmlu"),
            "no answers of task math",
        ),
    ],
)
def test_bad_files_are_named(tmp_path, header, row, words):
    with pytest.raises(IsobudgetError) as told:
        import_answers(write(tmp_path / "bad.csv", [row], header), "math")
    assert words in str(told.value) and "bad.csv" in str(told.value)


def test_the_same_answer_twice_is_refused(tmp_path):
    with pytest.raises(IsobudgetError, match="answers question 1 twice with sample 0"):
        import_answers(write(tmp_path / "t.csv", [("1B", "1", "a", 1)] * 2), "math")


def test_gold_and_parquet_work_too(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(
        {"model": ["1B", "1B", "1B"], "question": [1, 2, 3], "answer": ["A", "B", None], "gold": ["A", "A", "A"]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    tape = import_answers(tmp_path / "a.parquet", "mmlu")

    grades = {row["question"]: row["grade"] for row in tape.table.to_pylist()}
    assert grades == {"1": 0, "2": 1, "3": 2}


def test_from_a_file_of_answers_to_a_leaderboard(tape, tmp_path):
    """Import, calibrate, run: real answers, and the badge that says that fusers are modelled."""

    def call(*arguments):
        done = CliRunner().invoke(main, [str(a) for a in arguments])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    said = call("calibrate", tape, "--pool", "llama-small", "-o", tmp_path / "fit")
    assert "graphs held out from the fit" in said
    small = "-t math -m random --seed 0-1 --search 60ex -q -j 1".split()
    fitted = ["--universe", tmp_path / "fit" / "universe.toml", "--pool", tmp_path / "fit" / "pool.toml"]
    board = call("run", "quick", "--world", "replay", "--tape", tape, *fitted, "-o", tmp_path / "runs", *small)
    assert "real answers (published.csv); modelled fusers (universe universe)" in board
    assert "FUSER UNVALIDATED" in board


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["math_l5_answer_ids.csv", "mmlu_pro_answers_3000.csv"])
def test_votes_of_real_models_are_predicted(name, tmp_path):
    """Six public models: the world fitted to their answers predicts votes of three that no fit saw."""
    if not (CALIBRATION / name).is_file():
        pytest.skip(f"no published answers in {CALIBRATION}")
    with (CALIBRATION / name).open() as file:
        table = list(csv.DictReader(file))[:1200]
    maths = name.startswith("math")
    chosen = (
        "Qwen2.5-3B-Instruct Qwen2.5-7B-Instruct Meta-Llama-3.1-8B-Instruct gemma-2-27b-it Qwen2.5-32B-Instruct"
        if maths
        else "Phi3mini gemma7b L31_8B Yi34B L31_70B"
    ).split()
    rows = []
    for line in table:
        for model in chosen:
            given = line[model]
            question, right = (
                (line["item"], given == "0") if maths else (line["question_id"], given == line["gold"])
            )
            rows.append((model, question, "" if given == "-1" else given, int(right)))
    path = write(tmp_path / name, rows)
    text = "".join(
        f'[[models]]\nname = "{model}"\nkey = {key}\nparams = {10**9 * (key + 1)}\nlayers = 32\nwidth = 4096\n'
        "prefill = 9000.0\ndecode = 90.0\nusd_in = 0.1\nusd_out = 0.1\nnominal = { default = 1 }\n\n"
        for key, model in enumerate(chosen)
    )
    agent = "[agent]\nflops_per_token = 1.4e11\nusd_in = 0.6\nusd_out = 0.6\nprefill = 3570.0\ndecode = 31.0\n"
    (tmp_path / "pool.toml").write_text(text + agent)

    made, predicted = calibrate(
        import_answers(path, "math" if maths else "mmlu", greedy=True), str(tmp_path / "pool.toml")
    )

    task = "math" if maths else "mmlu"
    assert made.figures["tasks", task, "between"].low > 0.45 and made.figures["tasks", task, "between"].high < 0.7
    assert made.figures["tasks", task, "coincidence"].value == pytest.approx(0.1 if maths else 0.33, abs=0.04)
    votes = [entry for entry in predicted if entry.held_out]
    assert len(votes) == 10
    gap = [entry.predicted - entry.observed for entry in votes]
    assert np.abs(gap).mean() < 0.02
    assert np.corrcoef([e.predicted for e in votes], [e.observed for e in votes])[0, 1] > 0.97
