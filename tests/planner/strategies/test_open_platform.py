"""What holds of an open platform whatever its numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, any_inputs, program_of

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
    "platform_effort_share": 1.0, "developer_subsidy_usd_per_month": 0.0, "subsidy_usd_per_developer": 5e3,
    "subsidy_months": 24.0, "reference_kept_share": 0.85, "supply_elasticity_ratio": 0.5, "fraud_share": 0.005,
    "moderated_items_per_user_month": 0.01, "moderated_items_per_person_month": 2e3,
    "moderator_salary_usd_per_person_year": 5e4, "developers_per_relations_person": 3e3,
    "relations_salary_usd_per_person_year": 1e5, "paid_users_per_customer": 2.0, "developers_per_customer": 4.0,
    "account_records_per_user": 1.0, "history_months": 12.0,
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


# Critical mass

NO_EFFORT = {**PLAUSIBLE, "platform_effort_share": 0.0, "service_month": 1.0}
"""Nobody comes but for those who are there: the innovation rates count for nothing."""


def jacobian(inputs: dict[str, float]) -> np.ndarray:
    """What a user, a developer and an app more add to each of the three in a month, on an empty platform."""
    app_pull = (
        inputs["app_attraction_share_per_month"] * inputs["addressable_users"] / inputs["half_pull_apps"]
    )
    user_pull = (
        inputs["user_attraction_share_per_month"]
        * inputs["addressable_developers"]
        / inputs["half_pull_users"]
    )
    users = [inputs["user_imitation_share_per_month"] - inputs["base_churn_share_per_month"], 0.0, app_pull]
    gain = inputs["developer_imitation_share_per_month"] - inputs["developer_churn_share_per_month"]
    developers = [user_pull, gain, 0.0]
    added, retired = inputs["new_apps_per_developer_month"], inputs["app_retirement_share_per_month"]
    # apps come of the developers at the end of the month
    return np.array([users, developers, [added * user_pull, added * (1 + gain), -retired]])


def in_balance(inputs: dict[str, float]) -> np.ndarray:
    """The same of users and developers alone, with as many apps as there are in the long run."""
    app_pull = (
        inputs["app_attraction_share_per_month"] * inputs["addressable_users"] / inputs["half_pull_apps"]
    )
    user_pull = (
        inputs["user_attraction_share_per_month"]
        * inputs["addressable_developers"]
        / inputs["half_pull_users"]
    )
    apps = inputs["new_apps_per_developer_month"] / inputs["app_retirement_share_per_month"]
    users = inputs["user_imitation_share_per_month"] - inputs["base_churn_share_per_month"]
    gain = inputs["developer_imitation_share_per_month"] - inputs["developer_churn_share_per_month"]
    return np.array([[users, app_pull * apps], [user_pull, gain]])


def takeoff_rate(alone: Alone, inputs: dict[str, float]) -> float:
    return float(alone("open_platform", inputs)["takeoff_rate_share_per_month"][0])


def test_without_cross_effects_the_better_side_decides_on_the_take_off(alone: Alone) -> None:
    bare = {**PLAUSIBLE, "app_attraction_share_per_month": 0.0}
    # users 0.05 - 0.06, developers 0.05 - 0.04
    assert takeoff_rate(alone, bare) == pytest.approx(0.01)
    assert takeoff_rate(alone, {**bare, "developer_churn_share_per_month": 0.08}) == pytest.approx(-0.01)


def test_the_take_off_rate_solves_its_equation(alone: Alone) -> None:
    # No imitation, all churn 0.1, apps for good: x (x + 0.1)^2 = k (1 + x) has the root 0.1 for k = 0.004 / 1.1.
    inputs = {
        **PLAUSIBLE, "user_imitation_share_per_month": 0.0, "developer_imitation_share_per_month": 0.0,
        "base_churn_share_per_month": 0.1, "developer_churn_share_per_month": 0.1,
        "app_retirement_share_per_month": 0.0,
        "app_attraction_share_per_month": 0.01, "addressable_users": 1e4, "half_pull_apps": 100.0,  # 1 user per app
        "user_attraction_share_per_month": 0.01, "addressable_developers": 1e4, "half_pull_users": 1e4,
        "new_apps_per_developer_month": 0.4 / 1.1, "reference_kept_share": 0.85,
    }  # fmt: skip
    assert takeoff_rate(alone, inputs) == pytest.approx(0.1, rel=1e-12)


RATES = st.floats(0.001, 0.3)


@settings(max_examples=60, phases=(Phase.explicit, Phase.generate))
@given(
    rates=st.fixed_dictionaries(dict.fromkeys((
        "user_imitation_share_per_month", "base_churn_share_per_month", "developer_imitation_share_per_month",
        "developer_churn_share_per_month", "app_retirement_share_per_month", "new_apps_per_developer_month",
    ), RATES)),
    pull=st.floats(-4, 0),
)  # fmt: skip
def test_the_take_off_rate_is_the_largest_eigenvalue(
    alone: Alone, rates: dict[str, float], pull: float
) -> None:
    inputs = {**PLAUSIBLE, **rates, "app_attraction_share_per_month": 10**pull}
    found = takeoff_rate(alone, inputs)
    largest = np.max(np.linalg.eigvals(jacobian(inputs)).real)
    assert found == pytest.approx(largest, rel=1e-6, abs=1e-9)
    with_apps_in_balance = np.max(np.linalg.eigvals(in_balance(inputs)).real)
    assert np.sign(found) == np.sign(with_apps_in_balance)


@pytest.mark.parametrize("attraction", [0.00005, 0.0002, 0.001, 0.005])
def test_a_few_users_grow_or_vanish_as_the_take_off_rate_says(alone: Alone, attraction: float) -> None:
    churning = {"base_churn_share_per_month": 0.15, "developer_churn_share_per_month": 0.12}
    inputs = {**NO_EFFORT, **churning, "app_attraction_share_per_month": attraction}
    rate = takeoff_rate(alone, inputs)
    assert (rate > 0) == (attraction > 0.0002)
    # a start in the proportions in which the three grow together
    values, vectors = np.linalg.eig(jacobian(inputs))
    few = 1e-3 * np.abs(vectors[:, np.argmax(values.real)].real)
    start = dict(zip(("opening_users", "opening_developers", "opening_apps"), few, strict=True))
    users = alone("open_platform", {**inputs, **start})["users"]
    np.testing.assert_allclose(users[:12], few[0] * (1 + rate) ** np.arange(1, 13), rtol=1e-4)


def test_a_large_start_and_a_small_one_end_alike() -> None:
    # The pull of each side falls as it grows, so there is one resting place, not two: no hysteresis.
    program = program_of("open_platform")
    ends = []
    for users, developers in ((10.0, 1.0), (4e5, 5e3), (9e5, 9e3)):
        start = {"opening_users": users, "opening_developers": developers}
        ends.append(program.run({**GIVEN, **NO_EFFORT, **start}, 1200)["open_platform.users"][-1])
    assert ends[0] > 1e5
    np.testing.assert_allclose(ends, ends[0], rtol=1e-6)


SLOW_START = {
    **PLAUSIBLE, "service_month": 1.0, "developer_innovation_share_per_month": 0.0002,
    "user_attraction_share_per_month": 0.001, "base_churn_share_per_month": 0.08, "demand_swing_ratio": 0.0,
}  # fmt: skip


def test_critical_mass_is_the_first_month_in_which_users_and_apps_alone_bring_more_than_leave(
    alone: Alone,
) -> None:
    found = alone("open_platform", SLOW_START)
    month = found["critical_mass_month"][0]
    assert 1 < month < MONTHS
    assert month == np.argmax(found["self_driven_users"] > 0) + 1
    np.testing.assert_array_equal(found["critical_mass_share"], np.arange(1, MONTHS + 1) >= month)


def test_a_platform_that_cannot_take_off_never_has_critical_mass(alone: Alone) -> None:
    # Apps that are there at the start draw more users than leave, but nobody replaces them.
    doomed = {
        **NO_EFFORT,
        "opening_apps": 1e3,
        "app_attraction_share_per_month": 0.001,
        "addressable_developers": 1.0,
        "developer_churn_share_per_month": 0.08,
    }
    found = alone("open_platform", doomed)
    assert found["self_driven_users"][0] > 0
    assert found["takeoff_rate_share_per_month"][0] < 0
    assert np.isinf(found["critical_mass_month"][0])


def test_a_subsidy_brings_critical_mass_sooner_and_ends_with_it(alone: Alone) -> None:
    without = alone("open_platform", SLOW_START)
    paid = alone("open_platform", {**SLOW_START, "developer_subsidy_usd_per_month": 5e4})
    month = paid["critical_mass_month"][0]
    assert month < without["critical_mass_month"][0]
    # ten developers a month at 5000, until the month in which critical mass is seen
    np.testing.assert_allclose(
        paid["subsidised_developers"], np.where(np.arange(1, MONTHS + 1) <= month, 10.0, 0.0)
    )
    assert paid["critical_mass_subsidy_usd"][0] == pytest.approx(5e4 * month)
    assert not without["critical_mass_subsidy_usd"][0]
    assert np.all(paid["marketing_usd"][: int(month)] >= 5e4)


def test_a_subsidy_ends_after_its_months_without_critical_mass(alone: Alone) -> None:
    hopeless = {**SLOW_START, "app_attraction_share_per_month": 0.0, "developer_subsidy_usd_per_month": 1e5}
    found = alone("open_platform", {**hopeless, "subsidy_months": 12.0})
    assert np.isinf(found["critical_mass_month"][0])
    assert found["critical_mass_subsidy_usd"][0] == pytest.approx(12 * 1e5)


def test_nobody_is_paid_twice_or_beyond_those_who_are_left(alone: Alone) -> None:
    lavish = {**SLOW_START, "developer_subsidy_usd_per_month": 1e12, "app_attraction_share_per_month": 0.0}
    found = alone("open_platform", lavish)
    assert np.all(found["developers"] <= 1e4 * (1 + 1e-12))
    assert found["subsidised_developers"][0] == pytest.approx(1e4 - found["attracted_developers"][0])


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
