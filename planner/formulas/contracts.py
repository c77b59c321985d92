"""Yearly contracts: customers can leave only in the month in which their contract comes up for renewal.

Customers are held by the months until their renewal: twelve slots along the first axis, `(12, draws)` or
`(12, items, draws)`, of which the first comes up next month. So the sum over all cohorts is exact, with no more than
twelve numbers to remember. A single number stands for twelve slots of that size (none, at the start).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.units import Array

TERM_MONTHS = 12
"""Months of a yearly contract, the month of signing included."""


def due(slots: Array) -> Array:
    """Return the customers whose contract comes up for renewal in the month, from the slots of the month before.

    Source: definition.
    """
    return _each(slots)[0]


def renewed(slots: Array, churn_share: Array, new: Array) -> Array:
    """Return the slots after a month: those due renew or leave, new ones sign, all others are a month nearer.

    `churn_share` is the share of the contracts that come up in the month and are not renewed.

    Source: definition of a cohort sum whose survival falls only every twelve months.
    """
    _, *later = _each(slots)
    return np.stack(np.broadcast_arrays(*later, due(slots) * (1.0 - churn_share) + new))


def paid_ahead_months(slots: Array) -> Array:
    """Return the months of service that all customers are still owed if each paid for the year when it began.

    Source: definition: a slot that comes up for renewal after so many months is owed as many.
    """
    owed: Array = sum(months * customers for months, customers in enumerate(_each(slots)))
    return owed


def _each(slots: Array) -> Sequence[Array]:
    return tuple(slots) if isinstance(slots, np.ndarray) and slots.ndim else (slots,) * TERM_MONTHS
