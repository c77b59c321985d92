"""Building blocks for a company of several parts: shared chance, concentration, diversification, worth of each part.

Parts (domains, partners) lie along the first axis.
"""

from __future__ import annotations

import math

import numpy as np

from planner import units
from planner.formulas.totals import quotient, total
from planner.units import Array, Rows

SCORE_PER_LOG_ODDS = math.sqrt(3.0) / math.pi
"""Brings the logistic distribution to a standard deviation of one (its variance is pi^2 / 3)."""


def score_ratio(shock_share: Array) -> Array:
    """Return a uniform shock as a surprise in standard deviations: none at the median, logistic around it.

    Source: definition of the quantile function of the logistic distribution, scaled to unit variance.
    """
    return SCORE_PER_LOG_ODDS * np.log(shock_share / (1.0 - shock_share))


def persisted(previous_ratio: Array, surprise_ratio: Array, persistence_share: Array) -> Array:
    """Return a state that keeps a share of itself each month; its variance tends to that of the surprises.

    Source: definition of a first-order autoregression.
    """
    return persistence_share * previous_ratio + np.sqrt(1.0 - persistence_share**2) * surprise_ratio


def swayed_ratio(
    month: Array, state_ratio: Array, volatility_ratio: Array, persistence_share: Array
) -> Array:
    """Return what a state makes of demand, with mean one in every month when the state started at none.

    Source: mean of a lognormal, exp(s - v/2); the variance v of the state has grown to 1 - persistence^(2 months).
    """
    variance = volatility_ratio**2 * (1.0 - persistence_share ** (2.0 * month))
    return np.exp(volatility_ratio * state_ratio - variance / 2.0)


def shares(parts: Array) -> Array:
    """Return each part over the sum of all; none where there is nothing to share.

    Source: definition.
    """
    return np.where(total(parts) > 0, quotient(parts, total(parts)), 0.0)


def concentration_share(parts: Array) -> Array:
    """Return the Herfindahl-Hirschman index: one for a single part, 1/n for n equal ones; undefined for nothing.

    Source: definition, the sum of the squared shares.
    """
    return np.where(total(parts) > 0, total(shares(parts) ** 2), np.nan)


def diversification_ratio(weight_share: Array, volatility_ratio: Array, loading_share: Array) -> Array:
    """Return the weighted volatility of the parts over the volatility of the whole: one when they move together.

    The demand of two parts correlates by the product of their loadings on what is common.

    Source: Choueifaty and Coignard 2008, Journal of Portfolio Management 35(1).
    """
    weighted = weight_share * volatility_ratio
    common, own = total(weighted * loading_share), total(weighted**2 * (1.0 - loading_share**2))
    return quotient(total(weighted), np.sqrt(common**2 + own))


def largest_usd(
    usd_per_customer: Array, customers: Array, spread_share: Array, largest_customers: Array
) -> Array:
    """Return what the largest customers of all parts together pay, where sizes within a part are Pareto distributed.

    With spread 0 all customers of a part pay the same; of N customers of one part the largest k pay (k/N)^(1-spread) of
    all. The union of Pareto tails is one again, so several parts add as a norm of exponent 1/spread.

    Source: assumed form: Pareto distribution with tail index 1/spread; its Lorenz curve is a definition.
    """
    size_usd = usd_per_customer * (customers / largest_customers) ** spread_share
    joined_share = total(shares(size_usd) ** (1.0 / spread_share)) ** spread_share
    everything_usd = total(usd_per_customer * customers)
    return np.minimum(largest_customers * total(size_usd) * joined_share, everything_usd)


def present_value_usd(rows_usd: Rows, discount_rate_share_per_year: Array) -> Array:
    """Return rows of months, of any number of parts, at today's worth; the first month is not discounted.

    Source: Brealey, Myers and Allen, Principles of Corporate Finance: NPV = sum of C_t / (1 + r)^t.
    """
    months = np.arange(len(rows_usd), dtype=float).reshape(-1, *(1,) * (np.ndim(rows_usd) - 1))
    growth = np.exp(months * np.log(units.monthly_ratio(discount_rate_share_per_year)))
    return total(rows_usd / growth)
