"""The table and the sentence say what was counted, and no more."""

from __future__ import annotations

from functools import partial

import pytest
from aa_bank import METHODS, stored

from bench.keys import generator
from leaderboard import render
from leaderboard.audits import LIFTS, audit_table, examine, verdict
from leaderboard.protocols import Design, Rate

SOURCE = partial(generator, "test")


@pytest.fixture(scope="module")
def found():
    methods, copies = stored()
    return {
        "published": examine(methods, copies, 0, Design(1, 100, "mcnemar"), 60, SOURCE),
        "crossed": examine(methods, copies, 0, Design(8, 200, "crossed", "holm"), 60, SOURCE),
    }


def test_the_sentence_is_made_of_the_numbers(found):
    weak, sound = found["published"], found["crossed"]

    assert "With 1 run of each method and 100 test questions a task" in verdict(weak)
    assert f"differ by {100 * weak.copies.noise:.1f} points" in verdict(weak)
    assert "more than the stated 5 %" in verdict(weak)
    assert "With 8 runs of each method" in verdict(sound)
    assert "which keeps the stated 5 %" in verdict(sound)


def test_an_unreachable_power_is_said_to_be_one(found):
    blind = found["published"].__class__(**{**vars(found["published"]), "smallest": (float("inf"), float("inf"))})

    assert f"not even a true difference of {100 * LIFTS[-1]:.0f} points" in verdict(blind)


def test_the_verdict_turns_only_when_the_interval_leaves_the_level(found):
    data = vars(found["crossed"])
    copies = data["copies"]
    for happened, words in ((7, "keeps"), (14, "more than")):
        changed = {"copies": copies._replace(pair=Rate(happened, 100)), "equals": Rate(5, 100)}
        assert words in verdict(found["crossed"].__class__(**{**data, **changed}))


@pytest.mark.parametrize("form", ["table", "md", "csv", "json", "latex"])
def test_the_table_in_every_format(found, form):
    table = audit_table(found["crossed"], "Audit", METHODS, "Simulated.")

    assert "two copies of random" in render(table, form)
    assert len(table.rows) == len({row[1:3] for row in table.rows})


def test_the_table_has_every_real_method_with_its_true_difference(found):
    table = audit_table(found["crossed"], "Audit", METHODS, "Simulated.")
    merit = stored()[0].merit
    gaps = {row[1]: row[2] for row in table.rows if row[0] == "real methods" and row[2] is not None}

    assert sorted(gaps.values()) == pytest.approx(sorted(merit[1:] - merit[0]))
    assert all(("better" in words) == (gap > 0) for words, gap in gaps.items())
