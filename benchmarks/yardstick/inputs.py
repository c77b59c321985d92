"""The yardstick's 25 uncertain inputs: 90 % intervals of lognormals, the same in numpy, in figures and in Squiggle.

It measures engines, not businesses: its unbounded monthly growth rates have no mean worth reporting, so medians and
the probability of ruin are compared.
"""

MONTHS = 60
OPENING_CASH_USD = 60e6
OPENING_DATA_ITEMS = 1e6
DATA_ITEMS_PER_MILLION_TOKENS = 20.0
FREE_USERS_SHARE = 0.5
TRAINING_CADENCE_MONTHS = 6
DISCOUNT_SHARE_PER_YEAR = 0.15

INTERVALS: dict[str, tuple[float, float]] = {
    "addressable_users": (20e3, 200e3),
    "innovation_share_per_month": (0.0008, 0.004),
    "imitation_share_per_month": (0.03, 0.12),
    "base_conversion_share": (0.01, 0.06),
    "base_churn_share_per_month": (0.01, 0.05),
    "opening_fee_usd_per_user_month": (15, 60),
    "fee_erosion_share_per_month": (0.001, 0.02),
    "opening_use_million_tokens_per_user_month": (2, 30),
    "use_growth_share_per_month": (0.005, 0.05),
    "opening_price_usd_per_million_tokens": (0.5, 4.0),
    "price_erosion_share_per_month": (0.01, 0.07),
    "opening_cost_usd_per_million_tokens": (0.15, 1.0),
    "cost_decline_share_per_month": (0.01, 0.06),
    "free_use_million_tokens_per_user_month": (0.05, 0.6),
    "data_exponent_ratio": (0.02, 0.15),
    "quality_elasticity_ratio": (0.3, 1.5),
    "labelling_usd_per_month": (20e3, 200e3),
    "training_run_usd": (0.2e6, 4e6),
    "acquisition_usd_per_user": (100, 900),
    "opening_staff_people": (12, 40),
    "staff_growth_share_per_month": (0.005, 0.04),
    "wage_usd_per_person_month": (12e3, 28e3),
    "services_usd_per_month": (50e3, 400e3),
    "services_margin_share": (0.2, 0.6),
    "collection_months": (0.8, 2.5),
}
