"""Sums, extremes and quotients; sums and extremes go over the first axis: the months of a row, the items of a list."""

from __future__ import annotations

import numpy as np

from planner.units import Array


def total(rows: Array) -> Array:
    """Return the sum over the first axis.

    Source: definition.
    """
    summed: Array = np.sum(rows, axis=0)
    return summed


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


def first_month(happening: Array) -> Array:
    """Return the first month in which a row is above zero; infinite when there is none.

    Source: definition.
    """
    happens = np.asarray(happening > 0)
    return np.where(np.any(happens, axis=0), np.argmax(happens, axis=0) + 1.0, np.inf)
