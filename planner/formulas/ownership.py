"""Who owns the company, and who gets what at an exit: SAFEs, dilution, the pool, the liquidation waterfall.

Four holders own everything: founders, the pool for staff, those whose SAFEs became shares, and the investors of priced
rounds. A priced round whose value before the money is not given leaves all shares undefined from its month on: a guess
would look like a fact. Rounds lie along the first axis.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.formulas.totals import quotient, total
from planner.units import Array

_ = str  # marks a text for the catalogues of messages

UNVALUED = _("undefined: a priced round has no valuation")
STATUS: Mapping[str, Mapping[str, str]] = {
    "pre_money_usd": {"nan": _("undefined: no priced round with a valuation in the month")},
    "priced_dilution_share": {"nan": UNVALUED},
    "kept_share": {"nan": UNVALUED},
    "founders_share": {"nan": UNVALUED},
    "pool_share": {"nan": UNVALUED},
    "safe_share": {"nan": UNVALUED},
    "investors_share": {"nan": UNVALUED},
}
"""Why a figure has no value, by its name and by what stands for the missing value."""


def priced_dilution_share(
    month: Array, round_come_month: Array, priced_round_usd: Array, round_pre_money_usd: Array
) -> Array:
    """Share of the company that the investors of the month's priced rounds get; undefined without a valuation.

    Source: definition: raise / (pre-money + raise), several rounds compounded as 1 - (1 - d1)(1 - d2).
    """
    raised = np.where(month == round_come_month, priced_round_usd, 0.0)
    post_money = np.where(round_pre_money_usd > 0, round_pre_money_usd + raised, 0.0)
    kept = np.where(raised > 0, 1.0 - quotient(raised, post_money), 1.0)
    diluted: Array = 1.0 - np.prod(kept, axis=0)
    return diluted


def pre_money_usd(new_priced_usd: Array, priced_dilution_share: Array) -> Array:
    """Value of the company before the month's priced money; undefined without such money or a valuation.

    Source: definition; several rounds of a month count as one that dilutes as much.
    """
    return quotient(new_priced_usd * (1.0 - priced_dilution_share), priced_dilution_share)


def pool_increase_share(
    month: Array,
    round_come_month: Array,
    round_success_share: Array,
    round_safe_share: Array,
    round_pool_share: Array,
    new_priced_usd: Array,
    priced_dilution_share: Array,
) -> Array:
    """Share of the company after the month's priced rounds that is newly set aside for staff; at most what is left.

    Source: definition; it comes before the money, so that the earlier holders alone bear it.
    """
    comes = month == round_come_month
    asked = total(np.where(comes, round_pool_share * round_success_share * (1.0 - round_safe_share), 0.0))
    return np.where(new_priced_usd > 0, np.minimum(asked, 1.0 - priced_dilution_share), 0.0)


def opening_last_priced_month() -> Array:
    """Month of the last priced round before the start of a new company.

    Source: definition: none, counted as month zero.
    """
    return 0.0


def last_priced_month(month: Array, previous_last_priced_month: Array, new_priced_usd: Array) -> Array:
    """Month of the last priced round up to now; zero before the first.

    Source: definition.
    """
    return np.where(new_priced_usd > 0, month, previous_last_priced_month)


def safe_conversion_share(
    month: Array,
    previous_last_priced_month: Array,
    new_priced_usd: Array,
    pre_money_usd: Array,
    round_come_month: Array,
    safe_round_usd: Array,
    safe_cap_usd: Array,
) -> Array:
    """Share of the company before the month's priced money that waiting SAFEs turn into; none without such money.

    Each gets its amount over its cap, or over the value before the money where that is less or there is no cap.

    Source: Y Combinator, post-money SAFE: the cap counts all converting SAFEs but neither new money nor new pool.
    """
    waits = (round_come_month > previous_last_priced_month) & (round_come_month <= month)
    amount = np.where(waits, safe_round_usd, 0.0)
    value = np.where(safe_cap_usd > 0, np.minimum(safe_cap_usd, pre_money_usd), pre_money_usd)
    asked = total(np.where(amount > 0, quotient(amount, value), 0.0))
    return np.where(new_priced_usd > 0, np.minimum(asked, 1.0), 0.0)


def waiting_safe_share(
    month: Array,
    last_priced_month: Array,
    round_come_month: Array,
    safe_round_usd: Array,
    safe_cap_usd: Array,
) -> Array:
    """Share of the company that SAFEs which wait at the end of the month would be if it were sold: amount over cap.

    Source: Y Combinator, post-money SAFE, liquidity event; without a cap only the money comes back.
    """
    waits = (round_come_month > last_priced_month) & (round_come_month <= month) & (safe_cap_usd > 0)
    amount = np.where(waits, safe_round_usd, 0.0)
    return np.minimum(total(np.where(amount > 0, quotient(amount, safe_cap_usd), 0.0)), 1.0)


def kept_share(
    safe_conversion_share: Array, priced_dilution_share: Array, pool_increase_share: Array
) -> Array:
    """What one share of the company from before the month is after its rounds.

    Source: definition: dilution compounds.
    """
    return (1.0 - safe_conversion_share) * (1.0 - priced_dilution_share - pool_increase_share)


def opening_founders_share(opening_pool_share: Array) -> Array:
    """Share of the company that the founders hold at the start: all but the pool.

    Source: definition.
    """
    return 1.0 - opening_pool_share


def founders_share(previous_founders_share: Array, kept_share: Array) -> Array:
    """Share of the company that the founders hold at the end of the month.

    Source: definition.
    """
    return previous_founders_share * kept_share


def pool_share(previous_pool_share: Array, kept_share: Array, pool_increase_share: Array) -> Array:
    """Share of the company that is set aside for staff, given out or not, at the end of the month.

    Source: definition.
    """
    return previous_pool_share * kept_share + pool_increase_share


def opening_safe_share() -> Array:
    """Share of a new company that former SAFEs hold at its start.

    Source: definition: none.
    """
    return 0.0


def safe_share(
    previous_safe_share: Array,
    kept_share: Array,
    safe_conversion_share: Array,
    priced_dilution_share: Array,
    pool_increase_share: Array,
) -> Array:
    """Share of the company that former SAFEs hold at the end of the month; none while they wait.

    Source: definition.
    """
    converted = safe_conversion_share * (1.0 - priced_dilution_share - pool_increase_share)
    return previous_safe_share * kept_share + converted


def opening_investors_share() -> Array:
    """Share of a new company that investors of priced rounds hold at its start.

    Source: definition: none.
    """
    return 0.0


def investors_share(
    previous_investors_share: Array, kept_share: Array, priced_dilution_share: Array
) -> Array:
    """Share of the company that the investors of priced rounds hold at the end of the month.

    Source: definition.
    """
    return previous_investors_share * kept_share + priced_dilution_share
