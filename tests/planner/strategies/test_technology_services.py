"""What holds of technology services whatever their numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from tests.planner.strategies.conftest import MONTHS, Alone, any_inputs

inputs = any_inputs("technology_services")
few = settings(max_examples=40, phases=(Phase.explicit, Phase.generate))

STEADY = {
    "services_start_month": 1.0, "base_leads_deals_per_month": 3.0, "referral_deals_per_customer_month": 0.0,
    "sales_cycle_months": 3.0, "win_rate_share": 1 / 3, "new_customers_per_deal": 1.0, "value_usd_per_deal": 1e5,
    "delivery_months": 5.0, "workable_hours_per_month": 160.0, "billable_share": 0.75,
    "billing_usd_per_person_hour": 200.0, "opening_consultants_people": 100.0, "hiring_months": 2.0,
    "consultant_attrition_share_per_month": 0.0, "consultant_salary_usd_per_person_year": 1.2e5,
    "maintenance_share_per_year": 0.12, "maintenance_loss_share_per_month": 0.0,
    "project_training_tokens_per_deal": 1e8, "compute_markup_ratio": 0.2, "deposit_share": 0.3,
    "client_collection_days": 60.875, "pursuit_usd_per_deal": 5e3,
}  # fmt: skip


def before(row: np.ndarray, start: float = 0.0) -> np.ndarray:
    return np.concatenate([[start], row[:-1]])


@few
@given(inputs=inputs)
def test_backlog_pipeline_and_people_are_never_negative(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    for name in (
        "backlog_usd",
        "pipeline_deals",
        "people",
        "recruiting_people",
        "won_deals",
        "client_customers",
    ):
        assert np.all(found[name] >= -1e-9 * np.max(np.abs(found[name]), initial=1.0)), name
    assert np.all(found["work_usd"] >= 0)


@few
@given(inputs=inputs)
def test_a_delivery_within_the_month_leaves_no_negative_backlog(
    alone: Alone, inputs: dict[str, float]
) -> None:
    found = alone("technology_services", {**inputs, "delivery_months": 0.1})
    assert np.all(found["backlog_usd"] >= -1e-9 * np.max(found["backlog_usd"], initial=1.0))


@few
@given(inputs=inputs)
def test_what_is_sold_is_done_or_still_to_do(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    sold, done = np.cumsum(found["won_usd"]), np.cumsum(found["work_usd"])
    np.testing.assert_allclose(found["backlog_usd"], sold - done, rtol=1e-9, atol=1e-6)
    # deposits are held for exactly the work still to do
    held = inputs["deposit_share"] * found["backlog_usd"]
    np.testing.assert_allclose(found["deferred_revenue_usd"], held, rtol=1e-9, atol=1e-6)


@few
@given(inputs=inputs)
def test_people_are_hired_and_leave_and_are_conserved(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    people = before(found["people"], inputs["opening_consultants_people"])
    left = people * inputs["consultant_attrition_share_per_month"]
    np.testing.assert_allclose(
        found["people"] - people, found["arriving_people"] - left, rtol=1e-9, atol=1e-6
    )
    waiting = before(found["recruiting_people"])
    change = found["sought_people"] - found["arriving_people"]
    np.testing.assert_allclose(found["recruiting_people"] - waiting, change, rtol=1e-9, atol=1e-6)


@few
@given(inputs=inputs)
def test_deals_are_whole_and_no_more_than_were_decided(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    assert np.array_equal(found["won_deals"], np.round(found["won_deals"]))
    assert np.all(np.cumsum(found["won_deals"]) <= np.cumsum(found["decided_deals"]) * (1 + 1e-9) + 1e-9)
    leads = np.cumsum(found["leads_deals"])
    np.testing.assert_allclose(
        found["pipeline_deals"], leads - np.cumsum(found["decided_deals"]), rtol=1e-9, atol=1e-6
    )


@few
@given(inputs=inputs)
def test_nobody_works_more_than_the_hours_that_can_be_billed(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    used = found["utilisation_share"][found["people"] > 0]
    assert np.all((used >= 0) & (used <= inputs["billable_share"] * (1 + 1e-9)))
    assert np.all(np.isnan(found["utilisation_share"][found["people"] == 0]))


@few
@given(inputs=inputs)
def test_clients_pay_what_they_are_billed(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    billed = np.cumsum(found["billings_usd"])
    assert np.all(found["receivables_usd"] <= billed * (1 + 1e-9) + 1e-6)
    # bills are the revenue and the deposits that are held beyond it
    ahead = found["deferred_revenue_usd"]
    np.testing.assert_allclose(billed, np.cumsum(found["revenue_usd"]) + ahead, rtol=1e-9, atol=1e-6)


def test_in_a_steady_state_each_stock_is_its_flow_times_its_time(alone: Alone) -> None:
    found = {name: row[-12:].mean() for name, row in alone("technology_services", STEADY).items()}
    assert found["decided_deals"] == pytest.approx(3.0, rel=1e-3)
    assert found["pipeline_deals"] == pytest.approx(9.0, rel=1e-3)  # three a month for three months
    assert found["won_deals"] == pytest.approx(1.0, rel=1e-3)
    assert found["work_usd"] == pytest.approx(1e5, rel=1e-3)
    assert found["backlog_usd"] == pytest.approx(5e5, rel=1e-3)  # five months of work
    assert found["sought_people"] == 0  # a hundred consultants are plenty
    assert found["compute_revenue_usd"] == pytest.approx(1e8 * 1e-7 * 1.2, rel=1e-3)


def test_hiring_follows_the_backlog(alone: Alone) -> None:
    found = alone("technology_services", {**STEADY, "opening_consultants_people": 0.0})
    possible = 160 * 0.75 * 200
    needed = 1e5 / possible
    assert found["people"][0] == 0
    assert found["people"][-1] >= needed
    assert found["work_usd"][-1] == pytest.approx(1e5, rel=0.05)


def test_maintenance_is_a_yearly_share_of_the_work_delivered(alone: Alone) -> None:
    found = alone("technology_services", STEADY)
    np.testing.assert_allclose(
        found["maintenance_revenue_usd"], 0.01 * before(found["delivered_usd"]), rtol=1e-12
    )
    np.testing.assert_allclose(found["delivered_usd"], np.cumsum(found["work_usd"]), rtol=1e-12)


def test_nothing_is_pursued_before_the_services_start(alone: Alone) -> None:
    found = alone("technology_services", {**STEADY, "services_start_month": 7.0})
    assert not np.any(found["leads_deals"][:6])
    assert not np.any(found["revenue_usd"][:7])
    assert np.all(found["leads_deals"][6:] > 0)
    assert found["revenue_usd"].shape == (MONTHS,)
