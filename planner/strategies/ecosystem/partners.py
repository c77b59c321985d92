"""How partners sign, come to sell, grow, stop, and what there being many of them does."""

from __future__ import annotations

import numpy as np

from planner.formulas import events, market
from planner.units import Array


def programme_share(month: Array, partner_programme_month: Array, ecosystem_effort_share: Array) -> Array:
    """How much of the partner programme runs in the month: none before it begins, then as much as the effort.

    Source: definition.
    """
    return np.where(month >= partner_programme_month, ecosystem_effort_share, 0.0)


def recruited_partners(
    programme_share: Array,
    recruited_partners_per_month: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
) -> Array:
    """Partners who sign in the month.

    Source: definition; the rate is an input.
    """
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    return programme_share * recruited_partners_per_month * swing


def decided_partners(
    launched_share: Array, previous_onboarding_partners: Array, onboarding_months: Array
) -> Array:
    """Signed partners of whom it shows in the month whether they sell; none before there is a product.

    Source: definition of a first-order delay with the time of onboarding as its mean.
    """
    return launched_share * previous_onboarding_partners / np.maximum(onboarding_months, 1.0)


def onboarding_partners(
    previous_onboarding_partners: Array, recruited_partners: Array, decided_partners: Array
) -> Array:
    """Signed partners at the end of the month of whom it is not yet known whether they sell.

    Source: definition.
    """
    return previous_onboarding_partners + recruited_partners - decided_partners


def activated_partners(decided_partners: Array, partner_activation_share: Array) -> Array:
    """Partners who begin to sell in the month.

    Source: definition.
    """
    return decided_partners * partner_activation_share


def unlearnt_share(partner_ramp_months: Array) -> Array:
    """Share of what active partners have not learnt that they have not learnt a month later either.

    Source: definition of exponential learning, exp(-1 / months of the ramp).
    """
    return np.exp(-1.0 / partner_ramp_months)


def learning_partners(
    previous_learning_partners: Array,
    partner_churn_share_per_month: Array,
    unlearnt_share: Array,
    activated_partners: Array,
) -> Array:
    """Part of the active partners, in mature ones, that does not sell yet at the end of the month.

    Source: definition: the sum of active partners times exp(-age / ramp) over all ages, which needs no ages.
    """
    stayed = previous_learning_partners * (1.0 - partner_churn_share_per_month)
    return stayed * unlearnt_share + activated_partners


def productive_partners(
    previous_productive_partners: Array,
    previous_learning_partners: Array,
    partner_churn_share_per_month: Array,
    unlearnt_share: Array,
) -> Array:
    """Mature partners who would sell as much as all active ones do at the end of the month.

    Source: definition: the sum of active partners times 1 - exp(-age / ramp) over all ages, which needs no ages.
    """
    learnt = previous_productive_partners + previous_learning_partners * (1.0 - unlearnt_share)
    return learnt * (1.0 - partner_churn_share_per_month)


def active_partners(learning_partners: Array, productive_partners: Array) -> Array:
    """Partners who sell at the end of the month, mature or not.

    Source: definition.
    """
    return learning_partners + productive_partners


def largest_partner_lost_share(
    month: Array,
    service_month: Array,
    largest_partner_chance_share: Array,
    largest_partner_loss_share_per_year: Array,
) -> Array:
    """One once the largest partner has left, zero before; nobody takes its place.

    Source: definition of a constant hazard from the launch on; chance is an input.
    """
    exposed_months = month - service_month + 1.0
    return events.happened_share(
        largest_partner_chance_share, largest_partner_loss_share_per_year, exposed_months
    )


def coverage_share(active_partners: Array, half_coverage_partners: Array) -> Array:
    """How far partners are everywhere that the company sells, between nowhere and everywhere.

    Source: assumed form: half at a given number of active partners, all at infinity.
    """
    return market.saturation_share(active_partners, half_coverage_partners)


def reach_share(coverage_share: Array, largest_reach_share: Array) -> Array:
    """Share by which the partners widen the market that the other strategies reach.

    Source: assumed form: in proportion to how far partners are everywhere.
    """
    return coverage_share * largest_reach_share
