"""What is known at the end: runway, break-even, start-up cost, funding need, gross margin of the plan."""

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


def test_the_gross_margin_of_the_plan_weighs_months_by_revenue() -> None:
    # 10 of 100 and 450 of 900: 46 % and not the 30 % in between.
    found = metrics.average_gross_margin_share(
        rows([10, 450], [-5, -5], [0, 0]), rows([100, 900], [5, 5], [0, 0])
    )
    np.testing.assert_array_equal(found, [0.46, -1, np.nan])
