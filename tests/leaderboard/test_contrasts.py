"""What a setting is worth: the same blocks under both settings, and nothing else between them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as oracle

from leaderboard.boards import split_boards
from leaderboard.contrasts import contrast_tables
from leaderboard.effects import alike, differing, effects, paired_differences
from leaderboard.ranks import Plan
from leaderboard.table import Interval


def contrasts(frames, *parts):
    return list(contrast_tables(frames.stand(pd.concat(parts, ignore_index=True)), Plan()))


def cell(table, method, key):
    return table.column(key)[table.column("method").index(method)]


def shifted(runs, by, **changes):
    """The same runs, `by` better, with a little noise, under other settings."""
    noise = np.random.default_rng(5).normal(0, 0.002, len(runs))
    return runs.assign(accuracy=runs["accuracy"] + by + noise, **changes)


def test_prior_data_is_the_paired_difference_over_instances(frames):
    """Planted: unpaired, or over runs of all strata, the interval would be twenty times as wide."""
    plain = frames.family(variant="compute")
    informed = shifted(plain, 0.02, variant="compute-P1", tier="P1")
    informed = informed[informed["method"] != "single"]
    (table,) = contrasts(frames, plain, informed)
    ranked = plain[(plain["method"] == "tpe") & (plain["stratum"] == "headroom")]
    other = informed[(informed["method"] == "tpe") & (informed["stratum"] == "headroom")]
    expected = oracle.ttest_rel(other["accuracy"], ranked["accuracy"])

    assert table.title == "What prior data is worth: suite standard, budget small, search 3000ex, stratum headroom"
    assert sorted(table.column("method")) == ["random", "tpe"]
    assert cell(table, "tpe", "P1").value == pytest.approx(
        (other["accuracy"] - ranked["accuracy"].to_numpy()).mean()
    )
    assert cell(table, "tpe", "P1").high - cell(table, "tpe", "P1").low < 0.01
    assert cell(table, "tpe", "pvalue_P1") >= expected.pvalue * (1 - 1e-6)
    assert cell(table, "tpe", "blocks_P1") == 9
    assert "t interval over the instances" in table.caption and "compute-P1 (P1)" in table.caption


def test_a_family_in_one_world_is_paired_by_seed_over_tasks(frames):
    plain = frames.runs(methods=("random", "tpe"), seeds=4).assign(variant="a")
    informed = shifted(plain, 0.02, variant="b", tier="P1")
    (table,) = contrasts(frames, plain, informed)
    gaps = (
        (informed["accuracy"] - plain["accuracy"])[plain["method"] == "tpe"].to_numpy().reshape(3, 4).mean(axis=0)
    )
    expected = oracle.ttest_1samp(gaps, 0)

    assert cell(table, "tpe", "P1").value == pytest.approx(gaps.mean())
    assert cell(table, "tpe", "blocks_P1") == 4
    assert cell(table, "tpe", "pvalue_P1") >= expected.pvalue * (1 - 1e-6)


def test_a_block_without_all_its_tasks_is_no_pair(frames):
    plain = frames.runs(methods=("random", "tpe"), seeds=4).assign(variant="a")
    informed = shifted(plain, 0.02, variant="b", tier="P1")
    lost = (informed["method"] == "tpe") & (informed["task"] == "math") & (informed["seed"] == 2)
    base, other = split_boards(pd.concat([plain, informed[~lost]], ignore_index=True))

    found = paired_differences(base, other)

    assert list(found["tpe"].index) == [0, 1, 3] and list(found["random"].index) == [0, 1, 2, 3]


def test_seeds_of_an_instance_are_averaged_before_the_test(frames):
    plain = frames.family(strata={"headroom": 6}, variant="a")
    plain = pd.concat([plain, plain.assign(seed=1)], ignore_index=True)
    base, other = split_boards(pd.concat([plain, shifted(plain, 0.02, variant="b", tier="P1")], ignore_index=True))

    assert {len(values) for values in paired_differences(base, other).values()} == {6}


def test_checkpoints_are_not_paired_with_whole_runs(frames):
    plain = frames.searches(frames.family(strata={"headroom": 6}, variant="a"), (30, 120))
    informed = frames.searches(
        shifted(frames.family(strata={"headroom": 6}), 0.02, variant="b", tier="P1"), (30, 120)
    )
    (table,) = contrasts(frames, plain, informed)

    assert "search 120ex" in table.title
    assert set(table.column("blocks_P1")) == {6}
    assert cell(table, "tpe", "P1").value == pytest.approx(0.02, abs=0.004)


def test_names_aliased_and_permuted(frames):
    named = frames.family(strata={"headroom": 9}, variant="named")
    aliased = shifted(named, 0.0, variant="aliased", models="aliased")
    knows = aliased["method"] == "tpe"
    aliased.loc[knows, "accuracy"] -= 0.025
    permuted = shifted(named, -0.05, variant="permuted", models="permuted")
    (table,) = contrasts(frames, named, aliased, permuted)

    assert table.title.startswith("Names: suite standard, budget small, search 3000ex, tier P0")
    assert cell(table, "tpe", "aliased").value == pytest.approx(-0.025, abs=0.003)
    assert cell(table, "random", "aliased").value == pytest.approx(0.0, abs=0.003)
    assert cell(table, "tpe", "permuted").high < 0
    assert "over 6 comparisons" in table.caption


def test_variants_that_differ_in_more_are_not_compared(frames):
    plain = frames.family(strata={"headroom": 3}, variant="a")

    for more in ({"allocation": "racing"}, {"search": "9000ex", "search_amount": 9000.0}, {"noise": "shared"}):
        assert contrasts(frames, plain, plain.assign(variant="b", tier="P1", **more)) == []
    assert contrasts(frames, plain, plain.assign(variant="b")) == []


def test_what_the_final_rule_is_given_is_moot_where_methods_recommend(frames):
    plain = frames.family(strata={"headroom": 3}, variant="a", selection="own", held_back=0.0)
    shared, held = (
        plain.assign(variant="b", selection="shared", held_back=0.2),
        plain.assign(variant="c", held_back=0.3),
    )
    own, other, moot = split_boards(pd.concat([plain, shared, held], ignore_index=True))

    assert differing(own, other) == {"selection"} and differing(own, moot) == set()
    assert [len(group) for group in alike([own, other, moot], {"selection"})] == [3]


def test_effects_are_one_holm_family():
    rng = np.random.default_rng(1)
    vectors = {name: rng.normal(shift, 1, 12) for name, shift in (("a", 1.0), ("b", 0.5), ("c", 0.0))}
    found = effects(vectors, 0.05)
    raw = {name: oracle.ttest_1samp(vector, 0).pvalue for name, vector in vectors.items()}

    assert found["a"].pvalue_holm == pytest.approx(3 * raw["a"])
    assert [effect.blocks for effect in found.values()] == [12, 12, 12]
    for effect in found.values():
        low, high = effect.difference.low, effect.difference.high
        assert (low > 0 or high < 0) == (effect.pvalue_holm <= 0.05)


def test_one_block_gives_no_interval_and_no_p():
    (found,) = effects({"a": [0.1]}, 0.05).values()

    assert found == (Interval(0.1, -np.inf, np.inf), None, 1)
