"""What holds of technology services whatever their numbers are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import plan
from planner.strategies import technology_services
from tests.planner.strategies.conftest import MONTHS, Alone, ByChance, any_inputs, few, fewer

inputs = any_inputs("technology_services")

STEADY = {
    "services_start_month": 1.0, "base_leads_deals_per_month": 3.0, "referral_deals_per_customer_month": 0.0,
    "sales_cycle_months": 3.0, "win_rate_share": 1 / 3, "new_customers_per_deal": 1.0, "value_usd_per_deal": 1e5,
    "delivery_months": 5.0, "workable_hours_per_month": 160.0, "billable_share": 0.75,
    "billing_usd_per_person_hour": 200.0, "opening_consultants_people": 100.0, "hiring_months": 2.0,
    "consultant_attrition_share_per_month": 0.0, "consultant_salary_usd_per_person_year": 1.2e5,
    "maintenance_share_per_year": 0.12, "maintenance_loss_share_per_month": 0.0,
    "project_training_tokens_per_deal": 1e8, "compute_markup_ratio": 0.2, "deposit_share": 0.3,
    "client_collection_days": 60.875, "pursuit_usd_per_deal": 5e3,
    "services_effort_share": 1.0, "deal_spread_ratio": 0.9, "overload_ratio": 1.5, "overload_loss_share": 0.4,
    "subcontracted_share": 0.25, "subcontractor_cost_ratio": 0.8, "rate_raise_share_per_year": 0.0,
    "milestone_months": 2.0, "retention_share": 0.1, "retention_months": 12.0, "pull_through_share": 0.2,
    "project_tokens_per_customer_month": 1e8, "client_price_usd_per_million_tokens": 1.0,
    "client_records_per_customer": 1e3, "staffing_months": 3.0,
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
    able = found["people"] * found["billing_usd_per_person_month"] > 0
    used = found["utilisation_share"][able]
    assert np.all((used >= 0) & (used <= inputs["billable_share"] * (1 + 1e-9)))
    assert np.all(np.isnan(found["utilisation_share"][~able]))


def test_consultants_who_cannot_bill_are_not_sought(alone: Alone) -> None:
    for nothing in ("billable_share", "billing_usd_per_person_hour", "workable_hours_per_month"):
        found = alone("technology_services", {**STEADY, nothing: 0.0})
        assert not np.any(found["own_work_usd"]), nothing
        assert not np.any(found["sought_people"]), nothing


@few
@given(inputs=inputs)
def test_clients_pay_what_they_are_billed(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    billed, earned = np.cumsum(found["billings_usd"]), np.cumsum(found["revenue_usd"])
    ahead, behind = found["deferred_revenue_usd"], found["unbilled_usd"]
    close = {"rtol": 1e-9, "atol": 1e-9 * max(np.max(earned), 1.0)}
    # bills are the revenue, the deposits that are held beyond it, less the work that waits for its milestone
    np.testing.assert_allclose(billed, earned + ahead - behind, **close)
    # nobody pays more than he was billed
    assert np.all(found["receivables_usd"] - behind <= billed * (1 + 1e-9) + 1e-6)
    for name in ("unbilled_usd", "retained_usd", "due_usd", "milestone_billings_usd"):
        assert np.all(found[name] >= -1e-9 * np.max(np.abs(found[name]), initial=1.0)), name


@few
@given(inputs=inputs)
def test_clients_come_and_go_and_are_conserved(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone("technology_services", inputs)
    change = found["new_customers"] - found["lost_customers"]
    paying = found["paying_customers"]
    scale = np.max(paying, initial=1.0)
    np.testing.assert_allclose(paying - before(paying), change, rtol=1e-9, atol=1e-9 * scale)
    assert np.all(paying <= found["client_customers"] * (1 + 1e-9))
    assert np.all(
        found["recurring_revenue_usd"] + found["usage_revenue_usd"] <= found["revenue_usd"] * (1 + 1e-12)
    )
    assert np.all(found["largest_customers_revenue_usd"] <= found["revenue_usd"] * (1 + 1e-12))


def test_in_a_steady_state_each_stock_is_its_flow_times_its_time(alone: Alone) -> None:
    found = {name: row[-12:].mean() for name, row in alone("technology_services", STEADY).items()}
    assert found["decided_deals"] == pytest.approx(3.0, rel=1e-3)
    assert found["pipeline_deals"] == pytest.approx(9.0, rel=1e-3)  # three a month for three months
    assert found["won_deals"] == pytest.approx(1.0, rel=1e-3)
    assert found["work_usd"] == pytest.approx(1e5, rel=1e-3)
    assert found["backlog_usd"] == pytest.approx(5e5, rel=1e-3)  # five months of work
    assert found["sought_people"] == 0  # a hundred consultants are plenty
    assert found["compute_revenue_usd"] == pytest.approx(1e8 * 1e-7 * 1.2, rel=1e-3)
    # 70 % of the work is billed at milestones two months apart: on average it waits one month
    assert found["unbilled_usd"] == pytest.approx(0.7 * 1e5 * 1, rel=1e-3)
    # a tenth of each such bill is kept back for a year
    assert found["retained_usd"] == pytest.approx(0.1 * 0.7e5 * 12, rel=0.04)  # which takes long to fill
    # the rest, deposits, maintenance, compute and tokens are paid after two months
    other = found["maintenance_revenue_usd"] + found["compute_revenue_usd"] + found["usage_revenue_usd"]
    assert found["due_usd"] == pytest.approx(2 * (0.9 * 0.7e5 + 0.3e5 + other), rel=0.02)


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


# Overload


def test_what_the_consultants_cannot_do_goes_to_subcontractors_in_part(alone: Alone) -> None:
    busy = {**STEADY, "value_usd_per_deal": 1e6, "hiring_months": 1e9, "overload_loss_share": 0.0}
    found = alone("technology_services", {**busy, "opening_consultants_people": 2.0})
    own = 2 * 160 * 0.75 * 200
    last = {name: row[-1] for name, row in found.items()}
    assert last["own_work_usd"] == pytest.approx(own, rel=1e-3)
    assert last["subcontracted_usd"] == pytest.approx(0.25 * (last["asked_usd"] - own), rel=1e-3)
    assert last["delivery_usd"] == pytest.approx(0.8 * last["subcontracted_usd"])
    assert last["utilisation_share"] == pytest.approx(0.75)
    margin = (last["work_usd"] - 2 * 1e4 * 1.3 - last["delivery_usd"]) / last["work_usd"]
    assert last["project_margin_share"] == pytest.approx(margin, rel=1e-3)


def test_deals_are_lost_while_the_backlog_is_more_than_can_be_done_in_time(alone: Alone) -> None:
    found = alone("technology_services", {**STEADY, "opening_consultants_people": 1.0, "hiring_months": 1e9})
    in_time = found["people"] * 160 * 0.75 * 200 * 5
    overloaded = before(found["backlog_usd"]) > 1.5 * before(in_time, 160 * 0.75 * 200 * 5)
    assert 0 < np.sum(overloaded) < MONTHS
    np.testing.assert_array_equal(found["overloaded_share"], overloaded)
    won = found["decided_deals"] / 3 * np.where(overloaded, 0.6, 1.0)
    np.testing.assert_allclose(found["likely_deals"], won, rtol=1e-12)


# Levers, what other strategies take, what projects pull through


def test_self_service_and_effort_move_the_leads(alone: Alone) -> None:
    plain = alone("technology_services", STEADY)["leads_deals"]
    half = alone("technology_services", {**STEADY, "services_effort_share": 0.5})["leads_deals"]
    np.testing.assert_allclose(half, plain / 2)
    rest = alone("technology_services", {**STEADY, "cannibalised_share": 0.25})["leads_deals"]
    np.testing.assert_allclose(rest[1:], 0.75 * plain[1:])  # last month's share, none at the start


def test_references_come_without_effort(alone: Alone) -> None:
    referred = {**STEADY, "referral_deals_per_customer_month": 0.1}
    found = alone("technology_services", referred)
    np.testing.assert_allclose(found["leads_deals"], 3 + 0.1 * before(found["client_customers"]))
    np.testing.assert_array_equal(found["reference_customers"], found["client_customers"])
    assert not np.any(alone("technology_services", {**referred, "services_effort_share": 0.0})["revenue_usd"])


def test_a_part_of_the_clients_uses_the_api(alone: Alone) -> None:
    found = alone("technology_services", {**STEADY, "service_month": 30.0})
    tokens = before(found["paying_customers"]) * 0.2 * 1e8
    served = np.arange(1, MONTHS + 1) >= 30
    np.testing.assert_allclose(found["served_tokens"], np.where(served, tokens, 0.0))
    price = 0.97 ** np.arange(MONTHS)
    np.testing.assert_allclose(found["usage_revenue_usd"], found["served_tokens"] / 1e6 * price)


def test_rates_rise_and_with_them_what_the_same_project_costs(alone: Alone) -> None:
    flat, risen = (
        alone("technology_services", {**STEADY, "rate_raise_share_per_year": rise}) for rise in (0.0, 0.05)
    )
    np.testing.assert_array_equal(risen["won_deals"], flat["won_deals"])
    assert risen["billing_usd_per_person_month"][12] == pytest.approx(
        1.05 * flat["billing_usd_per_person_month"][12]
    )
    np.testing.assert_allclose(risen["won_usd"], flat["won_usd"] * 1.05 ** (np.arange(MONTHS) / 12))


def test_few_clients_are_all_of_the_revenue_and_many_are_not(alone: Alone) -> None:
    few_clients = alone("technology_services", STEADY)
    assert few_clients["active_customers"][-1] == pytest.approx(5.0, rel=1e-4)  # five deals in work
    assert few_clients["largest_customers_revenue_usd"][-1] == pytest.approx(
        few_clients["work_usd"][-1] + few_clients["compute_revenue_usd"][-1], rel=1e-3
    )
    many = {**STEADY, "base_leads_deals_per_month": 30.0, "maintenance_share_per_year": 0.0}
    found = alone("technology_services", many)
    # the largest tenth of fifty lognormal deals has Phi(0.9 - 1.2816) = 0.3514 of their value
    assert found["active_customers"][-1] == pytest.approx(50, rel=1e-3)
    share = found["largest_customers_revenue_usd"][-1] / (
        found["work_usd"][-1] + found["compute_revenue_usd"][-1]
    )
    assert share == pytest.approx(0.3514, rel=1e-3)


def test_utilisation_and_margin_come_out_as_they_are_published(root: Path) -> None:
    # Professional services in 2024: billable utilisation 0.689, project margin 0.359. Neither is an input: what can
    # be billed at most is, and how long the company waits before it hires.
    rows = ("people", "own_work_usd", "billing_usd_per_person_month", "work_usd", "staff_usd", "delivery_usd")
    names = [f"technology_services.{name}" for name in rows]
    result = plan(root / "scenarios" / "technology_services.yaml", draws=1024, figures=names)
    _, own, _, work, staff, delivery = (result[name].draws[12:].sum(axis=0) for name in names)
    capacity = (result[names[0]].draws * result[names[2]].draws)[12:].sum(axis=0)
    billable = technology_services.Inputs().billable_share.value
    assert np.median(own / capacity) * billable == pytest.approx(0.689, abs=0.06)
    low, high = np.quantile(1 - (staff + delivery) / work, [0.05, 0.95])
    assert low < 0.359 < high


# Deals by chance

FEW_DEALS = {**STEADY, "overload_loss_share": 0.0, "base_leads_deals_per_month": 1.8}
"""In the long run 0.6 deals a month."""


def test_random_deals_are_on_average_what_is_expected(by_chance: ByChance) -> None:
    draws = 10_000
    found = by_chance("technology_services", FEW_DEALS, draws)
    won, likely = found["won_deals"], found["likely_deals"][:, :1]
    assert np.array_equal(won, np.round(won))
    error = np.sqrt(likely / draws)
    assert np.all(np.abs(won.mean(axis=1, keepdims=True) - likely) <= 4.5 * error)
    assert likely[-1] == pytest.approx(0.6, rel=1e-3)


def test_random_deals_vary_as_a_poisson_process(by_chance: ByChance) -> None:
    draws = 10_000
    won = by_chance("technology_services", FEW_DEALS, draws)["won_deals"]
    assert won[-1].var() == pytest.approx(0.6, rel=0.05)
    assert np.mean(won[-1] == 0) == pytest.approx(np.exp(-0.6), abs=0.015)
    # months are independent: the variance of their sum is the sum of their variances
    assert won.sum(axis=0).var() == pytest.approx(won.sum(axis=0).mean(), rel=0.05)


def test_many_random_deals_vary_as_well(by_chance: ByChance) -> None:
    found = by_chance("technology_services", {**FEW_DEALS, "base_leads_deals_per_month": 75.0}, 10_000)
    won = found["won_deals"][-1]
    assert won.mean() == pytest.approx(25.0, rel=0.01)
    assert won.var() == pytest.approx(25.0, rel=0.05)


def test_each_deal_has_a_value_of_its_own(by_chance: ByChance) -> None:
    found = by_chance("technology_services", FEW_DEALS, 20_000)
    won, value = found["won_deals"].ravel(), found["won_usd"].ravel()
    assert not np.any(value[won == 0])
    assert np.std(np.log(value[won == 1])) == pytest.approx(0.9, rel=0.02)
    for deals in (1, 2, 3):
        assert value[won == deals].mean() == pytest.approx(deals * 1e5, rel=0.02)
        assert value[won == deals].var() == pytest.approx(deals * 1e10 * np.expm1(0.81), rel=0.2)


def test_the_central_path_wins_what_is_expected_in_whole_deals(alone: Alone) -> None:
    found = alone("technology_services", FEW_DEALS)
    np.testing.assert_allclose(np.cumsum(found["won_deals"]), np.floor(found["expected_deals"]))
    np.testing.assert_allclose(found["won_usd"], 1e5 * found["won_deals"])


def test_a_company_with_few_deals_can_have_a_year_without_one(by_chance: ByChance, alone: Alone) -> None:
    rare = {**FEW_DEALS, "base_leads_deals_per_month": 0.3}  # 1.2 deals a year
    last_year = by_chance("technology_services", rare, 10_000)["won_deals"][-12:].sum(axis=0)
    assert np.mean(last_year == 0) == pytest.approx(np.exp(-1.2), abs=0.02)
    assert alone("technology_services", rare)["won_deals"].sum() >= 4  # and yet the central path wins some


@fewer
@given(inputs=inputs, seed=st.integers(0, 2**31))
def test_chance_breaks_no_account(by_chance: ByChance, inputs: dict[str, float], seed: int) -> None:
    found = by_chance("technology_services", inputs, 3, seed)
    sold, done = np.cumsum(found["won_usd"], axis=0), np.cumsum(found["work_usd"], axis=0)
    scale = max(np.max(sold), 1.0)
    np.testing.assert_allclose(found["backlog_usd"], sold - done, rtol=1e-9, atol=1e-9 * scale)
    assert np.all(found["won_deals"] >= 0)
    assert np.all(found["largest_customers_revenue_usd"] <= found["revenue_usd"] * (1 + 1e-9) + 1e-9)


@fewer
@given(inputs=inputs, less=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_fewer_leads_never_win_more_deals_at_the_same_chance(
    by_chance: ByChance, inputs: dict[str, float], less: float, seed: int
) -> None:
    independent = {**inputs, "referral_deals_per_customer_month": 0.0, "overload_loss_share": 0.0}
    independent["base_leads_deals_per_month"] = min(inputs["base_leads_deals_per_month"], 10.0)
    more = by_chance("technology_services", independent, 3, seed)["won_deals"]
    lazy = {**independent, "services_effort_share": less * independent["services_effort_share"]}
    assert np.all(by_chance("technology_services", lazy, 3, seed)["won_deals"] <= more)
