"""The tape's format: content-addressed rows, parts, merging, and every way a file can be wrong."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import IsobudgetError
from bench.tapes import (
    CALL,
    COLUMNS,
    BrokenTape,
    Head,
    Tape,
    TapeConflict,
    compact,
    exists,
    merge,
    read_tape,
    row_of,
    write_part,
)

HEAD = Head("served", (("universe", "main"),), "llama", ("simulated",), ("r1",))


def row(number, **values):
    key = hashlib.sha256(str(number).encode()).digest()
    given = {"task": "math", "split": "search", "question": f"q{number}", "model": "1B", "role": "assistant"}
    return row_of(key, CALL, **{**given, "text": f"answer {number}", "salt": 2**63 + number, **values})


def test_parts_are_one_tape_whatever_their_order(tmp_path):
    for name, chunks in (("a", [range(3), range(3, 9)]), ("b", [range(5, 9), range(5)])):
        for chunk in chunks:
            write_part(tmp_path / name, [row(i) for i in chunk], HEAD)

    a, b = read_tape(tmp_path / "a"), read_tape(tmp_path / "b")

    assert a.digest == b.digest
    assert len(a.table) == 9
    assert a.table["key"].to_pylist() == sorted(a.table["key"].to_pylist())
    assert a.table["salt"].to_pylist()[0] >= 2**63
    assert a.head == HEAD


def test_compacting_keeps_everything_and_leaves_one_file(tmp_path):
    path = tmp_path / "t"
    assert not exists(path)
    write_part(path, [row(1)], HEAD)
    assert exists(path) and not path.exists()
    before = read_tape(path).digest

    assert compact(path).digest == before
    write_part(path, [row(2)], HEAD)
    assert len(compact(path).table) == 2
    assert not list((tmp_path / "t.parts").iterdir())
    assert len(read_tape(path).table) == 2


def test_a_part_that_was_compacted_but_not_removed_counts_once(tmp_path):
    path = tmp_path / "t"
    write_part(path, [row(1), row(2)], HEAD)
    kept = read_tape(path)
    kept.save(path)  # as a kill between the two steps leaves it

    assert read_tape(path).digest == kept.digest
    assert len(read_tape(path).table) == 2


def test_measured_columns_may_differ_and_the_first_stays(tmp_path):
    for name, wall in (("a", 1.0), ("b", 2.0)):
        write_part(tmp_path / name, [row(1, wall=wall, server=name)], HEAD)

    merged = merge([tmp_path / "a", tmp_path / "b"])

    assert merged.table["wall"].to_pylist() == [1.0]
    assert merged.digest == read_tape(tmp_path / "b").digest


@pytest.mark.parametrize(
    "change", [{"text": "other"}, {"completion_tokens": 3}, {"revision": "v2"}, {"seconds": 1.5}]
)
def test_one_call_with_two_contents_is_refused_by_name(tmp_path, change):
    write_part(tmp_path / "a", [row(1), row(2)], HEAD)
    write_part(tmp_path / "b", [row(1, **change)], HEAD)

    with pytest.raises(TapeConflict) as told:
        merge([tmp_path / "a", tmp_path / "b"])

    for words in (row(1)["key"].hex()[:16], "model 1B", "question q1", *change, str(tmp_path / "a.parts")[:-6]):
        assert words in str(told.value)


def test_tapes_of_two_worlds_do_not_merge(tmp_path):
    write_part(tmp_path / "a", [row(1)], HEAD)
    write_part(tmp_path / "b", [row(2)], Head("openai"))

    with pytest.raises(TapeConflict, match=r"different worlds.*served universe=main and openai"):
        merge([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(IsobudgetError, match="name the tapes"):
        merge([])


def test_runs_and_labels_add_up(tmp_path):
    write_part(tmp_path / "a", [row(1)], HEAD)
    write_part(tmp_path / "a", [], Head("served", HEAD.options, "", ("measured live",), ("r2",)))

    head = read_tape(tmp_path / "a").head
    assert head.runs == ("r1", "r2")
    assert head.labels == ("measured live", "simulated")
    assert head.pool == ""


def _cut(path):
    path.write_bytes(path.read_bytes()[:200])


def _foreign(path):
    pq.write_table(pa.table({"key": [b"1"]}), path)


def _newer(path):
    table = pq.read_table(path)
    meta = {k: v.replace(b'"format": 1', b'"format": 2') for k, v in table.schema.metadata.items()}
    pq.write_table(table.replace_schema_metadata(meta), path)


def _holes(path):
    table = pq.read_table(path)
    place = COLUMNS.names.index("text")
    pq.write_table(table.set_column(place, "text", pa.nulls(len(table), pa.string())), path)


@pytest.mark.parametrize(
    ("damage", "words"),
    [(_cut, "not a tape"), (_foreign, "not a tape"), (_newer, "tape format 2"), (_holes, "empty cells in text")],
)
def test_broken_files_are_named(tmp_path, damage, words):
    path = tmp_path / "t"
    Tape(HEAD, pa.Table.from_pylist([row(1)], schema=COLUMNS)).save(path)
    damage(path)

    with pytest.raises(BrokenTape, match=words) as told:
        read_tape(path)
    assert str(path) in str(told.value)


def test_no_tape_says_how_to_make_one(tmp_path):
    with pytest.raises(BrokenTape, match="isobudget record SUITE --tape"):
        read_tape(tmp_path / "nowhere")


def test_a_column_that_does_not_exist_is_refused():
    with pytest.raises(KeyError, match="colour"):
        row(1, colour="red")
