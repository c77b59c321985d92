"""What an open platform earns and costs: revenue, accounts that pay, the people whom users and developers need."""

from __future__ import annotations

from planner import units
from planner.formulas import market
from planner.units import Array


def revenue_usd(subscription_revenue_usd: Array, token_revenue_usd: Array, take_revenue_usd: Array) -> Array:
    """Revenue of the platform in the month: subscriptions, tokens, share of app sales.

    Source: definition.
    """
    return subscription_revenue_usd + token_revenue_usd + take_revenue_usd


def recurring_revenue_usd(subscription_revenue_usd: Array) -> Array:
    """Part of the month's revenue that comes by subscription.

    Source: definition.
    """
    return subscription_revenue_usd


def usage_revenue_usd(token_revenue_usd: Array, take_revenue_usd: Array) -> Array:
    """Part of the month's revenue that follows use: tokens and app sales.

    Source: definition.
    """
    return token_revenue_usd + take_revenue_usd


def lost_recurring_usd(
    launched_share: Array, lost_paid_users: Array, subscription_usd_per_user_month: Array
) -> Array:
    """Subscription fees of a month that went with those who left in the month.

    Source: definition.
    """
    return launched_share * lost_paid_users * subscription_usd_per_user_month


def paying_customers(
    paid_users: Array,
    paid_users_per_customer: Array,
    developers: Array,
    self_hosting_share: Array,
    developers_per_customer: Array,
) -> Array:
    """Accounts that pay at the end of the month: subscribers, and developers who do not host themselves.

    Source: definition.
    """
    accounts = developers * (1.0 - self_hosting_share) / developers_per_customer
    return paid_users / paid_users_per_customer + accounts


def new_customers(
    new_paid_users: Array,
    paid_users_per_customer: Array,
    new_developers: Array,
    self_hosting_share: Array,
    developers_per_customer: Array,
) -> Array:
    """Accounts that began to pay in the month.

    Source: definition.
    """
    accounts = new_developers * (1.0 - self_hosting_share) / developers_per_customer
    return new_paid_users / paid_users_per_customer + accounts


def lost_customers(
    lost_paid_users: Array,
    paid_users_per_customer: Array,
    previous_developers: Array,
    developer_churn_share_per_month: Array,
    self_hosting_share: Array,
    developers_per_customer: Array,
) -> Array:
    """Accounts that ceased to pay in the month.

    Source: definition.
    """
    lost_developers = previous_developers * developer_churn_share_per_month
    accounts = lost_developers * (1.0 - self_hosting_share) / developers_per_customer
    return lost_paid_users / paid_users_per_customer + accounts


def personal_records(users: Array, account_records_per_user: Array) -> Array:
    """People of whom the platform holds personal data at the end of the month.

    Source: definition.
    """
    return users * account_records_per_user


def receivables_usd(
    previous_receivables_usd: Array, revenue_usd: Array, platform_collection_days: Array
) -> Array:
    """What users and developers owe the platform at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    return market.outstanding_usd(previous_receivables_usd, revenue_usd, platform_collection_days)


def delivery_usd(
    subscription_revenue_usd: Array,
    token_revenue_usd: Array,
    app_sales_usd: Array,
    payment_fee_share: Array,
    fraud_share: Array,
) -> Array:
    """Fees of payment providers and losses to fraud in the month, on all that is paid, app sales as a whole.

    Source: definition.
    """
    paid = subscription_revenue_usd + token_revenue_usd + app_sales_usd
    return paid * (payment_fee_share + fraud_share)


def support_people(paid_users: Array, paid_users_per_support_person: Array) -> Array:
    """People in customer support in the month.

    Source: definition; the ratio is an input.
    """
    return paid_users / paid_users_per_support_person


def moderation_people(
    users: Array, moderated_items_per_user_month: Array, moderated_items_per_person_month: Array
) -> Array:
    """People who decide in the month on what users and apps are reported for.

    Source: definition; both ratios are inputs.
    """
    return users * moderated_items_per_user_month / moderated_items_per_person_month


def relations_people(developers: Array, developers_per_relations_person: Array) -> Array:
    """People who win and help developers in the month.

    Source: definition; the ratio is an input.
    """
    return developers / developers_per_relations_person


def people(support_people: Array, moderation_people: Array, relations_people: Array) -> Array:
    """People whom users and developers need in the month: support, moderation, developer relations.

    Source: definition.
    """
    return support_people + moderation_people + relations_people


def staff_usd(
    support_people: Array,
    support_salary_usd_per_person_year: Array,
    moderation_people: Array,
    moderator_salary_usd_per_person_year: Array,
    pay_ratio: Array,
) -> Array:
    """Cost of support and moderation in the month.

    Source: definition.
    """
    support = support_people * support_salary_usd_per_person_year
    moderation = moderation_people * moderator_salary_usd_per_person_year
    return (support + moderation) / units.MONTHS_PER_YEAR * pay_ratio


def relations_usd(
    relations_people: Array, relations_salary_usd_per_person_year: Array, pay_ratio: Array
) -> Array:
    """Cost of developer relations in the month.

    Source: definition.
    """
    return relations_people * relations_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio


def marketing_usd(
    new_paid_users: Array, acquisition_usd_per_user: Array, relations_usd: Array, subsidy_usd: Array
) -> Array:
    """Cost of winning subscribers and developers in the month, with what developers are paid to come.

    Source: definition of customer acquisition cost.
    """
    return new_paid_users * acquisition_usd_per_user + relations_usd + subsidy_usd
