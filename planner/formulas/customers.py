"""Customers: their revenue by the year, what winning one costs, what one is worth, who stays, how few carry the rest.

A `series_` row has the months along its first axis. What looks back a year is undefined in a plan too short for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas import returns
from planner.formulas.calendar import YEAR
from planner.formulas.totals import last_rise, last_total, quotient, total
from planner.units import Array, Rows

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "revenue_usd_per_customer": {"nan": _("undefined: no paying customers")},
    "margin_usd_per_customer_month": {"nan": _("undefined: no paying customers")},
    "customer_loss_share_per_month": {"nan": _("undefined: no paying customers")},
    "lifetime_value_usd_per_customer": {"nan": _("undefined: no paying customers")},
    "discounted_lifetime_value_usd_per_customer": {"nan": _("undefined: no paying customers")},
    "acquisition_cost_usd_per_customer": {"nan": _("undefined: no new customers")},
    "lifetime_value_ratio": {
        "nan": _("undefined: no new customers"),
        "inf": _("winning customers costs nothing"),
    },
    "acquisition_payback_months": {"nan": _("undefined: no new customers"), "inf": _("never")},
    "gross_retention_share": {"nan": _("undefined: no recurring revenue a year before")},
    "net_retention_ratio": {"nan": _("undefined: no recurring revenue a year before")},
    "new_customer_acquisition_ratio": {"nan": _("undefined: no recurring revenue won within a year")},
    "top_five_revenue_share": {"nan": _("undefined: no revenue")},
    "strategy_concentration_share": {"nan": _("undefined: no revenue")},
}
"""Why a figure has no value, by the value that stands for it."""


def recurring_revenue_usd(each_recurring_revenue_usd: tuple[Array, ...]) -> Array:
    """Revenue of the month by subscription or standing contract, of all strategies.

    Source: definition.
    """
    return sum(each_recurring_revenue_usd, 0.0)


def usage_revenue_usd(each_usage_revenue_usd: tuple[Array, ...]) -> Array:
    """Revenue of the month that is billed by what customers use, of all strategies.

    Source: definition.
    """
    return sum(each_usage_revenue_usd, 0.0)


def paying_customers(each_paying_customers: tuple[Array, ...]) -> Array:
    """Accounts that pay at the end of the month, of all strategies; who pays two of them counts twice.

    Source: definition.
    """
    return sum(each_paying_customers, 0.0)


def new_customers(each_new_customers: tuple[Array, ...]) -> Array:
    """Accounts that began to pay in the month, of all strategies.

    Source: definition.
    """
    return sum(each_new_customers, 0.0)


def lost_customers(each_lost_customers: tuple[Array, ...]) -> Array:
    """Accounts that ceased to pay in the month, of all strategies.

    Source: definition.
    """
    return sum(each_lost_customers, 0.0)


def lost_recurring_usd(each_lost_recurring_usd: tuple[Array, ...]) -> Array:
    """Recurring revenue of a month that went with the customers who left in the month, of all strategies.

    Source: definition.
    """
    return sum(each_lost_recurring_usd, 0.0)


def expansion_recurring_usd(each_expansion_recurring_usd: tuple[Array, ...]) -> Array:
    """Recurring revenue of a month by which customers who stayed pay more, of all strategies.

    Source: definition.
    """
    return sum(each_expansion_recurring_usd, 0.0)


def contraction_recurring_usd(each_contraction_recurring_usd: tuple[Array, ...]) -> Array:
    """Recurring revenue of a month by which customers who stayed pay less, of all strategies.

    Source: definition.
    """
    return sum(each_contraction_recurring_usd, 0.0)


def largest_customers_revenue_usd(each_largest_customers_revenue_usd: tuple[Array, ...]) -> Array:
    """Revenue of the month that at least comes from the company's five largest customers.

    The five largest of any one strategy are customers of the company: its own five bring no less than they do.

    Source: definition; with one strategy it is that strategy's own.
    """
    most_usd: Array = 0.0
    for usd in each_largest_customers_revenue_usd:
        most_usd = np.maximum(most_usd, usd)
    return most_usd


def annual_recurring_revenue_usd(recurring_revenue_usd: Array, usage_revenue_usd: Array) -> Array:
    """Revenue of a year at the month's rate: twelve months of what recurs, thirteen times 28 days of what is used.

    Services and one-off sales do not count.

    Source: Reuters Breakingviews 2026 on Anthropic's run rate: consumption of 28 days x 13 + subscriptions x 12.
    """
    consumed_usd_per_day = usage_revenue_usd / units.DAYS_PER_MONTH
    consumed_usd = consumed_usd_per_day * units.CONSUMPTION_DAYS * units.CONSUMPTION_PERIODS_PER_YEAR
    return (recurring_revenue_usd * units.MONTHS_PER_YEAR + consumed_usd) * units.ONE_YEAR


def revenue_usd_per_customer(revenue_usd: Array, paying_customers: Array) -> Array:
    """Revenue of the month for each paying account; undefined while none pays.

    Source: definition of average revenue per account.
    """
    return quotient(revenue_usd, paying_customers)


def margin_usd_per_customer_month(
    series_revenue_usd: Rows, series_cost_of_revenue_usd: Rows, series_paying_customers: Rows
) -> Array:
    """What an account leaves in a month after the cost of serving it, on average over the plan.

    Source: definition: average revenue per account times gross margin.
    """
    return quotient(total(series_revenue_usd - series_cost_of_revenue_usd), total(series_paying_customers))


def customer_loss_share_per_month(
    series_paying_customers: Rows, series_new_customers: Rows, series_lost_customers: Rows
) -> Array:
    """Share of the accounts paying at the start of a month that is lost in it, on average over the plan.

    Source: definition; each account counts in each month, so that months with many weigh more.
    """
    at_the_start = series_paying_customers - series_new_customers + series_lost_customers
    return quotient(total(series_lost_customers), total(at_the_start))


def acquisition_cost_usd_per_customer(
    series_marketing_usd: Rows, series_new_customers: Rows, acquisition_lag_months: Array
) -> Array:
    """Cost of winning a customer: marketing over the accounts that came so many months later, over the plan.

    Sellers count as far as strategies book them as marketing; listed staff does not.

    Source: definition of customer acquisition cost, as a ratio of sums.
    """
    months = np.arange(1.0, len(series_marketing_usd) + 1.0).reshape(-1, 1)
    spent_usd = np.where(months <= len(months) - acquisition_lag_months, series_marketing_usd, 0.0)
    won = np.where(months > acquisition_lag_months, series_new_customers, 0.0)
    return quotient(total(spent_usd), total(won))


def lifetime_value_usd_per_customer(
    margin_usd_per_customer_month: Array,
    customer_loss_share_per_month: Array,
    series_paying_customers: Rows,
) -> Array:
    """What a customer leaves as long as he stays, but no longer than the plan; below zero where serving costs more.

    Source: definition: average revenue per account times gross margin over churn.
    """
    months = float(len(series_paying_customers))
    with np.errstate(divide="ignore"):  # who never leaves stays to the end of the plan
        stays_months = np.minimum(np.divide(1.0, customer_loss_share_per_month), months)
    return margin_usd_per_customer_month * stays_months


def discounted_lifetime_value_usd_per_customer(
    margin_usd_per_customer_month: Array,
    customer_loss_share_per_month: Array,
    discount_rate_share_per_year: Array,
    series_paying_customers: Rows,
) -> Array:
    """What a customer leaves at its worth when he is won, over as many months as the plan has.

    Source: Fader and Hardie 2007: sum of margin x survival / (1 + d)^t, here with one rate of churn, paid ahead.
    """
    kept = (1.0 - customer_loss_share_per_month) / units.monthly_ratio(discount_rate_share_per_year)
    return margin_usd_per_customer_month * returns.geometric_total(kept, float(len(series_paying_customers)))


def lifetime_value_ratio(
    lifetime_value_usd_per_customer: Array, acquisition_cost_usd_per_customer: Array
) -> Array:
    """What a customer leaves over what winning one costs (LTV/CAC), over the plan.

    Source: definition.
    """
    is_free = (acquisition_cost_usd_per_customer == 0) & (lifetime_value_usd_per_customer > 0)
    ratio = quotient(lifetime_value_usd_per_customer, acquisition_cost_usd_per_customer)
    return np.where(is_free, np.inf, ratio)


def acquisition_payback_months(
    acquisition_cost_usd_per_customer: Array, margin_usd_per_customer_month: Array
) -> Array:
    """Months until a customer has left as much as winning one costs; never where serving one leaves nothing.

    Source: definition: acquisition cost over average revenue per account times gross margin.
    """
    paid_back = quotient(acquisition_cost_usd_per_customer, margin_usd_per_customer_month)
    never = np.where(np.isnan(acquisition_cost_usd_per_customer), np.nan, np.inf)
    return np.where(margin_usd_per_customer_month <= 0, never, paid_back)


def gross_retention_share(
    series_recurring_revenue_usd: Rows,
    series_lost_recurring_usd: Rows,
    series_contraction_recurring_usd: Rows,
) -> Array:
    """Share of the recurring revenue of twelve months before the end that is still there, without expansion.

    Whoever pays at the start of a month is taken to leave or pay less alike, whenever won; so the months' shares
    multiply, and those who came later count neither above nor below the line.

    Source: definition of gross revenue retention.
    """
    gone_usd = series_lost_recurring_usd + series_contraction_recurring_usd
    return np.minimum(_kept_over_a_year(series_recurring_revenue_usd, gone_usd, 0.0 * gone_usd), 1.0)


def net_retention_ratio(
    series_recurring_revenue_usd: Rows,
    series_lost_recurring_usd: Rows,
    series_contraction_recurring_usd: Rows,
    series_expansion_recurring_usd: Rows,
) -> Array:
    """Recurring revenue at the end from the customers of twelve months before, over what they paid then.

    Source: definition of net revenue retention, worked out as the gross one.
    """
    gone_usd = series_lost_recurring_usd + series_contraction_recurring_usd
    return _kept_over_a_year(series_recurring_revenue_usd, gone_usd, series_expansion_recurring_usd)


def new_customer_acquisition_ratio(
    series_marketing_usd: Rows,
    series_annual_recurring_revenue_usd: Rows,
    series_lost_recurring_usd: Rows,
    series_contraction_recurring_usd: Rows,
    series_expansion_recurring_usd: Rows,
) -> Array:
    """Marketing of the last year over the annual recurring revenue that new customers brought in it.

    Source: Benchmarkit 2025, New CAC Ratio; recurring revenue that was lost had to be won as well.
    """
    kept_usd = series_expansion_recurring_usd - series_lost_recurring_usd - series_contraction_recurring_usd
    kept_usd_of_a_year = last_total(kept_usd, YEAR) * units.MONTHS_PER_YEAR * units.ONE_YEAR
    won_usd = last_rise(series_annual_recurring_revenue_usd, YEAR) - kept_usd_of_a_year
    return quotient(last_total(series_marketing_usd, YEAR), won_usd)


def top_five_revenue_share(series_largest_customers_revenue_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Share of the last year's revenue that at least comes from the five largest customers.

    Source: definition; with several strategies the largest of their own five is a lower bound.
    """
    return quotient(
        last_total(series_largest_customers_revenue_usd, YEAR), last_total(series_revenue_usd, YEAR)
    )


def strategy_concentration_share(each_revenue_usd: tuple[Array, ...], revenue_usd: Array) -> Array:
    """How far the month's revenue hangs on few strategies: one with a single one, 1/n with n alike.

    Source: definition of the Herfindahl-Hirschman index.
    """
    return sum((quotient(usd, revenue_usd) ** 2 for usd in each_revenue_usd), 0.0)


def _kept_over_a_year(series_base_usd: Rows, gone_usd: Rows, expansion_usd: Rows) -> Array:
    """Return what a year leaves of the recurring revenue before it; undefined where there was none."""
    if len(series_base_usd) <= YEAR:
        return np.nan
    before_usd = series_base_usd[-YEAR - 1 : -1]
    with np.errstate(over="ignore", invalid="ignore"):  # next to nothing before it grows without bounds
        change = np.where(before_usd > 0, quotient(expansion_usd[-YEAR:] - gone_usd[-YEAR:], before_usd), 0.0)
        kept = np.prod(np.maximum(1.0 + change, 0.0), axis=0)
    return np.where(before_usd[0] > 0, kept, np.nan)
