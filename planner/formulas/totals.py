"""Sums, extremes and quotients; sums and extremes go over the first axis: the months of a row, the items of a list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.units import Array, Rows


def total(rows: Array) -> Array:
    """Return the sum over the first axis.

    Source: definition.
    """
    summed: Array = np.sum(rows, axis=0)
    return summed


def last_total(rows: Rows, months: int) -> Array:
    """Return the sum over the last months, or over all where there are fewer.

    Source: definition.
    """
    return total(rows[-months:])


def last_rise(rows: Rows, months: int) -> Array:
    """Return by how much the last month lies above the one so many before it; undefined where there is none.

    Source: definition.
    """
    earlier = rows[-1 - months] if len(rows) > months else np.nan
    rise: Array = rows[-1] - earlier
    return rise


def lowest(rows: Array) -> Array:
    """Return the least over the first axis.

    Source: definition.
    """
    least: Array = np.min(rows, axis=0)
    return least


def quotient(part: Array, whole: Array) -> Array:
    """Return one quantity over another; undefined where the other is not above zero.

    Source: definition.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # numpy divides everywhere and then chooses
        return np.where(whole > 0, np.divide(part, whole), np.nan)


def part_of(part: Array, whole: Array) -> Array:
    """Return one quantity over another; nothing where there is none of the other.

    Source: definition.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # numpy divides everywhere and then chooses
        return np.where(whole > 0, np.divide(part, whole), 0.0)


def first_month(happening: Array | NDArray[np.bool_]) -> Array:
    """Return the first month in which a row is above zero, or true; infinite when there is none.

    Source: definition.
    """
    happens = np.asarray(happening > 0)
    return np.where(np.any(happens, axis=0), np.argmax(happens, axis=0) + 1.0, np.inf)


def first_lasting_month(happens: NDArray[np.bool_], months: int = 3) -> Array:
    """Return the first month of so many in a row in which something happens; infinite where there are none.

    Source: definition.
    """
    lasting = happens.copy()
    for later in range(1, months):
        lasting[:-later] &= happens[later:]
        lasting[-later:] = False
    return first_month(lasting)
