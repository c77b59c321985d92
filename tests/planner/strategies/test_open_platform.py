"""What holds of an open platform whatever its numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, few
from tests.planner.strategies.platforms import COMING, LEAVING, PLAUSIBLE, inputs


@few
@given(inputs=inputs)
def test_users_and_developers_stay_between_none_and_all(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("open_platform", inputs)
    for who in ("users", "developers"):
        assert np.all(found[who] >= 0)
        assert np.all(found[who] <= found[f"reachable_{who}"] * (1 + 1e-12))
    assert np.all(found["paid_users"] >= 0)
    assert np.all(found["paid_users"] <= found["users"] * (1 + 1e-12) + 1e-9)
    assert np.all(found["apps"] >= 0)


@few
@given(inputs=inputs)
def test_shares_stay_between_none_and_all_and_money_is_never_negative(
    alone: Alone, inputs: dict[str, float]
) -> None:
    found = alone("open_platform", inputs)
    for name, row in found.items():
        assert np.all(np.isfinite(row)) or name == "critical_mass_month", name
        if name.endswith(("_share", "churn_share_per_month")):
            assert np.all((row >= 0) & (row <= 1)), name
        if name.endswith(("_usd", "_tokens", "people")):
            assert np.all(row >= -1e-9 * np.max(np.abs(row))), name


@few
@given(inputs=inputs, more=st.floats(0, 1))
def test_more_churn_never_brings_more_users_or_revenue(
    alone: Alone, inputs: dict[str, float], more: float
) -> None:
    # As long as no more than all can come or go within a month. Where half leave and more than half of the others come
    # in the same step, who left sooner comes back sooner, and the order of the months is lost.
    inputs = {
        **inputs,
        **{name: inputs[name] / 2 for name in LEAVING},
        **{name: 0.23 * inputs[name] for name in COMING},
        # It ends with critical mass, which comes later where more leave: so it is paid for longer, and draws more.
        "developer_subsidy_usd_per_month": 0.0,
    }
    churn = inputs["base_churn_share_per_month"]
    higher = {**inputs, "base_churn_share_per_month": churn + more * (0.5 - churn)}
    # Free users may stay so few that word of mouth plays no part; then both runs are the same.
    less_found, more_found = alone("open_platform", inputs), alone("open_platform", higher)
    assert np.all(more_found["users"] <= less_found["users"] * (1 + 1e-9))


@few
@given(inputs=inputs)
def test_nobody_comes_before_the_launch(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("open_platform", inputs)
    early = slice(0, int(GIVEN["service_month"]) - 1)
    for name in ("users", "developers", "apps", "served_tokens", "revenue_usd", "marketing_usd", "people"):
        assert not np.any(found[name][early]), name
        assert found[name].shape == (MONTHS,)


@few
@given(inputs=inputs)
def test_people_are_conserved(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("open_platform", inputs)
    before = np.concatenate([[0.0], found["users"][:-1]])
    left = before * found["churn_share_per_month"]
    np.testing.assert_allclose(found["users"] - before, found["new_users"] - left, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(
        found["free_users"] + found["paid_users"], found["users"], rtol=1e-9, atol=1e-9
    )


@few
@given(inputs=inputs)
def test_the_books_of_the_platform_add_up(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("open_platform", inputs)
    parts = found["subscription_revenue_usd"] + found["token_revenue_usd"] + found["take_revenue_usd"]
    np.testing.assert_allclose(found["revenue_usd"], parts, rtol=1e-12)
    np.testing.assert_allclose(
        found["served_tokens"], found["paid_tokens"] + found["free_tokens"], rtol=1e-12
    )
    owed = found["receivables_usd"]
    assert np.all(owed <= np.cumsum(found["revenue_usd"]) * (1 + 1e-12))


def test_users_grow_as_bass_without_apps_and_churn(alone: Alone) -> None:
    bare = {**PLAUSIBLE, "base_churn_share_per_month": 0.0, "app_attraction_share_per_month": 0.0}
    found = alone("open_platform", bare)["users"]
    time = np.arange(1, MONTHS - 1)
    p, q = bare["user_innovation_share_per_month"], bare["user_imitation_share_per_month"]
    decay = np.exp(-(p + q) * time)
    closed = bare["addressable_users"] * (1 - decay) / (1 + q / p * decay)
    np.testing.assert_allclose(found[2:], closed, rtol=0.06)


def test_apps_draw_users_and_users_draw_developers(alone: Alone) -> None:
    both = alone("open_platform", PLAUSIBLE)
    no_apps = alone("open_platform", {**PLAUSIBLE, "app_attraction_share_per_month": 0.0})
    no_users = alone("open_platform", {**PLAUSIBLE, "user_attraction_share_per_month": 0.0})
    assert both["users"][-1] > no_apps["users"][-1]
    assert both["developers"][-1] > no_users["developers"][-1]
    assert both["churn_share_per_month"][-1] < both["churn_share_per_month"][0]


def test_a_dearer_token_is_asked_for_less(alone: Alone) -> None:
    priced = [{**PLAUSIBLE, "price_usd_per_million_tokens": price} for price in (0.75, 1.5, 3.0)]
    at = [alone("open_platform", inputs)["paid_tokens"][-1] for inputs in priced]
    assert at[2] / at[1] == pytest.approx(2**-0.8)
    assert at[1] / at[0] == pytest.approx(2**-0.8)
    found = alone("open_platform", priced[1])  # at the reference price
    asked = found["paid_users"] * 3e6 + found["developers"] * 1e7 * 0.8
    np.testing.assert_allclose(found["paid_tokens"][2:], asked[2:])


# Take rate, levers, what other strategies give


@pytest.mark.parametrize("take_rate", [0.0, 0.15, 0.6, 1.0])
def test_without_supply_elasticity_the_take_rate_leaves_developers_alone(
    alone: Alone, take_rate: float
) -> None:
    rigid = {**PLAUSIBLE, "supply_elasticity_ratio": 0.0}
    found = alone("open_platform", {**rigid, "take_rate_share": take_rate})["developers"]
    np.testing.assert_allclose(found, alone("open_platform", rigid)["developers"], rtol=1e-12)


def test_developers_are_fewer_at_a_higher_take_rate(alone: Alone) -> None:
    at = {tau: alone("open_platform", {**PLAUSIBLE, "take_rate_share": tau}) for tau in (0.15, 0.575, 1.0)}
    assert at[0.15]["reachable_developers"][0] == pytest.approx(1e4)
    assert at[0.575]["reachable_developers"][0] == pytest.approx(1e4 * 0.5**0.5)  # they keep half as much
    assert not np.any(at[1.0]["developers"])
    assert at[0.575]["apps"][-1] < at[0.15]["apps"][-1]


def test_without_effort_nobody_comes_and_nothing_is_spent(alone: Alone) -> None:
    found = alone(
        "open_platform", {**PLAUSIBLE, "platform_effort_share": 0.0, "developer_subsidy_usd_per_month": 1e5}
    )
    for name in ("users", "developers", "apps", "revenue_usd", "marketing_usd", "served_tokens"):
        assert not np.any(found[name]), name


def test_partners_widen_the_market_and_quality_converts_and_holds(alone: Alone) -> None:
    plain = alone("open_platform", PLAUSIBLE)
    wider = alone("open_platform", {**PLAUSIBLE, "partner_reach_share": 0.2})
    np.testing.assert_allclose(wider["reachable_users"][1:], 1.2e6)  # last month's reach, none at the start
    assert wider["users"][-1] > plain["users"][-1]
    better = alone("open_platform", {**PLAUSIBLE, "shared_quality_ratio": 1.25})
    np.testing.assert_allclose(better["conversion_share"][1:], 0.05 * 1.25)
    assert better["churn_share_per_month"][1] == pytest.approx(0.06 / 1.25)
    poor = alone("open_platform", {**PLAUSIBLE, "shared_quality_ratio": 1e-6})
    assert np.all(poor["churn_share_per_month"][1:] == 1)  # no more than all


# Books


@few
@given(inputs=inputs)
def test_accounts_that_pay_are_those_before_with_the_new_without_the_lost(
    alone: Alone, inputs: dict[str, float]
) -> None:
    found = alone("open_platform", inputs)
    before = np.concatenate([[0.0], found["paying_customers"][:-1]])
    change = found["new_customers"] - found["lost_customers"]
    scale = np.max(found["paying_customers"], initial=1.0)
    np.testing.assert_allclose(found["paying_customers"] - before, change, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(
        found["recurring_revenue_usd"] + found["usage_revenue_usd"], found["revenue_usd"], rtol=1e-12
    )


def test_what_keeps_a_platform_of_known_size_running(alone: Alone) -> None:
    fixed = {**PLAUSIBLE, "service_month": 1.0, "opening_users": 5e5, "opening_paid_users": 4e4}
    still = dict.fromkeys((*COMING, *LEAVING), 0.0)
    found = {
        name: row[0]
        for name, row in alone("open_platform", {**fixed, **still, "opening_developers": 6e3}).items()
    }
    assert found["support_people"] == pytest.approx(4e4 / 4e3)
    assert found["moderation_people"] == pytest.approx(5e5 * 0.01 / 2e3)  # 2.5
    assert found["relations_people"] == pytest.approx(6e3 / 3e3)
    assert found["people"] == pytest.approx(10 + 2.5 + 2)
    assert found["staff_usd"] == pytest.approx((10 * 6e4 + 2.5 * 5e4) / 12 * 1.3)
    assert found["marketing_usd"] == pytest.approx(2 * 1e5 / 12 * 1.3)
    assert found["paying_customers"] == pytest.approx(4e4 / 2 + 6e3 * 0.8 / 4)
    assert found["personal_records"] == 5e5
    assert found["self_service_share"] == 0.5
    paid = found["subscription_revenue_usd"] + found["token_revenue_usd"] + found["app_sales_usd"]
    assert found["delivery_usd"] == pytest.approx(paid * 0.035)
    demand = (2 / 1.5) ** -0.8
    assert found["usage_data_tokens"] == pytest.approx(4e4 * 3e6 * demand + 4.6e5 * 5e4)
    assert found["stored_bytes"] == pytest.approx(4 * found["usage_data_tokens"])
