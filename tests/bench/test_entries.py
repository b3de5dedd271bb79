"""Entries: the same records in less space, read whole or left out whole."""

from __future__ import annotations

import hashlib
import json
import shutil

import pandas as pd
import pytest

from bench import load_records, run
from bench.entries import is_entry, read_entry
from bench.errors import BrokenRecord, IsobudgetError
from bench.packing import slug, write_entry
from bench.untrusted import parse_json


@pytest.fixture(scope="module")
def records():
    settings = {"search": "150ex", "tests": 40, "checkpoints": ("40ex",)}
    return [run(m, t, seed=s, **settings) for m, t, s in [
        ("one-shot", "math", 0), ("one-shot", "math", 1), ("one-shot", "humaneval", 0), ("random", "math", 0),
    ]]  # fmt: skip


@pytest.fixture(scope="module")
def singles(records, tmp_path_factory):
    folder = tmp_path_factory.mktemp("singles")
    for record in records:
        record.save(folder / record.spec.filename)
    return folder


@pytest.fixture
def entry(records, tmp_path):
    write_entry(records[:3], "a card", tmp_path / "entry")
    return tmp_path / "entry"


def test_an_entry_gives_back_exactly_its_records(records, entry):
    found = {record.spec.id: record for record in load_records(entry)}

    assert len(found) == 3
    for record in records[:3]:
        same = found[record.spec.id]
        assert (same.spec, same.manifest) == (record.spec, record.manifest)
        assert same.summary == json.loads(json.dumps(record.summary))
        assert same.events.equals(record.events)
        assert same.recommended == record.recommended
        assert same.digest() == record.digest()


def test_digest_and_frames_do_not_depend_on_how_records_lie(records, singles, entry, tmp_path):
    shutil.move(entry, tmp_path / "mixed" / "one" / "renamed")
    shutil.copy(singles / records[3].spec.filename, tmp_path / "mixed" / "other.parquet")
    mixed, apart = load_records(tmp_path / "mixed"), load_records(singles)

    assert mixed.digest() == apart.digest()
    drop = ["badge", "wall_seconds"]
    pd.testing.assert_frame_equal(mixed.runs_df().drop(columns=drop), apart.runs_df().drop(columns=drop))
    pd.testing.assert_frame_equal(mixed.evaluations_df(), apart.evaluations_df())
    pd.testing.assert_frame_equal(mixed.questions_df(), apart.questions_df())
    assert set(mixed.runs_df()["badge"]) == {"", "self-reported"}


def test_adding_an_entry_changes_no_other_row(records, entry, tmp_path):
    before = load_records(tmp_path).runs_df()
    write_entry(records[3:], "a card", tmp_path / "another")
    after = load_records(tmp_path).runs_df()

    kept = after[after["method"] == "one-shot"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)


def test_the_same_records_give_the_same_bytes_in_any_order(records, entry, tmp_path):
    write_entry(records[2::-1], "a card", tmp_path / "again")

    for file in entry.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_an_entry_is_replaced_whole_and_nothing_is_left_behind(records, entry):
    write_entry(records[3:], "another card", entry)

    assert read_entry(entry).method == "random"
    assert [path.name for path in entry.parent.iterdir()] == ["entry"]


def test_something_else_is_not_replaced(records, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")

    with pytest.raises(IsobudgetError, match="holds something else"):
        write_entry(records[:3], "a card", tmp_path / "notes")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "keep"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([0, 3], "one method, these runs have one-shot, random"),
        ([0, 0], "is there twice"),
        ([], "at least one run"),
    ],
)
def test_a_mixture_is_no_entry(records, tmp_path, chosen, words):
    with pytest.raises(IsobudgetError, match=words):
        write_entry([records[i] for i in chosen], "a card", tmp_path / "mixture")
    assert not (tmp_path / "mixture").exists()


def test_a_broken_entry_is_named_and_left_out_whole(records, singles, entry, tmp_path):
    data = (entry / "events.parquet").read_bytes()
    (entry / "events.parquet").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    shutil.copy(singles / records[3].spec.filename, tmp_path / "other.parquet")

    found = load_records(tmp_path)

    assert [record.spec.method for record in found] == ["random"]
    (error,) = found.broken
    assert str(error).startswith(f"{entry / 'events.parquet'}: its SHA-256")


def test_a_missing_file_is_named(entry):
    (entry / "runs.parquet").unlink()

    with pytest.raises(BrokenRecord, match=r"runs.parquet: No such file"):
        read_entry(entry)
    (entry / "manifest.json").unlink()
    assert is_entry(entry)
    assert [str(error).split(": ")[0] for error in load_records(entry).broken] == [str(entry / "manifest.json")]


def test_a_bad_row_is_named_by_run_and_row(entry):
    import pyarrow.parquet as pq

    table = pq.read_table(entry / "events.parquet")
    rows = table.to_pylist()
    at = next(i for i, row in enumerate(rows) if row["run"] == 1)
    rows[at + 1]["seconds"] = float("nan")
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), entry / "events.parquet")
    manifest = json.loads((entry / "manifest.json").read_text())
    manifest["files"]["events.parquet"]["sha256"] = hashlib.sha256(
        (entry / "events.parquet").read_bytes()
    ).hexdigest()
    (entry / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(BrokenRecord, match=r"events.parquet, run 1, row 1: seconds is not a finite number"):
        read_entry(entry)


def test_slugs_are_safe_and_different():
    names = ["random", "random[a=1]", "random[a=-1]", "random-a-1", "../../etc", "Random"]
    slugs = [slug(name) for name in names]

    assert len(set(slugs)) == len(names)
    assert all(set(s) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for s in slugs)


def test_a_text_that_never_ends_is_refused_at_once():
    """Each of its quotes could begin a text; to look for the end of each would take hours."""
    with pytest.raises(BrokenRecord, match="no strict JSON: Unterminated"):
        parse_json('["' + 'a\\"' * 1_000_000, "summary")
