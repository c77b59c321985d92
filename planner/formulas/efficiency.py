"""How fast money is burned, how long it lasts, and what it buys: growth, margin, revenue for each person.

A `series_` row has the months along its first axis. What looks back a year is undefined in a plan too short for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas.calendar import QUARTER, YEAR
from planner.formulas.totals import (
    first_lasting_month,
    last_rise,
    last_total,
    quotient,
)
from planner.units import Array, Rows

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "burn_runway_months": {"inf": _("profitable")},
    "cash_break_even_month": {"inf": _("never")},
    "burn_multiple_ratio": {"nan": _("undefined: no recurring revenue added within a year")},
    "efficiency_score_ratio": {"nan": _("undefined: less than a year"), "inf": _("profitable")},
    "magic_number_ratio": {"nan": _("undefined: no marketing in the quarter before")},
    "rule_of_forty_ratio": {"nan": _("undefined: no revenue two years before the end")},
    "revenue_usd_per_person_year": {"nan": _("undefined: no people")},
    "compute_to_revenue_ratio": {"nan": _("undefined: no revenue")},
    "usage_price_usd_per_million_tokens": {"nan": _("undefined: nothing is served")},
    "margin_zero_month": {"nan": _("undefined: usage never earned more than it costs"), "inf": _("never")},
    "margin_left_months": {"nan": _("undefined: nothing is served"), "inf": _("never")},
}
"""Why a figure has no value, by the value that stands for it."""

BURN_MONTHS = 3
"""Months over which burn is averaged."""


def opening_net_burn_usd() -> Array:
    """Burn of the month before the company starts.

    Source: definition: none.
    """
    return 0.0


def net_burn_usd(net_cash_flow_usd: Array) -> Array:
    """Cash that goes out in the month beyond what comes in, before new funding; below zero when more comes in.

    Source: definition.
    """
    return -net_cash_flow_usd


def customer_receipts_usd(
    revenue_usd: Array,
    receivables_usd: Array,
    previous_receivables_usd: Array,
    deferred_revenue_usd: Array,
    previous_deferred_revenue_usd: Array,
) -> Array:
    """Cash that customers pay in the month: revenue, less what they owe more, plus what they paid ahead.

    Source: definition.
    """
    owed_more = receivables_usd - previous_receivables_usd
    return revenue_usd - owed_more + deferred_revenue_usd - previous_deferred_revenue_usd


def gross_burn_usd(net_burn_usd: Array, customer_receipts_usd: Array) -> Array:
    """All cash that goes out in the month.

    Source: definition.
    """
    return net_burn_usd + customer_receipts_usd


def opening_earlier_net_burn_usd() -> Array:
    """Burn of the month before the last one when the company starts.

    Source: definition: none.
    """
    return 0.0


def earlier_net_burn_usd(previous_net_burn_usd: Array) -> Array:
    """Burn of the month before, kept so that the next month knows that of two months before.

    Source: definition.
    """
    return previous_net_burn_usd


def average_burn_usd(
    month: Array, net_burn_usd: Array, previous_net_burn_usd: Array, previous_earlier_net_burn_usd: Array
) -> Array:
    """Burn of a month on average over the last three, or over all since the start.

    Source: definition.
    """
    burned_usd = net_burn_usd + previous_net_burn_usd + previous_earlier_net_burn_usd
    return burned_usd / np.minimum(month, float(BURN_MONTHS))


def burn_runway_months(cash_usd: Array, average_burn_usd: Array) -> Array:
    """Months that the month's cash would last at the burn of the last three; without end when none is burned.

    Source: definition; the path of the plan itself gives `runway_months`.
    """
    lasts = quotient(np.maximum(cash_usd, 0.0), average_burn_usd)
    return np.where(average_burn_usd > 0, lasts, np.inf)


def cash_break_even_month(series_net_cash_flow_usd: Rows) -> Array:
    """First of three months in a row in which more cash comes in than goes out, before new funding.

    Source: definition; never when the horizon holds no such three months.
    """
    return first_lasting_month(series_net_cash_flow_usd > 0)


def burn_multiple_ratio(series_net_burn_usd: Rows, series_annual_recurring_revenue_usd: Rows) -> Array:
    """Cash burned in the last year for each dollar by which annual recurring revenue rose in it.

    Where it did not rise the multiple is undefined; below zero means that cash came in.

    Source: Sacks 2020, The Burn Multiple.
    """
    return quotient(
        last_total(series_net_burn_usd, YEAR), last_rise(series_annual_recurring_revenue_usd, YEAR)
    )


def efficiency_score_ratio(series_net_burn_usd: Rows, series_annual_recurring_revenue_usd: Rows) -> Array:
    """Annual recurring revenue added in the last year for each dollar burned in it; without end when none is burned.

    Source: Bessemer Venture Partners, efficiency score: net new annual recurring revenue over net burn.
    """
    burned_usd = last_total(series_net_burn_usd, YEAR)
    added_usd = last_rise(series_annual_recurring_revenue_usd, YEAR)
    score = quotient(added_usd, burned_usd)
    return np.where((burned_usd <= 0) & ~np.isnan(added_usd), np.inf, score)


def magic_number_ratio(series_revenue_usd: Rows, series_marketing_usd: Rows) -> Array:
    """Rise of revenue from the last quarter but one to the last, by the year, over the marketing of the former.

    Source: Scale Venture Partners, magic number.
    """
    if len(series_revenue_usd) < 2 * QUARTER:
        return np.nan
    before_usd = last_total(series_revenue_usd[:-QUARTER], QUARTER)
    rise_usd_of_a_year = (last_total(series_revenue_usd, QUARTER) - before_usd) * units.QUARTERS_PER_YEAR
    return quotient(rise_usd_of_a_year * units.ONE_YEAR, last_total(series_marketing_usd[:-QUARTER], QUARTER))


def rule_of_forty_ratio(series_revenue_usd: Rows, series_ebitda_usd: Rows) -> Array:
    """Growth of the last year's revenue over the year before, plus its margin of earnings; 0.4 is the rule.

    Source: Feld 2015, The Rule of 40% for a healthy SaaS company.
    """
    if len(series_revenue_usd) < 2 * YEAR:
        return np.nan
    revenue_usd, before_usd = (
        last_total(row, YEAR) for row in (series_revenue_usd, series_revenue_usd[:-YEAR])
    )
    growth = quotient(revenue_usd, before_usd) - 1.0
    return growth + quotient(last_total(series_ebitda_usd, YEAR), revenue_usd)


def revenue_usd_per_person_year(series_revenue_usd: Rows, series_people: Rows) -> Array:
    """Revenue by the year for each person who works for the company, over the last year.

    Source: definition.
    """
    worked = last_total(series_people, YEAR)
    return quotient(last_total(series_revenue_usd, YEAR), worked) * units.MONTHS_PER_YEAR


def compute_to_revenue_ratio(
    series_serving_usd: Rows,
    series_training_compute_usd: Rows,
    series_client_compute_usd: Rows,
    series_revenue_usd: Rows,
) -> Array:
    """Cost of computing, for training and for serving, over revenue, in the last year.

    Source: definition.
    """
    compute_usd = series_serving_usd + series_training_compute_usd + series_client_compute_usd
    return quotient(last_total(compute_usd, YEAR), last_total(series_revenue_usd, YEAR))


def usage_price_usd_per_million_tokens(usage_revenue_usd: Array, served_tokens: Array) -> Array:
    """What a million tokens earn by consumption in the month, those that are served for nothing counted in.

    Source: definition.
    """
    return quotient(usage_revenue_usd, served_tokens / units.TOKENS_PER_MILLION_TOKENS)


def margin_zero_month(series_usage_revenue_usd: Rows, series_serving_usd: Rows) -> Array:
    """Month from which serving costs more than usage earns to the end of the plan, having cost less before.

    Never where usage still earns more in the end; undefined where it never did.

    Source: definition.
    """
    is_earning = series_usage_revenue_usd > series_serving_usd
    last = len(is_earning) - np.argmax(is_earning[::-1], axis=0)
    squeezed = np.where(is_earning[-1], np.inf, last + 1.0)
    return np.where(np.any(is_earning, axis=0), squeezed, np.nan)


def unit_cost_decline_share_per_month(
    api_share: Array, vendor_price_decline_share_per_month: Array, gpu_price_decline_share_per_month: Array
) -> Array:
    """Share by which the cost of serving a token falls each month: the vendor's price, or that of accelerators.

    Source: definition; both declines are inputs.
    """
    bought = api_share * vendor_price_decline_share_per_month
    return bought + (1.0 - api_share) * gpu_price_decline_share_per_month


def margin_left_months(
    closing_usage_price_usd_per_million_tokens: Array,
    closing_serving_usd_per_million_tokens: Array,
    price_decline_share_per_month: Array,
    closing_unit_cost_decline_share_per_month: Array,
) -> Array:
    """Months after the plan in which usage still earns more than serving costs, if price and cost fall on as they do.

    Zero where it earns no more even now; never ending where the cost falls at least as fast as the price.

    Source: definition: t = ln(p / c) / (ln(1 - decline of c) - ln(1 - decline of p)).
    """
    price, cost = closing_usage_price_usd_per_million_tokens, closing_serving_usd_per_million_tokens
    with np.errstate(divide="ignore", invalid="ignore"):  # numpy works out everything and then chooses
        apart = np.log(np.divide(price, cost))
        closing_in = np.log1p(-closing_unit_cost_decline_share_per_month) - np.log1p(
            -price_decline_share_per_month
        )
        left = np.where(closing_in > 0, np.divide(apart, closing_in), np.inf)
    return np.where(np.isnan(price), np.nan, np.where(price > cost, left, 0.0))
