"""The laboratory counts what it says; and A/A: our plans keep their level on real runs, the usual ones do not."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from aa_bank import stored
from scipy import stats as oracle

from bench.keys import generator
from leaderboard import protocols
from leaderboard.analyses import ANALYSES, Analysis
from leaderboard.experiments import Bank, levelled
from leaderboard.protocols import (
    Design,
    Rate,
    calls_by_analysis,
    contest,
    copies_differ,
    equals_differ,
    power,
    smallest_found,
)

SOURCE = partial(generator, "test")
N = 400
NAMES = ("two-proportions", "mcnemar", "paired-items", "paired-seeds", "wilcoxon", "crossed")


def band(n, alpha=0.05):
    """Rates that 99.9 % of studies of n experiments find if the true rate is alpha."""
    return oracle.binom.ppf(0.0005, n, alpha) / n, oracle.binom.ppf(0.9995, n, alpha) / n


@pytest.fixture(scope="module")
def aa():
    """How often each analysis calls equal methods different, at 10 seeds x 200 items, on real runs."""
    methods, copies = stored()
    design = Design(10, 200, "crossed")
    equal = levelled(methods.only(0, 1), SOURCE("levelled"))
    return SimpleNamespace(
        copies=calls_by_analysis(copies, design, NAMES, N, SOURCE, exchanged=True),
        equals=calls_by_analysis(equal, design, NAMES, N, SOURCE, exchanged=False),
    )


@pytest.mark.parametrize("null", ["copies", "equals"])
def test_the_crossed_plan_keeps_its_level(aa, null):
    low, high = band(N)

    assert low <= getattr(aa, null)["crossed"].share <= high


@pytest.mark.parametrize("name", ["two-proportions", "mcnemar", "paired-items"])
def test_analyses_that_forget_the_seed_fall_out_of_the_band(aa, name):
    _, high = band(N)

    assert aa.copies[name].share > high
    assert aa.equals[name].share > high


@pytest.mark.parametrize("name", ["paired-seeds", "wilcoxon"])
def test_analyses_that_take_the_items_as_fixed_fall_out_of_the_band(name):
    """Copies have no questions of their own; different methods have, and then many seeds and few items show it."""
    equal = levelled(stored()[0].only(0, 1), SOURCE("levelled"))
    found = calls_by_analysis(equal, Design(20, 60, "crossed"), (name, "crossed"), N, SOURCE, exchanged=False)
    low, high = band(N)

    assert found[name].share > high
    assert low <= found["crossed"].share <= high


@pytest.mark.parametrize(
    ("dropped", "design"), [("item", Design(20, 60, "crossed")), ("seed", Design(10, 200, "crossed"))]
)
def test_a_crossed_plan_that_forgets_a_source_of_noise_is_caught(dropped, design, monkeypatch):
    """Plant the mistake in the plan itself: one mean square left out of the variance."""

    def forgetful(one, two):
        means = [a - b for a, b in zip(one, two, strict=True)]
        if dropped == "item":
            values = np.mean([matrix.mean(axis=1) for matrix in means], axis=0)
        else:
            values = np.concatenate([matrix.mean(axis=0) for matrix in means])
        found = oracle.ttest_1samp(values, 0)
        return protocols.Verdict(float(values.mean()), float(found.pvalue))

    monkeypatch.setattr(protocols, "ANALYSES", {**ANALYSES, "crossed": Analysis("planted", forgetful, 2)})
    equal = levelled(stored()[0].only(0, 1), SOURCE("levelled"))
    rate = calls_by_analysis(equal, design, ("crossed",), N, SOURCE, exchanged=False)["crossed"]

    assert rate.share > band(N)[1]


def test_the_simulated_plan_keeps_its_level_on_exact_accuracies():
    low, high = band(2 * N)

    assert low <= copies_differ(stored()[1], Design(10, 0, "exact"), 2 * N, SOURCE).pair.share <= high


def test_without_a_test_every_pair_of_copies_has_a_winner():
    found = copies_differ(stored()[1], Design(1, 100, "highest"), 50, SOURCE)

    assert found.pair.share > 0.9
    assert found.noise > 0.05


def test_of_many_copies_the_winner_needs_a_correction():
    """Twelve copies with luck of their own: the best is called better than the first too often, unless Holm."""
    rng = np.random.default_rng(3)
    bank = Bank(
        tuple("abcdefghijkl"), ("t",), rng.normal(0.5, 0.03, (12, 1, 200)), np.zeros((12, 1, 200, 0), bool)
    )
    raw, holm = (
        copies_differ(bank, Design(10, 0, "exact", correction), 300, SOURCE).winner
        for correction in ("none", "holm")
    )

    assert raw.interval.low > 0.05
    assert holm.share < 0.07


def test_equals_differ_is_the_rate_of_levelled_methods():
    bank = stored()[0].only(0, 2)
    _, high = band(100)

    assert equals_differ(bank, Design(10, 100, "crossed"), 100, SOURCE).share <= high
    assert equals_differ(bank, Design(10, 200, "mcnemar"), 100, SOURCE).share > high


def test_power_grows_with_the_difference_and_starts_at_half_the_level():
    lifts = (0.0, 0.02, 0.05, 0.1, 0.3)
    found = power(stored()[1], Design(10, 200, "crossed"), lifts, 0.05, 120, SOURCE)
    called = [rate.share for rate in found.called]

    assert called == sorted(called)
    assert called[0] < 0.1
    assert called[-1] > 0.97
    assert all(a.share >= b.share for a, b in zip(found.beyond_noise[1:], found.beyond_noise, strict=False))


def test_exact_power_agrees_with_the_noncentral_t():
    """Normal differences of sd .02: 80 % at a difference of 1.005 sd of the mean difference with 10 blocks."""
    rng = np.random.default_rng(8)
    truth = 0.5 + rng.normal(0, 0.02, (2, 1, 3000))
    bank = Bank(("a", "b"), ("t",), truth, np.zeros((2, 1, 3000, 0), bool))
    sd, n, lift = 0.02 * 2**0.5, 10, 0.028
    noncentral = lift / sd * n**0.5
    critical = oracle.t.ppf(0.975, n - 1)
    expected = oracle.nct.sf(critical, n - 1, noncentral)
    (rate,) = power(bank, Design(n, 0, "exact"), (lift,), 0.0, 1500, SOURCE).called

    assert rate.share == pytest.approx(expected, abs=0.035)


def test_the_smallest_difference_lies_where_the_power_crosses():
    rates = [Rate(20, 100), Rate(60, 100), Rate(100, 100)]

    assert smallest_found((0.01, 0.02, 0.04), rates) == pytest.approx(0.03)
    assert smallest_found((0.01, 0.02), rates[:2]) == np.inf


def test_a_contest_of_far_apart_methods_is_decided_and_of_near_ones_is_not():
    spread = np.random.default_rng(1).normal(0, 0.01, (3, 1, 100))
    far = Bank(
        tuple("abc"), ("t",), spread + np.array([0.3, 0.5, 0.7])[:, None, None], np.zeros((3, 1, 100, 0), bool)
    )
    found = contest(far, 0, Design(5, 0, "exact", "holm"), 100, SOURCE)

    assert (found.best.share, found.inverted.value, found.loss.value, found.wrong.share) == (1, 0, 0, 0)
    assert [rate.share for rate in found.found] == [0, 1, 1]
    near = Bank(far.methods, far.cells, spread + np.array([0.5, 0.5001, 0.5002])[:, None, None], far.right)
    unsure = contest(near, 0, Design(5, 0, "exact", "holm"), 200, SOURCE)
    assert 0.2 < unsure.best.share < 0.9
    assert 0.15 < unsure.inverted.value < 0.6


def test_experiments_are_the_same_alone_and_in_any_number():
    design = Design(3, 50, "crossed")
    few, many = (copies_differ(stored()[1], design, n, SOURCE).pair.happened for n in (40, 80))

    assert copies_differ(stored()[1], design, 40, SOURCE).pair.happened == few
    assert many >= few
