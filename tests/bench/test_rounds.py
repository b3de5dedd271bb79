"""Budgets in tokens, dollars and seconds: planned at nominal size, spent nearly whole, never overshot."""

from __future__ import annotations

import pytest

from bench import run
from bench.ledger import SearchBudget

OPTIONS = {"task": "math", "budget": "medium", "world_options": {"universe": "main"}}


@pytest.mark.parametrize("search", ["133s", "532s", "0.01usd", "0.05usd"])
@pytest.mark.parametrize("method", ["random", "portfolio"])
def test_a_budget_is_spent_nearly_whole_and_never_overshot(world, method, search):
    record = run(method, search=search, world=world, **OPTIONS)

    budget = SearchBudget.parse(search)
    spent = sum(row[budget.currency] for row in record.rows())
    assert 0.75 * budget.amount < spent <= budget.amount


def test_what_is_cut_off_is_neither_told_nor_charged(world):
    record = run("random", search="60s", selection="own", world=world, **OPTIONS)

    for row in record.rows("search"):
        assert 1 <= row["executions"] == len(row["code"]) <= row["asked"]
    assert record.rows("search")[-1]["executions"] < 30


def test_finalists_are_cut_alike(world):
    for search in ("60s", "133s", "532s"):
        record = run("random", search=search, world=world, **OPTIONS)
        assert len({row["executions"] for row in record.rows("selection")}) <= 1
