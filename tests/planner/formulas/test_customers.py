"""What customers bring: revenue by the year, cost of winning them, their worth, who stays, who carries the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import customers
from planner.units import Rows

NAN, INF = float("nan"), float("inf")


def rows(*draws: Sequence[float]) -> Rows:
    """Rows of months by draws, from one list of months for each draw."""
    return np.array(draws, dtype=float).T


def flat(value: float, months: int = 13) -> Rows:
    return np.full((months, 1), value)


# Sums over strategies


def test_company_figures_are_sums_over_strategies() -> None:
    assert customers.recurring_revenue_usd((1.0, 2.0)) == 3
    assert customers.paying_customers((np.array([1.0, 2.0]), 10.0)).tolist() == [11, 12]  # type: ignore[union-attr]
    assert customers.new_customers(()) == 0


def test_the_five_largest_of_a_mix_bring_at_least_what_those_of_one_strategy_do() -> None:
    found = customers.largest_customers_revenue_usd((np.array([5.0, 1.0]), 3.0))
    assert found.tolist() == [5, 3]  # type: ignore[union-attr]
    assert customers.largest_customers_revenue_usd(()) == 0


# Annual recurring revenue


def test_annual_recurring_revenue_is_twelve_months_and_thirteen_times_28_days() -> None:
    # A month of 30.4375 days with 30,437.50 of consumption is 1,000 a day: 28,000 in 28 days, 364,000 by the year.
    assert customers.annual_recurring_revenue_usd(0.0, 30437.5) == pytest.approx(364_000)
    assert customers.annual_recurring_revenue_usd(100.0, 0.0) == pytest.approx(1200)
    assert customers.annual_recurring_revenue_usd(100.0, 30437.5) == pytest.approx(365_200)


def test_revenue_for_each_account_is_undefined_while_none_pays() -> None:
    found = customers.revenue_usd_per_customer(np.array([50.0, 50.0]), np.array([10.0, 0.0]))
    np.testing.assert_array_equal(found, [5, NAN])


# What a customer costs and is worth


def test_acquisition_cost_is_marketing_over_the_customers_that_it_wins_later() -> None:
    marketing, new = rows([100, 200, 300, 400]), rows([0, 10, 20, 30])
    assert customers.acquisition_cost_usd_per_customer(marketing, new, 0.0) == pytest.approx(1000 / 60)
    # One month later: 100 + 200 + 300 win 10 + 20 + 30.
    assert customers.acquisition_cost_usd_per_customer(marketing, new, 1.0) == pytest.approx(600 / 60)
    both = customers.acquisition_cost_usd_per_customer(marketing, new, np.array([0.0, 1.0]))
    np.testing.assert_allclose(both, [1000 / 60, 10])
    assert np.isnan(customers.acquisition_cost_usd_per_customer(marketing, 0 * new, 0.0)).all()
    assert np.isnan(customers.acquisition_cost_usd_per_customer(marketing, new, 99.0)).all()


def test_the_loss_is_over_who_paid_at_the_start_of_the_month() -> None:
    # 100 pay, 10 come and 5 go: 105; then 5 come and 10 go: 100. Lost: 15 of 100 + 105.
    found = customers.customer_loss_share_per_month(rows([105, 100]), rows([10, 5]), rows([5, 10]))
    np.testing.assert_allclose(found, [15 / 205])
    none = customers.customer_loss_share_per_month(flat(0), flat(0), flat(0))
    assert np.isnan(none).all()


def test_lifetime_value_of_known_margin_and_churn() -> None:
    paying = flat(1.0, 60)
    assert customers.lifetime_value_usd_per_customer(35.0, 0.03, paying) == pytest.approx(1166.6667)
    monthly = 1.01**12 - 1
    found = customers.discounted_lifetime_value_usd_per_customer(35.0, 0.03, monthly, flat(1.0, 2000))
    assert found == pytest.approx(883.75)


def test_nobody_is_counted_for_longer_than_the_plan() -> None:
    assert customers.lifetime_value_usd_per_customer(35.0, 0.0, flat(1.0, 24)) == 35 * 24
    assert customers.lifetime_value_usd_per_customer(35.0, 0.01, flat(1.0, 24)) == 35 * 24
    assert customers.discounted_lifetime_value_usd_per_customer(35.0, 0.0, 0.0, flat(1.0, 24)) == 35 * 24


def test_a_customer_who_costs_more_than_he_pays_is_worth_less_than_nothing() -> None:
    assert customers.lifetime_value_usd_per_customer(-2.0, 0.1, flat(1.0)) == pytest.approx(-20)
    assert customers.lifetime_value_ratio(-20.0, 5.0) == -4


def test_worth_over_cost_where_one_of_them_is_missing() -> None:
    assert np.isnan(customers.lifetime_value_ratio(10.0, NAN))
    assert customers.lifetime_value_ratio(10.0, 0.0) == INF
    assert np.isnan(customers.lifetime_value_ratio(-10.0, 0.0))


def test_acquisition_payback() -> None:
    found = customers.acquisition_payback_months(
        np.array([120.0, 120, NAN, NAN, 0]), np.array([10.0, -1, 5, -5, 10])
    )
    np.testing.assert_array_equal(found, [12, INF, NAN, NAN, 0])


@given(st.floats(0.1, 100), st.floats(1, 1e4), st.floats(0, 1), st.floats(0, 0.5), st.floats(1, 1e3))
def test_worth_over_cost_grows_as_the_price(
    times: float, price: float, margin_share: float, churn: float, cost: float
) -> None:
    paying = rows([10, 12, 14])

    def ratio(scale: float) -> float:
        revenue = scale * price * paying
        margin = customers.margin_usd_per_customer_month(revenue, revenue * (1 - margin_share), paying)
        worth = customers.lifetime_value_usd_per_customer(margin, churn, paying)
        return float(np.ravel(customers.lifetime_value_ratio(worth, cost))[0])

    assert ratio(times) == pytest.approx(times * ratio(1.0), rel=1e-9, abs=1e-12)


# Who stays


def test_retention_multiplies_the_shares_of_twelve_months() -> None:
    # 5 % of what recurs goes each month, 1 % is paid less, those who stay pay 2 % more.
    base, lost = flat(200.0), flat(10.0)
    gross = customers.gross_retention_share(base, lost, flat(2.0))
    net = customers.net_retention_ratio(base, lost, flat(2.0), flat(4.0))
    np.testing.assert_allclose(gross, [0.94**12])
    np.testing.assert_allclose(net, [0.96**12])


def test_customers_won_within_the_year_do_not_count() -> None:
    # What recurs grows tenfold by new customers; a tenth of it goes each month all the same.
    base = rows(list(np.linspace(100, 1000, 13)))
    lost = np.concatenate([[[0.0]], 0.1 * base[:-1]])
    found = customers.gross_retention_share(base, lost, 0 * lost)
    np.testing.assert_allclose(found, [0.9**12])


def test_only_the_last_twelve_months_count() -> None:
    base = flat(100.0, 20)
    lost = flat(0.0, 20)
    lost[:8] = 90.0
    np.testing.assert_allclose(customers.gross_retention_share(base, lost, 0 * lost), [1.0])


@pytest.mark.parametrize("months", [1, 12])
def test_a_plan_of_a_year_or_less_has_no_retention(months: int) -> None:
    row = flat(1.0, months)
    assert np.isnan(customers.gross_retention_share(row, 0 * row, 0 * row)).all()


def test_retention_of_nothing_is_undefined() -> None:
    base = rows([0, *[5.0] * 12], [5.0, *[0.0] * 12])
    lost = rows([0.0] * 13, [0, 5.0, *[0.0] * 11])
    found = customers.gross_retention_share(base, lost, 0 * lost)
    np.testing.assert_array_equal(found, [NAN, 0.0])


amounts = st.lists(st.just(0.0) | st.floats(0.01, 1e6), min_size=15, max_size=15)


@given(amounts, amounts, amounts, amounts)
def test_gross_retention_is_at_most_one_and_at_most_net_retention(
    base: list[float], lost: list[float], less: list[float], more: list[float]
) -> None:
    given_rows = [rows(row) for row in (base, lost, less, more)]
    gross = float(np.ravel(customers.gross_retention_share(*given_rows[:3]))[0])
    net = float(np.ravel(customers.net_retention_ratio(*given_rows))[0])
    assert np.isnan(gross) == np.isnan(net)
    assert np.isnan(gross) or 0 <= gross <= min(1.0, net)


# What growth costs, and how few carry it


def test_acquisition_ratio_counts_what_had_to_be_won_again() -> None:
    # Over a year 120,000 more recurs by the year; 1,000 of a month was lost in each month, 144,000 by the year.
    annual = rows(list(np.linspace(100e3, 220e3, 13)))
    found = customers.new_customer_acquisition_ratio(flat(44e3), annual, flat(1000.0), flat(0.0), flat(0.0))
    np.testing.assert_allclose(found, [12 * 44e3 / 264e3])
    kept = customers.new_customer_acquisition_ratio(flat(1.0), flat(1.0), flat(0.0), flat(0.0), flat(0.0))
    assert np.isnan(kept).all()


def test_the_share_of_the_largest_customers_is_of_the_last_year() -> None:
    revenue = flat(100.0, 24)
    largest = flat(40.0, 24)
    largest[:12] = 90.0
    np.testing.assert_allclose(customers.top_five_revenue_share(largest, revenue), [0.4])
    assert np.isnan(customers.top_five_revenue_share(0 * largest, 0 * revenue)).all()


def test_concentration_lies_between_one_over_the_strategies_and_one() -> None:
    assert customers.strategy_concentration_share((7.0,), 7.0) == 1
    assert customers.strategy_concentration_share((2.0, 2.0, 2.0, 2.0), 8.0) == pytest.approx(0.25)
    assert customers.strategy_concentration_share((6.0, 2.0), 8.0) == pytest.approx(0.5625 + 0.0625)
    assert np.isnan(customers.strategy_concentration_share((0.0, 0.0), 0.0))
