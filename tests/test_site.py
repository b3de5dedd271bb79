"""`isobudget leaderboard --out`: in place whole, refused where something else is, compared byte for byte."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bench import load_records
from bench.app import site_records
from bench.app.cli import main
from bench.app.site_records import gather

RUN = "run quick -m random -m single-model -t math --seed 0-2 --search 300ex -j 1 -q".split()


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    assert CliRunner().invoke(main, [*RUN, "-o", str(folder)], catch_exceptions=False).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def built(records, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "site"
    done = command(records, out)
    assert done.exit_code == 0, done.output
    assert f"site: {out / 'index.html'} (" in done.output
    return out


def command(results, out, *options):
    return CliRunner().invoke(main, ["leaderboard", str(results), "--out", str(out), *options])


def test_the_site_is_whole_and_the_folder_holds_nothing_else(built):
    assert (built / "index.html").read_text().startswith("<!doctype html>")
    assert [path.name for path in built.parent.iterdir()] == ["site"]


def test_check_finds_the_first_difference(records, built):
    assert "byte for byte" in command(records, built, "--check").output

    page = built / "methods.html"
    whole = page.read_bytes()
    page.write_bytes(whole.replace(b"Methods", b"Method", 1))
    done = command(records, built, "--check")
    assert done.exit_code == 1
    assert "methods.html differs from line" in done.output
    page.write_bytes(whole)

    (built / "more.html").write_text("")
    assert "more.html is not of this site" in command(records, built, "--check").output
    (built / "more.html").unlink()


def test_a_folder_of_something_else_is_left_alone(records, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    done = command(records, tmp_path)

    assert done.exit_code == 2
    assert "holds something else than a site" in done.output and len(done.output.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_no_records_leave_no_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    done = command(tmp_path / "empty", tmp_path / "site")

    assert done.exit_code == 2
    assert "no whole record" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_check_needs_a_folder(records):
    done = CliRunner().invoke(main, ["leaderboard", str(records), "--check"])

    assert done.exit_code == 2
    assert "--check needs --out DIR" in done.output


def test_parts_give_what_the_whole_gives(records, monkeypatch):
    """However many files are read at once, the digest and the runs are those of `load_records`."""
    monkeypatch.setattr(site_records, "_PART", 2)
    monkeypatch.setattr(site_records.os, "cpu_count", lambda: 1)
    (found,) = gather(records, lambda done, total: None)
    whole = load_records(records)

    assert found.digest == whole.digest()
    by = ["method", "seed"]
    own = found.runs.sort_values(by).reset_index(drop=True)
    assert own.equals(whole.runs_df().sort_values(by).reset_index(drop=True))
    assert len(found.files) == 6 and found.broken == ()
    assert set(found.graphs) == set(found.runs["graph_id"])


def test_a_broken_file_is_named_without_its_place(records, tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"no")
    for path in sorted(records.glob("*.parquet"))[:1]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (found,) = gather(tmp_path, lambda done, total: None)

    assert len(found.broken) == 1
    assert found.broken[0].startswith("bad.parquet: not a record")
