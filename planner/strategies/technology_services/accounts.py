"""What technology services earn and cost: revenue, clients, the largest of them, margin of the projects."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import chance, market
from planner.formulas.totals import quotient
from planner.units import Array


def training_tokens(won_deals: Array, project_training_tokens_per_deal: Array) -> Array:
    """Tokens on which models are fine-tuned for the deals won in the month.

    Source: definition.
    """
    return won_deals * project_training_tokens_per_deal


def compute_revenue_usd(
    training_tokens: Array, training_compute_usd_per_token: Array, compute_markup_ratio: Array
) -> Array:
    """Training compute passed on to the clients in the month, with a mark-up.

    Source: definition.
    """
    return training_tokens * training_compute_usd_per_token * (1.0 + compute_markup_ratio)


def opening_paying_customers() -> Array:
    """Clients who pay when the company starts.

    Source: definition: none.
    """
    return 0.0


def maintenance_churn_share_per_month(
    maintenance_loss_share_per_month: Array, compression_demand_ratio: Array
) -> Array:
    """Share of the maintained work that clients give up in the month, more where compression makes the model worse.

    Source: assumed form, loss / factor of quality; never more than all.
    """
    return np.minimum(maintenance_loss_share_per_month / compression_demand_ratio, 1.0)


def lost_customers(previous_paying_customers: Array, maintenance_churn_share_per_month: Array) -> Array:
    """Clients who cease to pay in the month: they give up their maintenance.

    Source: definition.
    """
    return previous_paying_customers * maintenance_churn_share_per_month


def paying_customers(previous_paying_customers: Array, lost_customers: Array, new_customers: Array) -> Array:
    """Clients at the end of the month who have work in hand or under maintenance.

    Source: definition.
    """
    return previous_paying_customers - lost_customers + new_customers


def reference_customers(client_customers: Array) -> Array:
    """Clients who can be named as references at the end of the month.

    Source: definition.
    """
    return client_customers


def served_tokens(
    month: Array,
    service_month: Array,
    previous_paying_customers: Array,
    pull_through_share: Array,
    project_tokens_per_customer_month: Array,
) -> Array:
    """Tokens that clients' systems use by the company's API in the month, once a model is served.

    Source: definition; share and use are inputs.
    """
    tokens = previous_paying_customers * pull_through_share * project_tokens_per_customer_month
    return np.where(month >= service_month, tokens, 0.0 * tokens)


def usage_revenue_usd(
    month: Array,
    served_tokens: Array,
    client_price_usd_per_million_tokens: Array,
    price_decline_share_per_month: Array,
) -> Array:
    """Revenue of the month from the tokens that projects pull through.

    Source: definition; start and decline of the price are inputs.
    """
    price = market.eroded(client_price_usd_per_million_tokens, price_decline_share_per_month, month)
    return served_tokens / units.TOKENS_PER_MILLION_TOKENS * price


def recurring_revenue_usd(maintenance_revenue_usd: Array) -> Array:
    """Part of the month's revenue that stands under contract: maintenance.

    Source: definition; no project is renewed.
    """
    return maintenance_revenue_usd


def lost_recurring_usd(
    previous_delivered_usd: Array, maintenance_churn_share_per_month: Array, maintenance_share_per_year: Array
) -> Array:
    """Maintenance fees of a month that clients gave up in the month.

    Source: definition.
    """
    lost_usd = previous_delivered_usd * maintenance_churn_share_per_month
    return lost_usd * maintenance_share_per_year / units.MONTHS_PER_YEAR


def revenue_usd(
    work_usd: Array, maintenance_revenue_usd: Array, compute_revenue_usd: Array, usage_revenue_usd: Array
) -> Array:
    """Revenue of the services in the month: work done, maintenance, compute passed on, tokens pulled through.

    Source: definition.
    """
    return work_usd + maintenance_revenue_usd + compute_revenue_usd + usage_revenue_usd


def active_customers(
    previous_backlog_usd: Array,
    value_usd_per_deal: Array,
    rate_ratio: Array,
    new_customers_per_deal: Array,
) -> Array:
    """Clients with work in hand in the month, as the backlog is spread over deals of average value.

    Source: definition; none where deals are worth nothing.
    """
    deals_in_work = quotient(previous_backlog_usd, value_usd_per_deal * rate_ratio)
    return np.where(value_usd_per_deal > 0, deals_in_work * new_customers_per_deal, 0.0)


def largest_customers_revenue_usd(
    work_usd: Array,
    compute_revenue_usd: Array,
    active_customers: Array,
    maintenance_revenue_usd: Array,
    client_customers: Array,
    deal_spread_ratio: Array,
) -> Array:
    """Revenue of the month from the five largest clients: of those with work in hand or, if more, of those maintained.

    Source: Lorenz curve of lognormal deal values (assumed form: one deal for each client).
    """
    worked = (work_usd + compute_revenue_usd) * _five_of(active_customers, deal_spread_ratio)
    return np.maximum(worked, maintenance_revenue_usd * _five_of(client_customers, deal_spread_ratio))


def marketing_usd(leads_deals: Array, pursuit_usd_per_deal: Array) -> Array:
    """Cost of pursuing the month's new deals.

    Source: definition.
    """
    return leads_deals * pursuit_usd_per_deal


def staff_usd(people: Array, consultant_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of the consultants in the month.

    Source: definition.
    """
    return people * consultant_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio


def delivery_usd(subcontracted_usd: Array, subcontractor_cost_ratio: Array) -> Array:
    """Cost of the month's subcontractors.

    Source: definition.
    """
    return subcontracted_usd * subcontractor_cost_ratio


def project_margin_share(work_usd: Array, staff_usd: Array, delivery_usd: Array) -> Array:
    """What is left of the month's work after consultants and subcontractors; undefined without work.

    Source: definition of project margin; idle consultants count as cost of the projects.
    """
    return quotient(work_usd - staff_usd - delivery_usd, work_usd)


def personal_records(paying_customers: Array, client_records_per_customer: Array) -> Array:
    """People of whom personal data are held for clients at the end of the month.

    Source: definition.
    """
    return paying_customers * client_records_per_customer


def _five_of(customers: Array, spread_ratio: Array) -> Array:
    """Return the share that the five largest of so many customers have."""
    with np.errstate(divide="ignore", over="ignore"):  # of no customers the five largest are more than all
        return chance.largest_share(np.divide(units.LARGEST_CUSTOMERS, customers), spread_ratio)
