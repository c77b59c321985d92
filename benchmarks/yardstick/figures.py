"""The yardstick as Benchplan writes it: one figure, one function, one month."""

import inputs
import numpy as np

MONTHLY_RATE = (1 + inputs.DISCOUNT_SHARE_PER_YEAR) ** (1 / 12)


def opening_users():
    return 0.0


def opening_paid_users():
    return 0.0


def opening_data_items():
    return inputs.OPENING_DATA_ITEMS


def opening_receivables_usd():
    return 0.0


def opening_cash_usd():
    return inputs.OPENING_CASH_USD


def opening_lowest_usd():
    return inputs.OPENING_CASH_USD


def opening_value_usd():
    return 0.0


def new_users(previous_users, innovation_share_per_month, imitation_share_per_month, addressable_users):
    hazard = innovation_share_per_month + imitation_share_per_month * previous_users / addressable_users
    return hazard * (addressable_users - previous_users)


def users(previous_users, new_users):
    return previous_users + new_users


def quality_effect_ratio(previous_data_items, data_exponent_ratio, quality_elasticity_ratio):
    quality = (previous_data_items / inputs.OPENING_DATA_ITEMS) ** data_exponent_ratio
    return quality**quality_elasticity_ratio


def new_paid_users(new_users, base_conversion_share, quality_effect_ratio):
    return new_users * np.minimum(base_conversion_share * quality_effect_ratio, 0.5)


def paid_users(previous_paid_users, base_churn_share_per_month, quality_effect_ratio, new_paid_users):
    churn = np.minimum(base_churn_share_per_month / quality_effect_ratio, 0.5)
    return previous_paid_users * (1 - churn) + new_paid_users


def free_million_tokens(users, paid_users, free_use_million_tokens_per_user_month):
    free = np.maximum(inputs.FREE_USERS_SHARE * (users - paid_users), 0)
    return free * free_use_million_tokens_per_user_month


def growing_use_million_tokens_per_user_month(
    previous_growing_use_million_tokens_per_user_month, use_growth_share_per_month
):
    return previous_growing_use_million_tokens_per_user_month * (1 + use_growth_share_per_month)


def opening_growing_use_million_tokens_per_user_month(
    opening_use_million_tokens_per_user_month, use_growth_share_per_month
):
    # The first month has the opening value, so the month before it stands one step back.
    return opening_use_million_tokens_per_user_month / (1 + use_growth_share_per_month)


def growing_fee_usd_per_user_month(previous_growing_fee_usd_per_user_month, fee_erosion_share_per_month):
    return previous_growing_fee_usd_per_user_month * (1 - fee_erosion_share_per_month)


def opening_growing_fee_usd_per_user_month(opening_fee_usd_per_user_month, fee_erosion_share_per_month):
    # The first month has the opening value, so the month before it stands one step back.
    return opening_fee_usd_per_user_month / (1 - fee_erosion_share_per_month)


def growing_price_usd_per_million_tokens(
    previous_growing_price_usd_per_million_tokens, price_erosion_share_per_month
):
    return previous_growing_price_usd_per_million_tokens * (1 - price_erosion_share_per_month)


def opening_growing_price_usd_per_million_tokens(
    opening_price_usd_per_million_tokens, price_erosion_share_per_month
):
    # The first month has the opening value, so the month before it stands one step back.
    return opening_price_usd_per_million_tokens / (1 - price_erosion_share_per_month)


def growing_cost_usd_per_million_tokens(
    previous_growing_cost_usd_per_million_tokens, cost_decline_share_per_month
):
    return previous_growing_cost_usd_per_million_tokens * (1 - cost_decline_share_per_month)


def opening_growing_cost_usd_per_million_tokens(
    opening_cost_usd_per_million_tokens, cost_decline_share_per_month
):
    # The first month has the opening value, so the month before it stands one step back.
    return opening_cost_usd_per_million_tokens / (1 - cost_decline_share_per_month)


def growing_staff_people(previous_growing_staff_people, staff_growth_share_per_month):
    return previous_growing_staff_people * (1 + staff_growth_share_per_month)


def opening_growing_staff_people(opening_staff_people, staff_growth_share_per_month):
    # The first month has the opening value, so the month before it stands one step back.
    return opening_staff_people / (1 + staff_growth_share_per_month)


def volume_million_tokens(paid_users, growing_use_million_tokens_per_user_month):
    return paid_users * growing_use_million_tokens_per_user_month


def data_items(previous_data_items, volume_million_tokens, free_million_tokens):
    return (
        previous_data_items
        + (volume_million_tokens + free_million_tokens) * inputs.DATA_ITEMS_PER_MILLION_TOKENS
    )


def services_usd(month, services_usd_per_month):
    return services_usd_per_month * min(month / 12, 3.0)


def revenue_usd(
    paid_users,
    growing_fee_usd_per_user_month,
    volume_million_tokens,
    growing_price_usd_per_million_tokens,
    services_usd,
):
    fees = paid_users * growing_fee_usd_per_user_month
    return fees + volume_million_tokens * growing_price_usd_per_million_tokens + services_usd


def delivery_usd(
    volume_million_tokens,
    free_million_tokens,
    growing_cost_usd_per_million_tokens,
    services_usd,
    services_margin_share,
):
    serving = (volume_million_tokens + free_million_tokens) * growing_cost_usd_per_million_tokens
    return serving + services_usd * (1 - services_margin_share)


def training_usd(month, training_run_usd):
    return training_run_usd if month % inputs.TRAINING_CADENCE_MONTHS == 1 else 0.0


def expenses_usd(
    delivery_usd,
    new_paid_users,
    acquisition_usd_per_user,
    growing_staff_people,
    wage_usd_per_person_month,
    labelling_usd_per_month,
    training_usd,
):
    people = growing_staff_people * wage_usd_per_person_month
    return (
        delivery_usd
        + new_paid_users * acquisition_usd_per_user
        + people
        + labelling_usd_per_month
        + training_usd
    )


def receivables_usd(revenue_usd, collection_months):
    return revenue_usd * collection_months


def cash_flow_usd(revenue_usd, expenses_usd, receivables_usd, previous_receivables_usd):
    return revenue_usd - expenses_usd - (receivables_usd - previous_receivables_usd)


def cash_usd(previous_cash_usd, cash_flow_usd):
    return previous_cash_usd + cash_flow_usd


def lowest_usd(previous_lowest_usd, cash_usd):
    return np.minimum(previous_lowest_usd, cash_usd)


def value_usd(month, previous_value_usd, cash_flow_usd):
    return previous_value_usd + cash_flow_usd / MONTHLY_RATE**month


def final_cash_usd(closing_cash_usd):
    return closing_cash_usd


def final_lowest_usd(closing_lowest_usd):
    return closing_lowest_usd


def final_value_usd(closing_value_usd):
    return closing_value_usd
