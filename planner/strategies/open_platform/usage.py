"""What an open platform is used for, and what it earns: subscribers, tokens, app sales."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market
from planner.units import Array


def conversion_share(
    paid_conversion_share: Array,
    subscription_usd_per_user_month: Array,
    reference_subscription_usd_per_user_month: Array,
    subscription_elasticity_ratio: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the new users who subscribe at the fee that is asked, for the model as good as it is; at most all.

    Source: definition of constant price elasticity.
    """
    demand = market.demand_ratio(
        subscription_usd_per_user_month,
        reference_subscription_usd_per_user_month,
        subscription_elasticity_ratio,
    )
    return np.minimum(paid_conversion_share * demand * previous_shared_quality_ratio, 1.0)


def new_paid_users(new_users: Array, conversion_share: Array) -> Array:
    """New users of the month who subscribe.

    Source: definition.
    """
    return new_users * conversion_share


def lost_paid_users(previous_paid_users: Array, churn_share_per_month: Array) -> Array:
    """Subscribers who leave in the month, no more and no fewer of them than of the other users.

    Source: assumed form.
    """
    return previous_paid_users * churn_share_per_month


def paid_users(previous_paid_users: Array, lost_paid_users: Array, new_paid_users: Array) -> Array:
    """Subscribers at the end of the month.

    Source: definition.
    """
    return previous_paid_users - lost_paid_users + new_paid_users


def free_users(users: Array, paid_users: Array) -> Array:
    """Users at the end of the month who do not pay.

    Source: definition.
    """
    return users - paid_users


def token_price_usd_per_million_tokens(
    month: Array, price_usd_per_million_tokens: Array, price_decline_share_per_month: Array
) -> Array:
    """List price of a million tokens in the month.

    Source: definition; start and decline are inputs.
    """
    return market.eroded(price_usd_per_million_tokens, price_decline_share_per_month, month)


def usage_demand_ratio(
    price_usd_per_million_tokens: Array,
    reference_price_usd_per_million_tokens: Array,
    price_elasticity_ratio: Array,
) -> Array:
    """Tokens that are asked for at the price over those at the reference price.

    Source: definition of constant price elasticity.
    """
    return market.demand_ratio(
        price_usd_per_million_tokens, reference_price_usd_per_million_tokens, price_elasticity_ratio
    )


def subscriber_tokens(
    launched_share: Array, paid_users: Array, tokens_per_paid_user_month: Array, usage_demand_ratio: Array
) -> Array:
    """Tokens that subscribers use in the month.

    Source: definition.
    """
    return launched_share * paid_users * tokens_per_paid_user_month * usage_demand_ratio


def app_use_tokens(
    launched_share: Array,
    developers: Array,
    tokens_per_developer_month: Array,
    self_hosting_share: Array,
    usage_demand_ratio: Array,
) -> Array:
    """Tokens that developers' apps use in the month, less what leaks to self-hosted open weights.

    Source: definition; the leak is an input.
    """
    asked = developers * tokens_per_developer_month * (1.0 - self_hosting_share)
    return launched_share * asked * usage_demand_ratio


def paid_tokens(subscriber_tokens: Array, app_use_tokens: Array) -> Array:
    """Tokens of subscribers and developers that are billed in the month.

    Source: definition.
    """
    return subscriber_tokens + app_use_tokens


def free_tokens(
    launched_share: Array, free_users: Array, tokens_per_free_user_month: Array, abuse_share: Array
) -> Array:
    """Tokens of the free tier in the month, abuse on top.

    Source: definition; the abuse is an input.
    """
    return launched_share * free_users * tokens_per_free_user_month * (1.0 + abuse_share)


def served_tokens(paid_tokens: Array, free_tokens: Array) -> Array:
    """Tokens that the platform has to serve in the month.

    Source: definition.
    """
    return paid_tokens + free_tokens


def subscription_revenue_usd(
    launched_share: Array, paid_users: Array, subscription_usd_per_user_month: Array
) -> Array:
    """Subscription fees of the month; none before the platform opens.

    Source: definition.
    """
    return launched_share * paid_users * subscription_usd_per_user_month


def token_revenue_usd(paid_tokens: Array, token_price_usd_per_million_tokens: Array) -> Array:
    """Fees for billed tokens of the month.

    Source: definition.
    """
    return paid_tokens / units.TOKENS_PER_MILLION_TOKENS * token_price_usd_per_million_tokens


def app_sales_usd(
    launched_share: Array,
    users: Array,
    app_spend_usd_per_user_month: Array,
    apps: Array,
    half_pull_apps: Array,
) -> Array:
    """What users spend on apps in the month, of which the platform takes its share.

    Source: assumed form: spend per user grows with the choice of apps up to a ceiling.
    """
    return (
        launched_share * users * app_spend_usd_per_user_month * market.saturation_share(apps, half_pull_apps)
    )


def take_revenue_usd(app_sales_usd: Array, take_rate_share: Array) -> Array:
    """The platform's share of the month's app sales.

    Source: definition.
    """
    return app_sales_usd * take_rate_share


def usage_data_tokens(subscriber_tokens: Array, free_tokens: Array, abuse_share: Array) -> Array:
    """Tokens of people's own use in the month, from which a model could learn; apps and abuse are left out.

    Source: definition.
    """
    return subscriber_tokens + free_tokens / (1.0 + abuse_share)


def opening_stored_bytes() -> Array:
    """Conversations that are kept when the company starts.

    Source: definition: none.
    """
    return 0.0


def stored_bytes(
    previous_stored_bytes: Array, usage_data_tokens: Array, text_bytes_per_token: Array, history_months: Array
) -> Array:
    """Conversations that are kept at the end of the month; apps keep their own.

    Source: definition of a first-order delay with the time of keeping as its mean.
    """
    kept = previous_stored_bytes * (1.0 - 1.0 / np.maximum(history_months, 1.0))
    return kept + usage_data_tokens * text_bytes_per_token


def self_service_share(users: Array, reachable_users: Array) -> Array:
    """Share of all who could use the platform who do, and need no project.

    Source: definition; at most all.
    """
    return np.where(reachable_users > users, users / reachable_users, 1.0)
