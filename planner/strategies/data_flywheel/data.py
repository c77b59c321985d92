"""From use to data: tokens served, what of them may and should be kept, and what is bought beside."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market
from planner.units import Array


def metered_tokens(
    launched_share: Array,
    paying_customers: Array,
    tokens_per_paying_customer_month: Array,
    metered_share: Array,
    price_usd_per_million_tokens: Array,
    reference_price_usd_per_million_tokens: Array,
    price_elasticity_ratio: Array,
) -> Array:
    """Tokens of subscribers that are billed on top of the fee in the month.

    Source: definition of constant price elasticity.
    """
    demand = market.demand_ratio(
        price_usd_per_million_tokens, reference_price_usd_per_million_tokens, price_elasticity_ratio
    )
    return launched_share * paying_customers * tokens_per_paying_customer_month * metered_share * demand


def free_tokens(launched_share: Array, free_customers: Array, tokens_per_free_customer_month: Array) -> Array:
    """Tokens of the free tier in the month.

    Source: definition.
    """
    return launched_share * free_customers * tokens_per_free_customer_month


def served_tokens(
    launched_share: Array,
    paying_customers: Array,
    tokens_per_paying_customer_month: Array,
    metered_share: Array,
    metered_tokens: Array,
    free_tokens: Array,
) -> Array:
    """Tokens that the service has to serve in the month: within the fee, metered, and of the free tier.

    Source: definition.
    """
    included = paying_customers * tokens_per_paying_customer_month * (1.0 - metered_share)
    return metered_tokens + launched_share * included + free_tokens


def kept_tokens(
    served_tokens: Array,
    previous_shared_usage_tokens: Array,
    no_retention_share: Array,
    data_consent_share: Array,
    usable_data_share: Array,
    previous_stock_tokens: Array,
    staleness_share_per_month: Array,
    duplicate_scale_tokens: Array,
) -> Array:
    """Tokens of use, its own and shared, that are allowed, worth keeping and new to the stock in the month.

    Source: assumed form: what is new falls as exp(-stock / scale), since the same questions come again; summed over
    the month as the stock grows, so that more use never leaves less data.
    """
    use = served_tokens + previous_shared_usage_tokens
    usable = use * (1.0 - no_retention_share) * data_consent_share * usable_data_share
    fresh = previous_stock_tokens * (1.0 - staleness_share_per_month)
    new_ratio = usable / duplicate_scale_tokens * np.exp(-fresh / duplicate_scale_tokens)
    return duplicate_scale_tokens * np.log1p(new_ratio)


def collecting_share(month: Array, launch_month: Array, training_months: Array) -> Array:
    """One from the month in which the first training begins, when data are first bought, zero before.

    Source: definition.
    """
    return np.where(month >= np.maximum(launch_month - training_months, 1), 1.0, 0.0)


def label_tokens(
    collecting_share: Array,
    expert_label_budget_usd_per_month: Array,
    expert_label_usd_per_item: Array,
    expert_label_overlap_ratio: Array,
    expert_label_rework_ratio: Array,
    expert_label_worth_tokens_per_item: Array,
) -> Array:
    """Data from the month's labels, in tokens of kept use that they are worth.

    Source: definition: money over the price of a judgement, with as many of them as agree on an item, and rework.
    """
    usd_per_item = expert_label_usd_per_item * expert_label_overlap_ratio * (1.0 + expert_label_rework_ratio)
    return (
        collecting_share
        * expert_label_budget_usd_per_month
        / usd_per_item
        * expert_label_worth_tokens_per_item
    )


def licensed_tokens(
    collecting_share: Array, licensed_usd_per_month: Array, licensed_usd_per_million_tokens: Array
) -> Array:
    """Data licensed in the month.

    Source: definition.
    """
    bought = licensed_usd_per_month / licensed_usd_per_million_tokens * units.TOKENS_PER_MILLION_TOKENS
    return collecting_share * bought


def synthetic_tokens(
    collecting_share: Array,
    synthetic_usd_per_month: Array,
    synthetic_usd_per_item: Array,
    synthetic_worth_tokens_per_item: Array,
) -> Array:
    """Synthetic data of the month, in tokens of kept use that they are worth.

    Source: definition.
    """
    items = synthetic_usd_per_month / synthetic_usd_per_item
    return collecting_share * items * synthetic_worth_tokens_per_item


def stock_tokens(
    previous_stock_tokens: Array,
    staleness_share_per_month: Array,
    kept_tokens: Array,
    label_tokens: Array,
    licensed_tokens: Array,
    synthetic_tokens: Array,
) -> Array:
    """Data of the domain at the end of the month, in tokens of kept use, less what has gone stale.

    Source: definition.
    """
    fresh = previous_stock_tokens * (1.0 - staleness_share_per_month)
    return fresh + kept_tokens + label_tokens + licensed_tokens + synthetic_tokens


def stored_bytes(stock_tokens: Array, text_bytes_per_token: Array) -> Array:
    """Text of the stock of data that is held at the end of the month.

    Source: definition.
    """
    return stock_tokens * text_bytes_per_token


def development_usd(
    collecting_share: Array,
    expert_label_budget_usd_per_month: Array,
    licensed_usd_per_month: Array,
    synthetic_usd_per_month: Array,
) -> Array:
    """Labels, licensed and synthetic data that are bought in the month.

    Source: definition.
    """
    return collecting_share * (
        expert_label_budget_usd_per_month + licensed_usd_per_month + synthetic_usd_per_month
    )
