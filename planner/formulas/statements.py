"""Profit and loss of the company in one month, from revenue down to net income, and its outlay by recurrence.

Cash flow and balance sheet follow from it in `balance`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.formulas.totals import quotient
from planner.units import Array

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {"gross_margin_share": {"nan": _("undefined: no revenue")}}
"""Why a figure has no value, by the value that stands for it."""


def revenue_usd(each_revenue_usd: tuple[Array, ...]) -> Array:
    """Revenue recognised in the month, of all strategies.

    Source: definition.
    """
    return sum(each_revenue_usd, 0.0)


def delivery_usd(each_delivery_usd: tuple[Array, ...]) -> Array:
    """Cost of revenue other than computing and people: payment fees and the like, of all strategies.

    Source: definition.
    """
    return sum(each_delivery_usd, 0.0)


def free_tokens(each_free_tokens: tuple[Array, ...]) -> Array:
    """Tokens of the month that nobody pays for, of all strategies.

    Source: definition.
    """
    return sum(each_free_tokens, 0.0)


def free_tier_usd(free_tokens: Array, pooled_service_usd_per_token: Array) -> Array:
    """What serving and screening the tokens costs that nobody pays for: their part of all tokens of the month.

    Source: definition.
    """
    return free_tokens * pooled_service_usd_per_token


def free_tier_marketing_usd(free_tier_usd: Array, free_tier_marketing_share: Array) -> Array:
    """Cost of the free tier that stands in marketing and not in the cost of revenue: all of it or none.

    Source: definition; which is a choice of the scenario.
    """
    return free_tier_usd * free_tier_marketing_share


def cost_of_revenue_usd(
    serving_usd: Array,
    screening_usd: Array,
    free_tier_marketing_usd: Array,
    delivery_usd: Array,
    delivery_staff_usd: Array,
    client_compute_usd: Array,
    client_cleaning_usd: Array,
) -> Array:
    """What serving the customers of the month costs: tokens, the people who deliver, and work for clients.

    The free tier is part of it unless the scenario has it in marketing.

    Source: definition.
    """
    for_clients = client_compute_usd + client_cleaning_usd
    tokens = serving_usd + screening_usd - free_tier_marketing_usd
    return tokens + delivery_usd + delivery_staff_usd + for_clients


def gross_profit_usd(revenue_usd: Array, cost_of_revenue_usd: Array) -> Array:
    """What is left of the month's revenue after serving the customers.

    Source: definition.
    """
    return revenue_usd - cost_of_revenue_usd


def gross_margin_share(revenue_usd: Array, gross_profit_usd: Array) -> Array:
    """Gross profit over revenue of the month; undefined without revenue, below zero when serving costs more.

    Source: definition.
    """
    return quotient(gross_profit_usd, revenue_usd)


def cost_of_revenue_ratio(revenue_usd: Array, cost_of_revenue_usd: Array) -> Array:
    """What serving the month's customers costs over what they bring: above one at a loss, undefined without revenue.

    Source: definition; one less the gross margin.
    """
    return quotient(cost_of_revenue_usd, revenue_usd)


def marketing_usd(each_marketing_usd: tuple[Array, ...], free_tier_marketing_usd: Array) -> Array:
    """Cost of winning customers in the month, of all strategies, listed roles apart.

    Source: definition.
    """
    return sum(each_marketing_usd, 0.0) + free_tier_marketing_usd


def development_usd(each_development_usd: tuple[Array, ...]) -> Array:
    """Research and development of the strategies in the month beside computing and the listed staff.

    Source: definition.
    """
    return sum(each_development_usd, 0.0)


def research_usd(
    training_compute_usd: Array,
    cleaning_usd: Array,
    data_licence_usd: Array,
    data_usd: Array,
    development_usd: Array,
    compression_making_usd: Array,
    capitalised_training_usd: Array,
) -> Array:
    """Training, its data, compressing and the strategies' own development in the month, but for what is capitalised.

    Listed staff stands apart.

    Source: definition.
    """
    spent = training_compute_usd + cleaning_usd + data_licence_usd + data_usd + development_usd
    return spent + compression_making_usd - capitalised_training_usd


def setup_usd(month: Array, setup_cost_usd: Array) -> Array:
    """One-off cost of setting the company up, paid in the first month.

    Source: definition.
    """
    return np.where(month == 1, setup_cost_usd, 0.0)


def total_cost_usd(
    cost_of_revenue_usd: Array,
    research_usd: Array,
    staff_usd: Array,
    marketing_usd: Array,
    overhead_usd: Array,
    privacy_usd: Array,
    setup_usd: Array,
) -> Array:
    """All costs of the month before depreciation, interest and tax.

    Source: definition.
    """
    operated = research_usd + staff_usd + marketing_usd + overhead_usd + privacy_usd + setup_usd
    return cost_of_revenue_usd + operated


def ebitda_usd(revenue_usd: Array, total_cost_usd: Array) -> Array:
    """Earnings of the month before interest, tax, depreciation and amortisation.

    Source: definition.
    """
    return revenue_usd - total_cost_usd


def operating_income_usd(
    ebitda_usd: Array, depreciation_usd: Array, amortisation_usd: Array, disposal_gain_usd: Array
) -> Array:
    """Earnings of the month before interest and tax (EBIT), with what sold accelerators fetch beyond the books.

    Source: definition.
    """
    return ebitda_usd - depreciation_usd - amortisation_usd + disposal_gain_usd


def pretax_income_usd(operating_income_usd: Array, interest_usd: Array) -> Array:
    """Profit of the month before tax.

    Source: definition.
    """
    return operating_income_usd - interest_usd


def opening_tax_losses_usd() -> Array:
    """Losses of earlier years that a new company can set against profits.

    Source: definition: none.
    """
    return 0.0


def tax_losses_usd(previous_tax_losses_usd: Array, pretax_income_usd: Array) -> Array:
    """Losses not yet set against profits at the end of the month.

    Source: definition of loss carry-forward without limit or expiry.
    """
    return np.maximum(previous_tax_losses_usd - pretax_income_usd, 0.0)


def tax_usd(previous_tax_losses_usd: Array, pretax_income_usd: Array, tax_rate_share: Array) -> Array:
    """Income tax on the month's profit after earlier losses, paid at once.

    Source: definition; the rate is an input.
    """
    return tax_rate_share * np.maximum(pretax_income_usd - previous_tax_losses_usd, 0.0)


def net_income_usd(pretax_income_usd: Array, tax_usd: Array) -> Array:
    """Profit of the month after tax.

    Source: definition.
    """
    return pretax_income_usd - tax_usd


def one_off_usd(
    training_compute_usd: Array,
    cleaning_usd: Array,
    data_usd: Array,
    storage_usd: Array,
    setup_usd: Array,
    gpu_purchases_usd: Array,
    compression_making_usd: Array,
) -> Array:
    """Outlay of the month for things done once: training with its data, compressing, accelerators bought, setting up.

    Source: definition.
    """
    trained = training_compute_usd + cleaning_usd + data_usd - storage_usd
    return trained + setup_usd + gpu_purchases_usd + compression_making_usd


def running_usd(
    total_cost_usd: Array, capitalised_training_usd: Array, gpu_purchases_usd: Array, one_off_usd: Array
) -> Array:
    """Outlay of the month that comes back every month: people, serving, licences, marketing, overhead.

    Source: definition.
    """
    return total_cost_usd + capitalised_training_usd + gpu_purchases_usd - one_off_usd
