"""What is known at the end: present value against a spreadsheet, runway, break-even, start-up cost and funding need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import metrics
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
    found = metrics.net_present_value_usd(rows(flows), monthly(rate))
    np.testing.assert_allclose(found, [value], rtol=1e-11)
    excel = found / (1 + rate)
    assert excel[0] == pytest.approx(value / (1 + rate))


def test_the_first_flow_is_not_discounted_as_excel_would() -> None:
    flows = rows([-10000, 3000, 4200, 6800])
    excel = 1188.4434123352216
    assert metrics.net_present_value_usd(flows, monthly(0.10))[0] == pytest.approx(excel * 1.10, rel=1e-12)  # type: ignore[index]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_without_a_rate_the_present_value_is_the_sum(flows: list[float]) -> None:
    found = metrics.net_present_value_usd(rows(flows), 0.0)
    np.testing.assert_allclose(found, [np.sum(flows)], rtol=1e-9, atol=1e-6)


def test_present_value_takes_a_rate_for_each_draw() -> None:
    found = metrics.net_present_value_usd(rows([0, 12.0], [0, 12.0]), np.array([0.0, monthly(0.2)]))
    np.testing.assert_allclose(found, [12, 10])


def test_runway_counts_the_full_months_before_cash_is_gone() -> None:
    found = metrics.runway_months(rows([5, 1, -2, 4], [-1, 1, 1, 1], [3, 2, 1, 0], [9, 9, 9, -1]))
    assert found.tolist() == [2, 0, np.inf, 3]  # type: ignore[union-attr]


def test_break_even_is_the_first_of_three_profitable_months() -> None:
    found = metrics.break_even_month(
        rows(
            [1, 1, -1, 1, 1, 1],  # a lucky start does not count
            [-1, -1, -1, -1, 1, 1],  # two months before the end are not enough
            [1, 1, 1, -5, -5, -5],
            [0, 0, 0, 1, 1, 1],
            [-1, 1, 1, 0, 1, 1],
        )
    )
    assert found.tolist() == [4, np.inf, 1, 4, np.inf]  # type: ignore[union-attr]


@pytest.mark.parametrize("months", [1, 2])
def test_a_plan_shorter_than_three_months_never_breaks_even(months: int) -> None:
    assert metrics.break_even_month(rows([5.0] * months)).tolist() == [np.inf]  # type: ignore[union-attr]


def test_first_revenue() -> None:
    assert metrics.first_revenue_month(rows([0, 0, 3], [0, 0, 0], [1, 0, 0])).tolist() == [3, np.inf, 1]  # type: ignore[union-attr]


def test_startup_cost_is_what_is_spent_before_the_first_revenue() -> None:
    revenue = rows([0, 0, 3, 0], [0, 0, 0, 0], [1, 0, 0, 0])
    spent = rows([1, 2, 4, 8], [1, 2, 4, 8], [1, 2, 4, 8])
    assert metrics.startup_one_off_usd(spent, revenue).tolist() == [3, 15, 0]  # type: ignore[union-attr]
    assert metrics.startup_running_usd(10 * spent, revenue).tolist() == [30, 150, 0]  # type: ignore[union-attr]


def test_startup_cost_of_costs_that_no_draw_changes() -> None:
    revenue = rows([0, 3], [0, 0])
    assert metrics.startup_staff_usd(rows([5, 7]), revenue).tolist() == [5, 12]  # type: ignore[union-attr]


def test_funding_need_is_the_deepest_hole_and_the_buffer() -> None:
    lowest = metrics.lowest_cash_before_funding_usd(rows([5, -7, 3], [5, 2, 3]))
    assert lowest.tolist() == [-7, 2]  # type: ignore[union-attr]
    assert metrics.funding_need_usd(lowest, 1.0).tolist() == [8, 0]  # type: ignore[union-attr]
    assert metrics.funding_need_usd(lowest, 10.0).tolist() == [17, 8]  # type: ignore[union-attr]
    assert metrics.lowest_cash_usd(rows([5, -7, 3], [5, 2, 3])).tolist() == [-7, 2]  # type: ignore[union-attr]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1e6))
def test_with_the_funding_need_the_cash_never_falls_below_the_buffer(
    flows: list[float], buffer: float
) -> None:
    cash = rows(np.cumsum(flows))
    need = metrics.funding_need_usd(metrics.lowest_cash_before_funding_usd(cash), buffer)
    assert np.min(cash + need) >= buffer - 1e-6
    assert need == 0 or np.min(cash + need) == pytest.approx(buffer, abs=1e-6)
