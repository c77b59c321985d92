"""The plan as an investment: present value against spreadsheets, what comes after it, rates by the year, payback."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import investment
from planner.units import Rows


def rows(*draws: Sequence[float]) -> Rows:
    """Rows of months by draws, from one list of months for each draw."""
    return np.array(draws, dtype=float).T


def monthly(rate: float) -> float:
    """The yearly rate that compounds to this rate in a month."""
    return (1 + rate) ** 12 - 1


@pytest.mark.parametrize(
    ("rate", "flows", "value"),
    [
        (0.10, [-10000, 3000, 4200, 6800], 1307.287753568743),
        (0.05, [-15000, 1500, 2500, 3500, 4500, 6000], 122.89485495093959),
        (0.08, [-40000, 5000, 8000, 12000, 30000], 3065.222668179),
    ],
)
def test_present_value_of_known_flows(rate: float, flows: list[float], value: float) -> None:
    # numpy-financial and pyxirr, the first flow today; Excel's NPV discounts that flow as well.
    found = investment.net_present_value_usd(rows(flows), monthly(rate))
    np.testing.assert_allclose(found, [value], rtol=1e-11)
    excel = found / (1 + rate)
    assert excel[0] == pytest.approx(value / (1 + rate))


def test_the_first_flow_is_not_discounted_as_excel_would() -> None:
    flows = rows([-10000, 3000, 4200, 6800])
    excel = 1188.4434123352216
    assert investment.net_present_value_usd(flows, monthly(0.10))[0] == pytest.approx(excel * 1.10, rel=1e-12)  # type: ignore[index]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_without_a_rate_the_present_value_is_the_sum(flows: list[float]) -> None:
    found = investment.net_present_value_usd(rows(flows), 0.0)
    np.testing.assert_allclose(found, [np.sum(flows)], rtol=1e-9, atol=1e-6)


def test_present_value_takes_a_rate_for_each_draw() -> None:
    found = investment.net_present_value_usd(rows([0, 12.0], [0, 12.0]), np.array([0.0, monthly(0.2)]))
    np.testing.assert_allclose(found, [12, 10])


def test_what_comes_after_the_plan_is_shown_apart() -> None:
    revenue = np.full((24, 1), 10.0)
    value = investment.terminal_value_usd(revenue, np.array([0.0, 5.0]))
    np.testing.assert_allclose(value, [0, 600])
    # Paid in the 24th month, which is discounted by 23.
    worth = investment.terminal_present_value_usd(value, revenue, monthly(0.01))
    np.testing.assert_allclose(worth, [0, 600 / 1.01**23])
    both = investment.net_present_value_with_terminal_usd(np.array([-100.0, -100.0]), worth)
    share = investment.terminal_value_to_net_present_value_ratio(worth, both)
    np.testing.assert_allclose(share, [np.nan, worth[1] / (worth[1] - 100)])  # type: ignore[index]


def test_a_plan_shorter_than_a_year_is_valued_at_its_revenue_by_the_year() -> None:
    np.testing.assert_allclose(investment.terminal_value_usd(np.full((6, 1), 10.0), 2.0), [240])


def test_rates_are_of_months_by_the_year() -> None:
    flows = rows([-100, 102], [-1, 2.3])
    found = investment.internal_rate_share_per_year(flows, 0.0)
    np.testing.assert_allclose(found, [1.02**12 - 1, 2.3**12 - 1])
    modified = investment.modified_internal_rate_share_per_year(flows, 0.0, 0.1)
    np.testing.assert_allclose(modified, found)


def test_several_rates_are_told_from_none() -> None:
    flows = rows([-1, 2.3, -1.32], [-1, 2, -2], [1, 1, 1], [-100, 50, 70])
    found = investment.internal_rate_share_per_year(flows, 0.0)
    assert np.isnan(found[0])  # type: ignore[index]
    assert found[1:3].tolist() == [-np.inf, np.inf]  # type: ignore[index]
    low = investment.lowest_internal_rate_share_per_year(flows, 0.0)
    high = investment.highest_internal_rate_share_per_year(flows, 0.0)
    np.testing.assert_allclose(low, [1.1**12 - 1, np.nan, np.nan, found[3]])  # type: ignore[index]
    np.testing.assert_allclose(high, [1.2**12 - 1, np.nan, np.nan, found[3]])  # type: ignore[index]


def test_the_terminal_value_is_a_flow_of_the_last_month() -> None:
    found = investment.internal_rate_share_per_year(rows([-100, 50]), np.array([0.0, 52.0]))
    np.testing.assert_allclose(found, [0.5**12 - 1, 1.02**12 - 1])


def test_payback_plain_and_discounted() -> None:
    flows = rows([-100, 40, 120])
    np.testing.assert_allclose(investment.payback_months(flows), [1.5])
    late = investment.discounted_payback_months(flows, monthly(0.1))
    np.testing.assert_allclose(late, [1 + (100 - 40 / 1.1) / (120 / 1.21)])
