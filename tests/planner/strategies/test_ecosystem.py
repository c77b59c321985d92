"""Partners and customers of an ecosystem, whatever its numbers are and where they can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import events
from planner.strategies.ecosystem import partners
from tests.planner.conftest import before
from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, few
from tests.planner.strategies.ecosystems import LAUNCH, NAME, PLAIN, inputs

# Partners


@few
@given(inputs=inputs)
def test_partners_are_the_sum_over_their_cohorts(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone(NAME, inputs)
    joined, churn = found["activated_partners"], inputs["partner_churn_share_per_month"]
    ages = np.arange(MONTHS)[:, None] - np.arange(MONTHS)[None, :]  # month of the row less month of joining
    there = np.where(ages >= 0, (1 - churn) ** np.maximum(ages, 0), 0.0)
    grown = 1 - np.exp(-np.maximum(ages, 0) / inputs["partner_ramp_months"])
    nothing = 1e-12 * joined.max() + 1e-300
    np.testing.assert_allclose(found["active_partners"], there @ joined, rtol=1e-9, atol=nothing)
    np.testing.assert_allclose(
        found["productive_partners"], (there * grown) @ joined, rtol=1e-9, atol=nothing
    )


@few
@given(inputs=inputs)
def test_signed_partners_are_conserved(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone(NAME, inputs)
    waiting = np.cumsum(found["recruited_partners"]) - np.cumsum(found["decided_partners"])
    np.testing.assert_allclose(found["onboarding_partners"], waiting, rtol=1e-9, atol=1e-6)
    assert np.all(found["onboarding_partners"] >= -1e-9 * found["onboarding_partners"].max())
    assert not np.any(found["activated_partners"][: LAUNCH - 1]), "there is nothing to sell before the launch"


def test_in_a_steady_state_partners_and_their_customers_are_flows_times_times(alone: Alone) -> None:
    # 8 sign a month and wait 4 months: 32. A quarter of 8 begins to sell: 2 a month, of whom 2 % stop each month: 100.
    # What is not learnt stays by 0.98 exp(-1/9) a month: 2 / (1 - 0.98 exp(-1/9)). The others bring 10 customers each.
    start = {"opening_onboarding_partners": 32.0}
    learning = 2 / (1 - 0.98 * np.exp(-1 / 9))
    start |= {"opening_learning_partners": learning, "opening_productive_partners": 100 - learning}
    found = alone(NAME, {**PLAIN, **start})
    late = {name: row[-1] for name, row in found.items()}
    assert late["onboarding_partners"] == pytest.approx(32.0, rel=1e-3)
    assert late["active_partners"] == pytest.approx(100.0, rel=0.02)
    fresh = (
        2 * GIVEN["service_month"]
    )  # nothing is decided before the launch, and two a month leave all the same
    assert late["active_partners"] >= 100.0 - fresh
    assert late["sourced_customers"] == pytest.approx(10 * late["productive_partners"])


@few
@given(inputs=inputs, more=st.floats(0, 1))
def test_more_partner_churn_never_raises_sourced_revenue(
    alone: Alone, inputs: dict[str, float], more: float
) -> None:
    churn = inputs["partner_churn_share_per_month"]
    higher = alone(NAME, {**inputs, "partner_churn_share_per_month": churn + more * (1 - churn)})
    lower = alone(NAME, inputs)
    assert np.array_equal(lower["recruited_partners"], higher["recruited_partners"])
    for name in ("active_partners", "productive_partners", "sourced_customers", "sourced_sales_usd"):
        assert np.all(higher[name] <= lower[name] * (1 + 1e-9) + 1e-12 * lower[name].max()), name


def test_a_partner_sells_two_thirds_after_the_ramp() -> None:
    stays = float(partners.unlearnt_share(9.0))
    assert 1 - stays**9 == pytest.approx(1 - np.exp(-1))


# The largest partner, the supplier


def test_an_event_has_happened_with_the_yearly_odds_after_a_year() -> None:
    chances = (np.arange(10_000) + 0.5) / 10_000
    for odds in (0.0, 0.04, 0.5, 1.0):
        happened = events.happened_share(chances, odds, 12.0)
        assert happened.mean() == pytest.approx(odds, abs=1e-4)
    assert events.happened_share(0.0, 0.04, 0.0) == 0, "nothing happens before there is anything to lose"
    assert events.happened_share(0.0, 0.04, 1.0) == 1
    assert events.happened_share(1.0, 1.0, 100.0) == 0, "where chance says never"


def test_the_largest_partner_takes_its_customers_along_and_nobody_takes_its_place(alone: Alone) -> None:
    # At even odds in a year and a chance of 0.75 it leaves when 0.5^(months / 12) < 0.25: in the 25th month of sales.
    odds = {"largest_partner_loss_share_per_year": 0.5, "largest_partner_chance_share": 0.75}
    kept, lost = alone(NAME, PLAIN), alone(NAME, {**PLAIN, **odds})
    gone = LAUNCH - 1 + 25
    assert np.array_equal(np.flatnonzero(lost["largest_partner_lost_share"]) + 1, np.arange(gone, MONTHS + 1))
    ratio = lost["sourced_sales_usd"][LAUNCH:] / kept["sourced_sales_usd"][LAUNCH:]
    np.testing.assert_allclose(ratio[: gone - 1 - LAUNCH], 1.0)
    np.testing.assert_allclose(ratio[gone - 1 - LAUNCH :], 0.7)
    # In that month 30 % of those go who did not go anyway with the 2 % of partners who stop.
    there = lost["sourced_customers"][gone - 2]
    assert lost["lost_sourced_customers"][gone - 1] == pytest.approx(there * (1 - 0.98 * 0.7))


def test_a_lost_supplier_costs_the_switch_once_and_the_dearer_price_from_then_on(alone: Alone) -> None:
    odds = {"supplier_loss_share_per_year": 0.5, "supplier_chance_share": 0.75}
    kept, lost = alone(NAME, PLAIN), alone(NAME, {**PLAIN, **odds})
    extra = lost["development_usd"] - kept["development_usd"]
    gone = LAUNCH - 1 + 25
    assert extra[gone - 1] == pytest.approx(1e5)
    assert np.delete(extra, gone - 1) == pytest.approx(0.0)
    ratio = lost["upstream_use_usd"][LAUNCH:] / kept["upstream_use_usd"][LAUNCH:]
    np.testing.assert_allclose(ratio, np.where(np.arange(LAUNCH + 1, MONTHS + 1) < gone, 1.0, 1.2))


# Customers


@few
@given(inputs=inputs)
def test_customers_are_conserved_and_nobody_comes_before_the_launch(
    alone: Alone, inputs: dict[str, float]
) -> None:
    found = alone(NAME, inputs)
    change = found["new_customers"] - found["lost_customers"]
    paying = found["paying_customers"]
    np.testing.assert_allclose(paying, before(paying) + change, rtol=1e-9, atol=1e-9 * paying.max())
    for name in (
        "new_direct_customers",
        "new_sourced_customers",
        "lost_direct_customers",
        "direct_customers",
    ):
        assert np.all(found[name] >= -1e-9 * paying.max()), name
    for name in (
        "paying_customers",
        "served_tokens",
        "recurring_revenue_usd",
        "usage_revenue_usd",
        "upstream_usd",
    ):
        assert not np.any(found[name][: LAUNCH - 1]), name


def test_partners_take_customers_whom_the_company_would_have_won(alone: Alone) -> None:
    found = alone(NAME, PLAIN)
    talks = 200 * found["win_share"][LAUNCH:]
    taken = 0.2 * found["new_sourced_customers"][LAUNCH:]
    np.testing.assert_allclose(found["new_direct_customers"][LAUNCH:], talks - taken)


def test_partners_help_to_win_and_to_keep_customers(alone: Alone) -> None:
    found = alone(NAME, {**PLAIN, "opening_learning_partners": 50.0, "partner_churn_share_per_month": 0.0})
    # Fifty active partners cover half: 0.2 x (1 + 0.4 / 2) = 0.24 are won, 0.02 x (1 - 0.25 / 2) = 0.0175 leave.
    assert found["coverage_share"][0] == pytest.approx(0.5)
    assert found["win_share"][0] == pytest.approx(0.24)
    assert found["direct_churn_share_per_month"][0] == pytest.approx(0.0175)
    assert found["reach_share"][0] == pytest.approx(0.1)
    assert np.all(np.diff(found["win_share"]) >= 0)


def test_without_effort_nobody_is_recruited_and_nothing_is_sold(alone: Alone) -> None:
    found = alone(NAME, {**PLAIN, "ecosystem_effort_share": 0.0})
    for name in ("recruited_partners", "active_partners", "paying_customers", "revenue_usd", "marketing_usd"):
        assert not np.any(found[name]), name


@pytest.mark.parametrize(
    "ugly",
    [
        {"partner_activation_share": 0.0, "direct_win_share": 0.0},
        {"partner_activation_share": 1.0, "partner_churn_share_per_month": 1.0, "direct_win_share": 1.0},
        {"account_subscription_usd_per_customer_month": 0.0, "account_tokens_per_customer_month": 0.0},
        {"resale_margin_share": 1.0, "resold_share": 1.0, "upstream_royalty_share": 1.0},
        {"largest_sourced_share": 1.0, "largest_partner_loss_share_per_year": 1.0},
        {"partner_programme_month": 3.7, "onboarding_months": 0.2, "partner_ramp_months": 1e-3},
        {"upstream_discount_share": 1.0, "opening_upstream_credits_usd": 0.0},
        {
            "supplier_chance_share": 0.0,
            "supplier_loss_share_per_year": 1.0,
            "second_supplier_price_ratio": 0.0,
        },
        {name: 0.0 for name in PLAIN if name.endswith(("_share", "_ratio", "_month", "_usd", "_year"))},
    ],
    ids=lambda ugly: " ".join(ugly)[:40],
)
def test_ugly_inputs_give_numbers(alone: Alone, ugly: dict[str, float]) -> None:
    for name, row in alone(NAME, {**PLAIN, **ugly}).items():
        assert np.all(np.isfinite(row)), name
        if name.endswith(("customers", "partners", "tokens")):
            assert np.all(row >= -1e-9 * np.max(np.abs(row))), name
