"""The curve over search budgets says what the boards say, side by side."""

import pandas as pd
import pytest

from leaderboard import render
from leaderboard.curves import curve_tables
from leaderboard.ranks import Plan


def curves(frames, runs, plan=None):
    plan = plan or Plan()
    return list(curve_tables(frames.stand(runs, plan), plan))


def test_columns_are_multiples_of_the_smallest_budget(frames):
    (table,) = curves(frames, frames.searches(frames.family(strata={"headroom": 9}), (30, 120, 480)))

    assert table.title == "Curve over search budgets: suite standard, budget small, tier P0, stratum headroom"
    assert [c.heading for c in table.columns if c.kind == "points"] == ["×1\n30ex", "×4\n120ex", "×16\n480ex"]
    assert max(map(len, render(table).splitlines())) <= 150


def test_values_are_the_boards_differences_with_their_letters(frames):
    runs = frames.searches(frames.family(strata={"headroom": 9}), (30, 120))
    (table,) = curves(frames, runs)
    first = frames.stand(runs)[0]
    found = first.ranking.against_reference["tpe"]
    at = table.column("method").index("tpe")

    assert first.board.search == "30ex"
    assert table.column("difference_30ex")[at] == (found.test.mean_difference, found.low, found.high)
    assert table.column("letters_30ex") == [first.ranking.letters[m] for m in table.column("method")]
    assert table.column("difference_30ex")[table.column("method").index("random")] is None
    assert "intervals over instances" in table.caption
    levels = [
        runs[(runs["method"] == "random") & (runs["search"] == s)]["accuracy"].mean() for s in ("30ex", "120ex")
    ]
    assert f"Random search itself reaches {100 * levels[0]:.1f}, {100 * levels[1]:.1f} %" in table.caption


def test_rows_go_by_the_largest_budget(frames):
    runs = frames.searches(frames.family(strata={"headroom": 9}), (30, 120))
    early = (runs["method"] == "single") & (runs["search"] == "30ex")
    runs.loc[early, "accuracy"] += 0.2
    (table,) = curves(frames, runs)

    assert table.column("method") == ["tpe", "random", "single"]
    assert table.column("letters_30ex") == ["b", "c", "a"]


def test_a_method_that_plans_with_its_budget_has_runs_of_its_own(frames):
    """No checkpoint of a longer run: a run with that budget, told apart by nothing but `search`."""
    runs = frames.searches(frames.family(strata={"headroom": 9}), (30, 120))
    planner = (runs["method"] == "tpe") & runs["checkpoint"]
    own = curves(frames, runs.assign(checkpoint=runs["checkpoint"] & ~planner))

    assert [render(t) for t in own] == [render(t) for t in curves(frames, runs)]


def test_one_budget_is_no_curve_and_other_strata_have_none(frames):
    assert curves(frames, frames.family()) == []
    strata = [t.title.rpartition(" ")[2] for t in curves(frames, frames.searches(frames.family(), (30, 120)))]
    assert strata == ["headroom"]


def test_each_track_is_a_table(frames):
    runs = frames.searches(frames.family(strata={"headroom": 3}), (30, 120)).assign(variant="executions")
    compute = runs.assign(
        variant="compute", search_currency="flops", search=runs["search"].str.replace("ex", "units")
    )
    tables = curves(frames, pd.concat([runs, compute], ignore_index=True))

    assert [t.caption.partition(":")[0] for t in tables] == ["Track compute", "Track executions"]
    assert all("flops" not in t.caption for t in tables)


def test_without_the_reference_method_the_curve_shows_accuracy(frames):
    runs = frames.searches(frames.family(strata={"headroom": 9}), (30, 120))
    (table,) = curves(frames, runs[runs["method"] != "random"])
    own = runs[(runs["method"] == "tpe") & (runs["search"] == "30ex")]

    assert table.column("accuracy_30ex")[0].value == pytest.approx(own["accuracy"].mean())
    assert "mean accuracy where the reference method has no runs" in table.caption
