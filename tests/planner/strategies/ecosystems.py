"""The ecosystem that its tests share."""

from __future__ import annotations

from tests.planner.strategies.conftest import GIVEN, any_inputs

NAME = "ecosystem"

inputs = any_inputs(NAME)


LAUNCH = int(GIVEN["service_month"])

PLAIN = {
    "ecosystem_effort_share": 1.0, "partner_programme_month": 1.0, "recruited_partners_per_month": 8.0,
    "onboarding_months": 4.0, "partner_activation_share": 0.25, "partner_churn_share_per_month": 0.02,
    "partner_ramp_months": 9.0, "opening_onboarding_partners": 0.0, "opening_learning_partners": 0.0,
    "opening_productive_partners": 0.0, "customers_per_partner": 10.0, "half_coverage_partners": 50.0,
    "largest_reach_share": 0.2, "largest_sourced_share": 0.3, "largest_partner_loss_share_per_year": 0.0,
    "largest_partner_chance_share": 0.5, "opening_direct_customers": 0.0, "direct_leads_customers_per_month": 200.0,
    "direct_win_share": 0.2, "cosell_uplift_ratio": 0.4, "direct_base_churn_share_per_month": 0.02,
    "integration_retention_share": 0.25, "sourced_cannibalisation_share": 0.2,
    "account_subscription_usd_per_customer_month": 1000.0, "account_tokens_per_customer_month": 5e7,
    "resold_share": 0.5, "resale_margin_share": 0.3, "paid_referral_share": 0.1, "marketplace_listed_share": 0.5,
    "marketplace_fee_share": 0.04, "upstream_royalty_share": 0.05, "principal_share": 1.0,
    "sales_collection_days": 30.4375, "certification_usd_per_partner_year": 1200.0,
    "referred_project_usd_per_customer": 1e4, "earned_referral_share": 0.1, "upstream_usd_per_customer_month": 50.0,
    "upstream_commitment_usd_per_month": 2e4, "upstream_discount_share": 0.2, "opening_upstream_credits_usd": 5e4,
    "supplier_loss_share_per_year": 0.0, "supplier_chance_share": 0.5, "supplier_switching_usd": 1e5,
    "second_supplier_price_ratio": 1.2, "partners_per_manager_person": 25.0,
    "manager_salary_usd_per_person_year": 1e5, "supported_customers_per_person": 100.0,
    "desk_salary_usd_per_person_year": 6e4, "market_development_share": 0.03, "programme_usd_per_month": 1e4,
    "recruitment_usd_per_partner": 4e3, "direct_acquisition_usd_per_customer": 1e4,
    "security_review_usd_per_partner": 5e3, "joint_development_usd_per_partner_month": 300.0,
    "account_records_per_customer": 100.0,
}  # fmt: skip

CHAIN = ("partner_chain_share", "marketplace_chain_share", "upstream_chain_share", "own_chain_share")
