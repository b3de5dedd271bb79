"""Subjects and families: what they change, that accuracies stay exact, that other worlds stay as they are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr

from bench.graph import Graph
from bench.pools import load_pool
from bench.worlds.simulated import SPLITS, SimulatedWorld
from bench.worlds.simulation.items import ALONE, COLUMNS, ItemBank
from bench.worlds.simulation.universe import load_universe
from tasks import task_class

MAIN, SPECIALISTS = load_universe("main"), load_universe("specialists")
TASKS = tuple(SPECIALISTS.tasks)
ITEMS = 20_000


def stated(task):
    physics = SPECIALISTS.tasks[task]
    return [physics.accuracy[model] for model in SPECIALISTS.task_models(task)]


def with_physics(universe, task, **changes):
    return replace(universe, tasks={**universe.tasks, task: replace(universe.tasks[task], **changes)})


@cache
def bank(task):
    return built(SPECIALISTS, task)


def built(universe, task):
    """All reference items of a task, built."""
    pool = load_pool(universe.pool)
    keys = [pool[model].key for model in universe.task_models(task)]
    made = ItemBank(universe, task, task_class(task).key, SPLITS["reference"].first, ITEMS, keys)
    made.slots(np.arange(ITEMS))
    return made


def chances(made):
    """Chance (N, M) of a right answer alone."""
    return made.items.solve.reshape(ITEMS, -1, COLUMNS)[..., ALONE] / 2.0**32


def margins(made):
    """Margins (N, M) up to scale, where verification is not clipped."""
    return made.items.verification.reshape(ITEMS, -1)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.items, other.items, strict=True))


@pytest.mark.parametrize("task", TASKS)
def test_accuracy_is_exact_in_the_population(task):
    """The mean over subjects and sampling noise, by a finer rule than the one that solved for it."""
    physics, nu = SPECIALISTS.tasks[task], SPECIALISTS.common.noise_spread
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    spread = np.sqrt(physics.within + (1 - physics.within) * np.exp(2 * nu * nodes - 2 * nu * nu))
    hardness = bank(task).hardness

    exact = (ndtr(-hardness[..., None] / spread) @ weights / weights.sum()).mean(axis=0)

    assert hardness.shape == (4, 4)
    assert exact == pytest.approx(stated(task), abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_accuracy_is_as_stated_within_its_error(task):
    chance = chances(bank(task))
    error = chance.std(axis=0) / np.sqrt(ITEMS)

    assert (np.abs(chance.mean(axis=0) - stated(task)) < 3 * error).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_calls_are_as_accurate_as_the_items_say(task):
    alone = [Graph.of([(model, "assistant")]) for model in SPECIALISTS.task_models(task)]

    measured = SimulatedWorld("specialists").accuracies(alone, task)

    assert measured == pytest.approx(chances(bank(task)).mean(axis=0), abs=0.008)


def test_each_is_better_where_its_strength_is():
    """Ash and Fir, the specialists, are right twice as often in their halves; the order follows the strengths."""
    made = bank("math")
    subject = made._subject(made.items.key)
    table = np.array([chances(made)[subject == s].mean(axis=0) for s in range(4)])
    strengths = np.array([SPECIALISTS.tasks["math"].strengths[m] for m in SPECIALISTS.task_models("math")]).T

    assert np.bincount(subject) / ITEMS == pytest.approx([0.25] * 4, abs=0.01)
    for easier, right in zip(strengths.T, table.T, strict=True):
        assert right[easier > 0].min() > right[easier == 0].max() + 0.1
    assert table[:2, 0].mean() > 2 * table[2:, 0].mean() and table[2:, 2].mean() > 2 * table[:2, 2].mean()


def test_models_of_one_family_are_more_alike():
    physics = SPECIALISTS.tasks["math"]
    even = with_physics(SPECIALISTS, "math", strengths={}, verification=0.0)
    between = np.corrcoef(margins(built(even, "math")).T) * physics.within

    assert [between[0, 1], between[2, 3]] == pytest.approx([physics.between] * 2, abs=0.03)
    assert between[:2, 2:].ravel() == pytest.approx([physics.across] * 4, abs=0.03)


@pytest.mark.parametrize("task", TASKS)
def test_worlds_without_them_do_not_move(task):
    """Families that are as alike as their members, and subjects that are equally hard, are none at all."""
    plain = built(MAIN, task)
    families = with_physics(MAIN, task, across=MAIN.tasks[task].between)
    subjects = with_physics(MAIN, task, strengths=dict.fromkeys(MAIN.models, (0.0,)))

    assert same(built(families, task), plain)
    assert same(built(subjects, task), plain)
    assert (MAIN.tasks[task].across, MAIN.tasks[task].subjects) == (None, 1)


def test_collaboration_pays():
    """One of each is worth more than any of them as often."""
    names = SPECIALISTS.task_models("math")
    graphs = [Graph.of([(name, "assistant")] * 4, sink="vote") for name in names]
    graphs.append(Graph.of([(name, "assistant") for name in names], sink="vote"))

    *alone, together = SimulatedWorld("specialists").accuracies(graphs, "math", slice(4000))

    assert together > max(alone) + 0.05
