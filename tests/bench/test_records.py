"""What is stored: identity by values, and suspicion when reading."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import load_records, run
from bench.errors import BrokenRecord, IsobudgetError
from bench.frames import Records
from bench.records import Record
from bench.schema import EVENTS


@pytest.fixture(scope="module")
def record():
    return run("random", "math", search="100ex", tests=30)


@pytest.fixture
def path(record, tmp_path):
    record.save(tmp_path / "run.parquet")
    return tmp_path / "run.parquet"


def _rewrite(path, change):
    """Change the rows of a record file, its metadata kept."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=EVENTS).replace_schema_metadata(table.schema.metadata), path)


def test_every_column_is_documented(record):
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")

    assert [name for name in EVENTS.names if f"`{name}`" not in text] == []
    assert [name for name in Records((record,)).runs_df().columns if f"`{name}`" not in text] == []


def test_what_is_measured_is_no_part_of_the_digest(record):
    rows = record.events.to_pylist()
    for row in rows:
        row["measured_wall"] = 123.0
    slower = Record(record.spec, pa.Table.from_pylist(rows, schema=EVENTS), record.summary, {"python": "9"})

    assert slower.digest() == record.digest()


@pytest.mark.parametrize("column", ["code", "executions", "seconds", "incumbent", "question", "flops"])
def test_everything_else_is(record, column):
    rows = record.events.to_pylist()
    value = rows[0][column]
    rows[0][column] = value[:-1] if isinstance(value, list | str) else value + 1
    changed = Record(record.spec, pa.Table.from_pylist(rows, schema=EVENTS), record.summary, record.manifest)

    assert changed.digest() != record.digest()


def test_the_digest_does_not_depend_on_compression_or_file_names(record, tmp_path):
    record.save(tmp_path / "b.parquet")
    table = pq.read_table(tmp_path / "b.parquet")
    (tmp_path / "other").mkdir()
    pq.write_table(table, tmp_path / "other" / "a.parquet", compression="none", row_group_size=2)

    assert load_records(tmp_path / "b.parquet").digest() == load_records(tmp_path / "other").digest()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[1].update(seconds=float("nan")), "row 1: seconds is not a finite"),
        (lambda rows: rows[0].update(executions=-30), "row 0: executions is negative"),
        (lambda rows: rows[0].update(executions=1), "row 0: executions charged differ"),
        (lambda rows: rows[2].update(phase="warm-up"), "row 2: the phase is none of"),
        (lambda rows: rows[0].update(graph="0" * 16), "row 0: its graph"),
        (lambda rows: rows[0].update(code=[9] * len(rows[0]["code"])), "row 0: a grade code"),
        (lambda rows: rows[0].update(code=rows[0]["code"][1:]), "row 0: question, draw and code"),
        (lambda rows: rows[0].update(usd=None), "row 0: usd is missing"),
    ],
)
def test_a_broken_row_is_named(path, change, words):
    _rewrite(path, change)

    with pytest.raises(BrokenRecord, match=words):
        Record.load(path)


def test_a_broken_file_leaves_the_others_usable(path, tmp_path):
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:500])
    (tmp_path / "text.parquet").write_text("no parquet")

    records = load_records(tmp_path)

    assert len(records) == 1
    assert sorted(str(error).split(":")[0].rpartition("/")[2] for error in records.broken) == [
        "cut.parquet",
        "text.parquet",
    ]


def test_a_graph_under_a_false_name_is_refused(path):
    table = pq.read_table(path)
    meta = json.loads(table.schema.metadata[b"isobudget"])
    graphs = meta["summary"]["graphs"]
    first, second = list(graphs)[:2]
    graphs[first], graphs[second] = graphs[second], graphs[first]
    pq.write_table(table.replace_schema_metadata({b"isobudget": json.dumps(meta).encode()}), path)

    with pytest.raises(BrokenRecord, match="filed under"):
        Record.load(path, thorough=True)


def test_no_records_says_how_to_make_some(tmp_path):
    with pytest.raises(IsobudgetError, match="isobudget run quick"):
        load_records(tmp_path / "nowhere")


def test_frames_add_up(record, path):
    records = load_records(path)
    runs, events, questions = records.runs_df(), records.evaluations_df(), records.questions_df()

    assert runs.spent_executions[0] == events[events.phase != "test"].executions.sum()
    assert runs.test_correct[0] == questions.correct.sum()
    assert len(questions) == 30
    assert runs.accuracy[0] == record.summary["truth"]["accuracy"]
