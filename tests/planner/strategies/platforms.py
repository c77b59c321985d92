"""The open platform that its tests share, and which rates bring people and which take them."""

from __future__ import annotations

from tests.planner.strategies.conftest import any_inputs

inputs = any_inputs("open_platform")


PLAUSIBLE = {
    "addressable_users": 1e6, "opening_users": 0.0, "opening_paid_users": 0.0,
    "user_innovation_share_per_month": 0.002, "user_imitation_share_per_month": 0.05,
    "app_attraction_share_per_month": 0.005, "half_pull_apps": 500.0, "base_churn_share_per_month": 0.06,
    "stickiness_ratio": 0.3, "num_integrations": 3.0, "addressable_developers": 1e4, "opening_developers": 0.0,
    "developer_innovation_share_per_month": 0.004, "developer_imitation_share_per_month": 0.05,
    "user_attraction_share_per_month": 0.01, "half_pull_users": 5e4, "developer_churn_share_per_month": 0.04,
    "opening_apps": 0.0, "new_apps_per_developer_month": 0.05, "app_retirement_share_per_month": 0.02,
    "paid_conversion_share": 0.05, "subscription_usd_per_user_month": 20.0,
    "reference_subscription_usd_per_user_month": 20.0, "subscription_elasticity_ratio": 1.0,
    "tokens_per_paid_user_month": 3e6,
    "tokens_per_free_user_month": 5e4, "abuse_share": 0.05, "tokens_per_developer_month": 1e7,
    "self_hosting_share": 0.2, "app_spend_usd_per_user_month": 0.5, "take_rate_share": 0.15,
    "platform_collection_days": 5.0, "payment_fee_share": 0.03, "acquisition_usd_per_user": 80.0,
    "paid_users_per_support_person": 4000.0, "support_salary_usd_per_person_year": 6e4,
    "platform_effort_share": 1.0, "developer_subsidy_usd_per_month": 0.0, "subsidy_usd_per_developer": 5e3,
    "subsidy_months": 24.0, "reference_kept_share": 0.85, "supply_elasticity_ratio": 0.5, "fraud_share": 0.005,
    "moderated_items_per_user_month": 0.01, "moderated_items_per_person_month": 2e3,
    "moderator_salary_usd_per_person_year": 5e4, "developers_per_relations_person": 3e3,
    "relations_salary_usd_per_person_year": 1e5, "paid_users_per_customer": 2.0, "developers_per_customer": 4.0,
    "account_records_per_user": 1.0, "history_months": 12.0,
}  # fmt: skip

LEAVING = ("base_churn_share_per_month", "developer_churn_share_per_month")

COMING = (
    "user_innovation_share_per_month", "user_imitation_share_per_month", "app_attraction_share_per_month",
    "developer_innovation_share_per_month", "developer_imitation_share_per_month", "user_attraction_share_per_month",
)  # fmt: skip
