"""Working capital, cash flow and balance sheet of a month."""

from __future__ import annotations

import pytest

from planner.formulas import balance


def test_pay_is_no_purchase_and_capitalised_training_is_one() -> None:
    # nor is it one what partners keep of what they sell
    assert balance.purchases_usd(100.0, 30.0, 40.0, 15.0, (5.0, 2.0)) == 100 + 30 - 40 - 15 - 7


def test_suppliers_are_owed_their_days_of_purchases_in_the_long_run() -> None:
    owed = 0.0
    for _ in range(200):
        owed = float(balance.payables_usd(owed, 1000.0, 30.4375))  # a month
    assert owed == pytest.approx(1000, rel=1e-12)
    assert balance.payables_usd(0.0, 1000.0, 0.0) == 0


def test_cash_of_working_capital_has_the_right_signs() -> None:
    # Customers owe 30 more, suppliers are owed 5 more, and 3 less is paid ahead.
    assert balance.working_capital_flow_usd(50.0, 20.0, 25.0, 20.0, 7.0, 10.0) == -30 + 5 - 3


def test_the_cash_flow_of_a_month_by_hand() -> None:
    # Net income 100 after interest 10, depreciation 40, amortisation 5 and a gain of 15 on accelerators sold for 60.
    operating = balance.operating_cash_flow_usd(100.0, 10.0, 40.0, 5.0, 15.0, -28.0)
    assert operating == 100 + 10 + 45 - 15 - 28
    investing = balance.investing_cash_flow_usd(60.0, 200.0, 30.0)
    assert investing == -170
    financing = balance.financing_cash_flow_usd(500.0, 50.0, 20.0, 10.0)
    assert financing == 520
    flow = balance.net_cash_flow_usd(operating, investing)
    assert flow == 112 - 170
    assert balance.cash_usd(1000.0, flow, financing) == 1000 - 58 + 520
    assert balance.cash_before_funding_usd(1000.0, flow) == 942


def test_assets_are_liabilities_and_equity() -> None:
    assets = balance.total_assets_usd(10.0, 20.0, 30.0, 40.0)
    liabilities = balance.total_liabilities_usd(15.0, 25.0, 5.0)
    equity = balance.equity_usd(
        balance.paid_in_capital_usd(60.0, 10.0), balance.retained_earnings_usd(-5.0, -10.0)
    )
    assert (assets, liabilities, equity) == (100, 45, 55)
    assert balance.balance_gap_usd(assets, liabilities, equity) == 0
