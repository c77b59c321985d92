"""Building blocks that several strategies share: adoption, erosion, elasticity, collection of bills."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.units import Array


def eroded(start: Array, share_per_month: Array, month: Array) -> Array:
    """Return what a price becomes that falls by the same share each month; the first month has the start.

    Source: definition.
    """
    return start * (1.0 - share_per_month) ** (month - 1.0)


def adopters(remaining: Array, hazard_share_per_month: Array) -> Array:
    """Return how many of the remaining adopt in one month at a hazard; never more than remain.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard: 1 - exp(-h).
    """
    return remaining * (1.0 - np.exp(-hazard_share_per_month))


def saturation_share(amount: Array, half_amount: Array) -> Array:
    """Return how far an effect has come that is half at `half_amount` and full at infinity.

    Source: definition (Michaelis-Menten form).
    """
    return amount / (amount + half_amount)


def demand_ratio(price: Array, reference_price: Array, elasticity_ratio: Array) -> Array:
    """Return the demand at a price over the demand at the reference price, at constant elasticity.

    Source: definition of constant price elasticity of demand.
    """
    return (price / reference_price) ** (-elasticity_ratio)


def swing_ratio(shock_share: Array, spread_ratio: Array) -> Array:
    """Return by how much a month lies above or below what is expected: one at the median, log-logistic around it.

    Source: definition of the quantile function of the log-logistic distribution.
    """
    return (shock_share / (1.0 - shock_share)) ** spread_ratio


def outstanding_usd(previous_usd: Array, billed_usd: Array, collection_days: Array) -> Array:
    """Return what customers owe at the end of a month if bills are paid after so many days on average.

    In a steady state the balance is the days' worth of billing; each bill is paid once, none early.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    collection_months = collection_days / units.DAYS_PER_MONTH
    return (previous_usd + billed_usd) * collection_months / (1.0 + collection_months)
