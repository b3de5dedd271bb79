"""A family of worlds: the unit is the instance, strata stay apart, and a checkpoint is no second run."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as oracle

from leaderboard import leaderboard_tables, render
from leaderboard.boards import split_boards
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import rank
from leaderboard.table import Span

RANKED = {"headroom": 9}


def board_of(runs, stratum="headroom"):
    (board,) = (board for board in split_boards(runs) if board.stratum == stratum)
    return board


def by_world(runs, method, stratum="headroom"):
    own = runs[(runs["method"] == method) & (runs["stratum"] == stratum)]
    return own.groupby("world")["accuracy"].mean()


def cell(table, method, key):
    return table.column(key)[table.column("method").index(method)]


def pick(tables, start):
    (found,) = (table for table in tables if table.title.startswith(start))
    return found


def test_a_difference_is_a_t_test_over_instances(frames):
    runs = frames.family()
    found = rank(board_of(runs)).against_reference["tpe"]
    expected = oracle.ttest_rel(by_world(runs, "tpe"), by_world(runs, "random"))

    assert found.test.df == 8
    assert found.test.pvalue == pytest.approx(expected.pvalue, rel=1e-6)
    assert found.test.mean_difference == pytest.approx((by_world(runs, "tpe") - by_world(runs, "random")).mean())


def test_more_seeds_in_an_instance_are_no_more_instances(frames):
    """Planted: counting runs would give 26 degrees of freedom and an interval a third as wide."""
    runs = frames.family(strata=RANKED)
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 0.01, len(runs)) for _ in range(3)]
    thrice = pd.concat(
        [runs.assign(seed=s, accuracy=runs["accuracy"] + noise[s]) for s in range(3)], ignore_index=True
    )
    averaged = runs.assign(accuracy=runs["accuracy"] + np.mean(noise, axis=0))

    found, expected = (rank(board_of(frame)).against_reference["tpe"].test for frame in (thrice, averaged))

    assert found.df == expected.df == 8
    assert found.ci_low == pytest.approx(expected.ci_low) and found.ci_high == pytest.approx(expected.ci_high)
    assert (
        "9 instances (humaneval 3, math 3, mmlu 3), 3 runs a method in each"
        in leaderboard_tables(thrice)[0].caption
    )


def test_strata_never_mix(frames):
    runs = frames.family()
    tables = leaderboard_tables(runs)
    boards = [table for table in tables if table.title.startswith("Leaderboard")]

    assert [table.title.rpartition(", ")[2] for table in boards] == [
        "stratum headroom", "stratum raw (not ranked)", "stratum trap (not ranked)",
    ]  # fmt: skip
    for table, stratum in zip(boards, ("headroom", "raw", "trap"), strict=True):
        assert cell(table, "tpe", "accuracy").value == pytest.approx(by_world(runs, "tpe", stratum).mean())
    assert cell(boards[0], "tpe", "rank") == Span(1, 1)


def test_what_is_not_ranked_has_no_ranks(frames):
    tables = leaderboard_tables(frames.family())
    (trap,) = (table for table in tables if "stratum trap" in table.title)

    assert {*trap.column("rank"), *trap.column("letters"), *trap.column("tied_with_best")} == {None}
    assert "rank" not in render(trap).split("Stratum trap: instances in which no graph is known to beat")[
        0
    ].lower().replace("(not ranked)", "")
    assert cell(trap, "tpe", "difference") is not None
    assert not any("does not beat" in note for note in trap.notes)
    assert not any(t.title.startswith(("Task", "Against")) and "headroom" not in t.title for t in tables)


def test_captions_speak_of_instances(frames):
    tables = leaderboard_tables(frames.searches(frames.family(strata=RANKED), (120, 480)))
    caption = tables[0].caption

    assert [table.title for table in tables if "seeds" in table.caption] == []
    assert max(len(line) for table in tables for line in render(table).splitlines()) <= 150

    assert "9 instances (humaneval 3, math 3, mmlu 3), 1 run a method in each" in caption
    assert "mean over instances; ±: 95% t interval over instances" in caption
    assert "Provenance: simulated (universe dev-001); and 8 more; 9 worlds, one an instance" in caption
    assert "Stratum headroom: instances in which there is something to find" in caption


def test_a_task_profile_has_its_own_table(frames):
    runs = frames.family(strata=RANKED)
    table = pick(leaderboard_tables(runs), "Task math")
    own = runs[(runs["method"] == "tpe") & (runs["task"] == "math") & (runs["stratum"] == "headroom")]

    assert cell(table, "tpe", "accuracy").value == pytest.approx(own["accuracy"].mean())
    assert "3 instances (math 3)" in table.caption
    assert "endpoint is the mean over instances of all tasks" in table.caption
    assert (
        "Reference optima, mean" in table.caption and "exact in 3 instances, a lower bound in 0" in table.caption
    )


def test_the_score_is_of_the_instance_and_unclipped(frames):
    runs = frames.family(strata=RANKED, gain=0.15)
    own = runs[(runs["method"] == "tpe") & (runs["stratum"] == "headroom")]
    score = (own["accuracy"] - own["random_mean"]) / (own["reference"] - own["random_mean"])

    found = cell(leaderboard_tables(runs)[0], "tpe", "score")

    assert found == pytest.approx(score.mean()) and found > 1


def test_a_checkpoint_is_no_second_run(frames):
    """Planted: grouping without the search budget would count each run three times."""
    runs = frames.family(strata=RANKED)
    with_checkpoints = frames.searches(runs)
    alone = runs.assign(search="480ex", search_amount=480.0)

    full = [
        t for t in leaderboard_tables(with_checkpoints) if t.title.startswith("Leaderboard") and "480ex" in t.title
    ]
    expected = [t for t in leaderboard_tables(alone) if t.title.startswith("Leaderboard")]

    assert [render(t, "json") for t in full] == [render(t, "json") for t in expected]
    assert cell(full[0], "tpe", "runs") == 9


def test_smaller_budgets_have_their_board_and_no_details(frames):
    runs = frames.searches(frames.family(strata={"headroom": 3, "raw": 3}))
    titles = [table.title for table in leaderboard_tables(runs)]
    details = [title for title in titles if title.startswith(("Task", "Against"))]

    assert [t.split("search ")[1].split(",")[0] for t in titles if "Leaderboard" in t and "headroom" in t] == [
        "30ex", "120ex", "480ex",
    ]  # fmt: skip
    assert len(details) == 4 and all("480ex" in title for title in details)


def test_a_checkpoint_without_truth_is_left_out(live, frames):
    runs, questions = live
    tables = leaderboard_tables(frames.searches(runs, (1500, 3000)).assign(accuracy=np.nan), questions)

    assert not any("1500ex" in table.title for table in tables)


def test_an_instance_that_one_method_lost_is_left_out_for_all(frames):
    runs = frames.family()
    lost = (runs["method"] == "tpe") & (runs["world"] == "simulated dev-002")
    ranking = rank(board_of(runs[~lost]))

    assert ranking.samples.blocks.left_out == ("simulated dev-002 (no run of TPE)",)
    assert all(len(values[0]) == 8 for values in ranking.samples.values.values())


def test_an_instance_counts_when_every_method_has_all_its_seeds(frames):
    runs = frames.family()
    twice = pd.concat([runs, runs.assign(seed=1)], ignore_index=True)
    lost = (twice["method"] == "tpe") & (twice["world"] == "simulated dev-002") & (twice["seed"] == 1)

    ranking = rank(board_of(twice[~lost]))

    assert ranking.samples.blocks.left_out == ("simulated dev-002 (no run of TPE)",)


def test_what_is_no_instance_is_refused(frames):
    runs = frames.family()
    with pytest.raises(LeaderboardError, match="simulated dev-001, seed 0: more than one run"):
        split_boards(pd.concat([runs, runs.iloc[:1]]))
    runs.loc[(runs["world"] == "simulated dev-001") & (runs["method"] == "tpe"), "task"] = "math"
    with pytest.raises(LeaderboardError, match="world simulated dev-001: several tasks in one instance"):
        split_boards(runs)


def test_bounds_stand_beside_their_own_stratum(frames):
    runs = frames.family(strata={"headroom": 9, "trap": 3})
    oracle_runs = runs[runs["method"] == "single"].assign(
        method="oracle", label="Oracle", kind="bound", accuracy=runs["reference"]
    )
    tables = leaderboard_tables(pd.concat([runs, oracle_runs], ignore_index=True))
    own = oracle_runs[oracle_runs["stratum"] == "headroom"]

    assert cell(tables[0], "oracle", "rank") is None
    assert cell(tables[0], "oracle", "accuracy") == pytest.approx(own["accuracy"].mean())
    assert (cell(tables[0], "oracle", "runs"), cell(tables[0], "tpe", "rank")) == (9, Span(1, 1))


def test_the_order_of_the_records_moves_no_byte(frames):
    runs = frames.searches(frames.family(strata={"headroom": 3}), (30, 120))
    tables, mixed = leaderboard_tables(runs), leaderboard_tables(runs.sample(frac=1, random_state=1))

    assert [render(t, "json") for t in tables] == [render(t, "json") for t in mixed]
