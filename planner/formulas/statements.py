"""Profit and loss, working capital and cash of the company in one month; nothing is capitalised."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.formulas.totals import quotient, total
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


def cost_of_revenue_usd(
    serving_usd: Array,
    screening_usd: Array,
    delivery_usd: Array,
    delivery_staff_usd: Array,
    client_compute_usd: Array,
    client_cleaning_usd: Array,
) -> Array:
    """What serving the customers of the month costs: the free tier, the people who deliver, and work for clients.

    Source: definition.
    """
    for_clients = client_compute_usd + client_cleaning_usd
    return serving_usd + screening_usd + delivery_usd + delivery_staff_usd + for_clients


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


def marketing_usd(each_marketing_usd: tuple[Array, ...]) -> Array:
    """Cost of winning customers in the month, of all strategies, people apart.

    Source: definition.
    """
    return sum(each_marketing_usd, 0.0)


def development_usd(each_development_usd: tuple[Array, ...]) -> Array:
    """Research and development of the strategies in the month beside computing and the listed staff.

    Source: definition.
    """
    return sum(each_development_usd, 0.0)


def research_usd(
    training_compute_usd: Array, cleaning_usd: Array, data_licence_usd: Array, development_usd: Array
) -> Array:
    """Training, its data and the strategies' own development in the month, listed staff apart.

    Source: definition.
    """
    return training_compute_usd + cleaning_usd + data_licence_usd + development_usd


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
    setup_usd: Array,
) -> Array:
    """All costs of the month before tax.

    Source: definition.
    """
    return cost_of_revenue_usd + research_usd + staff_usd + marketing_usd + overhead_usd + setup_usd


def ebitda_usd(revenue_usd: Array, total_cost_usd: Array) -> Array:
    """Earnings of the month before interest and tax; nothing is capitalised, so nothing is depreciated.

    Source: definition.
    """
    return revenue_usd - total_cost_usd


def opening_tax_losses_usd() -> Array:
    """Losses of earlier years that a new company can set against profits.

    Source: definition: none.
    """
    return 0.0


def tax_losses_usd(previous_tax_losses_usd: Array, ebitda_usd: Array) -> Array:
    """Losses not yet set against profits at the end of the month.

    Source: definition of loss carry-forward without limit or expiry.
    """
    return np.maximum(previous_tax_losses_usd - ebitda_usd, 0.0)


def tax_usd(previous_tax_losses_usd: Array, ebitda_usd: Array, tax_rate_share: Array) -> Array:
    """Income tax on the month's profit after earlier losses.

    Source: definition; the rate is an input.
    """
    return tax_rate_share * np.maximum(ebitda_usd - previous_tax_losses_usd, 0.0)


def net_income_usd(ebitda_usd: Array, tax_usd: Array) -> Array:
    """Profit of the month after tax.

    Source: definition.
    """
    return ebitda_usd - tax_usd


def opening_receivables_usd() -> Array:
    """What customers owe a new company at its start.

    Source: definition: nothing.
    """
    return 0.0


def receivables_usd(each_receivables_usd: tuple[Array, ...]) -> Array:
    """What customers owe at the end of the month, of all strategies.

    Source: definition.
    """
    return sum(each_receivables_usd, 0.0)


def opening_deferred_revenue_usd() -> Array:
    """Work that a new company owes for money received before its start.

    Source: definition: none.
    """
    return 0.0


def deferred_revenue_usd(each_deferred_revenue_usd: tuple[Array, ...]) -> Array:
    """Money received for work not yet done at the end of the month, of all strategies.

    Source: definition.
    """
    return sum(each_deferred_revenue_usd, 0.0)


def net_cash_flow_usd(
    net_income_usd: Array,
    receivables_usd: Array,
    previous_receivables_usd: Array,
    deferred_revenue_usd: Array,
    previous_deferred_revenue_usd: Array,
) -> Array:
    """Cash that comes in less cash that goes out in the month, before new funding.

    Source: definition (indirect method: profit, less what customers owe more, plus what they paid ahead).
    """
    owed_more = receivables_usd - previous_receivables_usd
    paid_ahead = deferred_revenue_usd - previous_deferred_revenue_usd
    return net_income_usd - owed_more + paid_ahead


def new_funding_usd(month: Array, round_month: Array, round_usd: Array) -> Array:
    """Money from the funding rounds that the scenario lists for the month.

    A month between two whole ones, as an uncertain date gives, counts as the later of them.

    Source: definition; rounds lie along the first axis.
    """
    return total(np.where(month == np.maximum(np.ceil(round_month), 1), round_usd, 0.0))


def cash_usd(previous_cash_usd: Array, net_cash_flow_usd: Array, new_funding_usd: Array) -> Array:
    """Cash at the end of the month with the funding rounds that the scenario lists.

    Source: definition.
    """
    return previous_cash_usd + net_cash_flow_usd + new_funding_usd


def opening_cash_before_funding_usd(opening_cash_usd: Array) -> Array:
    """Cash at hand at the start, which is there before any new funding.

    Source: definition.
    """
    return opening_cash_usd


def cash_before_funding_usd(previous_cash_before_funding_usd: Array, net_cash_flow_usd: Array) -> Array:
    """Cash at the end of the month if no new money came in: opening cash and all flows since.

    Source: definition.
    """
    return previous_cash_before_funding_usd + net_cash_flow_usd


def one_off_usd(training_compute_usd: Array, cleaning_usd: Array, setup_usd: Array) -> Array:
    """Outlay of the month for things done once: training runs with their data, setting up.

    Source: definition.
    """
    return training_compute_usd + cleaning_usd + setup_usd


def running_usd(total_cost_usd: Array, one_off_usd: Array) -> Array:
    """Outlay of the month that comes back every month: people, serving, licences, marketing, overhead.

    Source: definition.
    """
    return total_cost_usd - one_off_usd
