"""Open platform: users draw developers and developers draw users; fees, tokens and a share of what apps sell."""

from __future__ import annotations

from pydantic import ValidationInfo, field_validator

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity

KEY_FIGURES = (
    "takeoff_rate_share_per_month",
    "critical_mass_month",
    "critical_mass_subsidy_usd",
    "users",
    "developers",
    "apps",
)
"""What the report tells of the strategy first."""


class Inputs(Section):
    """Open platform: who can come, what draws them, what they use and pay."""

    platform_effort_share: Quantity = assumed(1, "the platform as it is described here")
    """Effort put into the platform over that of the other keys: scales who comes on his own, and subsidies."""
    addressable_users: Positive = assumed("2e5 to 2e6", "a national niche or a worldwide profession")
    """People who could use the platform."""
    opening_users: Quantity = assumed(0, "a new platform")
    """People who use it at the start."""
    opening_paid_users: Quantity = assumed(0, "a new platform")
    """Subscribers at the start."""
    user_innovation_share_per_month: Quantity = assumed(
        "0.0015 to 0.0042", "monthly range around the published yearly mean of 0.03"
    )
    """Rate at which people come on their own, won by the company (Bass p)."""
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
    developer_subsidy_usd_per_month: Quantity = assumed(0, "no subsidy unless the scenario decides on one")
    """Budget for grants and credits that bring developers, from the launch until critical mass."""
    subsidy_usd_per_developer: Positive = assumed("2e3 to 1e4", "credits and a prize for a small team")
    """Grants and credits that bring one developer."""
    subsidy_months: Quantity = assumed(24, "two years of patience")
    """Months after which the subsidy ends even without critical mass."""
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
    reference_kept_share: Positive = assumed(0.85, "what the take rate of 0.15 leaves to developers")
    """Share of their sales that developers keep where `addressable_developers` is meant."""
    supply_elasticity_ratio: Quantity = assumed("0.2 to 1", "developers have few other stores")
    """Per cent by which fewer developers can be won when they keep one per cent less of their sales."""
    platform_collection_days: Quantity = assumed("2 to 10", "cards are settled within days")
    """Days after which users and developers have paid on average."""
    payment_fee_share: Quantity = assumed(0.03, "card fees")
    """Share of the revenue that payment providers keep."""
    fraud_share: Quantity = assumed("0.002 to 0.01", "chargebacks and stolen cards")
    """Share of what is paid on the platform that is lost to fraud."""
    acquisition_usd_per_user: Quantity = assumed("40 to 160", "two to six months of the fee")
    """Marketing for one new subscriber."""
    paid_users_per_support_person: Positive = assumed("2000 to 6000", "mostly self-service")
    """Subscribers whom one person in support looks after."""
    support_salary_usd_per_person_year: Quantity = assumed("4.5e4 to 7e4", "support staff")
    """Yearly salary of a person in support."""

    moderated_items_per_user_month: Quantity = assumed("0.005 to 0.03", "what the automatic screening leaves")
    """Reports and flags for each user that a person has to decide on."""
    moderated_items_per_person_month: Positive = assumed("1500 to 4000", "80 to 200 a day")
    """Reports and flags on which one moderator decides."""
    moderator_salary_usd_per_person_year: Quantity = assumed("3.5e4 to 6e4", "moderation staff")
    """Yearly salary of a moderator."""
    developers_per_relations_person: Positive = assumed("1500 to 6000", "documentation first, events second")
    """Developers whom one person in developer relations looks after."""
    relations_salary_usd_per_person_year: Quantity = assumed("8e4 to 1.3e5", "engineers who write and speak")
    """Yearly salary of a person in developer relations."""
    paid_users_per_customer: Positive = assumed(1, "everybody pays for himself")
    """Subscribers for each account that pays: more where teams buy."""
    developers_per_customer: Positive = assumed("1 to 3", "small teams share an account")
    """Developers for each account that pays for tokens."""
    account_records_per_user: Quantity = assumed(1, "an account is a person")
    """People whose data are held for each user."""
    history_months: Positive = assumed("6 to 24", "users want to find old conversations")
    """Months for which a conversation is kept, on average."""

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
