"""What may happen once, at a month that chance decides: the partner who leaves, the supplier who stops."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.units import Array


def happened_share(chance_share: Array, odds_share_per_year: Array, exposed_months: Array) -> Array:
    """Return one once an event has happened, zero before, given where chance stands from 0 (soon) to 1 (never).

    The month in which it turns is the inverse distribution of the waiting time at that chance; over chances that are
    spread evenly, the event has happened within a year with the yearly odds.

    Source: definition of a constant hazard: 1 - (1 - yearly odds)^(months / 12).
    """
    spared_share = units.monthly_ratio(-odds_share_per_year) ** np.maximum(exposed_months, 0.0)
    return np.where(chance_share < 1.0 - spared_share, 1.0, 0.0)
