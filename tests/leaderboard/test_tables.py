"""The tables as a reader gets them: columns, verdicts, captions, notes, stable bytes."""

import itertools

import numpy as np
import pandas as pd
import pytest

from leaderboard import leaderboard_tables, render
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Plan
from leaderboard.table import Interval, Span

FORMATS = ("table", "md", "csv", "latex", "json")


def overall(runs, questions=None, plan=None):
    return leaderboard_tables(runs, questions, plan)[0]


def cell(table, method, key):
    return table.column(key)[table.column("method").index(method)]


def test_overall_then_each_task_then_the_reference(runs):
    assert [table.title.split(":")[0] for table in leaderboard_tables(runs)] == [
        "Leaderboard", "Task humaneval", "Task math", "Task mmlu", "Against Random search",
    ]  # fmt: skip


def test_a_row_has_rank_estimate_difference_and_costs(runs):
    table = overall(runs)
    own = runs[runs["method"] == "agent-reinforce"]

    assert cell(table, "agent-reinforce", "rank") == Span(1, 2)
    assert cell(table, "agent-reinforce", "tied_with_best") == "*"
    assert cell(table, "agent-reinforce", "accuracy").value == pytest.approx(own["accuracy"].mean())
    assert isinstance(cell(table, "agent-reinforce", "difference"), Interval)
    assert cell(table, "random", "difference") is None
    assert cell(table, "agent-reinforce", "agent_share") == pytest.approx(400 / 41400)
    assert cell(table, "agent-reinforce", "search_seconds") == pytest.approx(
        np.exp(np.log(own["spent_seconds"]).mean())
    )
    assert cell(table, "agent-reinforce", "regret") == pytest.approx((own["reference"] - own["accuracy"]).mean())
    assert (cell(table, "tpe", "runs"), cell(table, "tpe", "failed"), cell(table, "tpe", "infra")) == (
        30,
        0,
        0,
    )


def test_the_terminal_table_fits(runs):
    for table in leaderboard_tables(runs):
        assert max(map(len, render(table).splitlines())) <= 150


def test_every_caption_of_simulated_numbers_says_so(runs):
    for table in leaderboard_tables(runs):
        assert "simulated" in table.caption
        assert "Suite quick 1.0, plan ab12cd34" in table.caption
        assert "10 runs (search seeds) a method and task" in table.caption
        assert set(table.column("provenance")) == {"simulated (universe main)"}


def test_the_caption_says_what_covers_what(runs, live):
    simulated, crossed = overall(runs).caption, overall(*live).caption

    assert "95% t interval over search seeds, in these worlds and no others, without question noise" in simulated
    assert "over 5 comparisons" in simulated and "all 15 pairs" in simulated
    assert "Minimum detectable difference 0.9 points" in simulated
    assert "search seeds and questions, crossed" in crossed and "math 40" in crossed
    assert "simulated" not in crossed and "measured live" in crossed


def test_notes_carry_controls_rows_and_traps(runs):
    notes = overall(runs).notes

    assert "fewer than 40 trials: TPE" in notes
    assert "does not beat its control (Random search): TPE, Single model" in notes
    (headroom,) = (note for note in notes if note.startswith("headroom"))
    assert "humaneval 3.0, math 3.7, mmlu 0.5 (trap)" in headroom
    assert cell(overall(runs), "tpe", "note") == "fewer than 40 trials; does not beat its control"


def test_what_beats_its_control_or_is_one_gets_no_such_note(runs):
    table = overall(runs)

    for method in ("agent-reinforce", "portfolio-race", "random", "random-agent"):
        assert "control" not in cell(table, method, "note")


def test_failures_are_counted_and_scored(runs):
    before = cell(overall(runs), "tpe", "accuracy").value
    row = (runs["method"] == "tpe") & (runs["seed"] == 2) & (runs["task"] == "math")
    runs.loc[row, ["status", "accuracy"]] = "method_fault", 0.0
    table = overall(runs)

    assert cell(table, "tpe", "failed") == 1
    assert cell(table, "tpe", "accuracy").value < before - 0.01
    assert "180 runs scheduled, 180 run, 1 failed by the method" in table.caption


def test_left_out_blocks_are_named_in_every_table(runs):
    row = (runs["method"] == "tpe") & (runs["seed"] == 2) & (runs["task"] == "math")
    runs.loc[row, "status"] = "infra"
    tables = leaderboard_tables(runs)
    words = "left out for all methods: math seed 2 (infrastructure fault of TPE)"

    assert all(words in table.notes for table in (tables[0], tables[2], tables[-1]))
    assert "9 runs" in tables[0].caption and "179 run," in tables[0].caption
    assert "10 runs" in tables[1].caption and words not in tables[1].notes
    assert cell(tables[0], "tpe", "infra") == 1


def test_bounds_stand_last_without_rank(runs, frames):
    rows = [
        frames.run("oracle", task, seed, 0.9, kind="bound", label="Oracle", note="unreachable")
        for task in frames.tasks
        for seed in range(10)
    ]
    table = overall(pd.concat([runs, pd.DataFrame(rows)]))

    assert table.column("method")[-1] == "oracle"
    assert (cell(table, "oracle", "rank"), cell(table, "oracle", "difference")) == (None, None)
    assert cell(table, "oracle", "label") == "Oracle (bound)"
    assert cell(table, "oracle", "accuracy") == pytest.approx(0.9)
    assert cell(table, "agent-reinforce", "rank") == Span(1, 2)
    assert "unreachable: Oracle" in table.notes


def test_one_run_claims_nothing(frames):
    tables = leaderboard_tables(frames.runs(seeds=1))

    assert all("ne run: no interval" in table.caption for table in tables)
    assert set(tables[0].column("rank")) == {Span(1, 6)}
    assert "±" not in render(tables[0]).split("Provenance")[0] and "const" not in render(tables[0])
    assert set(tables[0].column("pvalue_holm")) == {None}
    assert "Minimum" not in tables[0].caption
    assert set(tables[-1].column("matters")) == {"no"}


def test_the_task_table_has_reference_score_and_latency_three_ways(runs):
    table = leaderboard_tables(runs)[2]
    own = runs[(runs["method"] == "tpe") & (runs["task"] == "math")]

    assert "Reference optimum 53.7 % (exact: enumerated 28,724 graphs)" in table.caption
    assert cell(table, "tpe", "score") == pytest.approx(((own["accuracy"] - 0.40) / (0.537 - 0.40)).mean())
    assert cell(table, "tpe", "headroom") == pytest.approx(0.037)
    names = ("latency_serial", "latency_critical", "latency_makespan")
    assert [cell(table, "tpe", name) for name in names] == pytest.approx([9.5, 4.2, 4.9])


def test_the_pairwise_table_has_both_intervals_and_the_flips(runs):
    table = leaderboard_tables(runs)[-1]
    raw, adjusted = cell(table, "tpe", "difference"), cell(table, "tpe", "adjusted")

    assert "random" not in table.column("method")
    assert adjusted.low < raw.low < raw.value < raw.high < adjusted.high
    assert cell(table, "single", "pvalue_flips") == 2**-9
    assert (cell(table, "single", "separated"), cell(table, "tpe", "separated")) == ("yes", "no")
    assert cell(table, "tpe", "detectable") == pytest.approx(2.8 * (raw.high - raw.value) / 2.262157, rel=1e-5)


def test_separated_is_not_yet_what_matters(frames):
    """Half a point, found with certainty, is inside the region of practical equivalence."""
    rng = np.random.default_rng(0)
    rows = [
        frames.run(method, task, seed, 0.5 + shift + rng.normal(0, 1e-4))
        for method, shift in (("random", 0.0), ("tpe", 0.005), ("agent-reinforce", 0.02))
        for task, seed in itertools.product(frames.tasks, range(10))
    ]
    table = leaderboard_tables(pd.DataFrame(rows))[-1]

    assert (cell(table, "tpe", "separated"), cell(table, "tpe", "matters")) == ("yes", "no")
    assert cell(table, "agent-reinforce", "matters") == "yes"


def test_regret_is_blank_when_one_task_has_no_reference(runs):
    runs.loc[runs["task"] == "math", ["reference", "best_fixed"]] = np.nan
    tables = leaderboard_tables(runs)

    assert all(np.isnan(value) for value in tables[0].column("regret"))
    assert "regret" not in render(tables[0]).split("Provenance")[0]
    assert "No reference optimum is known" in tables[2].caption
    assert not any("math" in note for note in tables[0].notes)


def test_live_suites_have_no_regret_or_score(live):
    tables = leaderboard_tables(*live)

    assert "regret" not in render(tables[0]).lower() and "score" not in render(tables[1]).lower()
    assert tables[1].column("accuracy")[0].low < tables[1].column("accuracy")[0].value


def test_without_the_reference_method_the_caption_says_so(runs):
    tables = leaderboard_tables(runs[runs["method"] != "random"])

    assert "No comparison with the reference method (random)" in tables[0].caption
    assert not any(table.title.startswith("Against") for table in tables)
    assert "does not beat" not in " ".join(tables[0].notes)


def test_a_method_that_searched_for_nothing_has_zero_seconds(runs):
    runs.loc[runs["method"] == "single", "spent_seconds"] = 0.0

    assert cell(overall(runs), "single", "search_seconds") == 0.0


def test_the_order_of_the_records_moves_no_byte(runs, live):
    tables = leaderboard_tables(runs), leaderboard_tables(runs.sample(frac=1, random_state=1))
    mixed = [frame.sample(frac=1, random_state=1) for frame in live]
    crossed = leaderboard_tables(*live), leaderboard_tables(*mixed)

    for format in FORMATS:
        for one, two in (tables, crossed):
            assert [render(t, format) for t in one] == [render(t, format) for t in two]


def test_names_cannot_smuggle_anything_into_the_output(runs):
    runs.loc[runs["method"] == "tpe", ["label", "note"]] = "\x1b[31m=cmd|' /C calc'!A0", "\x1b[2J@evil"

    for table, format in itertools.product(leaderboard_tables(runs), FORMATS):
        text = render(table, format)
        assert "\x1b" not in text
        assert ",=cmd" not in text and ",@evil" not in text


def test_mixed_versions_are_refused(runs):
    with pytest.raises(LeaderboardError, match="mixed suite versions"):
        leaderboard_tables(pd.concat([runs, runs.assign(suite_version="2.0", seed=runs["seed"] + 10)]))


def test_another_reference_and_level(runs):
    table = overall(runs, plan=Plan(reference="tpe", alpha=0.1))

    assert "90% t interval" in table.caption and "Differences are to TPE" in table.caption
    assert not any("control" in note for note in table.notes)  # TPE is none
