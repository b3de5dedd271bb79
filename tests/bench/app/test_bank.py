"""The bank holds what the harness recorded, and answers questions as a run's own test would have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest
from aa_bank import ITEMS, METHODS, SEARCH, TASKS, stored

from bench.app.bank import answers, lacking, read_banks
from bench.app.protocol import Protocol
from bench.errors import BrokenRecord
from bench.loop import run_spec
from bench.records import load_head
from bench.suite import run_suite

PROTOCOL = Protocol(
    "tiny", "tests", METHODS[:2], **SEARCH, seeds=2, items=50, analysis="crossed", bank=2, copies=2
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("bank")
    for _ in run_suite(PROTOCOL.specs(), place):
        pass
    return place


def test_answers_are_those_of_the_runs_own_test(world):
    spec = replace(PROTOCOL.specs()[0], tests=300, seed=3)
    record = run_spec(spec, world)
    codes = pc.list_flatten(record.part("test")["code"]).to_numpy()

    found = answers(world, record.recommended, spec.task, spec.seed, 300)

    assert ((codes == 0) == found).all()
    assert 0 < found.sum() < 300
    assert (found != answers(world, record.recommended, spec.task, spec.seed + 1, 300)).any()


def test_the_stored_bank_is_what_the_harness_does_today(folder):
    """The first seeds of tests/aa_bank.npz, run again."""
    methods, copies = read_banks(PROTOCOL, folder, ITEMS)
    kept, kept_copies = stored()

    assert methods.cells == kept.cells == TASKS
    assert methods.methods == METHODS[:2]
    for new, old, rows in ((methods, kept, 2), (copies, kept_copies, 2)):
        assert (new.right == old.right[:rows, :, :2]).all()
        assert new.truth == pytest.approx(old.truth[:rows, :, :2])


def test_copies_have_streams_of_their_own(folder):
    _, copies = read_banks(PROTOCOL, folder, 20)

    assert (copies.truth[0] != copies.truth[1]).any()
    assert copies.methods == ("random", "random (copy 1)")


def test_exact_protocols_ask_nothing(folder):
    exact = replace(PROTOCOL, analysis="exact", items=0)
    methods, _ = read_banks(exact, folder)

    assert methods.right.shape == (2, 3, 2, 0)
    assert np.array_equal(methods.level, methods.truth.mean(axis=2))


def test_what_is_there_in_part_is_lacking(folder, tmp_path):
    specs = PROTOCOL.specs()
    whole, cut, other = specs[:3]
    for spec in specs[:3]:
        (tmp_path / spec.filename).write_bytes((folder / spec.filename).read_bytes())
    (tmp_path / cut.filename).write_bytes((folder / cut.filename).read_bytes()[:-20])
    (tmp_path / other.filename).write_bytes((folder / whole.filename).read_bytes())

    assert lacking(specs, folder) == []
    assert lacking(specs[:3], tmp_path) == [cut, other]
    with pytest.raises(BrokenRecord, match="not a record"):
        load_head(tmp_path / cut.filename)
