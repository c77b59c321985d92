"""When a platform takes off by itself, and what a subsidy does to that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, program_of
from tests.planner.strategies.platforms import PLAUSIBLE

NO_EFFORT = {**PLAUSIBLE, "platform_effort_share": 0.0, "service_month": 1.0}
"""Nobody comes but for those who are there: the innovation rates count for nothing."""


def pulls(inputs: dict[str, float]) -> tuple[float, float]:
    """The users whom an app more draws in a month, and the developers whom a user more does, on an empty platform."""
    return (
        inputs["app_attraction_share_per_month"] * inputs["addressable_users"] / inputs["half_pull_apps"],
        inputs["user_attraction_share_per_month"]
        * inputs["addressable_developers"]
        / inputs["half_pull_users"],
    )


def gains(inputs: dict[str, float]) -> tuple[float, float]:
    """What a user more and a developer more add to their own side in a month."""
    return (
        inputs["user_imitation_share_per_month"] - inputs["base_churn_share_per_month"],
        inputs["developer_imitation_share_per_month"] - inputs["developer_churn_share_per_month"],
    )


def jacobian(inputs: dict[str, float]) -> np.ndarray:
    """What a user, a developer and an app more add to each of the three in a month, on an empty platform."""
    (app_pull, user_pull), (user_gain, gain) = pulls(inputs), gains(inputs)
    users = [user_gain, 0.0, app_pull]
    developers = [user_pull, gain, 0.0]
    added, retired = inputs["new_apps_per_developer_month"], inputs["app_retirement_share_per_month"]
    # apps come of the developers at the end of the month
    return np.array([users, developers, [added * user_pull, added * (1 + gain), -retired]])


def in_balance(inputs: dict[str, float]) -> np.ndarray:
    """The same of users and developers alone, with as many apps as there are in the long run."""
    (app_pull, user_pull), (user_gain, gain) = pulls(inputs), gains(inputs)
    apps = inputs["new_apps_per_developer_month"] / inputs["app_retirement_share_per_month"]
    return np.array([[user_gain, app_pull * apps], [user_pull, gain]])


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


def test_where_more_users_leave_a_subsidy_is_paid_for_longer(alone: Alone) -> None:
    paid = {**SLOW_START, "developer_subsidy_usd_per_month": 5e4}
    churn = paid["base_churn_share_per_month"]
    fewer, more = (
        alone("open_platform", {**paid, "base_churn_share_per_month": ratio * churn}) for ratio in (1.0, 1.1)
    )
    assert fewer["critical_mass_month"][0] < more["critical_mass_month"][0] < MONTHS
    assert fewer["subsidised_developers"].sum() < more["subsidised_developers"].sum()


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
