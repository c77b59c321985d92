"""Building blocks of equal payments: what they are worth and come to, which part is interest; money is positive."""

from __future__ import annotations

import numpy as np

from planner.formulas.returns import geometric_total
from planner.units import Array


def payments_worth(payment: Array, rate: Array, periods: Array) -> Array:
    """Return what equal payments at the end of each period are worth today.

    Source: definition of the present value of an annuity; also without interest.
    """
    return payment * geometric_total(1.0 / (1.0 + rate), periods) / (1.0 + rate)


def payments_result(payment: Array, rate: Array, periods: Array, is_ahead: bool = False) -> Array:
    """Return what equal payments come to in the end, paid at the end of each period or ahead at its start.

    Source: definition of the future value of an annuity; also without interest.
    """
    return payment * geometric_total(1.0 + rate, periods) * (1.0 + rate if is_ahead else 1.0)


def payment(loan: Array, rate: Array, periods: Array) -> Array:
    """Return the equal payment at the end of each period that pays a loan back.

    Source: definition of the annuity loan.
    """
    return loan / payments_worth(1.0, rate, periods)


def periods_to_reach(goal: Array, payment: Array, rate: Array) -> Array:
    """Return how many equal payments at the end of each period come to a goal, at a rate above zero.

    Source: definition, solved for the number of periods.
    """
    return np.log1p(goal * rate / payment) / np.log1p(rate)


def growth_rate(start: Array, end: Array, periods: Array) -> Array:
    """Return the rate by which a start grows to an end in so many periods.

    Source: definition of compound growth.
    """
    return np.power(end / start, 1.0 / periods) - 1.0


def interest_part(loan: Array, rate: Array, periods: Array, number: Array) -> Array:
    """Return the interest in one of a loan's equal payments, which count from 1.

    Source: definition: the rate on what is still owed.
    """
    paid = payments_result(payment(loan, rate, periods), rate, number - 1.0)
    return rate * (loan * (1.0 + rate) ** (number - 1.0) - paid)


def principal_part(loan: Array, rate: Array, periods: Array, number: Array) -> Array:
    """Return what one of a loan's equal payments, which count from 1, pays back.

    Source: definition.
    """
    return payment(loan, rate, periods) - interest_part(loan, rate, periods, number)
