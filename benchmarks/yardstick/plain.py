"""The yardstick as a numpy programmer writes it: whole arrays of draws, one loop over the months."""

from __future__ import annotations

import inputs
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Z95 = 1.6448536269514722
"""95th percentile of the standard normal distribution."""
LOGS = np.log(np.array(list(inputs.INTERVALS.values())))
MEANS, DEVIATIONS = LOGS.mean(axis=1), (LOGS[:, 1] - LOGS[:, 0]) / (2 * Z95)


def draw(draws: int, seed: int = 1) -> dict[str, Array]:
    """Draw every input with PCG64 normals."""
    normals = np.random.Generator(np.random.PCG64(seed)).standard_normal((len(MEANS), draws))
    normals *= DEVIATIONS[:, None]
    normals += MEANS[:, None]
    return dict(zip(inputs.INTERVALS, np.exp(normals, out=normals), strict=True))


def simulate(x: dict[str, Array]) -> dict[str, Array]:
    """Run the months over all draws at once and return what the figures of the same names give."""
    draws = len(x["addressable_users"])
    users, paid, data = np.zeros(draws), np.zeros(draws), np.full(draws, inputs.OPENING_DATA_ITEMS)
    receivables, cash, value = np.zeros(draws), np.full(draws, inputs.OPENING_CASH_USD), np.zeros(draws)
    lowest = cash.copy()
    fee, use = x["opening_fee_usd_per_user_month"], x["opening_use_million_tokens_per_user_month"]
    price, cost = x["opening_price_usd_per_million_tokens"], x["opening_cost_usd_per_million_tokens"]
    staff, rate = x["opening_staff_people"], (1 + inputs.DISCOUNT_SHARE_PER_YEAR) ** (1 / 12)
    for month in range(1, inputs.MONTHS + 1):
        m = x["addressable_users"]
        new = (x["innovation_share_per_month"] + x["imitation_share_per_month"] * users / m) * (m - users)
        users = users + new
        quality = (data / inputs.OPENING_DATA_ITEMS) ** x["data_exponent_ratio"]
        effect = quality ** x["quality_elasticity_ratio"]
        new_paid = new * np.minimum(x["base_conversion_share"] * effect, 0.5)
        paid = paid * (1 - np.minimum(x["base_churn_share_per_month"] / effect, 0.5)) + new_paid
        free = np.maximum(inputs.FREE_USERS_SHARE * (users - paid), 0)
        volume, free_volume = paid * use, free * x["free_use_million_tokens_per_user_month"]
        data = data + (volume + free_volume) * inputs.DATA_ITEMS_PER_MILLION_TOKENS
        services = x["services_usd_per_month"] * min(month / 12, 3.0)
        revenue = paid * fee + volume * price + services
        expenses = (volume + free_volume) * cost + services * (1 - x["services_margin_share"])
        expenses = (
            expenses + new_paid * x["acquisition_usd_per_user"] + staff * x["wage_usd_per_person_month"]
        )
        expenses = expenses + x["labelling_usd_per_month"]
        if month % inputs.TRAINING_CADENCE_MONTHS == 1:
            expenses = expenses + x["training_run_usd"]
        owed = revenue * x["collection_months"]
        flow = revenue - expenses - (owed - receivables)
        receivables, cash = owed, cash + flow
        lowest = np.minimum(lowest, cash)
        value = value + flow / rate**month
        fee, use = fee * (1 - x["fee_erosion_share_per_month"]), use * (1 + x["use_growth_share_per_month"])
        price = price * (1 - x["price_erosion_share_per_month"])
        cost = cost * (1 - x["cost_decline_share_per_month"])
        staff = staff * (1 + x["staff_growth_share_per_month"])
    return {"cash_usd": cash, "lowest_usd": lowest, "value_usd": value}
