"""Frames to matrices: which accuracy counts, and how gaps are treated."""

import numpy as np
import pandas as pd
import pytest

from leaderboard.boards import split_boards
from leaderboard.errors import LeaderboardError
from leaderboard.samples import take_samples


def sample(runs, questions=None):
    (board,) = split_boards(runs)
    return take_samples(board, questions)


def pick(frame, **where):
    return np.logical_and.reduce([frame[name] == value for name, value in where.items()])


def test_exact_accuracies_keep_seed_and_task(runs):
    found = sample(runs.sample(frac=1, random_state=0))
    (own,) = runs.loc[pick(runs, method="tpe", task="mmlu", seed=7), "accuracy"]

    assert found.exact and found.cells == ("humaneval", "math", "mmlu")
    assert found.values["tpe"][2].shape == (10, 1)
    assert found.values["tpe"][2][7, 0] == own


def test_a_failed_run_counts_with_what_it_had(runs):
    row = pick(runs, method="tpe", task="math", seed=0)
    runs.loc[row, ["status", "accuracy"]] = "method_fault", 0.05

    assert sample(runs).values["tpe"][1][0, 0] == 0.05


def test_an_infrastructure_fault_needs_no_accuracy(runs):
    row = pick(runs, method="tpe", task="math", seed=0)
    runs.loc[row, ["status", "accuracy"]] = "infra", np.nan

    assert all(len(matrix) == 9 for matrices in sample(runs).values.values() for matrix in matrices)


def test_a_lost_accuracy_is_refused_not_dropped(runs):
    runs.loc[pick(runs, method="tpe", task="math", seed=4), "accuracy"] = np.nan

    with pytest.raises(LeaderboardError, match="tpe on math, seed 4 has no exact accuracy"):
        sample(runs)


def test_an_impossible_accuracy_is_refused(runs):
    runs.loc[0, "accuracy"] = 54.0

    with pytest.raises(LeaderboardError, match=r"outside 0\.\.1"):
        sample(runs)


def test_graded_questions_become_seeds_by_items(live):
    runs, questions = live
    found = sample(runs, questions.sample(frac=1, random_state=0))
    own = questions[pick(questions, method="tpe", task="math", seed=2)]

    assert not found.exact and found.items == {"humaneval": 40, "math": 40, "mmlu": 40}
    assert found.values["tpe"][1].shape == (4, 40)
    assert list(found.values["tpe"][1][2]) == list(own["correct"].astype(float))


def test_what_a_failed_run_did_not_answer_is_wrong(live):
    runs, questions = live
    runs.loc[pick(runs, method="tpe", task="math", seed=1), "status"] = "method_fault"
    answered = questions[~(pick(questions, method="tpe", task="math", seed=1) & (questions["question"] >= 10))]

    found = sample(runs, answered)

    assert found.values["tpe"][1][1, 10:].sum() == 0
    assert found.items["math"] == 40


def test_two_tiers_of_one_method_are_told_apart(live):
    runs, questions = live
    second = questions.assign(tier="P1", correct=True, kind="correct")

    found = sample(runs, pd.concat([questions.assign(tier="P0"), second]))

    assert found.values["tpe"][0].mean() < 1


def test_a_gap_without_a_failure_is_refused(live):
    runs, questions = live
    gap = questions[~(pick(questions, method="tpe", task="math", seed=1, question=5))]

    with pytest.raises(LeaderboardError, match="tpe on math, seed 1: its test questions are not the others'"):
        sample(runs, gap)


def test_an_infrastructure_error_takes_the_question_out_for_all_and_says_so(live):
    runs, questions = live
    questions.loc[pick(questions, method="tpe", task="math", seed=1, question=5), "kind"] = "infra_error"

    found = sample(runs, questions)

    assert {matrices[1].shape for matrices in found.values.values()} == {(4, 39)}
    assert found.remarks == ("math: 1 questions left out for all methods (infrastructure errors)",)


def test_a_grader_error_stays_and_is_counted(live):
    runs, questions = live
    row = pick(questions, method="tpe", task="math", seed=1, question=5)
    questions.loc[row, ["kind", "correct"]] = "grader_error", False

    found = sample(runs, questions)

    assert found.items["math"] == 40
    assert found.remarks == ("math: 1 answers counted as wrong because the grader failed",)


def test_without_truth_and_questions_there_is_nothing_to_rank_by(live):
    runs, questions = live
    with pytest.raises(LeaderboardError, match="no exact accuracy and no graded questions"):
        sample(runs)
    with pytest.raises(LeaderboardError, match="questions frame lacks correct"):
        sample(runs, questions.drop(columns="correct"))
    with pytest.raises(LeaderboardError, match="graded twice"):
        sample(runs, pd.concat([questions, questions.iloc[:1]]))
    with pytest.raises(LeaderboardError, match="no question was graded"):
        sample(runs, questions[questions["task"] != "math"])
