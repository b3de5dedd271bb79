"""Budgets in tokens, dollars and seconds: planned at nominal size, spent nearly whole, never overshot."""

from __future__ import annotations

import pytest

from bench import run
from bench.ledger import SearchBudget

OPTIONS = {"task": "math", "budget": "medium", "world_options": {"universe": "main"}}


@pytest.mark.parametrize("search", ["133s", "532s", "0.01usd", "0.05usd"])
@pytest.mark.parametrize(("method", "most"), [("random", 0.75), ("portfolio", 0.5)])
def test_a_budget_is_spent_for_the_most_part_and_never_overshot(world, method, most, search):
    """A race plans whole rounds, at the bound of their makespan, so it leaves more than one proposal at a time."""
    record = run(method, search=search, world=world, **OPTIONS)

    budget = SearchBudget.parse(search)
    spent = sum(row[budget.currency] for row in record.rows())
    assert most * budget.amount < spent <= budget.amount


def test_what_is_cut_off_is_neither_told_nor_charged(world):
    cut = 0
    for search in ("50s", "60s", "70s", "80s"):
        record = run("random", search=search, selection="own", world=world, **OPTIONS)
        for row in record.rows("search"):
            assert 1 <= row["executions"] == len(row["code"]) <= row["asked"]
        cut += record.rows("search")[-1]["executions"] < 30
    assert cut


def test_finalists_are_cut_alike(world):
    for search in ("60s", "133s", "532s"):
        record = run("random", search=search, world=world, **OPTIONS)
        assert len({row["executions"] for row in record.rows("selection")}) <= 1
