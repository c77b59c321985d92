"""What partners and the company itself sell, and what of it is whose along the chain."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market
from planner.units import Array


def opening_sourced_customers() -> Array:
    """Customers whom partners have brought before the plan: those of opening partners count from the launch on.

    Source: definition: none.
    """
    return 0.0


def remaining_customers_per_partner(
    customers_per_partner: Array, largest_sourced_share: Array, largest_partner_lost_share: Array
) -> Array:
    """Customers whom a mature partner has in service, on the average of all, without the largest once it has left.

    Source: definition.
    """
    return customers_per_partner * (1.0 - largest_sourced_share * largest_partner_lost_share)


def sourced_customers(
    launched_share: Array, productive_partners: Array, remaining_customers_per_partner: Array
) -> Array:
    """Customers whom partners have in service at the end of the month.

    Source: definition.
    """
    return launched_share * productive_partners * remaining_customers_per_partner


def kept_sourced_customers(
    previous_sourced_customers: Array,
    previous_productive_partners: Array,
    partner_churn_share_per_month: Array,
    remaining_customers_per_partner: Array,
) -> Array:
    """Customers of last month whose partner is still there at the end of the month.

    Source: definition; no more than there were, which is none before the launch.
    """
    stayed_partners = previous_productive_partners * (1.0 - partner_churn_share_per_month)
    return np.minimum(previous_sourced_customers, stayed_partners * remaining_customers_per_partner)


def new_sourced_customers(sourced_customers: Array, kept_sourced_customers: Array) -> Array:
    """Customers whom partners bring in the month.

    Source: definition.
    """
    return sourced_customers - kept_sourced_customers


def lost_sourced_customers(previous_sourced_customers: Array, kept_sourced_customers: Array) -> Array:
    """Customers who go in the month with the partner who brought them.

    Source: definition.
    """
    return previous_sourced_customers - kept_sourced_customers


def win_share(
    direct_win_share: Array,
    cosell_uplift_ratio: Array,
    coverage_share: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the company's own talks that are won in the month, with partners at its side.

    Source: assumed form: the uplift in proportion to how far partners are everywhere; never more than all.
    """
    uplift = 1.0 + cosell_uplift_ratio * coverage_share
    return np.minimum(direct_win_share * uplift * previous_shared_quality_ratio, 1.0)


def direct_churn_share_per_month(
    direct_base_churn_share_per_month: Array,
    integration_retention_share: Array,
    coverage_share: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the company's own customers who leave in the month, the fewer the more partners are integrated.

    Source: assumed form: the effect in proportion to how far partners are everywhere; never more than all.
    """
    tied = 1.0 - integration_retention_share * coverage_share
    return np.minimum(direct_base_churn_share_per_month * tied / previous_shared_quality_ratio, 1.0)


def direct_leads_customers(
    launched_share: Array,
    ecosystem_effort_share: Array,
    direct_leads_customers_per_month: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
) -> Array:
    """Customers with whom the company's own sales get into talks in the month.

    Source: definition; the rate is an input.
    """
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    return launched_share * ecosystem_effort_share * direct_leads_customers_per_month * swing


def new_direct_customers(
    direct_leads_customers: Array,
    win_share: Array,
    sourced_cannibalisation_share: Array,
    new_sourced_customers: Array,
) -> Array:
    """Customers whom the company's own sales win in the month, less those who buy from a partner instead.

    Source: definition of cannibalisation; partners take no more than there are.
    """
    taken = sourced_cannibalisation_share * new_sourced_customers
    return np.maximum(direct_leads_customers * win_share - taken, 0.0)


def lost_direct_customers(previous_direct_customers: Array, direct_churn_share_per_month: Array) -> Array:
    """Customers of the company's own sales who leave in the month.

    Source: definition.
    """
    return previous_direct_customers * direct_churn_share_per_month


def direct_customers(
    previous_direct_customers: Array, new_direct_customers: Array, lost_direct_customers: Array
) -> Array:
    """Customers of the company's own sales at the end of the month.

    Source: definition.
    """
    return previous_direct_customers + new_direct_customers - lost_direct_customers


def paying_customers(direct_customers: Array, sourced_customers: Array) -> Array:
    """End customers in service at the end of the month, whoever sold to them; partners are not counted.

    Source: definition.
    """
    return direct_customers + sourced_customers


def new_customers(new_direct_customers: Array, new_sourced_customers: Array) -> Array:
    """End customers who began to pay in the month.

    Source: definition.
    """
    return new_direct_customers + new_sourced_customers


def lost_customers(lost_direct_customers: Array, lost_sourced_customers: Array) -> Array:
    """End customers who ceased to pay in the month.

    Source: definition.
    """
    return lost_direct_customers + lost_sourced_customers


def used_tokens_per_customer_month(
    account_tokens_per_customer_month: Array,
    price_usd_per_million_tokens: Array,
    reference_price_usd_per_million_tokens: Array,
    price_elasticity_ratio: Array,
) -> Array:
    """Tokens that a customer uses in a month at the price that is asked.

    Source: definition of constant price elasticity.
    """
    return account_tokens_per_customer_month * market.demand_ratio(
        price_usd_per_million_tokens, reference_price_usd_per_million_tokens, price_elasticity_ratio
    )


def served_tokens(
    launched_share: Array, paying_customers: Array, used_tokens_per_customer_month: Array
) -> Array:
    """Tokens that have to be served in the month, whoever sold them.

    Source: definition.
    """
    return launched_share * paying_customers * used_tokens_per_customer_month


def account_usage_usd_per_customer_month(
    month: Array,
    used_tokens_per_customer_month: Array,
    price_usd_per_million_tokens: Array,
    price_decline_share_per_month: Array,
) -> Array:
    """What an end customer pays for tokens in the month, on top of the fee.

    Source: definition.
    """
    price = market.eroded(price_usd_per_million_tokens, price_decline_share_per_month, month)
    return used_tokens_per_customer_month / units.TOKENS_PER_MILLION_TOKENS * price


def account_sales_usd_per_customer_month(
    launched_share: Array,
    account_subscription_usd_per_customer_month: Array,
    account_usage_usd_per_customer_month: Array,
) -> Array:
    """What an end customer pays in the month, whoever sells; nothing before the launch.

    Source: definition.
    """
    paid = account_subscription_usd_per_customer_month + account_usage_usd_per_customer_month
    return launched_share * paid


def sourced_sales_usd(sourced_customers: Array, account_sales_usd_per_customer_month: Array) -> Array:
    """What the end customers of partners pay in the month, to whomever.

    Source: definition.
    """
    return sourced_customers * account_sales_usd_per_customer_month


def direct_sales_usd(direct_customers: Array, account_sales_usd_per_customer_month: Array) -> Array:
    """What the customers of the company's own sales pay in the month.

    Source: definition.
    """
    return direct_customers * account_sales_usd_per_customer_month
