"""The meter: refuses before overshoot, reports every currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BudgetExceeded, IsobudgetError
from bench.ledger import CURRENCIES, Charge, Ledger, SearchBudget
from bench.meter import Meter
from bench.space import Space

amounts = st.builds(
    Charge,
    executions=st.integers(0, 50),
    node_calls=st.integers(0, 500),
    flops=st.integers(0, 10**15),
    prompt_tokens=st.integers(0, 10**5),
    completion_tokens=st.integers(0, 10**5),
    usd=st.floats(0, 1),
    seconds=st.floats(0, 100),
)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("3000ex", "executions", 3000),
        ("50kunits", "flops", 50_000),
        ("1.5Mex", "executions", 1.5e6),
        ("2usd", "usd", 2),
        ("10min", "seconds", 600),
        ("90s", "seconds", 90),
    ],
)
def test_the_unit_is_part_of_a_budget(text, currency, amount):
    budget = SearchBudget.parse(text)

    assert (budget.currency, budget.amount) == (currency, amount)


@pytest.mark.parametrize("text", ["3000", "ex", "-1ex", "0ex", "10 dollars", "3000evals"])
def test_a_budget_without_amount_or_unit_is_refused(text):
    with pytest.raises(IsobudgetError, match="give an amount with its unit"):
        SearchBudget.parse(text)


@given(st.lists(amounts, max_size=30), st.sampled_from(["100ex", "0.005Mex", "3usd", "200s", "5units"]))
def test_no_sequence_of_charges_overshoots_and_none_is_lost(charges, text):
    ledger = Ledger(SearchBudget.parse(text), unit=1e14)
    accepted = Charge()
    for charge in charges:
        before = ledger.total
        try:
            ledger.spend("search", charge)
            accepted = accepted + charge
        except BudgetExceeded:
            assert ledger.total == before

    assert ledger.total == accepted
    assert float(getattr(ledger.total, ledger.budget.currency)) <= ledger.limit * (1 + 1e-9)


def test_what_is_held_back_is_released_for_the_selection():
    ledger = Ledger(SearchBudget.parse("100ex"), unit=1.0, held_back=0.2)
    ledger.spend("search", Charge(executions=80))
    with pytest.raises(BudgetExceeded):
        ledger.spend("search", Charge(executions=1))

    ledger.release()
    ledger.spend("selection", Charge(executions=20))

    assert ledger.left == 0


@pytest.mark.parametrize("text", ["100ex", "500units", "0.01usd", "300s"])
def test_the_largest_number_of_questions_is_exactly_what_fits(text):
    space = Space.preset("standard", "math", "small")
    ledger = Ledger(SearchBudget.parse(text), space.unit)
    meter = Meter(ledger, space, slots=8)
    graph = space.cheapest()

    most = meter.share([graph])

    assert most > 0
    assert ledger.fits(meter.expected(graph, most))
    assert not ledger.fits(meter.expected(graph, most + 1))
    granted = meter.plan([(graph, most - 1), (graph, 5), (graph, 5)])
    assert granted[0] == most - 1
    # the bound on seconds is not additive: apart, a few questions fewer may fit
    assert sum(granted) == most or (ledger.budget.currency == "seconds" and sum(granted) < most)


def test_every_currency_is_a_field_of_a_charge():
    doubled = Charge(1, 2, 3, 4, 5, 6.0, 7.0) + Charge(1, 2, 3, 4, 5, 6.0, 7.0)

    assert [getattr(doubled, name) for name in CURRENCIES] == [2, 4, 6, 8, 10, 12.0, 14.0]
    assert doubled - doubled == Charge()
