"""What holds of several domains whatever their numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import market
from tests.planner.conftest import before
from tests.planner.strategies.conftest import (
    MONTHS,
    Alone,
    column,
    fewer,
)
from tests.planner.strategies.domains import (
    START,
    TEAM_AS_ASKED_FOR,
    TOTALS,
    defaults,
    inputs,
    only,
)


@fewer
@given(inputs=inputs)
def test_the_domains_add_up_to_the_company(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    for whole, part in TOTALS.items():
        np.testing.assert_allclose(found[whole], found[part].sum(axis=1), rtol=1e-12, err_msg=whole)
    both = found["recurring_revenue_usd"] + found["usage_revenue_usd"]
    np.testing.assert_allclose(found["revenue_usd"], both, rtol=1e-12)
    asked = found["interested_domain_customers"].sum(axis=1) > 0
    marketing = found["domain_marketing_usd"].sum(axis=1)
    np.testing.assert_allclose(found["marketing_usd"][asked], marketing[asked], rtol=1e-12)
    served = found["domain_tokens"].sum(axis=1) > 0
    shared = found["domain_shared_usd"].sum(axis=1)
    np.testing.assert_allclose(shared[served], found["shared_training_usd"][served], rtol=1e-12)


@fewer
@given(inputs=inputs)
def test_customers_come_and_go_and_are_conserved(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    customers, new, lost = (
        found[f"{which}domain_customers"] for which in ("", "new_", "lost_")
    )  # fmt: skip
    np.testing.assert_allclose(customers, np.cumsum(new - lost, axis=0), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found["contracted_customers"].sum(axis=1), customers, rtol=1e-12)
    people = found["domain_sellers_people"] + customers @ inputs["domain_support_people_per_customer"][:, 0]
    np.testing.assert_allclose(found["people"], people, rtol=1e-12)
    assert np.all(found["domain_sellers_people"] <= inputs["most_sellers_people"] * (1 + 1e-12))


@fewer
@given(inputs=inputs)
def test_nothing_is_negative_or_without_a_value(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    undefined = {"domain_concentration_share", "diversification_ratio"}
    signed = {"domain_contribution_usd", "domain_value_usd"}
    for name, row in found.items():
        if name not in undefined:
            assert np.all(np.isfinite(row)), name
        if name not in undefined | signed:
            assert np.all(row >= -1e-9 * np.max(np.abs(row), initial=0)), name
        if name.endswith("_share"):
            assert np.all((row <= 1 + 1e-12) | np.isnan(row)), name
    assert np.all(found["largest_customers_revenue_usd"] <= found["revenue_usd"] * (1 + 1e-12))


@fewer
@given(inputs=inputs)
def test_concentration_lies_between_equal_domains_and_one(alone: Alone, inputs: dict[str, Any]) -> None:
    found, count = alone("multi_domain", inputs), len(inputs["domain_entry_month"])
    sold = found["revenue_usd"] > 0
    share = found["domain_concentration_share"]
    assert np.all((share[sold] >= (1 - 1e-9) / count) & (share[sold] <= 1 + 1e-9))
    assert np.all(np.isnan(share[~sold]))
    moving = sold & (np.max(inputs["domain_volatility_ratio"]) > 0)
    assert np.all(found["diversification_ratio"][moving] >= 1 - 1e-9)


@fewer
@given(inputs=inputs)
def test_nobody_signs_before_the_entry_and_nobody_leaves_before_the_first_renewal(
    alone: Alone, inputs: dict[str, Any]
) -> None:
    found = alone("multi_domain", inputs)
    for item, entry in enumerate(inputs["domain_entry_month"][:, 0]):
        start = max(int(np.ceil(entry)), START)
        assert found["domain_start_month"][item] == start
        for name in ("domain_customers", "domain_tokens", "domain_revenue_usd", "domain_support_usd"):
            assert not np.any(found[name][: start - 1, item]), name
        assert not np.any(found["lost_domain_customers"][: start + 11, item])


@fewer
@given(inputs=inputs)
def test_customers_pay_what_they_are_billed(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    deferred = found["deferred_revenue_usd"]
    billed = found["revenue_usd"] + deferred - before(deferred)
    # in advance for the year by those whose contract begins or goes on, by the others for the month
    fee = inputs["domain_fee_usd_per_customer_month"][:, 0]
    year = found["contracted_customers"][:, -1] @ fee * 12
    month = found["domain_customers"] @ fee
    prepaid = inputs["domain_prepaid_share"]
    expected = prepaid * year + (1 - prepaid) * month + found["usage_revenue_usd"]
    np.testing.assert_allclose(billed, expected, rtol=1e-9, atol=1e-9 * np.max(expected))
    assert np.all(found["receivables_usd"] <= np.cumsum(billed) * (1 + 1e-9) + 1e-9 * np.max(expected))


@fewer
@given(more=st.floats(0, 1), fees=st.lists(st.floats(0, 1e5), min_size=3, max_size=3))
def test_higher_churn_never_raises_revenue(alone: Alone, more: float, fees: list[float]) -> None:
    # With demand and decisions held fixed: a market that is far from full (near its end, who leaves is won again, in
    # another month), a team that has time for all (or one domain's loss is another's gain), no domain stopped.
    given = {
        **defaults(),
        "domain_fee_usd_per_customer_month": column(fees),
        **TEAM_AS_ASKED_FOR,
        "domain_patience_months": 1e3,
    }
    churn = given["domain_renewal_churn_share"]
    lower, higher = (
        alone("multi_domain", {**given, "domain_renewal_churn_share": share})
        for share in (churn, churn + more * (1 - churn))
    )
    assert np.all(higher["domain_customers"] <= lower["domain_customers"] * (1 + 1e-12))
    assert np.all(higher["revenue_usd"] <= lower["revenue_usd"] * (1 + 1e-12))


def test_customers_are_the_cohorts_that_survive_their_renewals(alone: Alone) -> None:
    given = defaults()
    found, churn = alone("multi_domain", given), given["domain_renewal_churn_share"][:, 0]
    new = found["new_domain_customers"]
    for month in (12, 30, 59):
        ages = np.arange(month, -1, -1)
        survivors = sum(new[start] * (1 - churn) ** (age // 12) for start, age in enumerate(ages))
        np.testing.assert_allclose(found["domain_customers"][month], survivors, rtol=1e-12)


def test_one_domain_without_bounds_grows_as_bass(alone: Alone) -> None:
    given = {
        **only(defaults(), 0),
        "domain_renewal_churn_share": column([0.0]), "domain_volatility_ratio": column([0.0]),
        "domain_ramp_months": 1.0, "base_domain_win_share": 1.0, "most_sellers_people": 1e9,
        "first_sellers_people": 1e9, "seller_hiring_months": 0.0, "domain_patience_months": 1e3,
    }  # fmt: skip
    found = alone("multi_domain", given)["domain_customers"][:, 0]
    size = given["addressable_domain_customers"][0, 0]
    p, q = (
        given[f"domain_{which}_share_per_month"][0, 0] for which in ("innovation", "imitation")
    )  # fmt: skip
    customers = 0.0
    for month in range(START - 1, MONTHS):
        customers += float(market.adopters(size - customers, p + q * customers / size))
        assert found[month] == pytest.approx(customers, rel=1e-12)


def test_a_team_that_is_too_small_serves_every_domain_in_proportion(alone: Alone) -> None:
    given = {
        **defaults(),
        "most_sellers_people": 1.0,
        "first_sellers_people": 1.0,
        "seller_hiring_months": 1.0,
    }
    found = alone("multi_domain", {**given, "cross_sell_share_per_month": 0.0})
    sold, asked = found["sold_domain_customers"], found["interested_domain_customers"]
    pursued = sold / found["domain_win_share"]
    busy = pursued.sum(axis=1) < asked.sum(axis=1) * (1 - 1e-9)
    assert busy[-12:].all()
    capacity = given["pursued_customers_per_person_month"]
    np.testing.assert_allclose(pursued[busy].sum(axis=1), capacity * found["domain_sellers_people"][busy])
    parts, wanted = (
        row[busy] / row[busy].sum(axis=1, keepdims=True) for row in (pursued, asked)
    )  # fmt: skip
    np.testing.assert_allclose(parts, wanted, rtol=1e-12)


def test_references_and_a_better_model_win_more_and_quality_keeps_customers(alone: Alone) -> None:
    given = defaults()
    plain = alone("multi_domain", given)
    referred = alone("multi_domain", {**given, "shared_reference_customers": 100.0})
    better = alone("multi_domain", {**given, "shared_quality_ratio": 1.25})
    reached = alone("multi_domain", {**given, "partner_reach_share": 0.2})
    gain = 1 + given["reference_gain_ratio"] * np.log(101)
    # from the second month on, since what others give is read from the month before
    base = given["base_domain_win_share"]
    assert referred["domain_win_share"][1, 0] == pytest.approx(base * gain)
    assert better["domain_win_share"][1, 0] == pytest.approx(1.25 * base)
    churn = given["domain_renewal_churn_share"][:, 0]
    np.testing.assert_allclose(better["unrenewed_share"][-1], churn / 1.25)
    np.testing.assert_allclose(
        reached["reached_domain_customers"][1:], 1.2 * plain["reached_domain_customers"][1:]
    )
    for found in (referred, better, reached):
        assert found["paying_customers"][-1] > plain["paying_customers"][-1]


def test_cross_selling_needs_other_domains(alone: Alone) -> None:
    given = defaults()
    assert not np.any(alone("multi_domain", only(given, 0))["cross_sold_domain_customers"])
    found = alone("multi_domain", given)
    month, domain = 40, 2
    others = found["domain_customers"][month - 1, :2].sum()
    held = found["domain_customers"][month - 1, domain] / found["reached_domain_customers"][month, domain]
    expected = (
        given["cross_sell_share_per_month"]
        * others
        * (1 - held)
        * found["domain_selling_share"][month, domain]
    )
    assert found["cross_sold_domain_customers"][month, domain] == pytest.approx(expected)
    fees = given["domain_fee_usd_per_customer_month"][:, 0]
    expansion = found["cross_sold_domain_customers"][month] @ fees
    assert found["expansion_recurring_usd"][month] == pytest.approx(expansion)
