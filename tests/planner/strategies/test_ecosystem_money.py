"""The money of an ecosystem: the chain of shares, suppliers, principal or agent, the books."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.planning import plan
from tests.planner.conftest import Planned, before
from tests.planner.strategies.conftest import Alone, few
from tests.planner.strategies.ecosystems import CHAIN, LAUNCH, NAME, PLAIN, inputs


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
