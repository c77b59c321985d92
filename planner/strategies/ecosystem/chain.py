"""Who keeps which share of the end price, what of it is revenue, and what is billed."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market
from planner.units import Array


def agreed_seller_share(resold_share: Array, resale_margin_share: Array, paid_referral_share: Array) -> Array:
    """Share of the end price of sourced sales that is agreed for partners, resold and referred together.

    Source: definition.
    """
    return resold_share * resale_margin_share + (1.0 - resold_share) * paid_referral_share


def agreed_chain_share(
    agreed_seller_share: Array,
    marketplace_listed_share: Array,
    marketplace_fee_share: Array,
    upstream_royalty_share: Array,
) -> Array:
    """Share of the end price of sourced sales that is agreed for all others along the chain.

    Source: definition.
    """
    return agreed_seller_share + marketplace_listed_share * marketplace_fee_share + upstream_royalty_share


def partner_chain_share(agreed_seller_share: Array, agreed_chain_share: Array) -> Array:
    """Share of the end price of sourced sales that partners keep.

    Source: definition; where more than the whole is agreed, each of the others gets in proportion.
    """
    return agreed_seller_share / np.maximum(agreed_chain_share, 1.0)


def marketplace_chain_share(
    marketplace_listed_share: Array, marketplace_fee_share: Array, agreed_chain_share: Array
) -> Array:
    """Share of the end price of sourced sales that marketplaces keep.

    Source: definition; where more than the whole is agreed, each of the others gets in proportion.
    """
    return marketplace_listed_share * marketplace_fee_share / np.maximum(agreed_chain_share, 1.0)


def upstream_chain_share(upstream_royalty_share: Array, agreed_chain_share: Array) -> Array:
    """Share of the end price of sourced sales that goes to suppliers whose product is part of it.

    Source: definition; where more than the whole is agreed, each of the others gets in proportion.
    """
    return upstream_royalty_share / np.maximum(agreed_chain_share, 1.0)


def own_chain_share(agreed_chain_share: Array) -> Array:
    """Share of the end price of sourced sales that is left for the company.

    Source: definition; the shares along the chain sum to one.
    """
    return np.maximum(1.0 - agreed_chain_share, 0.0)


def passed_on_usd(sourced_sales_usd: Array, own_chain_share: Array) -> Array:
    """What the others along the chain keep or get of the month's sourced sales.

    Source: definition.
    """
    return sourced_sales_usd * (1.0 - own_chain_share)


def recognised_share(own_chain_share: Array, principal_share: Array) -> Array:
    """Share of the sourced sales that counts as revenue: all as principal, the own share as agent.

    Source: definition of revenue of principal and agent (IFRS 15, B34 to B38).
    """
    return own_chain_share + principal_share * (1.0 - own_chain_share)


def recognised_customers(direct_customers: Array, sourced_customers: Array, recognised_share: Array) -> Array:
    """End customers, each counted as far as what it pays is revenue.

    Source: definition.
    """
    return direct_customers + sourced_customers * recognised_share


def certification_revenue_usd(active_partners: Array, certification_usd_per_partner_year: Array) -> Array:
    """Fees of the month for the certification of active partners, spread over the year.

    Source: definition.
    """
    return active_partners * certification_usd_per_partner_year / units.MONTHS_PER_YEAR


def referral_revenue_usd(
    new_direct_customers: Array,
    coverage_share: Array,
    referred_project_usd_per_customer: Array,
    earned_referral_share: Array,
) -> Array:
    """Fees of the month for customers whom the company passes on to a partner for a project.

    Source: definition; the part of the customers for whom there is a partner.
    """
    projects_usd = new_direct_customers * coverage_share * referred_project_usd_per_customer
    return projects_usd * earned_referral_share


def recurring_revenue_usd(
    launched_share: Array, recognised_customers: Array, account_subscription_usd_per_customer_month: Array
) -> Array:
    """Part of the month's revenue that comes from subscriptions.

    Source: definition.
    """
    return launched_share * recognised_customers * account_subscription_usd_per_customer_month


def usage_revenue_usd(
    launched_share: Array, recognised_customers: Array, account_usage_usd_per_customer_month: Array
) -> Array:
    """Part of the month's revenue that is billed by the token.

    Source: definition.
    """
    return launched_share * recognised_customers * account_usage_usd_per_customer_month


def revenue_usd(
    recurring_revenue_usd: Array,
    usage_revenue_usd: Array,
    referral_revenue_usd: Array,
    certification_revenue_usd: Array,
) -> Array:
    """Revenue of the ecosystem in the month: subscriptions and tokens, own and sourced, and fees of partners.

    Source: definition.
    """
    return recurring_revenue_usd + usage_revenue_usd + referral_revenue_usd + certification_revenue_usd


def lost_recurring_usd(
    lost_direct_customers: Array,
    lost_sourced_customers: Array,
    recognised_share: Array,
    account_subscription_usd_per_customer_month: Array,
) -> Array:
    """Subscriptions of a month that went with the customers who left in the month.

    Source: definition.
    """
    lost = lost_direct_customers + lost_sourced_customers * recognised_share
    return lost * account_subscription_usd_per_customer_month


def largest_customers_revenue_usd(
    sourced_sales_usd: Array, recognised_share: Array, largest_sourced_share: Array
) -> Array:
    """Revenue of the month that hangs on the largest partner; after it has left, on the next, with the same share.

    Source: definition; the other four of the five largest are not known and not counted.
    """
    return sourced_sales_usd * recognised_share * largest_sourced_share


def billings_usd(
    direct_sales_usd: Array,
    sourced_sales_usd: Array,
    partner_chain_share: Array,
    marketplace_chain_share: Array,
    referral_revenue_usd: Array,
    certification_revenue_usd: Array,
) -> Array:
    """What customers, partners and marketplaces have to pay for the month, whatever of it is revenue.

    Source: definition; partners and marketplaces settle net of what they keep.
    """
    settled_share = 1.0 - partner_chain_share - marketplace_chain_share
    fees_usd = referral_revenue_usd + certification_revenue_usd
    return direct_sales_usd + sourced_sales_usd * settled_share + fees_usd


def receivables_usd(
    previous_receivables_usd: Array, billings_usd: Array, sales_collection_days: Array
) -> Array:
    """What customers, partners and marketplaces owe at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay, on what is billed and not on revenue.
    """
    return market.outstanding_usd(previous_receivables_usd, billings_usd, sales_collection_days)
