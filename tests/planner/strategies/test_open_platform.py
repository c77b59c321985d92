"""What holds of an open platform whatever its numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planner.strategies import open_platform
from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, any_inputs

inputs = any_inputs("open_platform")
few = settings(max_examples=40, phases=(Phase.explicit, Phase.generate))

PLAUSIBLE = {
    "addressable_users": 1e6, "opening_users": 0.0, "opening_paid_users": 0.0,
    "user_innovation_share_per_month": 0.002, "user_imitation_share_per_month": 0.05,
    "app_attraction_share_per_month": 0.005, "half_pull_apps": 500.0, "base_churn_share_per_month": 0.06,
    "stickiness_ratio": 0.3, "num_integrations": 3.0, "addressable_developers": 1e4, "opening_developers": 0.0,
    "developer_innovation_share_per_month": 0.004, "developer_imitation_share_per_month": 0.05,
    "user_attraction_share_per_month": 0.01, "half_pull_users": 5e4, "developer_churn_share_per_month": 0.04,
    "opening_apps": 0.0, "new_apps_per_developer_month": 0.05, "app_retirement_share_per_month": 0.02,
    "paid_conversion_share": 0.05, "subscription_usd_per_user_month": 20.0,
    "reference_subscription_usd_per_user_month": 20.0, "subscription_elasticity_ratio": 1.0,
    "tokens_per_paid_user_month": 3e6,
    "tokens_per_free_user_month": 5e4, "abuse_share": 0.05, "tokens_per_developer_month": 1e7,
    "self_hosting_share": 0.2, "app_spend_usd_per_user_month": 0.5, "take_rate_share": 0.15,
    "platform_collection_days": 5.0, "payment_fee_share": 0.03, "acquisition_usd_per_user": 80.0,
    "paid_users_per_support_person": 4000.0, "support_salary_usd_per_person_year": 6e4,
}  # fmt: skip

LEAVING = ("base_churn_share_per_month", "developer_churn_share_per_month")
COMING = (
    "user_innovation_share_per_month", "user_imitation_share_per_month", "app_attraction_share_per_month",
    "developer_innovation_share_per_month", "developer_imitation_share_per_month", "user_attraction_share_per_month",
)  # fmt: skip


@few
@given(inputs=inputs)
def test_users_and_developers_stay_between_none_and_all(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("open_platform", inputs)
    for who in ("users", "developers"):
        assert np.all(found[who] >= 0)
        assert np.all(found[who] <= inputs[f"addressable_{who}"] * (1 + 1e-12))
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
        assert np.all(np.isfinite(row)), name
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
    early = slice(0, int(GIVEN["launch_month"]) - 1)
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


def test_a_dearer_token_is_asked_for_less() -> None:
    arguments = (10.0, 1e6, 5.0, 1e7, 0.2)
    at = [float(open_platform.paid_tokens(1.0, *arguments, price, 1.0, 0.8)) for price in (0.5, 1.0, 2.0)]
    assert at[0] > at[1] > at[2]
    assert at[1] == 10 * 1e6 + 5 * 1e7 * 0.8
    assert at[2] / at[1] == pytest.approx(2**-0.8)
