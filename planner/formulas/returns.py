"""Building blocks of return: present value, internal rates, payback; time along the first axis, draws along the last.

Own code, since numpy-financial 1.0.0 gives one root of several, for one of its own later tests a wrong one, and takes
one row of cash flows at a time.
"""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.roots import Numbers, log_rates
from planner.formulas.totals import total
from planner.units import Array, Rows


def present_value(flows: Rows, growth_ratio: Array, times: Numbers | None = None) -> Array:
    """Return cash flows at the worth of time zero, when one becomes `growth_ratio` in a unit of time.

    The first flow is not discounted, unless `times` says when each comes. A rate of -100 % or less has no worth.

    Source: Brealey, Myers and Allen, Principles of Corporate Finance: NPV = sum of C_t / (1 + r)^t.
    """
    return total(discounted(flows, growth_ratio, times))


def present_value_of_excel(flows: Rows, growth_ratio: Array) -> Array:
    """Return cash flows at the worth of one period before the first of them, as Excel's NPV does.

    Source: documentation of Excel's NPV.
    """
    return present_value(flows, growth_ratio) / growth_ratio


def discounted(flows: Rows, growth_ratio: Array, times: Numbers | None = None) -> Rows:
    """Return each cash flow at the worth of time zero.

    Source: definition.
    """
    if np.any(growth_ratio <= 0):
        raise ValueError("a rate of -100 % or less gives no present value")
    when = np.arange(len(flows), dtype=float) if times is None else times
    # As a power, numpy would square month 2 in long rows alone: results would depend on how many draws run together.
    column = when.reshape(-1, *[1] * (np.ndim(flows) - 1))
    worth: Rows = flows / np.exp(column * np.log(growth_ratio))
    return worth


def years_after_first(days: Numbers) -> Numbers:
    """Return days in years of 365 days since the earliest of them.

    Source: act/365 fixed day count, which Excel's XNPV and XIRR use.
    """
    return (days - np.min(days)) / units.DAYS_PER_COUNTED_YEAR


def internal_rates(flows: Rows, times: Numbers | None = None) -> Rows:
    """Return all rates above -100 % at which cash flows are worth nothing: ascending, NaN where there are fewer.

    Source: definition of the internal rate of return.
    """
    rows = np.asarray(flows, dtype=float)
    when = np.arange(len(rows), dtype=float) if times is None else times
    return np.expm1(log_rates(rows.reshape(len(rows), -1), when))


def internal_rate(flows: Rows, times: Numbers | None = None) -> Array:
    """Return the internal rate where there is one that means something.

    That is the only rate from zero on where the flows add up to more than nothing, else the only rate. NaN where there
    are several; infinite, with the sign of the worth, where the flows are worth more or less than nothing throughout.

    Source: definition.
    """
    rates = internal_rates(flows, times)
    summed = total(flows)
    above = np.where(rates >= 0, rates, np.nan)
    is_plain = (summed > 0) & (np.sum(rates >= 0, axis=0) == 1)
    counted = np.sum(~np.isnan(rates), axis=0)
    one = np.where(
        is_plain, np.nansum(above, axis=0), np.where(counted == 1, np.nansum(rates, axis=0), np.nan)
    )
    never_zero = (counted == 0) & (summed != 0)
    return np.where(never_zero, np.where(summed > 0, np.inf, -np.inf), one)


def modified_internal_rate(flows: Rows, finance_ratio: Array, reinvest_ratio: Array) -> Array:
    """Return the rate that turns what is put in, at today's worth, into what comes out, at its worth in the end.

    What is put in is discounted by `finance_ratio`, what comes out grows by `reinvest_ratio` in a period. NaN where
    nothing is put in or nothing comes out.

    Source: documentation of Excel's MIRR.
    """
    periods = len(flows) - 1
    put_in = -present_value(np.minimum(flows, 0.0), finance_ratio)
    come_out = present_value(np.maximum(flows, 0.0), reinvest_ratio) * np.exp(
        periods * np.log(reinvest_ratio)
    )
    is_both = (put_in > 0) & (come_out > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # numpy divides everywhere and then chooses
        return np.where(is_both, np.divide(come_out, put_in) ** (1.0 / max(periods, 1)) - 1.0, np.nan)


def payback_periods(flows: Rows) -> Array:
    """Return the periods after the first flow until what was put in has come back for good, between periods in line.

    Zero where nothing is ever owed; infinite where the flows end below zero.

    Source: definition; with several crossings the last one counts.
    """
    reached = np.cumsum(flows, axis=0)
    is_below = reached < 0
    last = len(flows) - 1 - np.argmax(is_below[::-1], axis=0)
    places = np.arange(len(flows)).reshape(-1, *[1] * (np.ndim(flows) - 1))
    owed, then = (total(np.where(places == place, reached, 0.0)) for place in (last, last + 1))
    with np.errstate(divide="ignore", invalid="ignore"):  # only where it comes back is the quotient meant
        back = last + np.divide(-owed, then - owed)
    return np.where(np.any(is_below, axis=0), np.where(is_below[-1], np.inf, back), 0.0)


def geometric_total(ratio: Array, terms: Array) -> Array:
    """Return one plus the ratio plus its square and so on, so many terms; infinitely many give the limit.

    Source: definition of the geometric series.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # at a ratio of one every term is one
        return np.where(ratio == 1, terms, np.divide(1.0 - np.power(ratio, terms), 1.0 - ratio))
