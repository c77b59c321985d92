"""Reductions over the first axis: the months of a row, or the items of a list."""

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
