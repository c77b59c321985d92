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


def adoption_hazard(innovation: Array, imitation: Array, adopted_share: Array) -> Array:
    """Return the rate at which those who have not adopted do so: on their own, and by those who have (p + q F).

    A model steps by months with `adopters` at this hazard, so that adopters never outnumber the market. The textbook's
    recursion, which takes the hazard itself as the share that adopts, and the closed form differ by up to 18 per cent
    early on when they step by years. Without innovation, from a few adopters, the curve is the logistic one.

    Source: Bass 1969, Management Science 15(5).
    """
    return innovation + imitation * adopted_share


def bass_share(time: Array, innovation: Array, imitation: Array) -> Array:
    """Return the share of the market that has adopted after some time: the closed form in continuous time.

    Source: Bass 1969, Management Science 15(5).
    """
    decay = np.exp(-(innovation + imitation) * time)
    return innovation * (1.0 - decay) / (innovation + imitation * decay)


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
