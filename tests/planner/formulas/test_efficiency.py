"""Burn and how long it lasts, growth and what it costs, the month in which serving eats the price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import efficiency
from planner.formulas.market import eroded
from planner.units import Rows

NAN, INF = float("nan"), float("inf")


def rows(*draws: Sequence[float]) -> Rows:
    """Rows of months by draws, from one list of months for each draw."""
    return np.array(draws, dtype=float).T


def flat(value: float, months: int = 24) -> Rows:
    return np.full((months, 1), value)


def test_what_customers_pay_and_what_goes_out() -> None:
    # 100 of revenue, of which 30 more is owed; 20 paid ahead: 90 come in. 40 less cash: 130 go out.
    receipts = efficiency.customer_receipts_usd(100.0, 50.0, 20.0, 25.0, 5.0)
    assert receipts == 90
    assert efficiency.gross_burn_usd(efficiency.net_burn_usd(-40.0), receipts) == 130


def test_burn_is_averaged_over_the_months_there_are_up_to_three() -> None:
    assert efficiency.average_burn_usd(1.0, 30.0, 0.0, 0.0) == 30
    assert efficiency.average_burn_usd(2.0, 30.0, 10.0, 0.0) == 20
    assert efficiency.average_burn_usd(9.0, 30.0, 10.0, 20.0) == 20


def test_runway_at_the_burn_of_today() -> None:
    found = efficiency.burn_runway_months(np.array([60.0, 60, 60, -5]), np.array([20.0, 0, -20, 20]))
    np.testing.assert_array_equal(found, [3, INF, INF, 0])


def test_cash_break_even_lasts_three_months() -> None:
    found = efficiency.cash_break_even_month(rows([-1, 1, -1, 1, 1, 1], [-1, -1, -1, -1, 1, 1]))
    np.testing.assert_array_equal(found, [4, INF])


def test_burn_multiple_and_efficiency_score() -> None:
    # 1,200 burned in a year in which annual recurring revenue rose by 600.
    annual = rows(list(np.linspace(0, 600, 13)), list(np.linspace(600, 0, 13)), list(np.linspace(0, 600, 13)))
    burn = rows([100.0] * 13, [100.0] * 13, [-10.0] * 13)
    np.testing.assert_allclose(efficiency.burn_multiple_ratio(burn, annual), [2, NAN, -0.2])
    # A fall in revenue is no good score; without burn there is no end to it.
    np.testing.assert_allclose(efficiency.efficiency_score_ratio(burn, annual), [0.5, -0.5, INF])
    for figure in (efficiency.burn_multiple_ratio, efficiency.efficiency_score_ratio):
        assert np.isnan(figure(burn[:12], annual[:12])).all()
        assert np.isnan(figure(-burn[:12], annual[:12])).all()


def test_magic_number() -> None:
    revenue = rows([9, 9, 9, 10, 10, 10, 15, 15, 15])
    # 45 - 30 in a quarter are 60 by the year, for marketing of 3 x 8.
    found = efficiency.magic_number_ratio(revenue, flat(8.0, 9))
    np.testing.assert_allclose(found, [60 / 24])
    assert np.isnan(efficiency.magic_number_ratio(revenue, flat(0.0, 9))).all()
    assert np.isnan(efficiency.magic_number_ratio(revenue[:5], flat(8.0, 5))).all()


def test_rule_of_forty_adds_growth_and_margin() -> None:
    revenue = np.concatenate([flat(100.0, 12), flat(150.0, 12)])
    found = efficiency.rule_of_forty_ratio(revenue, flat(-15.0))
    np.testing.assert_allclose(found, [0.5 - 0.1])  # plus the margin, which is below zero
    assert np.isnan(efficiency.rule_of_forty_ratio(revenue[1:], flat(1.0, 23))).all()
    assert np.isnan(efficiency.rule_of_forty_ratio(rows([0.0] * 12 + [5.0] * 12), flat(1.0))).all()


def test_revenue_for_each_person_and_compute_over_revenue() -> None:
    np.testing.assert_allclose(efficiency.revenue_usd_per_person_year(flat(1000.0), flat(4.0)), [3000])
    np.testing.assert_allclose(efficiency.revenue_usd_per_person_year(flat(1000.0, 2), flat(4.0, 2)), [3000])
    np.testing.assert_allclose(
        efficiency.compute_to_revenue_ratio(flat(10.0), flat(20.0), flat(5.0), flat(100.0)), [0.35]
    )
    assert np.isnan(efficiency.revenue_usd_per_person_year(flat(1.0), flat(0.0))).all()


def test_the_month_in_which_serving_costs_more_than_usage_earns() -> None:
    earned = rows([0, 5, 4, 3, 2], [0, 5, 4, 5, 6], [0, 1, 1, 1, 1], [0, 1, 5, 1, 4])
    cost = rows(*[[1.0, 3, 3, 3, 3]] * 4)
    # The last month with more than it costs is the third; at the end still more; never more; once, and again.
    np.testing.assert_array_equal(efficiency.margin_zero_month(earned, cost), [4, INF, NAN, INF])


@given(st.floats(1.01, 100), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_the_margin_is_zero_after_the_time_that_the_formula_says(
    price: float, price_decline: float, cost_decline: float
) -> None:
    months = float(np.ravel(efficiency.margin_left_months(price, 1.0, price_decline, cost_decline))[0])
    if price_decline <= cost_decline:
        assert months == INF
    elif months < 1e4:
        later = eroded(price, price_decline, months + 1), eroded(1.0, cost_decline, months + 1)
        assert later[0] == pytest.approx(later[1], rel=1e-6)


def test_the_margin_that_is_gone_already_or_never_was() -> None:
    assert efficiency.margin_left_months(1.0, 1.0, 0.1, 0.0) == 0
    assert efficiency.margin_left_months(0.0, 1.0, 0.1, 0.0) == 0
    assert efficiency.margin_left_months(1.0, 0.0, 0.1, 0.0) == INF
    assert np.isnan(efficiency.margin_left_months(NAN, NAN, 0.1, 0.0))


def test_formula_and_path_agree_on_the_month_of_no_margin() -> None:
    months = np.arange(1.0, 61.0).reshape(-1, 1)
    price, cost = eroded(10.0, 0.05, months), eroded(4.0, 0.02, months)
    left = float(
        np.ravel(efficiency.margin_left_months(10.0, 4.0, 0.05, 0.02))[0]
    )  # 29.5 months after the first
    path = float(np.ravel(efficiency.margin_zero_month(np.asarray(price), np.asarray(cost)))[0])
    assert path == np.ceil(left) + 1


def test_unit_cost_falls_with_what_it_is_made_of() -> None:
    assert efficiency.unit_cost_decline_share_per_month(1.0, 0.05, 0.02) == 0.05
    assert efficiency.unit_cost_decline_share_per_month(0.0, 0.05, 0.02) == 0.02
