"""Open platform: users draw developers and developers draw users; fees, tokens and a share of what apps sell."""

from __future__ import annotations

import numpy as np
from pydantic import ValidationInfo, field_validator

from planner import units
from planner.formulas import market
from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity
from planner.units import Array


class Inputs(Section):
    """Open platform: who can come, what draws them, what they use and pay."""

    addressable_users: Positive = assumed("2e5 to 2e6", "a national niche or a worldwide profession")
    """People who could use the platform."""
    opening_users: Quantity = assumed(0, "a new platform")
    """People who use it at the start."""
    opening_paid_users: Quantity = assumed(0, "a new platform")
    """Subscribers at the start."""
    user_innovation_share_per_month: Quantity = assumed(
        "0.0015 to 0.0042", "monthly range around the published yearly mean of 0.03"
    )
    """Rate at which people come on their own (Bass p)."""
    user_imitation_share_per_month: Quantity = assumed(
        "0.02 to 0.05", "monthly range around the published yearly mean of 0.38"
    )
    """Rate at which users bring users (Bass q)."""
    app_attraction_share_per_month: Quantity = assumed(
        "0.002 to 0.01", "apps matter about as much as word of mouth at the start"
    )
    """Additional rate at which people come for the apps, when there are very many."""
    half_pull_apps: Positive = assumed("200 to 1000", "the choice of a small app store")
    """Apps at which half of their pull is reached."""
    base_churn_share_per_month: Quantity = assumed(
        "0.05 to 0.106", "range around the published 0.0735 of AI-native subscriptions"
    )
    """Share of the users who leave each month when nothing ties them."""
    stickiness_ratio: Quantity = assumed("0.1 to 0.5", "integrations make leaving costly")
    """How strongly apps that a user has tied in hold him back."""
    num_integrations: Quantity = assumed("1 to 5", "apps that a user ties in when there are very many")
    """Apps that a user ties in when there are very many to choose from."""
    addressable_developers: Positive = assumed("2e3 to 2e4", "one in a hundred users")
    """Developers who could build on the platform."""
    opening_developers: Quantity = assumed(0, "a new platform")
    """Developers at the start."""
    developer_innovation_share_per_month: Quantity = assumed(
        "0.002 to 0.008", "developers try new platforms early"
    )
    """Rate at which developers come on their own."""
    developer_imitation_share_per_month: Quantity = assumed("0.02 to 0.1", "as for users")
    """Rate at which developers bring developers."""
    user_attraction_share_per_month: Quantity = assumed("0.005 to 0.02", "a market of users draws developers")
    """Additional rate at which developers come for the users, when there are very many."""
    half_pull_users: Positive = assumed("2e4 to 1e5", "a market worth building for")
    """Users at which half of their pull on developers is reached."""
    developer_churn_share_per_month: Quantity = assumed("0.02 to 0.06", "side projects end")
    """Share of the developers who leave each month."""
    opening_apps: Quantity = assumed(0, "a new platform")
    """Apps at the start."""
    new_apps_per_developer_month: Quantity = assumed("0.02 to 0.08", "an app every one to four years")
    """Apps that a developer adds each month."""
    app_retirement_share_per_month: Quantity = assumed("0.01 to 0.04", "apps are abandoned")
    """Share of the apps that go each month."""
    paid_conversion_share: Quantity | None = None
    """Share of the new users who subscribe; left out, the published range of freemium AI products."""
    subscription_usd_per_user_month: Quantity = assumed("15 to 30", "the usual monthly fee of assistants")
    """Fee of a subscriber."""
    reference_subscription_usd_per_user_month: Quantity = assumed(20, "the usual monthly fee of assistants")
    """Fee at which `paid_conversion_share` is meant."""
    subscription_elasticity_ratio: Quantity = assumed(
        "0.5 to 1.5", "range over which estimates for subscriptions lie"
    )
    """Per cent by which fewer users subscribe when the fee is one per cent higher."""
    tokens_per_paid_user_month: Quantity = assumed("1e6 to 6e6", "daily use with long contexts")
    """Tokens that a subscriber uses at the reference price, billed on top of the fee."""
    tokens_per_free_user_month: Quantity = assumed("2e4 to 2e5", "a capped free tier")
    """Tokens that a free user uses."""
    abuse_share: Quantity = assumed("0.01 to 0.1", "automated accounts and resold access")
    """Tokens lost to abuse over the free tier's own."""
    tokens_per_developer_month: Quantity = assumed("5e6 to 5e7", "small apps in production")
    """Tokens that a developer's apps use at the reference price."""
    self_hosting_share: Quantity = assumed("0.05 to 0.4", "some run open weights themselves")
    """Share of the developers' demand that runs open weights itself instead."""
    app_spend_usd_per_user_month: Quantity = assumed("0.2 to 1.5", "spending in app stores")
    """What a user spends on apps each month when there are very many."""
    take_rate_share: Quantity = assumed(
        0.15, "the rate of a large app exchange", source="https://channelinsider.com/?p=13989"
    )
    """Share of the app sales that the platform keeps."""
    platform_collection_days: Quantity = assumed("2 to 10", "cards are settled within days")
    """Days after which users and developers have paid on average."""
    payment_fee_share: Quantity = assumed(0.03, "card fees")
    """Share of the revenue that payment providers keep."""
    acquisition_usd_per_user: Quantity = assumed("40 to 160", "two to six months of the fee")
    """Marketing for one new subscriber."""
    paid_users_per_support_person: Positive = assumed("2000 to 6000", "mostly self-service")
    """Subscribers whom one person in support looks after."""
    support_salary_usd_per_person_year: Quantity = assumed("4.5e4 to 7e4", "support staff")
    """Yearly salary of a person in support."""

    @field_validator("opening_users", "opening_paid_users", "opening_developers")
    @classmethod
    def _no_more_than_there_are(cls, opening: Quantity, info: ValidationInfo) -> Quantity:
        above = {"opening_users": "addressable_users", "opening_paid_users": "opening_users"}
        most = above.get(str(info.field_name), "addressable_developers")
        if most in info.data and opening.value > info.data[most].value:
            raise ValueError(
                f"{info.field_name} is {opening.value:g}, more than {most} ({info.data[most].value:g}), "
                "of whom they are a part"
            )
        return opening


def launched_share(month: Array, launch_month: Array) -> Array:
    """One from the month in which the platform opens, zero before.

    Source: definition.
    """
    return np.where(month >= launch_month, 1.0, 0.0)


def app_pull_share(previous_apps: Array, half_pull_apps: Array) -> Array:
    """How far the apps of last month draw users, between none and fully.

    Source: assumed form of the cross effect in two-sided markets (the effect: Rochet and Tirole 2003).
    """
    return market.saturation_share(previous_apps, half_pull_apps)


def user_hazard_share_per_month(
    user_innovation_share_per_month: Array,
    user_imitation_share_per_month: Array,
    previous_users: Array,
    addressable_users: Array,
    app_attraction_share_per_month: Array,
    app_pull_share: Array,
) -> Array:
    """Rate at which people who do not use the platform start: on their own, by others, and for its apps.

    Source: Bass 1969, Management Science 15(5), with the pull of apps added (assumed).
    """
    imitation = user_imitation_share_per_month * previous_users / addressable_users
    return user_innovation_share_per_month + imitation + app_attraction_share_per_month * app_pull_share


def new_users(
    launched_share: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
    addressable_users: Array,
    previous_users: Array,
    user_hazard_share_per_month: Array,
) -> Array:
    """People who start to use the platform in the month.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard.
    """
    remaining = np.maximum(addressable_users - previous_users, 0.0)
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    return launched_share * np.minimum(
        swing * market.adopters(remaining, user_hazard_share_per_month), remaining
    )


def churn_share_per_month(
    base_churn_share_per_month: Array,
    stickiness_ratio: Array,
    num_integrations: Array,
    app_pull_share: Array,
) -> Array:
    """Share of the users who leave in the month: the more apps they have tied in, the fewer.

    Source: assumed form, base / (1 + stickiness x ln(1 + integrations per user)).
    """
    return base_churn_share_per_month / (1.0 + stickiness_ratio * np.log1p(num_integrations * app_pull_share))


def users(previous_users: Array, churn_share_per_month: Array, new_users: Array) -> Array:
    """People who use the platform at the end of the month, free and paid.

    Source: definition.
    """
    return previous_users * (1.0 - churn_share_per_month) + new_users


def conversion_share(
    paid_conversion_share: Array,
    subscription_usd_per_user_month: Array,
    reference_subscription_usd_per_user_month: Array,
    subscription_elasticity_ratio: Array,
) -> Array:
    """Share of the new users who subscribe at the fee that is asked; never more than all.

    Source: definition of constant price elasticity.
    """
    demand = market.demand_ratio(
        subscription_usd_per_user_month,
        reference_subscription_usd_per_user_month,
        subscription_elasticity_ratio,
    )
    return np.minimum(paid_conversion_share * demand, 1.0)


def new_paid_users(new_users: Array, conversion_share: Array) -> Array:
    """New users of the month who subscribe.

    Source: definition.
    """
    return new_users * conversion_share


def paid_users(previous_paid_users: Array, churn_share_per_month: Array, new_paid_users: Array) -> Array:
    """Subscribers at the end of the month.

    Source: definition.
    """
    return previous_paid_users * (1.0 - churn_share_per_month) + new_paid_users


def free_users(users: Array, paid_users: Array) -> Array:
    """Users at the end of the month who do not pay.

    Source: definition.
    """
    return users - paid_users


def new_developers(
    launched_share: Array,
    addressable_developers: Array,
    previous_developers: Array,
    developer_innovation_share_per_month: Array,
    developer_imitation_share_per_month: Array,
    user_attraction_share_per_month: Array,
    previous_users: Array,
    half_pull_users: Array,
) -> Array:
    """Developers who start to build on the platform in the month: on their own, by others, and for its users.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard, with the pull of users added (assumed).
    """
    imitation = developer_imitation_share_per_month * previous_developers / addressable_developers
    pull = user_attraction_share_per_month * market.saturation_share(previous_users, half_pull_users)
    remaining = np.maximum(addressable_developers - previous_developers, 0.0)
    hazard = developer_innovation_share_per_month + imitation + pull
    return launched_share * market.adopters(remaining, hazard)


def developers(
    previous_developers: Array, developer_churn_share_per_month: Array, new_developers: Array
) -> Array:
    """Developers who build on the platform at the end of the month.

    Source: definition.
    """
    return previous_developers * (1.0 - developer_churn_share_per_month) + new_developers


def apps(
    previous_apps: Array,
    app_retirement_share_per_month: Array,
    developers: Array,
    new_apps_per_developer_month: Array,
) -> Array:
    """Apps that work on the platform at the end of the month.

    Source: definition.
    """
    return previous_apps * (1.0 - app_retirement_share_per_month) + developers * new_apps_per_developer_month


def token_price_usd_per_million_tokens(
    month: Array, price_usd_per_million_tokens: Array, price_decline_share_per_month: Array
) -> Array:
    """List price of a million tokens in the month.

    Source: definition; start and decline are inputs.
    """
    return market.eroded(price_usd_per_million_tokens, price_decline_share_per_month, month)


def paid_tokens(
    launched_share: Array,
    paid_users: Array,
    tokens_per_paid_user_month: Array,
    developers: Array,
    tokens_per_developer_month: Array,
    self_hosting_share: Array,
    price_usd_per_million_tokens: Array,
    reference_price_usd_per_million_tokens: Array,
    price_elasticity_ratio: Array,
) -> Array:
    """Tokens of subscribers and developers that are billed in the month, less what leaks to self-hosted open weights.

    Source: definition of constant price elasticity; the leak is an input.
    """
    demand = market.demand_ratio(
        price_usd_per_million_tokens, reference_price_usd_per_million_tokens, price_elasticity_ratio
    )
    developer_tokens = developers * tokens_per_developer_month * (1.0 - self_hosting_share)
    return launched_share * (paid_users * tokens_per_paid_user_month + developer_tokens) * demand


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


def revenue_usd(subscription_revenue_usd: Array, token_revenue_usd: Array, take_revenue_usd: Array) -> Array:
    """Revenue of the platform in the month: subscriptions, tokens, share of app sales.

    Source: definition.
    """
    return subscription_revenue_usd + token_revenue_usd + take_revenue_usd


def receivables_usd(
    previous_receivables_usd: Array, revenue_usd: Array, platform_collection_days: Array
) -> Array:
    """What users and developers owe the platform at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    return market.outstanding_usd(previous_receivables_usd, revenue_usd, platform_collection_days)


def delivery_usd(
    subscription_revenue_usd: Array, token_revenue_usd: Array, app_sales_usd: Array, payment_fee_share: Array
) -> Array:
    """Fees of the payment providers in the month, on all that passes through the platform, app sales as a whole.

    Source: definition.
    """
    return (subscription_revenue_usd + token_revenue_usd + app_sales_usd) * payment_fee_share


def marketing_usd(new_paid_users: Array, acquisition_usd_per_user: Array) -> Array:
    """Marketing that wins the month's new subscribers.

    Source: definition of customer acquisition cost.
    """
    return new_paid_users * acquisition_usd_per_user


def people(paid_users: Array, paid_users_per_support_person: Array) -> Array:
    """People in customer support in the month.

    Source: definition; the ratio is an input.
    """
    return paid_users / paid_users_per_support_person


def staff_usd(people: Array, support_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of customer support in the month.

    Source: definition.
    """
    return people * support_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio
