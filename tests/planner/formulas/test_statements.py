"""Profit, tax and the lines between them of a month."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import mix, statements


def taxes(profits: list[float], rate: float) -> list[float]:
    losses, paid = 0.0, []
    for profit in profits:
        paid.append(float(statements.tax_usd(losses, profit, rate)))
        losses = float(statements.tax_losses_usd(losses, profit))
    return paid


def test_tax_waits_until_earlier_losses_are_made_good() -> None:
    assert taxes([-100, -50, 60, 120, 10, -30, 20, 20], 0.25) == [0, 0, 0, 7.5, 2.5, 0, 0, 2.5]


@given(profits=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), rate=st.floats(0, 1))
def test_tax_is_paid_on_the_highest_point_that_the_profits_together_ever_reach(
    profits: list[float], rate: float
) -> None:
    # The closed form of a carry-forward without limit: what was taxed in all is the running maximum of all profits.
    highest = max(0.0, float(np.max(np.cumsum(profits))))
    paid = taxes(profits, rate)
    assert min(paid) >= 0
    assert sum(paid) == pytest.approx(rate * highest, rel=1e-9, abs=1e-6)


def test_from_revenue_to_net_income() -> None:
    ebitda = statements.ebitda_usd(1000.0, 600.0)
    operating = statements.operating_income_usd(ebitda, 120.0, 30.0, -10.0)
    assert operating == 1000 - 600 - 120 - 30 - 10
    pretax = statements.pretax_income_usd(operating, 40.0)
    assert pretax == 200
    assert statements.net_income_usd(pretax, statements.tax_usd(0.0, pretax, 0.25)) == 150


def test_gross_margin_is_undefined_without_revenue() -> None:
    found = statements.gross_margin_share(np.array([0.0, 10.0, 10.0]), np.array([-5.0, 4.0, -5.0]))
    np.testing.assert_array_equal(found, [np.nan, 0.4, -0.5])
    assert np.isnan(statements.gross_margin_share(0.0, -5.0))


def test_the_free_tier_costs_its_part_of_the_tokens() -> None:
    price = mix.pooled_service_usd_per_token
    assert statements.free_tier_usd(25.0, price(90.0, 10.0, 100.0)) == 25
    # replicas that run for nobody are no free tier
    assert statements.free_tier_usd(0.0, price(90.0, 10.0, 0.0)) == 0


def test_where_the_free_tier_stands_changes_no_sum() -> None:
    costs = {}
    for share in (0.0, 1.0):
        moved = statements.free_tier_marketing_usd(25.0, share)
        costs[share] = (
            float(statements.cost_of_revenue_usd(90.0, 10.0, moved, 7.0, 5.0, 3.0, 1.0)),
            float(statements.marketing_usd((40.0, 2.0), moved)),
        )
    assert costs == {0.0: (116.0, 42.0), 1.0: (91.0, 67.0)}


def test_setting_up_is_paid_in_the_first_month() -> None:
    assert [float(statements.setup_usd(float(month), 9.0)) for month in (1, 2, 3)] == [9, 0, 0]


def test_outlay_is_what_is_paid_whether_it_is_a_cost_or_an_asset() -> None:
    # A training of 100 with 20 of text, setting up 5, and accelerators for 300, beside other costs of 50.
    # Data for 30, of which 10 are storage, which comes back every month.
    once = statements.one_off_usd(100.0, 20.0, 30.0, 10.0, 5.0, 300.0, 0.0)
    assert once == 445
    assert statements.running_usd(50.0 + 5.0 + 120.0 + 30.0, 0.0, 300.0, once) == 60
    assert statements.running_usd(50.0 + 5.0 + 30.0, 120.0, 300.0, once) == 60
