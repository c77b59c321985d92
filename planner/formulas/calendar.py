"""The fiscal calendar: which months make a quarter or a year of the company, and how monthly rows are summed to them.

No figures: pure helpers for formulas, frames and pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from planner.units import Array, Rows

Length = Literal["month", "quarter", "year"]
MONTHS_IN: dict[Length, int] = {"month": 1, "quarter": 3, "year": 12}
"""Months of each length of a period."""
QUARTER, YEAR = MONTHS_IN["quarter"], MONTHS_IN["year"]


@dataclass(frozen=True, slots=True)
class Period:
    """Some months of the plan that belong together, counted from 1."""

    label: str
    """`2027-01` for a month, `FY2027 Q1` for a quarter, `FY2027` for a year."""
    first: int
    last: int
    is_partial: bool
    """The plan begins or ends within it, so that it has fewer months than others."""

    @property
    def months(self) -> int:
        """How many months of the plan it has."""
        return self.last - self.first + 1

    def sum_of(self, rows: Rows) -> Array:
        """Return what flowed in the period, from rows with the months along the first axis."""
        summed: Array = np.sum(rows[self.first - 1 : self.last], axis=0)
        return summed

    def end_of(self, rows: Rows) -> Array:
        """Return what there is at the end of the period, from rows with the months along the first axis."""
        ended: Array = rows[self.last - 1]
        return ended


def periods(start_month: str, months: int, length: Length, fiscal_year_start_month: int = 1) -> list[Period]:
    """Divide the months of a plan that starts in a month such as `2027-01` into fiscal periods of one length.

    A fiscal year has the name of the calendar year in which it ends.
    """
    return list(_periods(start_month, months, length, fiscal_year_start_month))


def whole_month(month: Array) -> Array:
    """Return the whole month that an uncertain month counts as: the next one, and not before the first."""
    return np.maximum(np.ceil(month), 1.0)


def year_and_month(start_month: str, month: int) -> tuple[int, int]:
    """Return the calendar's year and month of a month of the plan, which counts from 1, as does the calendar's."""
    year, first = map(int, start_month.split("-"))
    years, index = divmod(first - 1 + month - 1, YEAR)
    return year + years, index + 1


def _periods(start_month: str, months: int, length: Length, fiscal_start: int) -> Iterator[Period]:
    year, month = map(int, start_month.split("-"))
    # Months since a fiscal year began, far enough back that none is below zero.
    offset = year * YEAR + month - fiscal_start
    size = MONTHS_IN[length]
    for index, members in groupby(range(1, months + 1), lambda n: (offset + n - 1) // size):
        numbers = list(members)
        first, last = numbers[0], numbers[-1]
        label = _label(length, year_and_month(start_month, first), index * size, fiscal_start)
        yield Period(label, first, last, len(numbers) < size)


def _label(length: Length, began_in: tuple[int, int], began: int, fiscal_start: int) -> str:
    if length == "month":
        year, month = began_in
        return f"{year}-{month:02}"
    fiscal_year = began // YEAR + (fiscal_start > 1)
    if length == "year":
        return f"FY{fiscal_year}"
    return f"FY{fiscal_year} Q{began % YEAR // QUARTER + 1}"
