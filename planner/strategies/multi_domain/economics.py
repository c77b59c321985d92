"""What each domain uses, earns and costs, when it is stopped, and what it is worth."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market, portfolio
from planner.units import Array, Rows


def domain_tokens(
    domain_customers: Array,
    domain_tokens_per_customer_month: Array,
    price_usd_per_million_tokens: Array,
    reference_price_usd_per_million_tokens: Array,
    price_elasticity_ratio: Array,
) -> Array:
    """Tokens that the customers of each domain use in the month.

    Source: definition of constant price elasticity.
    """
    demand = market.demand_ratio(
        price_usd_per_million_tokens, reference_price_usd_per_million_tokens, price_elasticity_ratio
    )
    return domain_customers * domain_tokens_per_customer_month * demand


def domain_usage_usd(
    month: Array,
    domain_tokens: Array,
    domain_billed_share: Array,
    price_usd_per_million_tokens: Array,
    price_decline_share_per_month: Array,
) -> Array:
    """Fees of each domain in the month for the tokens that are billed on top of the contract.

    Source: definition; the market's price falls as the input says.
    """
    price = market.eroded(price_usd_per_million_tokens, price_decline_share_per_month, month)
    return domain_tokens * domain_billed_share / units.TOKENS_PER_MILLION_TOKENS * price


def domain_revenue_usd(
    domain_customers: Array, domain_fee_usd_per_customer_month: Array, domain_usage_usd: Array
) -> Array:
    """Revenue of each domain in the month: contracts and billed tokens.

    Source: definition.
    """
    return domain_customers * domain_fee_usd_per_customer_month + domain_usage_usd


def domain_development_usd(
    domain_preparing_share: Array,
    domain_open_share: Array,
    domain_integration_usd: Array,
    domain_label_items: Array,
    domain_label_usd_per_item: Array,
    domain_label_rework_ratio: Array,
    domain_evaluation_usd: Array,
    domain_certification_usd: Array,
    domain_upkeep_share_per_year: Array,
) -> Array:
    """Cost of entering each domain and of keeping up its tests and certificates in the month, fine-tuning apart.

    Source: definition.
    """
    kept_up_usd = domain_evaluation_usd + domain_certification_usd
    labels_usd = domain_label_items * domain_label_usd_per_item * domain_label_rework_ratio
    entry_usd = domain_integration_usd + labels_usd + kept_up_usd
    upkeep_usd = kept_up_usd * domain_upkeep_share_per_year / units.MONTHS_PER_YEAR
    return domain_preparing_share * entry_usd + domain_open_share * upkeep_usd


def domain_marketing_usd(
    sold_domain_customers: Array,
    domain_acquisition_usd_per_customer: Array,
    domain_sellers_people: Array,
    interested_domain_customers: Array,
    domain_seller_salary_usd_per_person_year: Array,
    pay_ratio: Array,
) -> Array:
    """Cost of winning the customers of each domain in the month: marketing, and the sellers as they are asked for.

    Source: definition; while nobody asks, the sellers belong to no domain.
    """
    wage_usd = domain_seller_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio
    sellers_usd = portfolio.shares(interested_domain_customers) * domain_sellers_people * wage_usd
    return sold_domain_customers * domain_acquisition_usd_per_customer + sellers_usd


def domain_support_usd(
    domain_customers: Array,
    domain_support_people_per_customer: Array,
    domain_support_salary_usd_per_person_year: Array,
    pay_ratio: Array,
) -> Array:
    """Cost of the people who support the customers of each domain in the month.

    Source: definition.
    """
    people = domain_customers * domain_support_people_per_customer
    return people * domain_support_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio


def domain_service_usd(domain_tokens: Array, pooled_service_usd_per_token: Array) -> Array:
    """Share of the month's pooled serving and screening that the tokens of each domain cause.

    Source: definition; by tokens, which cause the cost, and not by revenue.
    """
    return domain_tokens * pooled_service_usd_per_token


def domain_finetuning_tokens(domain_preparing_share: Array, domain_training_tokens: Array) -> Array:
    """Tokens on which the model is fine-tuned for each domain in the month.

    Source: definition.
    """
    return domain_preparing_share * domain_training_tokens


def domain_contribution_usd(
    domain_revenue_usd: Array,
    domain_delivery_share: Array,
    domain_service_usd: Array,
    domain_support_usd: Array,
    domain_marketing_usd: Array,
    domain_development_usd: Array,
    domain_finetuning_tokens: Array,
    training_compute_usd_per_token: Array,
) -> Array:
    """What each domain leaves in the month for what all domains share: the base model, listed staff, overhead.

    Source: definition.
    """
    served_usd = domain_revenue_usd * domain_delivery_share + domain_service_usd + domain_support_usd
    finetuning_usd = domain_finetuning_tokens * training_compute_usd_per_token
    return domain_revenue_usd - served_usd - domain_marketing_usd - domain_development_usd - finetuning_usd


def shared_training_usd(
    training_compute_usd: Array, extra_training_tokens: Array, training_compute_usd_per_token: Array
) -> Array:
    """Cost of training the model in the month that all domains share, without the fine-tuning for any of them.

    Source: definition.
    """
    return np.maximum(training_compute_usd - extra_training_tokens * training_compute_usd_per_token, 0.0)


def domain_shared_usd(shared_training_usd: Array, domain_tokens: Array) -> Array:
    """Part of the shared training of the month that each domain bears; while nothing is served, none does.

    Source: definition; split by tokens, never by revenue.
    """
    return shared_training_usd * portfolio.shares(domain_tokens)


def opening_domain_loss_months() -> Array:
    """Months of losses in a row when the company starts.

    Source: definition: none.
    """
    return 0.0


def domain_loss_months(
    month: Array,
    previous_domain_loss_months: Array,
    domain_contribution_usd: Array,
    domain_start_month: Array,
    domain_ramp_months: Array,
    domain_patience_months: Array,
) -> Array:
    """Months in a row in which each domain lost money after its ramp; stands still once the domain is stopped.

    Source: definition of the stop rule.
    """
    is_loss = (month >= domain_start_month + domain_ramp_months) & (domain_contribution_usd < 0)
    counted = np.where(is_loss, previous_domain_loss_months + 1.0, 0.0)
    is_stopped = previous_domain_loss_months >= domain_patience_months
    return np.where(is_stopped, previous_domain_loss_months, counted)


def domain_value_usd(series_domain_contribution_usd: Rows, discount_rate_share_per_year: Array) -> Array:
    """What each domain contributes over the horizon at today's worth, its entry included.

    Source: definition; what a domain does for others by references and cross-selling counts with those.
    """
    return portfolio.present_value_usd(series_domain_contribution_usd, discount_rate_share_per_year)


def domain_concentration_share(domain_revenue_usd: Array) -> Array:
    """Concentration of the month's revenue on domains: one for a single one, 1/n for n equal; undefined without any.

    Source: definition of the Herfindahl-Hirschman index.
    """
    return portfolio.concentration_share(domain_revenue_usd)


def diversification_ratio(
    domain_revenue_usd: Array, domain_volatility_ratio: Array, domain_loading_share: Array
) -> Array:
    """Volatility of the domains' demand, weighted by revenue, over that of all together; undefined without revenue.

    Source: Choueifaty and Coignard 2008, Journal of Portfolio Management 35(1).
    """
    weights = portfolio.shares(domain_revenue_usd)
    return portfolio.diversification_ratio(weights, domain_volatility_ratio, domain_loading_share)
