"""What may stand in one table, and what is left out for all."""

import pandas as pd
import pytest

from leaderboard.blocks import common_blocks
from leaderboard.boards import split_boards
from leaderboard.errors import LeaderboardError


def test_a_board_for_each_suite_budgets_and_tier(runs):
    other = pd.concat([runs, runs.assign(tier="P1"), runs.assign(search="50kunits"), runs.assign(suite="paper")])

    boards = split_boards(other)

    assert [f"{b.suite} {b.search} {b.tier}" for b in boards] == [
        "paper 3000ex P0", "quick 3000ex P0", "quick 3000ex P1", "quick 50kunits P0",
    ]  # fmt: skip


def test_bounds_stand_beside_every_tier(runs, frames):
    bound = pd.DataFrame([frames.run("oracle", "math", 0, 0.5, kind="bound", tier="P2")])

    boards = split_boards(pd.concat([runs, runs.assign(tier="P1"), bound]))

    assert [(b.tier, list(b.bounds["method"])) for b in boards] == [("P0", ["oracle"]), ("P1", ["oracle"])]
    assert all("oracle" not in b.methods for b in boards)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("suite_version", "1.1", "suite quick: mixed suite versions: 1.0, 1.1"),
        ("plan", "ffff", "suite quick: mixed analysis plans: ab12cd34, ffff"),
        ("cap_units", 99.0, "task math: several caps at one budget: 17.753, 99.0"),
        ("world", "other", "task math, seed 0: world differs between methods: main, other"),
        ("provenance", "measured live", "task math, seed 0: provenance differs"),
        ("label", "Other", "method tpe: several labels of one method: Other, TPE"),
        ("kind", "fixed", "method tpe: several kinds of one method: fixed, method"),
        ("kind", "winner", "kind 'winner' is none of"),
        ("status", "lost", "status 'lost' is none of"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, column, value, words):
    row = runs.index[(runs["method"] == "tpe") & (runs["task"] == "math") & (runs["seed"] == 0)]
    runs.loc[row, column] = value

    with pytest.raises(LeaderboardError, match=words):
        split_boards(runs)


def test_no_rows_a_missing_column_only_bounds_and_a_run_twice_are_refused(runs):
    with pytest.raises(LeaderboardError, match="no runs"):
        split_boards(runs.iloc[:0])
    with pytest.raises(LeaderboardError, match="lacks plan, spent_usd"):
        split_boards(runs.drop(columns=["plan", "spent_usd"]))
    with pytest.raises(LeaderboardError, match="every run is a bound"):
        split_boards(runs.assign(kind="bound"))
    with pytest.raises(LeaderboardError, match="agent-reinforce on humaneval, seed 0: more than one run"):
        split_boards(pd.concat([runs, runs.iloc[:1]]))


def test_a_block_that_one_method_lost_is_left_out_for_all(runs):
    runs.loc[(runs["method"] == "tpe") & (runs["task"] == "math") & (runs["seed"] == 3), "status"] = "infra"
    short = runs[~((runs["method"] == "random") & (runs["task"] == "mmlu") & (runs["seed"] == 9))]
    (board,) = split_boards(short)

    whole, each = common_blocks(board, whole=True), common_blocks(board, whole=False)

    assert {seeds for seeds in whole.kept.values()} == {(0, 1, 2, 4, 5, 6, 7, 8)}
    assert [len(each.kept[task]) for task in ("humaneval", "math", "mmlu")] == [10, 9, 9]
    assert whole.left_out == (
        "math seed 3 (infrastructure fault of TPE)", "mmlu seed 9 (no run of Random search)",
    )  # fmt: skip


def test_a_method_fault_is_no_missing_block(runs):
    runs.loc[runs["method"] == "tpe", "status"] = "method_fault"
    (board,) = split_boards(runs)

    assert common_blocks(board, whole=True).left_out == ()


def test_nothing_in_common_names_what_is_missing(runs):
    (board,) = split_boards(runs[~((runs["method"] == "tpe") & (runs["task"] == "mmlu"))])

    with pytest.raises(LeaderboardError, match=r"no seed is shared .* mmlu seed 0 \(no run of TPE\).* resumes"):
        common_blocks(board, whole=True)
