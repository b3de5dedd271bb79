"""Checkpoints: what a run says of smaller budgets is what runs with those budgets find."""

from __future__ import annotations

import pytest

from bench import run
from bench.cost import unit_flops
from bench.errors import IsobudgetError
from bench.frames import Records

OPTIONS = {"task": "math", "seed": 3, "world_options": {"universe": "main"}}


@pytest.mark.parametrize("selection", ["shared", "own"])
def test_a_checkpoint_is_a_shorter_run(world, selection):
    """Random search proposes the same graphs whatever the budget, so nothing but a cut evaluation may differ."""
    settings = OPTIONS | {"selection": selection, "world": world}
    passed = run("random", search="960ex", checkpoints=("75ex", "240ex"), **settings).summary["checkpoints"]

    for found in passed:
        alone = run("random", search=found["search"], **settings)
        if selection == "shared":
            assert found["recommended"] == alone.summary["recommended"]
            assert found["spent"]["executions"] == alone.events["executions"].to_numpy().sum()
        else:  # a method is not told of the part of an evaluation that a smaller budget would have paid for
            assert found["recommended"] in alone.summary["graphs"] or len(alone.rows("search")) <= 3


@pytest.mark.parametrize(
    ("search", "smaller", "currency"), [("8kunits", "700units", "units"), ("400s", "50s", "s")]
)
def test_a_checkpoint_spends_no_more_than_its_budget(world, search, smaller, currency):
    (found,) = run("random", search=search, checkpoints=(smaller,), world=world, **OPTIONS).summary["checkpoints"]

    spent = found["spent"]["seconds"] if currency == "s" else found["spent"]["flops"] / unit_flops("math")
    limit = float(smaller.removesuffix(currency))
    assert 0.6 * limit < spent <= limit


def test_checkpoints_change_nothing_of_the_run_itself(world):
    settings = OPTIONS | {"search": "480ex", "world": world}
    with_them, without = run("tpe", checkpoints=("60ex", "120ex"), **settings), run("tpe", **settings)

    assert with_them.events["graph"].equals(without.events["graph"])
    assert with_them.summary["recommended"] == without.summary["recommended"]
    assert [found["search"] for found in with_them.summary["checkpoints"]] == ["60ex", "120ex"]


def test_what_a_finished_search_never_reached_is_passed_at_its_end(world):
    record = run("single-model", search="960ex", checkpoints=("900ex",), world=world, **OPTIONS)

    (found,) = record.summary["checkpoints"]
    assert found["accuracy"] is not None


def test_a_checkpoint_in_another_currency_is_refused(world):
    with pytest.raises(IsobudgetError, match="100units is not in the currency"):
        run("random", search="300ex", checkpoints=("100units",), world=world, **OPTIONS)


def test_the_runs_frame_has_a_row_for_each(world):
    record = run("random", search="480ex", checkpoints=("60ex", "120ex"), world=world, **OPTIONS)
    frame = Records((record,)).runs_df()

    assert frame["search"].tolist() == ["60ex", "120ex", "480ex"]
    assert frame["checkpoint"].tolist() == [True, True, False]
    assert frame["spent_executions"].is_monotonic_increasing
    assert frame["accuracy"].between(0, 1).all()
