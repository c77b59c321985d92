"""Who gets what if the company is sold at the end of the plan: the liquidation waterfall.

SAFEs and priced rounds hold preferred shares: each of the two classes takes its money back or its share, whichever is
more, and never both (1x, non-participating, of equal rank). Founders and the pool for staff hold common shares.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.formulas.calendar import YEAR
from planner.formulas.ownership import UNVALUED
from planner.formulas.totals import last_total, quotient, total
from planner.units import Array, Rows

STATUS: Mapping[str, Mapping[str, str]] = {
    "exit_safe_share": {"nan": UNVALUED},
    "exit_investors_share": {"nan": UNVALUED},
    "common_value_usd": {"nan": UNVALUED},
    "founders_proceeds_usd": {"nan": UNVALUED},
    "pool_proceeds_usd": {"nan": UNVALUED},
    "safe_proceeds_usd": {"nan": UNVALUED},
    "investors_proceeds_usd": {"nan": UNVALUED},
}
"""Why a figure has no value, by its name and by what stands for the missing value."""


def exit_value_usd(series_revenue_usd: Rows, exit_revenue_multiple_ratio: Array) -> Array:
    """Worth of the business at the end of the plan: a multiple of the revenue of its last twelve months.

    Source: definition; the multiple is an input; a plan of fewer months counts those that it has.
    """
    return exit_revenue_multiple_ratio * last_total(series_revenue_usd, YEAR)


def exit_equity_usd(exit_value_usd: Array, closing_cash_usd: Array, closing_debt_usd: Array) -> Array:
    """What the owners share at the end of the plan: the business and its cash, less what is owed on loans.

    Source: definition (enterprise value and net debt); owners lose no more than what they put in.
    """
    return np.maximum(exit_value_usd + closing_cash_usd - closing_debt_usd, 0.0)


def safe_raised_usd(series_new_safe_usd: Rows) -> Array:
    """Money that came for SAFEs over the whole plan.

    Source: definition.
    """
    return total(series_new_safe_usd)


def priced_raised_usd(series_new_priced_usd: Rows) -> Array:
    """Money that came for shares at a valuation over the whole plan.

    Source: definition.
    """
    return total(series_new_priced_usd)


def exit_safe_share(closing_safe_share: Array, closing_waiting_safe_share: Array) -> Array:
    """Share of the company at the end of the plan that SAFEs hold, with those that wait.

    Source: definition.
    """
    return closing_safe_share * (1.0 - closing_waiting_safe_share) + closing_waiting_safe_share


def exit_investors_share(closing_investors_share: Array, closing_waiting_safe_share: Array) -> Array:
    """Share of the company at the end of the plan that investors of priced rounds hold.

    Source: definition.
    """
    return closing_investors_share * (1.0 - closing_waiting_safe_share)


def common_value_usd(
    exit_equity_usd: Array,
    safe_raised_usd: Array,
    priced_raised_usd: Array,
    exit_safe_share: Array,
    exit_investors_share: Array,
) -> Array:
    """What all shares together would be worth at the price of a common one: zero where preferred ones take all.

    Each class converts when that pays, so the price is the least over who converts of what is left for whom.

    Source: definition of non-participating preference: common x v + sum of max(money back, share x v) = proceeds.
    """
    common = 1.0 - exit_safe_share - exit_investors_share
    # Where a class of no shares stands alone, its price is no bound; undefined shares leave everything undefined.
    everybody = exit_equity_usd * (common + exit_safe_share + exit_investors_share)
    none = _price_usd(exit_equity_usd - safe_raised_usd - priced_raised_usd, common, everybody)
    safes = _price_usd(exit_equity_usd - priced_raised_usd, common + exit_safe_share, everybody)
    investors = _price_usd(exit_equity_usd - safe_raised_usd, common + exit_investors_share, everybody)
    lowest = np.minimum(np.minimum(none, safes), np.minimum(investors, everybody))
    return np.maximum(lowest, 0.0)


def founders_proceeds_usd(
    closing_founders_share: Array, closing_waiting_safe_share: Array, common_value_usd: Array
) -> Array:
    """What the founders get if the company is sold at the end of the plan.

    Source: definition.
    """
    return closing_founders_share * (1.0 - closing_waiting_safe_share) * common_value_usd


def pool_proceeds_usd(
    closing_pool_share: Array, closing_waiting_safe_share: Array, common_value_usd: Array
) -> Array:
    """What the pool for staff gets if the company is sold at the end of the plan, as if all of it were given out.

    Source: definition.
    """
    return closing_pool_share * (1.0 - closing_waiting_safe_share) * common_value_usd


def safe_proceeds_usd(
    exit_equity_usd: Array,
    safe_raised_usd: Array,
    priced_raised_usd: Array,
    exit_safe_share: Array,
    common_value_usd: Array,
) -> Array:
    """What the holders of SAFEs, converted or not, get if the company is sold at the end of the plan.

    Source: definition of non-participating preference.
    """
    return _preferred_usd(
        exit_equity_usd, safe_raised_usd, priced_raised_usd, exit_safe_share * common_value_usd
    )


def investors_proceeds_usd(
    exit_equity_usd: Array,
    safe_raised_usd: Array,
    priced_raised_usd: Array,
    exit_investors_share: Array,
    common_value_usd: Array,
) -> Array:
    """What the investors of priced rounds get if the company is sold at the end of the plan.

    Source: definition of non-participating preference.
    """
    return _preferred_usd(
        exit_equity_usd, priced_raised_usd, safe_raised_usd, exit_investors_share * common_value_usd
    )


def _preferred_usd(proceeds_usd: Array, own_usd: Array, other_usd: Array, converted_usd: Array) -> Array:
    """Money back or the share, whichever is more; in proportion where there is too little for all money."""
    back = own_usd + other_usd
    return np.where(
        proceeds_usd < back, proceeds_usd * quotient(own_usd, back), np.maximum(own_usd, converted_usd)
    )


def _price_usd(left_usd: Array, share: Array, otherwise_usd: Array) -> Array:
    return np.where(share > 0, quotient(left_usd, share), otherwise_usd)
