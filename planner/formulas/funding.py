"""New money: rounds that succeed or not, as SAFEs or at a valuation, and loans with their interest and repayment.

What a list of the scenario plans lies along the first axis and is summed here; who owns the company for it is worked
out in `ownership`.
"""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.calendar import whole_month
from planner.formulas.totals import total
from planner.units import Array


def round_come_month(round_month: Array, round_delay_months: Array) -> Array:
    """Month in which the money of each round comes, if it comes.

    Source: definition; rounds lie along the first axis.
    """
    return whole_month(round_month + round_delay_months)


def safe_round_usd(round_usd: Array, round_success_share: Array, round_safe_share: Array) -> Array:
    """Money of each round for SAFEs, as far as it succeeds.

    Source: definition; rounds lie along the first axis.
    """
    return round_usd * round_success_share * round_safe_share


def priced_round_usd(round_usd: Array, round_success_share: Array, round_safe_share: Array) -> Array:
    """Money of each round for shares at a valuation, as far as it succeeds.

    Source: definition; rounds lie along the first axis.
    """
    return round_usd * round_success_share * (1.0 - round_safe_share)


def new_safe_usd(month: Array, round_come_month: Array, safe_round_usd: Array) -> Array:
    """Money that comes in the month for SAFEs, which become shares in the next priced round.

    Source: definition; rounds lie along the first axis.
    """
    return total(np.where(month == round_come_month, safe_round_usd, 0.0))


def new_priced_usd(month: Array, round_come_month: Array, priced_round_usd: Array) -> Array:
    """Money that comes in the month for shares at a valuation.

    Source: definition; rounds lie along the first axis.
    """
    return total(np.where(month == round_come_month, priced_round_usd, 0.0))


def new_funding_usd(new_safe_usd: Array, new_priced_usd: Array) -> Array:
    """Money from the funding rounds that the scenario lists for the month, as far as they succeed.

    A month between two whole ones, as an uncertain date gives, counts as the later of them.

    Source: definition.
    """
    return new_safe_usd + new_priced_usd


def opening_debt_usd() -> Array:
    """What a new company owes on loans at its start.

    Source: definition: nothing.
    """
    return 0.0


def debt_usd(month: Array, loan_month: Array, loan_usd: Array, loan_term_months: Array) -> Array:
    """What is owed on loans at the end of the month.

    Source: definition of straight repayment; loans lie along the first axis.
    """
    return total(_owed_usd(month, loan_month, loan_usd, loan_term_months))


def new_debt_usd(month: Array, loan_month: Array, loan_usd: Array) -> Array:
    """Loans that are paid out in the month.

    Source: definition; loans lie along the first axis.
    """
    return total(np.where(month == whole_month(loan_month), loan_usd, 0.0))


def loan_repayments_usd(previous_debt_usd: Array, new_debt_usd: Array, debt_usd: Array) -> Array:
    """What is repaid on loans in the month, interest apart.

    Source: definition.
    """
    return previous_debt_usd + new_debt_usd - debt_usd


def interest_usd(
    month: Array,
    loan_month: Array,
    loan_usd: Array,
    loan_term_months: Array,
    loan_rate_share_per_year: Array,
) -> Array:
    """Interest of the month on what was owed on loans at the end of the month before.

    Source: definition: a twelfth of the yearly rate; loans lie along the first axis.
    """
    owed = _owed_usd(month - 1.0, loan_month, loan_usd, loan_term_months)
    return total(owed * loan_rate_share_per_year / units.MONTHS_PER_YEAR)


def _owed_usd(month: Array, loan_month: Array, loan_usd: Array, loan_term_months: Array) -> Array:
    age_months = month - whole_month(loan_month)
    left = np.maximum(1.0 - np.maximum(age_months, 0.0) / loan_term_months, 0.0)
    return np.where(age_months >= 0, loan_usd * left, 0.0)
