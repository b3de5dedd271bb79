"""Reading questions: broken files, and nothing left behind."""

import os

import pytest

from tasks._data import Hub, content_key, read
from tasks.base import BrokenData, MissingData

HUB = Hub("owner/set", "0" * 40, "set")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set" / "data").mkdir(parents=True)
    return tmp_path


def write(folder, name, columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), folder / "set" / "data" / name)


def test_rows_come_in_file_order_and_nothing_is_written(folder):
    write(folder, "test-00001-of-00002.parquet", {"a": [3]})
    write(folder, "test-00000-of-00002.parquet", {"a": [1, 2]})
    before = sorted(os.walk(folder))
    assert read(HUB, "test", ("a",), folder) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert sorted(os.walk(folder)) == before


@pytest.mark.parametrize("columns", [{"b": [1]}, {"a": []}])
def test_wrong_columns_and_no_rows_are_broken_data(folder, columns):
    write(folder, "test-00000-of-00001.parquet", columns)
    with pytest.raises(BrokenData, match=r"columns a|cannot read"):
        read(HUB, "test", ("a",), folder)


def test_a_file_that_is_no_parquet_is_named(folder):
    (folder / "set" / "data" / "test-00000-of-00001.parquet").write_text("hello")
    with pytest.raises(BrokenData, match=r"test-00000-of-00001\.parquet"):
        read(HUB, "test", ("a",), folder)


def test_the_hub_out_of_reach_is_missing_data(monkeypatch):
    import datasets

    def offline(*args, **kwargs):
        raise ConnectionError("offline")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(MissingData, match="owner/set"):
        read(HUB, "test", ("a",), None)


def test_keys_separate_their_parts():
    assert content_key("ab", "c") != content_key("a", "bc")
