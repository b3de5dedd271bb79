"""Main effects of planted cells, by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from leaderboard import render
from leaderboard.factorial import factorial_tables
from leaderboard.ranks import Plan

FACTORS = {"allocation": ("own", "racing"), "selection": ("own", "shared"), "sampler": ("published", "uniform")}


def design(frames, gain, factors=("allocation", "selection"), strata=None):
    """A variant for each combination of the factors; gain: of a row and its levels (0 or 1)."""
    runs = frames.family(strata=strata or {"headroom": 9})
    noise = np.random.default_rng(8)
    parts = []
    for levels in itertools.product((0, 1), repeat=len(factors)):
        settings = {factor: FACTORS[factor][level] for factor, level in zip(factors, levels, strict=True)}
        more = [gain(method, *levels) for method in runs["method"]]
        parts.append(
            runs.assign(
                variant="-".join(settings.values()),
                accuracy=runs["accuracy"] + more + noise.normal(0, 0.002, len(runs)),
                **settings,
            )
        )
    return pd.concat(parts, ignore_index=True)


def tables(frames, runs):
    return list(factorial_tables(frames.stand(runs), Plan()))


def cell(table, method, key):
    return table.column(key)[table.column("method").index(method)]


def test_main_effects_are_means_over_the_other_factor(frames):
    """Racing is worth 2 points, and 4 more with shared selection: 4 on average; selection 1 and 4 more: 3."""
    runs = design(frames, lambda method, racing, shared: 0.02 * racing + 0.01 * shared + 0.04 * racing * shared)
    (table,) = tables(frames, runs)

    assert (
        table.title
        == "Where the gain came from: suite standard, budget small, search 3000ex, tier P0, stratum headroom"
    )
    for method in ("random", "single", "tpe"):
        assert cell(table, method, "effect_allocation").value == pytest.approx(0.04, abs=0.003)
        assert cell(table, method, "effect_selection").value == pytest.approx(0.03, abs=0.003)
        assert cell(table, method, "effect_allocation").low > 0.03
    assert "over 6 effects" in table.caption and "all with sampler published" in table.caption
    assert max(map(len, render(table).splitlines())) <= 150


def test_cells_are_mean_accuracies_in_the_order_of_the_factors(frames):
    runs = design(frames, lambda method, racing, shared: 0.02 * racing)
    (table,) = tables(frames, runs)
    cells = [c for c in table.columns if c.kind == "percent"]
    own = runs[(runs["method"] == "tpe") & (runs["variant"] == "racing-own")]

    assert [c.heading for c in cells] == ["own\nown", "own\nshared", "racing\nown", "racing\nshared"]
    assert cell(table, "tpe", "accuracy_racing-own") == pytest.approx(own["accuracy"].mean())


def test_the_effect_is_the_methods_own(frames):
    runs = design(frames, lambda method, racing, shared: 0.05 * racing * (method == "single"))
    (table,) = tables(frames, runs)

    assert cell(table, "single", "effect_allocation").low > 0.04
    assert abs(cell(table, "tpe", "effect_allocation").value) < 0.003


def test_three_factors_have_eight_cells(frames):
    runs = design(frames, lambda method, racing, shared, uniform: -0.03 * uniform, tuple(FACTORS))
    (table,) = tables(frames, runs)

    assert sum(column.kind == "percent" for column in table.columns) == 8
    assert cell(table, "random", "effect_sampler").value == pytest.approx(-0.03, abs=0.002)
    assert table.columns[-2].heading == "uniform\nminus published"


def test_strata_are_not_mixed_into_an_effect(frames):
    runs = design(frames, lambda method, racing, shared: 0.02 * racing, strata={"headroom": 6, "trap": 6})
    trap = (runs["stratum"] == "trap") & (runs["allocation"] == "racing")
    runs.loc[trap, "accuracy"] -= 0.2
    (table,) = tables(frames, runs)

    assert cell(table, "tpe", "effect_allocation").value == pytest.approx(0.02, abs=0.003)


def test_checkpoints_do_not_count_again(frames):
    runs = design(frames, lambda method, racing, shared: 0.02 * racing)
    expected = tables(frames, runs.assign(search="120ex", search_amount=120.0))

    assert [render(t) for t in tables(frames, frames.searches(runs, (30, 120)))] == [render(t) for t in expected]


def test_a_method_in_some_cells_says_so_and_one_cell_is_no_row(frames):
    runs = design(frames, lambda method, racing, shared: 0.02 * racing)
    plain = runs["variant"] == "own-own"
    no_corner = (runs["method"] == "tpe") & (runs["variant"] == "racing-shared")
    (table,) = tables(frames, runs[(plain | (runs["method"] != "single")) & ~no_corner])

    assert sorted(table.column("method")) == ["random", "tpe"]
    assert cell(table, "tpe", "accuracy_racing-shared") is None
    assert table.notes == ("not in all cells, effects over those where it ran: TPE",)


def test_one_factor_is_no_factorial(frames):
    assert tables(frames, design(frames, lambda method, racing: 0.0, ("allocation",))) == []
