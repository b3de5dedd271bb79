"""The plan on a board: estimates, families, verdicts, and what one run may claim."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as oracle

from leaderboard.boards import QUESTION_COLUMNS, split_boards
from leaderboard.crossed import crossed_difference
from leaderboard.multiple import adjust_pvalues
from leaderboard.ranks import Plan, rank


def ranking(runs, questions=None, plan=None):
    (board,) = split_boards(runs)
    return rank(board, questions, plan)


def block_means(runs, method):
    return runs[runs["method"] == method].groupby("seed")["accuracy"].mean().to_numpy()


def test_simulated_differences_are_t_tests_over_blocks(runs):
    """The unit is the seed: ten differences of means over tasks, not thirty runs."""
    found = ranking(runs).against_reference["tpe"]
    expected = oracle.ttest_rel(block_means(runs, "tpe"), block_means(runs, "random"))

    assert found.test.df == 9
    assert found.test.pvalue == pytest.approx(expected.pvalue, rel=1e-6)


def test_the_families_are_the_reference_and_all_pairs(runs):
    found = ranking(runs)

    assert set(found.against_reference) == set(found.order) - {"random"}
    assert len(found.pairs) == 15
    for family in (list(found.against_reference.values()), list(found.pairs)):
        assert [c.pvalue_holm for c in family] == adjust_pvalues([c.test.pvalue for c in family])


def test_verdicts_follow_the_adjusted_interval(runs):
    for found in ranking(runs).pairs:
        assert found.separated == (found.pvalue_holm <= 0.05) == (found.low > 0 or found.high < 0)
        assert found.matters == (found.low > 0.01 or found.high < -0.01)


def test_order_ranks_letters_and_marks(runs):
    found = ranking(runs)

    assert found.order[:2] == ("agent-reinforce", "portfolio-race") and found.order[-1] == "single"
    assert found.ranks["agent-reinforce"] == (1, 2) and found.ranks["single"] == (6, 6)
    assert found.letters["agent-reinforce"] == found.letters["portfolio-race"] == "a"
    assert found.tied == {"agent-reinforce", "portfolio-race"}


def test_the_flips_stand_beside_the_t_test(runs):
    found = ranking(runs).against_reference

    assert found["single"].pvalue_flips == 2**-9
    assert abs(found["tpe"].pvalue_flips - found["tpe"].test.pvalue) < 0.05


def test_the_detectable_difference_is_2_8_standard_errors(runs):
    found = ranking(runs)
    sds = [np.std(block_means(runs, m) - block_means(runs, "random"), ddof=1) for m in found.against_reference]

    assert found.detectable == pytest.approx([2.8 * f(sds) / math.sqrt(10) for f in (np.median, max)], rel=1e-9)


def test_equal_estimates_go_by_name(frames):
    rows = [
        frames.run(m, t, s, 0.1 + 0.2 if m == "b" else 0.3) for m in "cba" for t in frames.tasks for s in range(3)
    ]

    found = ranking(pd.DataFrame(rows))

    assert found.order == ("a", "b", "c")
    assert set(found.ranks.values()) == {(1, 3)} and set(found.letters.values()) == {"a"}
    assert all(c.test.pvalue == 1.0 for c in found.pairs)


def test_equal_live_estimates_go_by_name_too(frames):
    """1/10, 2/10, 3/10 and 3/10, 2/10, 1/10 have one mean, but not in binary."""
    right = {"b": (1, 2, 3), "a": (3, 2, 1)}
    cells = list(itertools.product(right, enumerate(frames.tasks), range(2)))
    runs = frames.live(pd.DataFrame([frames.run(m, task, seed, 0.0) for m, (_, task), seed in cells]))
    rows = [
        (m, task, "small", seed, question, "", question < right[m][at])
        for m, (at, task), seed in cells
        for question in range(10)
    ]
    questions = pd.DataFrame(rows, columns=list(QUESTION_COLUMNS))

    assert ranking(runs, questions).order == ("a", "b")


@pytest.mark.parametrize("world", ["simulated", "live"])
def test_one_run_separates_nothing(frames, world):
    runs = frames.runs(seeds=1)
    questions = frames.questions(runs) if world == "live" else None

    found = ranking(frames.live(runs) if world == "live" else runs, questions)

    assert all(e.low == -math.inf and e.high == math.inf for e in found.estimates.values())
    assert set(found.ranks.values()) == {(1, 6)} and set(found.letters.values()) == {"a"}
    assert found.detectable is None and len(found.tied) == 6
    assert all(c.test.pvalue == 1.0 for c in found.pairs)


def test_live_differences_are_crossed(live):
    runs, questions = live
    matrices = []
    for task in ("humaneval", "math", "mmlu"):
        own = [
            questions[(questions["method"] == m) & (questions["task"] == task)]
            .pivot(index="seed", columns="question", values="correct")
            .to_numpy(dtype=float)
            for m in ("tpe", "random")
        ]
        matrices.append(own[0] - own[1])

    found = ranking(runs, questions)

    assert found.analysis == "crossed"
    assert found.against_reference["tpe"].test == crossed_difference(matrices)
    assert found.against_reference["tpe"].pvalue_flips is None


def test_right_everywhere_has_an_interval_below_one(live):
    runs, questions = live
    perfect = questions.assign(correct=questions["correct"] | (questions["method"] == "tpe"))

    estimate = ranking(runs, perfect).estimates["tpe"]

    assert estimate.mean == estimate.high == 1.0
    assert estimate.low == pytest.approx(120 / (120 + oracle.norm.ppf(0.975) ** 2))


def test_without_the_reference_there_is_no_first_family(runs):
    found = ranking(runs[runs["method"] != "random"])

    assert found.against_reference == {} and len(found.pairs) == 10
    assert found.detectable is not None


def test_the_plan_moves_level_reference_and_rope(runs):
    found = ranking(runs, plan=Plan(reference="tpe", alpha=0.2, rope=0.5))

    assert "tpe" not in found.against_reference and "random" in found.against_reference
    assert not any(c.matters for c in found.pairs)
    assert found.estimates["tpe"].high < ranking(runs).estimates["tpe"].high
    test = found.against_reference["random"].test
    assert test.ci_high == pytest.approx(test.mean_difference + oracle.t.ppf(0.9, 9) * test.standard_error)


def test_one_method_alone_is_first(frames):
    found = ranking(frames.runs(methods=("tpe",)))

    assert found.ranks == {"tpe": (1, 1)} and found.letters == {"tpe": "a"} and found.detectable is None
