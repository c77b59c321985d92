"""The plan as an investment: present value with and without what comes after it, rates of return, payback.

A `series_` row has the months along its first axis; the first month is not discounted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas import returns
from planner.formulas.calendar import YEAR
from planner.formulas.totals import last_total, quotient
from planner.units import Array, Rows

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "terminal_value_to_net_present_value_ratio": {"nan": _("undefined: worth no more than nothing")},
    "internal_rate_share_per_year": {
        "nan": _("multiple roots"),
        "inf": _("no real root, always a gain"),
        "-inf": _("no real root, always a loss"),
    },
    "lowest_internal_rate_share_per_year": {"nan": _("no real root")},
    "highest_internal_rate_share_per_year": {"nan": _("no real root")},
    "modified_internal_rate_share_per_year": {"nan": _("undefined: all money flows one way")},
    "payback_months": {"inf": _("never")},
    "discounted_payback_months": {"inf": _("never")},
}
"""Why a figure has no value, by the value that stands for it."""


def net_present_value_usd(series_net_cash_flow_usd: Rows, discount_rate_share_per_year: Array) -> Array:
    """Cash flows before funding at today's worth; the first month is not discounted, no value after the horizon.

    Source: Brealey, Myers and Allen, Principles of Corporate Finance: NPV = sum of C_t / (1 + r)^t.
    """
    return returns.present_value(series_net_cash_flow_usd, units.monthly_ratio(discount_rate_share_per_year))


def terminal_value_usd(series_revenue_usd: Rows, terminal_revenue_multiple_ratio: Array) -> Array:
    """What the company is taken to be worth in the last month: a multiple of the last year's revenue.

    Source: definition; the multiple is an input and zero unless the scenario gives one.
    """
    months = min(len(series_revenue_usd), YEAR)
    return terminal_revenue_multiple_ratio * last_total(series_revenue_usd, YEAR) * (YEAR / months)


def terminal_present_value_usd(
    terminal_value_usd: Array, series_revenue_usd: Rows, discount_rate_share_per_year: Array
) -> Array:
    """The terminal value at today's worth, which the net present value does not hold.

    Source: definition; discounted as the cash flow of the last month.
    """
    paid_usd = _in_the_last_month(terminal_value_usd, series_revenue_usd)
    return returns.present_value(paid_usd, units.monthly_ratio(discount_rate_share_per_year))


def net_present_value_with_terminal_usd(
    net_present_value_usd: Array, terminal_present_value_usd: Array
) -> Array:
    """Net present value of the plan and of what the company is worth after it.

    Source: definition.
    """
    return net_present_value_usd + terminal_present_value_usd


def terminal_value_to_net_present_value_ratio(
    terminal_present_value_usd: Array, net_present_value_with_terminal_usd: Array
) -> Array:
    """How much of the net present value rests on what comes after the plan; above one where the plan itself loses.

    Source: definition.
    """
    return quotient(terminal_present_value_usd, net_present_value_with_terminal_usd)


def internal_rate_share_per_year(series_net_cash_flow_usd: Rows, terminal_value_usd: Array) -> Array:
    """Yearly rate of return on what is put in before funding: the rate at which all flows together are worth nothing.

    The terminal value counts as a flow of the last month. Several rates give none that means something, unless only
    one of them is above zero and the flows add up to a gain; then the modified rate tells more.

    Source: definition of the internal rate of return, of monthly flows: (1 + i)^12 - 1.
    """
    flows_usd = series_net_cash_flow_usd + _in_the_last_month(terminal_value_usd, series_net_cash_flow_usd)
    return units.share_per_year(returns.internal_rate(flows_usd))


def lowest_internal_rate_share_per_year(series_net_cash_flow_usd: Rows, terminal_value_usd: Array) -> Array:
    """Lowest of the yearly rates at which all flows together are worth nothing; the highest where there is one.

    Source: definition of the internal rate of return.
    """
    flows_usd = series_net_cash_flow_usd + _in_the_last_month(terminal_value_usd, series_net_cash_flow_usd)
    return units.share_per_year(returns.internal_rates(flows_usd)[0])


def highest_internal_rate_share_per_year(series_net_cash_flow_usd: Rows, terminal_value_usd: Array) -> Array:
    """Highest of the yearly rates at which all flows together are worth nothing; the lowest where there is one.

    Source: definition of the internal rate of return.
    """
    flows_usd = series_net_cash_flow_usd + _in_the_last_month(terminal_value_usd, series_net_cash_flow_usd)
    return units.share_per_year(np.fmax.reduce(returns.internal_rates(flows_usd)))


def modified_internal_rate_share_per_year(
    series_net_cash_flow_usd: Rows, terminal_value_usd: Array, discount_rate_share_per_year: Array
) -> Array:
    """Yearly return when money is borrowed and laid out at the discount rate meanwhile; there is always one at most.

    Source: documentation of Excel's MIRR.
    """
    flows_usd = series_net_cash_flow_usd + _in_the_last_month(terminal_value_usd, series_net_cash_flow_usd)
    monthly = units.monthly_ratio(discount_rate_share_per_year)
    return units.share_per_year(returns.modified_internal_rate(flows_usd, monthly, monthly))


def payback_months(series_net_cash_flow_usd: Rows) -> Array:
    """Months after the first until the cash put in before funding has come back for good.

    Source: definition; months are divided in line, and with several crossings the last one counts.
    """
    return returns.payback_periods(series_net_cash_flow_usd)


def discounted_payback_months(series_net_cash_flow_usd: Rows, discount_rate_share_per_year: Array) -> Array:
    """Months after the first until the cash put in has come back for good, all at today's worth.

    Source: definition; months are divided in line, and with several crossings the last one counts.
    """
    monthly = units.monthly_ratio(discount_rate_share_per_year)
    return returns.payback_periods(returns.discounted(series_net_cash_flow_usd, monthly))


def _in_the_last_month(usd: Array, like: Rows) -> Rows:
    """Return a row as long as another with an amount in its last month alone."""
    is_last = np.arange(len(like)).reshape(-1, 1) == len(like) - 1
    return np.where(is_last, usd, 0.0)
