"""The tables behind the ranks: what they say, from frames with known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as oracle
from table_checks import cell, only, row

from leaderboard import leaderboard_tables, render
from leaderboard.boards import split_boards
from leaderboard.ranks import Plan, Standing, rank
from leaderboard.standing import overall
from leaderboard.wide import wide_tables
from leaderboard.wide.agreement import agreement_tables
from leaderboard.wide.anytime import anytime_tables
from leaderboard.wide.failures import failure_tables
from leaderboard.wide.fronts import front_tables
from leaderboard.wide.gates import gate_tables
from leaderboard.wide.power import power_tables
from leaderboard.wide.profiles import profile_tables
from leaderboard.wide.ratios import ratio_tables
from leaderboard.wide.sensitivity import sensitivity_tables
from leaderboard.wide.targets import target_tables

PLAN = Plan(budgets=("small",))
KINDS = [
    "Failures", "Sensitivity", "Budgets in order", "Power", "Time ratios", "Targets", "Performance profile",
    "Anytime", "Score profile", "Front", "Agreement", "Mean ranks",
]  # fmt: skip


def live_standings(live):
    runs, questions = live
    return [Standing(board, rank(board, questions)) for board in split_boards(runs)]


@pytest.fixture
def curve(frames):
    return frames.searches(frames.family(strata={"headroom": 9}), (30, 120, 480))


def test_wide_adds_tables_and_the_short_form_has_none(curve):
    titles = [table.title.partition(":")[0] for table in leaderboard_tables(curve, plan=PLAN, wide=True)]
    short = [table.title.partition(":")[0] for table in leaderboard_tables(curve, plan=PLAN)]

    assert titles[: len(short)] == short and titles[len(short) :] == KINDS
    assert not set(short) & set(KINDS)


def test_every_caption_says_unit_interval_family_and_origin(curve, frames):
    for table in wide_tables(frames.stand(curve, PLAN), PLAN):
        words = table.caption
        assert "Provenance: simulated" in words and "plan ab12cd34" in words
        assert "Exploratory" in words or "Confirmatory" in words
        if any(column.interval for column in table.columns):
            assert "interval" in words.lower() and "95%" in words
            assert "unadjusted" in words or "adjusted by Holm over" in words or "gatekeeping" in words
        if any(column.kind == "points" for column in table.columns):
            assert "points" in words


def test_the_order_of_rows_moves_no_byte(curve, live, frames):
    one = [render(t, "json") for t in leaderboard_tables(curve, plan=PLAN, wide=True)]
    mixed = curve.sample(frac=1, random_state=1).reset_index(drop=True)
    assert [render(t, "json") for t in leaderboard_tables(mixed, plan=PLAN, wide=True)] == one

    runs, questions = live
    one = [render(t, "json") for t in leaderboard_tables(runs, questions, wide=True)]
    mixed = (frame.sample(frac=1, random_state=2).reset_index(drop=True) for frame in (runs, questions))
    assert [render(t, "json") for t in leaderboard_tables(*mixed, wide=True)] == one


def test_another_entry_changes_no_other_rows_numbers(frames):
    """Only what a caption says depends on the others may move."""
    runs = frames.searches(
        frames.family(methods=("random", "single", "tpe", "other"), strata={"headroom": 9}), (30, 120)
    )
    fewer = runs[runs["method"] != "other"]
    boards = [frames.stand(some) for some in (runs, fewer)]
    for make in (sensitivity_tables, anytime_tables, profile_tables, target_tables):
        with_it, without = (next(make(standings, PLAN)) for standings in boards)
        assert row(with_it, "tpe") == row(without, "tpe")
    with_it, without = (only(front_tables(standings, PLAN)) for standings in boards)
    assert cell(with_it, "single", "membership") <= cell(without, "single", "membership")


def test_every_wide_table_renders_in_every_format(curve, live, frames):
    tables = [*wide_tables(frames.stand(curve, PLAN), PLAN), *wide_tables(live_standings(live), Plan(), live[1])]
    for table in tables:
        for form in ("table", "md", "csv", "latex", "json"):
            assert render(table, form, wide=True).endswith("\n")
        assert max(map(len, render(table).splitlines())) <= 160


# --- sensitivity --------------------------------------------------------------------------------------------


def test_sensitivity_of_exact_blocks(frames):
    runs = frames.family(strata={"headroom": 9})
    standings = frames.stand(runs)
    table = only(sensitivity_tables(standings, PLAN))
    by = runs.pivot(index="world", columns="method", values="accuracy")
    d = by["tpe"] - by["random"]

    assert cell(table, "tpe", "pvalue") == pytest.approx(oracle.ttest_1samp(d, 0).pvalue)
    assert cell(table, "tpe", "pvalue_wilcoxon") == 2 / 2**9
    assert cell(table, "tpe", "pvalue_flips") == 2 / 2**9
    assert cell(table, "tpe", "better") > 0.95 and cell(table, "tpe", "agree") == "yes"
    assert cell(table, "tpe", "bootstrap").low > 0 and cell(table, "tpe", "equivalent") == "no"
    assert cell(table, "tpe", "mcnemar") is None and cell(table, "tpe", "pvalue_two_way") is None


def test_sensitivity_of_answers(live):
    table = only(sensitivity_tables(live_standings(live), Plan()))

    assert cell(table, "single", "agree") == "yes"
    assert cell(table, "single", "mcnemar").startswith("4/4")
    assert cell(table, "single", "worse") > 0.95
    for key in ("pvalue_blocks", "pvalue_questions", "pvalue_two_way"):
        assert 0 <= cell(table, "tpe", key) <= 1
    assert cell(table, "single", "bootstrap").high < 0


def test_a_disagreement_is_said(frames):
    """One huge block: ranks and flips see nothing, and neither may the reader take t alone."""
    runs = frames.family(methods=("random", "tpe"), strata={"headroom": 9}, gain=0.0)
    worlds = sorted(runs["world"].unique())
    jump = dict(zip(worlds, [0.02, 0.021, 0.019, 0.02, 0.022, 0.018, -0.028, 0.02, 0.021], strict=True))
    base = runs[runs["method"] == "random"].set_index("world")["accuracy"]
    mine = runs["method"] == "tpe"
    runs.loc[mine, "accuracy"] = runs.loc[mine, "world"].map(base) + runs.loc[mine, "world"].map(jump)
    table = only(sensitivity_tables(frames.stand(runs), PLAN))

    assert (cell(table, "tpe", "pvalue") < 0.05) != (cell(table, "tpe", "pvalue_wilcoxon") < 0.05)
    assert cell(table, "tpe", "agree") == "no"


def test_equivalence_needs_an_interval_within_the_rope(frames):
    """Not separated is not equal: a wide interval around 0 is neither."""
    runs = frames.family(methods=("random", "tpe"), strata={"headroom": 9}, gain=0.0)
    assert cell(only(sensitivity_tables(frames.stand(runs), PLAN)), "tpe", "equivalent") == "yes"
    rng = np.random.default_rng(2)
    mine = runs["method"] == "tpe"
    runs.loc[mine, "accuracy"] += rng.normal(0, 0.05, mine.sum())
    table = only(sensitivity_tables(frames.stand(runs), PLAN))
    assert cell(table, "tpe", "pvalue") > 0.05 and cell(table, "tpe", "equivalent") == "no"


# --- failures -----------------------------------------------------------------------------------------------


def test_failures_are_counted_and_gaps_bounded(frames):
    runs = frames.runs(methods=("random", "single", "tpe"))
    runs.loc[(runs["method"] == "single") & (runs["seed"] == 3), "status"] = "method_fault"
    gone = (runs["method"] == "tpe") & (runs["seed"] == 4) & (runs["task"] == "math")
    runs.loc[(runs["method"] == "single") & (runs["seed"] == 5) & (runs["task"] == "mmlu"), "status"] = "infra"
    table = only(failure_tables(frames.stand(runs[~gone]), PLAN))

    assert [cell(table, "single", key) for key in ("scheduled", "run", "failed", "imputed", "missing")] == [
        30, 29, 3, 3, 1,
    ]  # fmt: skip
    assert [cell(table, "tpe", key) for key in ("scheduled", "run", "failed", "missing")] == [30, 29, 0, 1]
    assert cell(table, "random", "verdict") is None
    low, high = cell(table, "tpe", "lowest").value, cell(table, "tpe", "highest").value
    # By hand: the blocks of the board, tpe's gap 0 or 1, the mean over tasks and seeds.
    by = runs.pivot(index=["task", "seed"], columns="method", values="accuracy")
    for worth, found in ((0.0, low), (1.0, high)):
        by.loc[("math", 4), "tpe"] = worth
        assert found == pytest.approx((by["tpe"] - by["random"]).mean())


def test_a_verdict_that_gaps_could_turn_is_not_determined(frames):
    runs = frames.family(strata={"headroom": 12})
    whole = only(failure_tables(frames.stand(runs), PLAN))
    assert cell(whole, "tpe", "verdict") == "better" and cell(whole, "tpe", "lowest") is None
    lost = runs["world"].isin(sorted(runs["world"].unique())[:2]) & (runs["method"] == "tpe")
    table = only(failure_tables(frames.stand(runs[~lost]), PLAN))

    assert frames.stand(runs[~lost])[0].ranking.against_reference["tpe"].separated
    assert cell(table, "tpe", "verdict") == "not determined"
    assert cell(table, "single", "verdict") == "worse"


def test_gaps_in_the_reference_count_against_the_others_too(frames):
    runs = frames.family(strata={"headroom": 12})
    lost = runs["world"].isin(sorted(runs["world"].unique())[:2]) & (runs["method"] == "random")
    table = only(failure_tables(frames.stand(runs[~lost]), PLAN))

    assert cell(table, "tpe", "lowest").value < 0 < cell(table, "tpe", "highest").value
    assert cell(table, "tpe", "verdict") == "not determined"


def test_live_gaps_are_bounded_too(live):
    runs, questions = live
    questions = questions.copy()
    lost = (questions["method"] == "single") & (questions["question"] < 3) & (questions["task"] == "math")
    questions.loc[lost, "kind"] = "infra_error"
    gone = (questions["method"] == "tpe") & (questions["seed"] == 2) & (questions["task"] == "mmlu")
    less = runs[~((runs["method"] == "tpe") & (runs["seed"] == 2) & (runs["task"] == "mmlu"))]
    table = only(failure_tables(live_standings((less, questions[~gone])), Plan(), questions[~gone]))

    assert cell(table, "single", "unanswered") == 12 and cell(table, "tpe", "missing") == 1
    by = live[1].assign(correct=live[1]["correct"].astype(float))
    by = by.pivot(index=["task", "seed", "question"], columns="method", values="correct")
    for worth, key in ((0.0, "lowest"), (1.0, "highest")):
        filled = by.copy()
        # No answer of this method counts where it is missing; what others lost does not touch the pair.
        index = filled.index
        filled.loc[(index.get_level_values(0) == "mmlu") & (index.get_level_values(1) == 2), "tpe"] = worth
        means = filled.groupby("task").mean().mean()
        assert cell(table, "tpe", key).value == pytest.approx(means["tpe"] - means["random"])


# --- gates, power, ratios -----------------------------------------------------------------------------------


def test_budgets_in_order_are_confirmatory_only_under_the_plan(frames, curve):
    standings = frames.stand(curve)
    table = only(gate_tables(standings, PLAN))
    keys = [column.key for column in table.columns if column.kind == "pvalue"]
    assert keys == ["pvalue_480ex", "pvalue_120ex", "pvalue_30ex"]
    assert "gatekeeping" in table.caption and "Confirmatory" in table.caption
    assert cell(table, "single", "holds") == "30ex (worse)"

    for plan in (Plan(assumed=True), Plan(unfinished=3), Plan(budgets=("medium",)), Plan(primary="other")):
        table = only(gate_tables(standings, plan))
        assert "Benjamini" in table.caption and "Exploratory" in table.caption
        assert cell(table, "single", "holds") == "480ex (worse), 120ex (worse), 30ex (worse)"
        assert "Confirmatory" not in table.caption


def test_the_leaderboard_says_what_it_may_be_called(frames, curve):
    standings = {standing.board.search: standing for standing in frames.stand(curve)}

    def words(plan, search="480ex"):
        return overall(*standings[search], plan).caption

    assert "Confirmatory: the plan's endpoint" in words(PLAN)
    assert "Secondary" in words(PLAN, "30ex")
    assert "Exploratory: plan differs" in words(Plan(assumed=True))
    assert "Exploratory: plan differs; 3 of the places" in words(Plan(unfinished=3))
    assert "Secondary" in words(Plan(primary="compute")) and "Secondary" in words(Plan(budgets=("large",)))


def test_power_of_exact_blocks(frames):
    runs = frames.family(strata={"headroom": 9})
    table = only(power_tables(frames.stand(runs), PLAN))
    by = runs.pivot(index="world", columns="method", values="accuracy")
    d = by["tpe"] - by["random"]

    assert cell(table, "tpe", "standard_error") == pytest.approx(oracle.sem(d))
    shift, bound = 0.01 / oracle.sem(d), oracle.t.ppf(0.975, 8)
    assert cell(table, "tpe", "power") == pytest.approx(oracle.nct.sf(bound, 8, shift), abs=1e-4)
    assert cell(table, "tpe", "detectable") == pytest.approx(oracle.sem(d) * 3.21, rel=0.01)
    n = cell(table, "tpe", "needed")
    assert n == pytest.approx((2.8 * d.std() / 0.01) ** 2, abs=4)


def test_power_of_answers_has_its_components(frames, live):
    table = only(power_tables(live_standings(live), Plan()))

    assert cell(table, "tpe", "sd_item") > 0 and cell(table, "tpe", "sd_rest") > 0
    assert cell(table, "tpe", "more_items") >= cell(table, "tpe", "power") - 0.01
    assert cell(table, "tpe", "detectable_items") < cell(table, "tpe", "detectable")
    assert cell(table, "tpe", "needed") is None


def test_ratios_are_of_geometric_means(frames):
    runs = frames.family(strata={"headroom": 9})
    rng = np.random.default_rng(1)
    slow = runs["method"] == "tpe"
    runs["spent_seconds"] = np.exp(rng.normal(5, 1, len(runs)))
    base = runs[runs["method"] == "random"].set_index("world")["spent_seconds"]
    factor = np.exp(rng.normal(np.log(3), 0.2, slow.sum()))
    runs.loc[slow, "spent_seconds"] = runs.loc[slow, "world"].map(base) * factor
    runs.loc[runs["method"] == "single", "spent_seconds"] = 0.0
    table = only(ratio_tables(frames.stand(runs), PLAN))

    found = cell(table, "tpe", "spent_seconds_ratio")
    assert found.value == pytest.approx(np.exp(np.log(factor).mean()))
    assert found.low < 3 < found.high and found.low > 1
    assert cell(table, "single", "spent_seconds_ratio") is None
    assert cell(table, "single", "latency_critical_ratio").value == 1.0


def test_a_failed_search_is_not_fast(frames):
    runs = frames.family(methods=("random", "tpe"), strata={"headroom": 6})
    broken = (runs["method"] == "tpe") & (runs["world"] == runs["world"].min())
    runs.loc[broken, ["status", "spent_seconds"]] = ["method_fault", 1.0]
    table = only(ratio_tables(frames.stand(runs), PLAN))

    assert cell(table, "tpe", "spent_seconds_ratio").value == pytest.approx(1.0)


# --- searches -----------------------------------------------------------------------------------------------


def test_targets_count_all_runs(frames):
    runs = frames.searches(frames.family(methods=("random", "tpe"), strata={"headroom": 4}), (30, 120))
    level = runs["reference"] - runs["random_mean"]
    reach = runs["world"].isin(sorted(runs["world"].unique())[:3]) & (runs["method"] == "tpe")
    runs["accuracy"] = runs["random_mean"] + np.where(reach & (runs["search"] == "120ex"), 0.6, 0.2) * level
    runs["spent_executions"] = runs["search_amount"]
    runtimes, profile = target_tables(frames.stand(runs), PLAN)

    assert cell(runtimes, "tpe", "ert_half") == (4 * 120) / 3 and cell(runtimes, "tpe", "reached_half") == "3/4"
    assert cell(runtimes, "random", "ert_half") == np.inf and cell(runtimes, "random", "reached_half") == "0/4"
    assert "∞" in render(runtimes)
    assert cell(profile, "tpe", "within_1") == 0.75 and "1 of the problems nobody" in profile.caption


def test_areas_and_regret(frames):
    runs = frames.searches(frames.family(methods=("random", "tpe"), strata={"headroom": 6}), (30, 120))
    score = np.where(runs["search"] == "120ex", 0.8, 0.4)
    runs["accuracy"] = runs["random_mean"] + score * (runs["reference"] - runs["random_mean"])
    table = only(anytime_tables(frames.stand(runs), PLAN))

    assert cell(table, "tpe", "area").value == pytest.approx(0.4 * 90 / 120)
    assert cell(table, "tpe", "regret").value == pytest.approx(0.2)
    assert cell(table, "tpe", "regret_iqm").value == pytest.approx(0.2)


def test_score_profile_and_improvement(frames):
    runs = frames.family(strata={"headroom": 12})
    table = only(profile_tables(frames.stand(runs), PLAN))
    own = runs[runs["method"] == "tpe"]
    score = (own["accuracy"] - own["random_mean"]) / (own["reference"] - own["random_mean"])

    assert cell(table, "tpe", "above_0.5") == pytest.approx((score > 0.5).mean())
    found = cell(table, "tpe", "improvement")
    assert found.value == 1.0 and found.low == 1.0
    assert cell(table, "random", "improvement") is None


def test_front_membership_is_a_share(frames):
    runs = frames.family(strata={"headroom": 12})
    for name, factor in (("latency_critical", 1.0), ("graph_units", 3.0)):
        runs[name] = runs["method"].map({"random": 4.0, "single": 2.0, "tpe": 4.5}) * factor
    runs.loc[(runs["method"] == "tpe"), "accuracy"] -= 0.029  # about as good as random, and slower
    table = only(front_tables(frames.stand(runs), PLAN))

    assert cell(table, "single", "membership") == 1.0 and cell(table, "single", "front") == "*"
    assert 0 < cell(table, "tpe", "membership") < 1
    assert cell(table, "single", "own_volume") > 0


def test_agreement_between_budgets(frames, curve):
    pairs, ranks = agreement_tables(frames.stand(curve), PLAN)

    assert pairs.column("tau") == [1.0] * 3 and pairs.column("turned") == [0] * 3
    assert ranks.column("rank_480ex") == [1.0, 2.0, 3.0]
    assert "Diagnostic" in ranks.caption and "Nemenyi" in ranks.notes[0]
    other = curve.assign(variant="b", tier="P1")
    both = pd.concat([curve.assign(variant="a"), other], ignore_index=True)
    found = next(agreement_tables(frames.stand(both), PLAN))
    assert found.column("what").count("prior tier") == 1


def test_a_live_front_is_of_the_answers(live):
    runs, questions = live
    runs = runs.assign(latency_critical=runs["method"].map(len).astype(float), graph_units=3.0)
    table = only(front_tables(live_standings((runs, questions)), Plan()))
    share = questions[questions["method"] == "tpe"].groupby("task")["correct"].mean().mean()

    assert cell(table, "tpe", "accuracy") == pytest.approx(share)
    assert "accuracy on the test questions" in table.caption
