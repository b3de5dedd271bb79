"""Tables beside the ranks: regret in two parts, the agent's share, verdicts by variant, traps, objectives."""

import numpy as np
import pandas as pd
import pytest

from leaderboard import leaderboard_tables, render
from leaderboard.agents import agent_tables
from leaderboard.boards import split_boards
from leaderboard.objectives import objective_tables
from leaderboard.ranks import Plan
from leaderboard.regret import regret_tables
from leaderboard.traps import trap_tables, trapped
from leaderboard.verdicts import verdict_tables

RANKED = {"headroom": 6}


def cell(table, method, key):
    return table.column(key)[table.column("method").index(method)]


def test_regret_is_the_sum_of_its_two_parts(frames):
    runs = frames.family(strata=RANKED)
    runs = runs.assign(best_visited=np.where(runs["method"] == "tpe", runs["reference"] - 0.02, runs["accuracy"]))
    (table,) = regret_tables(frames.stand(frames.searches(runs, (30, 120))), Plan())

    assert "search 120ex" in table.title
    assert cell(table, "tpe", "never_visited") == pytest.approx(0.02)
    assert cell(table, "single", "not_recommended") == pytest.approx(0.0)
    for method in ("random", "single", "tpe"):
        parts = cell(table, method, "never_visited") + cell(table, method, "not_recommended")
        assert cell(table, method, "regret") == pytest.approx(parts)


def test_regret_needs_the_best_visited_graph(frames):
    runs = frames.family(strata=RANKED)
    assert list(regret_tables(frames.stand(runs), Plan())) == []

    some = runs.assign(best_visited=runs["accuracy"].where(runs["method"] != "single"))
    (table,) = regret_tables(frames.stand(some), Plan())
    assert sorted(table.column("method")) == ["random", "tpe"]


def test_the_agents_share_stands_beside_both_tracks(frames):
    runs = frames.family(strata=RANKED, variant="executions")
    asks = runs["method"] == "tpe"
    runs = runs.assign(agent_units=np.where(asks, 10250.0, 0.0), agent_calls=np.where(asks, 7, 0))
    compute = runs.assign(
        variant="compute", search="40kunits", search_amount=40000.0, search_currency="flops",
        accuracy=runs["accuracy"] - np.where(asks, 0.05, 0.0),
    )  # fmt: skip
    (table,) = agent_tables(frames.stand(pd.concat([runs, compute], ignore_index=True)), Plan())

    assert table.column("method") == ["tpe"]
    assert cell(table, "tpe", "agent_share") == pytest.approx(0.25)
    assert cell(table, "tpe", "agent_calls") == 7
    assert cell(table, "tpe", "executions").low > 0 > cell(table, "tpe", "compute").high
    assert "that is the difference of the compute track itself" in table.caption
    assert list(agent_tables(frames.stand(runs), Plan())) == []


def test_verdicts_by_variant_name_a_change_of_sign(frames):
    plain = frames.family(strata=RANKED, variant="plain")
    turned = frames.family(strata=RANKED, variant="turned", noise="shared", gain=-0.03)
    (table,) = verdict_tables(frames.stand(pd.concat([plain, turned], ignore_index=True)), Plan())

    assert table.title == "Does the verdict hold: suite standard, budget small, stratum headroom"
    assert [cell(table, "tpe", f"verdict_{v}") for v in ("plain", "turned")] == ["b", "w"]
    assert cell(table, "tpe", "holds") == "changes sign"
    assert cell(table, "single", "holds") == "holds"
    assert cell(table, "tpe", "difference_turned") == pytest.approx(-0.03, abs=0.005)
    assert list(verdict_tables(frames.stand(plain), Plan())) == []


def test_many_variants_take_several_tables(frames):
    runs = frames.family(strata={"headroom": 3})
    parts = [runs.assign(variant=f"held-back-{n}", held_back=n / 100) for n in range(10, 20)]
    tables = list(verdict_tables(frames.stand(pd.concat(parts, ignore_index=True)), Plan()))

    assert [table.title.partition(":")[0] for table in tables] == [
        "Does the verdict hold (1 of 2)", "Does the verdict hold (2 of 2)",
    ]  # fmt: skip
    assert [sum(c.kind == "points" for c in table.columns) for table in tables] == [8, 2]
    assert all("in all 10 variants" in table.caption for table in tables)
    assert max(len(line) for table in tables for line in render(table).splitlines()) <= 150


def test_traps_are_listed_without_ranks(frames):
    runs = frames.family(strata={"headroom": 3, "raw": 3, "trap": 3}).assign(variant="a")
    flat = runs["world"] == "simulated dev-005"
    runs.loc[flat, "random_search"] = runs.loc[flat, "reference"] - 0.004
    both = pd.concat([runs, runs.assign(variant="b", tier="P1")], ignore_index=True)
    (table,) = trap_tables(split_boards(frames.searches(both, (30, 120))), Plan())

    assert table.column("place") == [f"simulated dev-00{n}" for n in (5, 7, 8, 9)]
    assert table.column("stratum") == ["raw", "trap", "trap", "trap"]
    assert table.column("over_fixed")[1] == pytest.approx(0.0)
    assert "4 of 9" in table.caption
    assert "rank" not in {column.key for column in table.columns}


def test_one_world_keeps_its_trap_tasks_unless_the_plan_sets_them_apart(frames):
    runs = frames.runs(methods=("random", "tpe"), seeds=3)
    runs.loc[runs["task"] == "mmlu", "best_fixed"] = 0.617
    (board,) = split_boards(runs)
    apart = leaderboard_tables(runs, plan=Plan(traps="apart"))

    assert trapped(board) == ["mmlu"]
    assert not any(table.title.startswith("Traps") for table in leaderboard_tables(runs))
    assert [t.title.partition(":")[0] for t in apart] == [
        "Leaderboard", "Task humaneval", "Task math", "Against Random search", "Traps",
    ]  # fmt: skip
    own = runs[(runs["method"] == "tpe") & (runs["task"] != "mmlu")]
    assert cell(apart[0], "tpe", "accuracy").value == pytest.approx(own["accuracy"].mean())


def test_an_objective_has_a_table_of_its_own(frames):
    runs = frames.family(strata=RANKED, objective="joint")
    slow = runs["method"] == "tpe"
    runs = runs.assign(
        latency_critical=np.where(slow, 8.0, 2.0),
        objective_value=runs["accuracy"] - np.where(slow, 0.08, 0.0),
    )
    (table,) = objective_tables(frames.stand(runs), Plan())
    mean = runs.groupby("method")[["objective_value", "accuracy"]].mean()

    assert table.column("method") == ["random", "tpe", "single"]
    assert cell(table, "tpe", "value") == pytest.approx(mean["objective_value"]["tpe"])
    assert cell(table, "tpe", "difference").value == pytest.approx(-0.05, abs=0.005)
    assert cell(table, "tpe", "difference").high < 0
    assert [cell(table, m, "front") for m in ("random", "tpe", "single")] == ["*", "*", ""]
    assert cell(table, "random", "hypervolume") == pytest.approx(mean["accuracy"]["random"] * 6 / 8)
    assert cell(table, "tpe", "hypervolume") == 0.0
    assert "although these runs sought joint" in leaderboard_tables(runs)[0].caption
    assert list(objective_tables(frames.stand(frames.family(strata=RANKED)), Plan())) == []


def test_every_table_renders_in_every_format(frames):
    plain = frames.searches(frames.family(strata={"headroom": 3}), (30, 120))
    plain = plain.assign(
        variant="a", best_visited=plain["reference"], task="math", random_search=plain["reference"]
    )
    runs = pd.concat([plain, plain.assign(variant="b", tier="P1")], ignore_index=True)

    for table in leaderboard_tables(runs):
        assert table.caption
        for format in ("table", "md", "csv", "latex", "json"):
            assert render(table, format).endswith("\n")
