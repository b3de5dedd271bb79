"""What `isobudget run` prints at the end, and how the records find their plan."""

from dataclasses import replace

import pandas as pd
import pytest

from bench import load_world
from bench.app.board import board_text
from bench.errors import IsobudgetError
from bench.frames import Records
from bench.loop import run_spec
from bench.suite import load_suite
from leaderboard import overview
from leaderboard.ranks import Plan


def titles(runs, plan=None):
    return [table.title for table in overview(runs, plan=plan).tables]


@pytest.fixture
def tracks(frames):
    """Two tracks and a tier, two search budgets, two strata."""
    runs = frames.searches(frames.family(strata={"headroom": 3, "trap": 3}), (30, 120)).assign(
        variant="executions"
    )
    units = runs["search"].str.replace("ex", "units")
    compute = runs.assign(variant="compute", search=units, search_currency="flops")
    return pd.concat([runs, compute, compute.assign(variant="compute-P1", tier="P1")], ignore_index=True)


def test_the_primary_board_then_the_curve_of_each_track(tracks):
    found = overview(tracks, plan=Plan(primary="compute"))

    assert [table.title for table in found.tables] == [
        "Leaderboard: suite standard, variant compute, budget small, search 120units, tier P0, stratum headroom",
        "Curve over search budgets: suite standard, variant compute, budget small, tier P0, stratum headroom",
        "Curve over search budgets: suite standard, variant executions, budget small, tier P0, stratum headroom",
    ]
    assert found.rest == (
        "--variant compute|compute-P1|executions --stratum headroom|trap --search 30units|120units|30ex|120ex"
    )


def test_without_a_primary_variant_the_variants_are_compared(frames):
    plain = frames.family(strata={"headroom": 3}, variant="plain")
    other = plain.assign(variant="shared", noise="shared")

    assert [t.partition(":")[0] for t in titles(pd.concat([plain, other], ignore_index=True))] == [
        "Leaderboard", "Does the verdict hold",
    ]  # fmt: skip


def test_a_suite_in_one_world_shows_its_board_and_nothing_else(runs):
    found = overview(runs)

    assert [table.title.partition(":")[0] for table in found.tables] == ["Leaderboard"]
    assert found.rest == ""


def test_every_inference_budget_and_tier_has_its_board(runs):
    some = pd.concat([runs, runs.assign(budget="medium"), runs.assign(tier="P1")])

    assert len(titles(some)) == 3


@pytest.fixture(scope="module")
def record():
    """The cheapest run of `quick`."""
    suite = load_suite("quick")
    (spec,) = (s for s in suite.specs(["mmlu"], [0]) if s.method == "random")
    return run_spec(spec, load_world("simulated", universe="main"))


def test_the_plan_is_the_suites_when_its_hash_agrees(record):
    stranger = replace(record, spec=replace(record.spec, plan="0123456789ab"))
    words = "not at hand: default reference method"

    own = " ".join(board_text(Records((record,)), "table", False).split())
    assert words not in own and "Exploratory: plan differs; 29 of the places that it names have no run." in own
    assert words in " ".join(board_text(Records((stranger,)), "table", False).split())
    given = replace(load_suite("quick"), name="mine", plan=load_suite("quick").plan | {"reference": "tpe"})
    own = replace(record, spec=replace(record.spec, suite="mine", plan=given.plan_hash))
    text = " ".join(board_text(Records((own,)), "table", False, overall=True, suite=given).split())
    assert words not in text and "reference method (tpe)" in text


def test_filters_keep_runs_or_say_what_there_is(record):
    records = Records((record,))

    assert "search 3000ex" in board_text(records, "table", False, only={"search": ["3000ex"], "variant": []})
    with pytest.raises(IsobudgetError, match="no run has search '30ex': there are 3000ex"):
        board_text(records, "table", False, only={"search": ["30ex"]})
    with pytest.raises(IsobudgetError, match="no run has stratum 'raw': these records have none"):
        board_text(records, "table", False, only={"stratum": ["raw"]})
