"""What holds of an ecosystem whatever its numbers are, and what it comes to where they can be worked out by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planner import strategies
from planner.engine import figures_of
from planner.errors import ScenarioError
from planner.formulas import events
from planner.planning import plan
from planner.strategies import ecosystem
from planner.strategies.ecosystem import partners
from tests.planner.conftest import Planned
from tests.planner.strategies.conftest import GIVEN, MONTHS, Alone, any_inputs

NAME = "ecosystem"
inputs = any_inputs(NAME)
few = settings(max_examples=40, phases=(Phase.explicit, Phase.generate))
LAUNCH = int(GIVEN["service_month"])

PLAIN = {
    "ecosystem_effort_share": 1.0, "partner_programme_month": 1.0, "recruited_partners_per_month": 8.0,
    "onboarding_months": 4.0, "partner_activation_share": 0.25, "partner_churn_share_per_month": 0.02,
    "partner_ramp_months": 9.0, "opening_onboarding_partners": 0.0, "opening_learning_partners": 0.0,
    "opening_productive_partners": 0.0, "customers_per_partner": 10.0, "half_coverage_partners": 50.0,
    "largest_reach_share": 0.2, "largest_sourced_share": 0.3, "largest_partner_loss_share_per_year": 0.0,
    "largest_partner_chance_share": 0.5, "opening_direct_customers": 0.0, "direct_leads_customers_per_month": 200.0,
    "direct_win_share": 0.2, "cosell_uplift_ratio": 0.4, "direct_base_churn_share_per_month": 0.02,
    "integration_retention_share": 0.25, "sourced_cannibalisation_share": 0.2,
    "account_subscription_usd_per_customer_month": 1000.0, "account_tokens_per_customer_month": 5e7,
    "resold_share": 0.5, "resale_margin_share": 0.3, "paid_referral_share": 0.1, "marketplace_listed_share": 0.5,
    "marketplace_fee_share": 0.04, "upstream_royalty_share": 0.05, "principal_share": 1.0,
    "sales_collection_days": 30.4375, "certification_usd_per_partner_year": 1200.0,
    "referred_project_usd_per_customer": 1e4, "earned_referral_share": 0.1, "upstream_usd_per_customer_month": 50.0,
    "upstream_commitment_usd_per_month": 2e4, "upstream_discount_share": 0.2, "opening_upstream_credits_usd": 5e4,
    "supplier_loss_share_per_year": 0.0, "supplier_chance_share": 0.5, "supplier_switching_usd": 1e5,
    "second_supplier_price_ratio": 1.2, "partners_per_manager_person": 25.0,
    "manager_salary_usd_per_person_year": 1e5, "supported_customers_per_person": 100.0,
    "desk_salary_usd_per_person_year": 6e4, "market_development_share": 0.03, "programme_usd_per_month": 1e4,
    "recruitment_usd_per_partner": 4e3, "direct_acquisition_usd_per_customer": 1e4,
    "security_review_usd_per_partner": 5e3, "joint_development_usd_per_partner_month": 300.0,
    "account_records_per_customer": 100.0,
}  # fmt: skip

CHAIN = ("partner_chain_share", "marketplace_chain_share", "upstream_chain_share", "own_chain_share")


def before(row: np.ndarray, start: float = 0.0) -> np.ndarray:
    return np.concatenate([[start], row[:-1]])


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


# Money


@few
@given(inputs=inputs)
def test_the_shares_along_the_chain_sum_to_one(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone(NAME, inputs)
    np.testing.assert_allclose(sum(found[name] for name in CHAIN), 1.0, rtol=1e-12)
    for name in CHAIN:
        assert np.all((found[name] >= 0) & (found[name] <= 1)), name


def test_the_shares_along_the_chain_sum_to_one_in_every_draw(root: Path, record_path: Path) -> None:
    wide = ["resale_margin_share=0.3 to 0.9", "upstream_royalty_share=0.1 to 0.6"]
    drawn = plan(
        root / "scenarios" / "ecosystem.yaml",
        sets=[f"ecosystem.{one}" for one in wide],
        draws=500,
        measurements=str(record_path),
        figures=[*(f"ecosystem.{name}" for name in CHAIN), "ecosystem.agreed_chain_share"],
    )
    shares = [drawn[f"ecosystem.{name}"].each_draw() for name in CHAIN]
    np.testing.assert_allclose(sum(shares), 1.0, rtol=1e-12)
    assert np.all(np.array(shares) >= 0)
    assert drawn["ecosystem.agreed_chain_share"].each_draw().max() > 1, (
        "some draws agree on more than there is"
    )


def test_the_chain_by_hand(alone: Alone) -> None:
    # Partners 0.5 x 0.3 + 0.5 x 0.1 = 0.20, marketplaces 0.5 x 0.04 = 0.02, suppliers 0.05, the company 0.73.
    found = {name: row[-1] for name, row in alone(NAME, PLAIN).items()}
    assert [found[name] for name in CHAIN] == pytest.approx([0.20, 0.02, 0.05, 0.73])
    assert found["passed_on_usd"] == pytest.approx(0.27 * found["sourced_sales_usd"])
    fees_usd = found["referral_revenue_usd"] + found["certification_revenue_usd"]
    billed = found["direct_sales_usd"] + 0.78 * found["sourced_sales_usd"] + fees_usd
    assert found["billings_usd"] == pytest.approx(billed)
    assert found["certification_revenue_usd"] == pytest.approx(100 * found["active_partners"])


@few
@given(inputs=inputs, principal=st.floats(0, 1))
def test_principal_or_agent_changes_revenue_and_delivery_by_the_same_and_nothing_else(
    alone: Alone, inputs: dict[str, float], principal: float
) -> None:
    agent = alone(NAME, {**inputs, "principal_share": 0.0})
    other = alone(NAME, {**inputs, "principal_share": principal})
    extra = principal * agent["passed_on_usd"]
    scale = 1e-9 * max(float(agent["sourced_sales_usd"].max()), 1e-6)
    np.testing.assert_allclose(other["revenue_usd"], agent["revenue_usd"] + extra, rtol=1e-9, atol=scale)
    np.testing.assert_allclose(other["delivery_usd"], agent["delivery_usd"] + extra, rtol=1e-9, atol=scale)
    changed = {
        "revenue_usd", "delivery_usd", "netted_usd", "recognised_share", "recognised_customers",
        "recurring_revenue_usd", "usage_revenue_usd", "lost_recurring_usd", "largest_customers_revenue_usd",
    }  # fmt: skip
    for name in set(agent) - changed:
        assert np.array_equal(agent[name], other[name]), name


@pytest.mark.parametrize("principal", ["0", "0.3", "uniform(0, 1)"])
def test_principal_or_agent_leaves_the_cash_of_the_whole_plan_unchanged(
    planned: Planned, principal: str
) -> None:
    gross, other = (
        planned(NAME, f"ecosystem.principal_share={value}", draws=200) for value in ("1", principal)
    )
    for name in ("cash_usd", "cash_before_funding_usd", "ebitda_usd"):
        cash = gross[name].each_draw()
        np.testing.assert_allclose(
            other[name].each_draw(), cash, rtol=1e-9, atol=1e-9 * np.abs(cash).max(), err_msg=name
        )
    assert np.all(other["revenue_usd"].each_draw()[-1] < gross["revenue_usd"].each_draw()[-1])


@few
@given(inputs=inputs)
def test_suppliers_get_at_least_what_is_committed(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone(NAME, inputs)
    least = inputs["upstream_commitment_usd_per_month"] * (1 - inputs["upstream_discount_share"])
    assert np.all(found["upstream_usd"][LAUNCH - 1 :] >= least * (1 - 1e-12))
    used = found["upstream_use_usd"] * (1 - inputs["upstream_discount_share"])
    assert np.all(found["upstream_usd"] >= used * (1 - 1e-12))


def test_credits_pay_the_suppliers_until_they_are_used_up(alone: Alone) -> None:
    # 20,000 committed less a fifth are 16,000 a month: 50,000 of credits last three months and pay 2,000 in the fourth.
    found = alone(
        NAME, {**PLAIN, "direct_leads_customers_per_month": 0.0, "recruited_partners_per_month": 0.0}
    )
    left = found["upstream_credits_usd"][LAUNCH - 2 : LAUNCH + 4]
    assert left == pytest.approx([5e4, 3.4e4, 1.8e4, 2e3, 0, 0])
    assert found["delivery_usd"][LAUNCH - 1 : LAUNCH + 4] == pytest.approx([0, 0, 0, 1.4e4, 1.6e4])


@few
@given(inputs=inputs)
def test_the_books_of_the_ecosystem_add_up(alone: Alone, inputs: dict[str, float]) -> None:
    found = alone(NAME, inputs)
    fees = found["referral_revenue_usd"] + found["certification_revenue_usd"]
    sold = found["direct_sales_usd"] + found["sourced_sales_usd"] * found["recognised_share"]
    np.testing.assert_allclose(found["revenue_usd"], sold + fees, rtol=1e-9)
    assert np.all(found["receivables_usd"] <= np.cumsum(found["billings_usd"]) * (1 + 1e-9) + 1e-9)
    for name, row in found.items():
        assert np.all(np.isfinite(row)), name
        if name.endswith("_share"):
            assert np.all((row >= 0) & (row <= 1 + 1e-9)) or name == "agreed_chain_share", name
        if name.endswith(("_usd", "_tokens", "people", "records")):
            assert np.all(row >= -1e-9 * np.max(np.abs(row))), name


def test_recurring_revenue_moves_by_what_comes_and_what_goes(alone: Alone) -> None:
    found = alone(NAME, PLAIN)
    recognised = found["recognised_share"]
    came = 1000 * (found["new_direct_customers"] + found["new_sourced_customers"] * recognised)
    change = found["recurring_revenue_usd"] - before(found["recurring_revenue_usd"])
    np.testing.assert_allclose(change, came - found["lost_recurring_usd"], rtol=1e-9, atol=1e-6)


def test_people_follow_partners_and_customers(alone: Alone) -> None:
    found = alone(NAME, PLAIN)
    managers = found["active_partners"] / 25
    supported = found["direct_customers"] + 0.5 * found["sourced_customers"]
    np.testing.assert_allclose(found["people"], managers + supported / 100)
    np.testing.assert_allclose(found["staff_usd"], supported / 100 * 6e4 / 12 * 1.3)
    np.testing.assert_allclose(found["manager_usd"], managers * 1e5 / 12 * 1.3)


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


# Scenario


@pytest.mark.parametrize(
    ("settings_of", "place"),
    [
        (["resale_margin_share=0.7", "upstream_royalty_share=0.4"], "ecosystem.upstream_royalty_share"),
        (["paid_referral_share=0.9", "marketplace_fee_share=0.2"], "ecosystem.marketplace_fee_share"),
    ],
)
def test_a_chain_of_more_than_the_whole_is_refused_at_its_key(
    root: Path, settings_of: list[str], place: str
) -> None:
    sets = [f"ecosystem.{one}" for one in settings_of]
    with pytest.raises(ScenarioError) as refused:
        plan(root / "scenarios" / "ecosystem.yaml", sets=sets, measurements="none")
    assert place in str(refused.value)
    assert "must not exceed 1 together" in str(refused.value)


def test_a_chain_of_exactly_the_whole_is_allowed() -> None:
    shares = {"resale_margin_share": 0.6, "paid_referral_share": 0.1, "marketplace_fee_share": 0.3}
    chain = ecosystem.Inputs.model_validate({**shares, "upstream_royalty_share": 0.1})
    assert chain.upstream_royalty_share.value == 0.1


def test_only_the_fee_of_marketplaces_is_said_to_be_published() -> None:
    published = {name for name, one in ecosystem.Inputs() if one.source}
    assert published == {"marketplace_fee_share"}


def test_each_figure_of_the_strategy_has_one_home() -> None:
    folder = Path(ecosystem.__file__).parent
    modules = [
        strategies.module(f"{NAME}.{path.stem}") for path in folder.glob("*.py") if path.stem != "__init__"
    ]
    homes = Counter(name for module in modules for name in figures_of(module))
    assert set(homes) == set(figures_of(ecosystem))
    assert [name for name, count in homes.items() if count > 1] == []


def test_the_shipped_scenario_is_traced_to_its_leaves(planned: Planned) -> None:
    result = planned(NAME)
    tree = {node.name: node for _, node in result.trace("net_income_usd").walk()}
    assert {"ecosystem.revenue_usd", "recruited_partners_per_month", "upstream_discount_share"} <= set(tree)
    assert all(result[name].sentence and result[name].source for name in tree if name in result)
    assert result["ecosystem.revenue_usd"].central[-1] > result["ecosystem.revenue_usd"].central[11] > 0
