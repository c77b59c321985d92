"""Fiscal quarters and years, whatever month the plan and the year begin in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas.calendar import MONTHS_IN, Length, periods, whole_month


def told(start: str, months: int, length: Length, fiscal: int = 1) -> list[tuple[str, int, int, bool]]:
    return [(p.label, p.first, p.last, p.is_partial) for p in periods(start, months, length, fiscal)]


def test_calendar_years() -> None:
    assert told("2027-01", 24, "year") == [("FY2027", 1, 12, False), ("FY2028", 13, 24, False)]
    assert told("2027-03", 12, "year") == [("FY2027", 1, 10, True), ("FY2028", 11, 12, True)]


def test_a_fiscal_year_has_the_name_of_the_year_in_which_it_ends() -> None:
    # The year of a company that closes its books in March: April 2027 to March 2028 is FY2028.
    assert told("2027-01", 20, "year", 4) == [
        ("FY2027", 1, 3, True),
        ("FY2028", 4, 15, False),
        ("FY2029", 16, 20, True),
    ]


def test_quarters() -> None:
    assert told("2026-12", 7, "quarter", 4) == [
        ("FY2027 Q3", 1, 1, True),
        ("FY2027 Q4", 2, 4, False),
        ("FY2028 Q1", 5, 7, False),
    ]


def test_months() -> None:
    assert [p[0] for p in told("2027-11", 3, "month", 7)] == ["2027-11", "2027-12", "2028-01"]
    assert not any(p.is_partial for p in periods("2027-11", 3, "month", 7))


@given(
    year=st.integers(1990, 2100),
    month=st.integers(1, 12),
    months=st.integers(1, 240),
    fiscal=st.integers(1, 12),
    length=st.sampled_from(sorted(MONTHS_IN)),
)
def test_periods_divide_the_plan(year: int, month: int, months: int, fiscal: int, length: Length) -> None:
    found = periods(f"{year}-{month:02}", months, length, fiscal)
    assert [n for p in found for n in range(p.first, p.last + 1)] == list(range(1, months + 1))
    assert len({p.label for p in found}) == len(found)
    assert all(p.months == MONTHS_IN[length] for p in found if not p.is_partial)
    assert not any(p.is_partial for p in found[1:-1])
    # a full year begins in the fiscal month
    for p in found:
        if length == "year" and not p.is_partial:
            assert (month - 1 + p.first - 1) % 12 + 1 == fiscal
    rows = np.random.default_rng(0).normal(size=(months, 3))
    np.testing.assert_allclose(sum(p.sum_of(rows) for p in found), rows.sum(axis=0), atol=1e-9)
    np.testing.assert_array_equal(found[-1].end_of(rows), rows[-1])


@pytest.mark.parametrize(("month", "whole"), [(0.0, 1), (1.0, 1), (2.4, 3), (3.0, 3), (-2.0, 1)])
def test_a_month_between_two_counts_as_the_later(month: float, whole: float) -> None:
    assert whole_month(month) == whole
