"""What is known only at the end: start-up cost, funding need, runway, break-even, sums of the plan.

A `series_` row has the months along its first axis. A month that never comes is infinite, so that quantiles over
draws still order correctly; what is printed is `never`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.formulas.totals import first_lasting_month, first_month, lowest, quotient, total
from planner.units import Array, Rows

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "first_revenue_month": {"inf": _("never")},
    "break_even_month": {"inf": _("never")},
    "runway_months": {"inf": _("beyond the plan")},
    "average_gross_margin_share": {"nan": _("undefined: no revenue")},
}
"""Why a figure has no value, by the value that stands for it."""


def first_revenue_month(series_revenue_usd: Rows) -> Array:
    """First month with revenue; never when there is none within the horizon.

    Source: definition.
    """
    return first_month(series_revenue_usd > 0)


def startup_one_off_usd(series_one_off_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Outlay before the first revenue for things done once.

    Source: definition.
    """
    return _before_first_revenue(series_one_off_usd, series_revenue_usd)


def startup_running_usd(series_running_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Outlay before the first revenue for what comes back every month.

    Source: definition.
    """
    return _before_first_revenue(series_running_usd, series_revenue_usd)


def startup_cost_usd(startup_one_off_usd: Array, startup_running_usd: Array) -> Array:
    """Outlay before the first revenue, one-off and running together.

    Source: definition.
    """
    return startup_one_off_usd + startup_running_usd


def startup_training_usd(series_training_compute_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Accelerators for training before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_training_compute_usd, series_revenue_usd)


def startup_cleaning_usd(series_cleaning_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Cleaning of training text before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_cleaning_usd, series_revenue_usd)


def startup_licence_usd(series_data_licence_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Data licences before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_data_licence_usd, series_revenue_usd)


def startup_data_usd(series_data_usd: Rows, series_development_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Getting, labelling and keeping data, and the strategies' own development, before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_data_usd + series_development_usd, series_revenue_usd)


def startup_privacy_usd(series_privacy_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Privacy and security before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_privacy_usd, series_revenue_usd)


def startup_staff_usd(series_staff_usd: Rows, series_revenue_usd: Rows) -> Array:
    """People before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_staff_usd, series_revenue_usd)


def startup_service_usd(series_cost_of_revenue_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Serving before the first revenue: what runs for users who do not yet pay.

    Source: definition.
    """
    return _before_first_revenue(series_cost_of_revenue_usd, series_revenue_usd)


def startup_marketing_usd(series_marketing_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Marketing before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_marketing_usd, series_revenue_usd)


def startup_overhead_usd(series_overhead_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Overhead before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_overhead_usd, series_revenue_usd)


def startup_purchases_usd(series_gpu_purchases_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Accelerators bought before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_gpu_purchases_usd, series_revenue_usd)


def startup_setup_usd(series_setup_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Setting the company up before the first revenue.

    Source: definition.
    """
    return _before_first_revenue(series_setup_usd, series_revenue_usd)


def lowest_cash_before_funding_usd(series_cash_before_funding_usd: Rows) -> Array:
    """Lowest cash at the end of any month if no new money came in.

    Source: definition.
    """
    return lowest(series_cash_before_funding_usd)


def lowest_cash_usd(series_cash_usd: Rows) -> Array:
    """Lowest cash at the end of any month, with the funding rounds that the scenario lists.

    Source: definition.
    """
    return lowest(series_cash_usd)


def funding_need_usd(lowest_cash_before_funding_usd: Array, funding_buffer_usd: Array) -> Array:
    """Money to raise: minus the lowest cumulative cash before new funding, plus the chosen buffer; never below zero.

    Source: definition.
    """
    return np.maximum(funding_buffer_usd - lowest_cash_before_funding_usd, 0.0)


def runway_months(series_cash_usd: Rows) -> Array:
    """Full months that the money lasts: those before the first month that ends without cash.

    Source: definition; infinite when the cash lasts beyond the horizon.
    """
    return first_month(series_cash_usd < 0) - 1.0


def break_even_month(series_ebitda_usd: Rows) -> Array:
    """First of three profitable months in a row (earnings before interest, tax and depreciation above zero).

    Source: definition; never when the horizon holds no such three months.
    """
    return first_lasting_month(series_ebitda_usd > 0)


def average_gross_margin_share(series_gross_profit_usd: Rows, series_revenue_usd: Rows) -> Array:
    """Gross profit of the plan over its revenue, so that months with much revenue weigh more.

    Source: definition; below zero when serving costs more.
    """
    return quotient(total(series_gross_profit_usd), total(series_revenue_usd))


def final_cash_usd(closing_cash_usd: Array) -> Array:
    """Cash at the end of the horizon, with the funding rounds that the scenario lists.

    Source: definition.
    """
    return closing_cash_usd


def total_revenue_usd(series_revenue_usd: Rows) -> Array:
    """Revenue of the whole horizon.

    Source: definition.
    """
    return total(series_revenue_usd)


def total_training_gpu_hours(series_training_gpu_hours: Rows) -> Array:
    """Accelerator time that is paid for in training over the whole horizon.

    Source: definition.
    """
    return total(series_training_gpu_hours)


def total_training_compute_usd(series_training_compute_usd: Rows) -> Array:
    """Cost of the accelerators for all training of the whole horizon.

    Source: definition.
    """
    return total(series_training_compute_usd)


def total_compression_saving_usd(series_compression_saving_usd: Rows) -> Array:
    """What the compressed filter saves against the plain one over the whole horizon.

    Source: definition.
    """
    return total(series_compression_saving_usd)


def _before_first_revenue(series_usd: Rows, series_revenue_usd: Rows) -> Array:
    earlier = np.cumsum(series_revenue_usd > 0, axis=0) == 0
    return total(np.where(earlier, series_usd, 0.0))
