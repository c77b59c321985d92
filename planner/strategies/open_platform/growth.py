"""Two-sided growth of an open platform: users, developers and apps, critical mass, and what is paid to reach it."""

from __future__ import annotations

import numpy as np

from planner.formulas import market
from planner.formulas.totals import first_month, part_of, total
from planner.units import Array, Rows

NEWTON_STEPS = 24
"""Steps to the largest root of a cubic from a bound that is within a factor of a few of it."""


def reachable_users(addressable_users: Array, previous_partner_reach_share: Array) -> Array:
    """People who could use the platform in the month, those whom partners of the company reach included.

    Source: definition.
    """
    return addressable_users * (1.0 + previous_partner_reach_share)


def reachable_developers(
    addressable_developers: Array,
    take_rate_share: Array,
    reference_kept_share: Array,
    supply_elasticity_ratio: Array,
) -> Array:
    """Developers who could build on the platform at the share of their sales that it leaves them.

    Source: definition of constant elasticity of supply, addressable x ((1 - take rate) / reference)^elasticity.
    """
    kept_share = 1.0 - take_rate_share
    return addressable_developers * (kept_share / reference_kept_share) ** supply_elasticity_ratio


def app_pull_share(previous_apps: Array, half_pull_apps: Array) -> Array:
    """How far the apps of last month draw users, between none and fully.

    Source: assumed form of the cross effect in two-sided markets (the effect: Rochet and Tirole 2003).
    """
    return market.saturation_share(previous_apps, half_pull_apps)


def self_driven_share_per_month(
    user_imitation_share_per_month: Array,
    previous_users: Array,
    reachable_users: Array,
    app_attraction_share_per_month: Array,
    app_pull_share: Array,
) -> Array:
    """Rate at which people start to use the platform because of its users and its apps alone.

    Source: Bass 1969, Management Science 15(5), with the pull of apps added (assumed).
    """
    imitation = user_imitation_share_per_month * part_of(previous_users, reachable_users)
    return imitation + app_attraction_share_per_month * app_pull_share


def user_hazard_share_per_month(
    platform_effort_share: Array, user_innovation_share_per_month: Array, self_driven_share_per_month: Array
) -> Array:
    """Rate at which people who do not use the platform start: by the company's effort, by others, and for its apps.

    Source: Bass 1969, Management Science 15(5); the effort scales what does not come by itself (assumed).
    """
    return platform_effort_share * user_innovation_share_per_month + self_driven_share_per_month


def new_users(
    launched_share: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
    reachable_users: Array,
    previous_users: Array,
    user_hazard_share_per_month: Array,
) -> Array:
    """People who start to use the platform in the month.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard.
    """
    remaining = np.maximum(reachable_users - previous_users, 0.0)
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    return launched_share * np.minimum(
        swing * market.adopters(remaining, user_hazard_share_per_month), remaining
    )


def churn_share_per_month(
    base_churn_share_per_month: Array,
    stickiness_ratio: Array,
    num_integrations: Array,
    app_pull_share: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the users who leave in the month: fewer the more apps they have tied in and the better the model.

    Source: assumed form, base / (1 + stickiness x ln(1 + integrations per user)) / quality, at most all.
    """
    held = (
        1.0 + stickiness_ratio * np.log1p(num_integrations * app_pull_share)
    ) * previous_shared_quality_ratio
    return np.minimum(base_churn_share_per_month / held, 1.0)


def lost_users(previous_users: Array, churn_share_per_month: Array) -> Array:
    """People who cease to use the platform in the month.

    Source: definition.
    """
    return previous_users * churn_share_per_month


def users(previous_users: Array, lost_users: Array, new_users: Array) -> Array:
    """People who use the platform at the end of the month, free and paid.

    Source: definition.
    """
    return previous_users - lost_users + new_users


def user_pull_share(previous_users: Array, half_pull_users: Array) -> Array:
    """How far the users of last month draw developers, between none and fully.

    Source: assumed form of the cross effect in two-sided markets (the effect: Rochet and Tirole 2003).
    """
    return market.saturation_share(previous_users, half_pull_users)


def attracted_developers(
    launched_share: Array,
    reachable_developers: Array,
    previous_developers: Array,
    platform_effort_share: Array,
    developer_innovation_share_per_month: Array,
    developer_imitation_share_per_month: Array,
    user_attraction_share_per_month: Array,
    user_pull_share: Array,
) -> Array:
    """Developers who start to build in the month unpaid: by the company's effort, by others, and for its users.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard, with the pull of users added (assumed).
    """
    imitation = developer_imitation_share_per_month * part_of(previous_developers, reachable_developers)
    by_effort = platform_effort_share * developer_innovation_share_per_month
    hazard = by_effort + imitation + user_attraction_share_per_month * user_pull_share
    remaining = np.maximum(reachable_developers - previous_developers, 0.0)
    return launched_share * market.adopters(remaining, hazard)


def subsidised_share(
    month: Array, service_month: Array, subsidy_months: Array, previous_critical_mass_share: Array
) -> Array:
    """One while developers are subsidised: from the launch for so many months, but no longer than to critical mass.

    Source: definition of the policy.
    """
    within = (month >= service_month) & (month < service_month + subsidy_months)
    return np.where(within, 1.0 - previous_critical_mass_share, 0.0)


def subsidised_developers(
    subsidised_share: Array,
    platform_effort_share: Array,
    developer_subsidy_usd_per_month: Array,
    subsidy_usd_per_developer: Array,
    reachable_developers: Array,
    previous_developers: Array,
    attracted_developers: Array,
) -> Array:
    """Developers who start to build in the month because they are paid to, no more than are left.

    Source: definition; budget and price of a developer are inputs.
    """
    budget = platform_effort_share * subsidised_share * developer_subsidy_usd_per_month
    left = np.maximum(reachable_developers - previous_developers - attracted_developers, 0.0)
    return np.minimum(budget / subsidy_usd_per_developer, left)


def subsidy_usd(subsidised_developers: Array, subsidy_usd_per_developer: Array) -> Array:
    """Money paid to developers in the month so that they build on the platform.

    Source: definition.
    """
    return subsidised_developers * subsidy_usd_per_developer


def new_developers(attracted_developers: Array, subsidised_developers: Array) -> Array:
    """Developers who start to build on the platform in the month.

    Source: definition.
    """
    return attracted_developers + subsidised_developers


def developers(
    previous_developers: Array, developer_churn_share_per_month: Array, new_developers: Array
) -> Array:
    """Developers who build on the platform at the end of the month.

    Source: definition.
    """
    return previous_developers * (1.0 - developer_churn_share_per_month) + new_developers


def apps(
    previous_apps: Array,
    app_retirement_share_per_month: Array,
    developers: Array,
    new_apps_per_developer_month: Array,
) -> Array:
    """Apps that work on the platform at the end of the month.

    Source: definition.
    """
    return previous_apps * (1.0 - app_retirement_share_per_month) + developers * new_apps_per_developer_month


def takeoff_rate_share_per_month(
    user_imitation_share_per_month: Array,
    base_churn_share_per_month: Array,
    app_attraction_share_per_month: Array,
    addressable_users: Array,
    half_pull_apps: Array,
    developer_imitation_share_per_month: Array,
    developer_churn_share_per_month: Array,
    user_attraction_share_per_month: Array,
    reachable_developers: Array,
    half_pull_users: Array,
    new_apps_per_developer_month: Array,
    app_retirement_share_per_month: Array,
) -> Array:
    """Growth of a small platform by its users, developers and apps alone: it takes off by itself only above zero.

    The largest eigenvalue x of a month's change of the three at the origin, a root of (x - a)(x - d)(x + r) = k (1 + x)
    with a and d what users and developers gain by imitation less churn, r the retirement of apps, and k the loop from
    users by developers and apps back to users. Its sign is that of the larger eigenvalue of users and developers
    alone with the apps in balance, k / r in place of both cross effects.

    Source: linear stability of this model at zero without innovation and subsidy (Perron 1907: the root is real).
    """
    user_gain = user_imitation_share_per_month - base_churn_share_per_month
    imitated = np.where(reachable_developers > 0, developer_imitation_share_per_month, 0.0)
    developer_gain = imitated - developer_churn_share_per_month
    users_per_app = app_attraction_share_per_month * addressable_users / half_pull_apps
    developers_per_user = user_attraction_share_per_month * reachable_developers / half_pull_users
    loop = users_per_app * developers_per_user * new_apps_per_developer_month
    return _largest_root(user_gain, developer_gain, -app_retirement_share_per_month, loop)


def self_driven_users(
    reachable_users: Array,
    previous_users: Array,
    self_driven_share_per_month: Array,
    lost_users: Array,
) -> Array:
    """Users whom the platform's users and apps alone would bring in the month, less those who leave.

    Source: definition; the innovation rate, which the company's own effort is, counts for nothing here.
    """
    remaining = np.maximum(reachable_users - previous_users, 0.0)
    return market.adopters(remaining, self_driven_share_per_month) - lost_users


def opening_critical_mass_share() -> Array:
    """Whether the platform has critical mass before it opens.

    Source: definition: no.
    """
    return 0.0


def critical_mass_share(
    previous_critical_mass_share: Array,
    launched_share: Array,
    self_driven_users: Array,
    takeoff_rate_share_per_month: Array,
) -> Array:
    """One from the month on in which users and apps alone bring more users than leave, on a platform that takes off.

    Source: definition; at a take-off rate of zero or below such a month would be followed by decline.
    """
    reached = np.where((self_driven_users > 0) & (takeoff_rate_share_per_month > 0), launched_share, 0.0)
    return np.maximum(previous_critical_mass_share, reached)


def critical_mass_month(series_critical_mass_share: Rows) -> Array:
    """First month in which the platform has critical mass; never when it has none within the horizon.

    Source: definition.
    """
    return first_month(series_critical_mass_share)


def critical_mass_subsidy_usd(series_subsidy_usd: Rows) -> Array:
    """Money paid to developers until critical mass was reached, or until the subsidy ended without it.

    Source: definition.
    """
    return total(series_subsidy_usd)


def _largest_root(first: Array, second: Array, third: Array, loop: Array) -> Array:
    """Return the largest x with (x - first)(x - second)(x - third) = loop (1 + x), for a loop of zero or more.

    Newton's method from above, where the difference of both sides is convex: it falls to the root and not below.
    """
    largest = np.maximum(np.maximum(first, second), third)
    x = largest + np.cbrt(2.0 * loop * (1.0 + np.maximum(largest, 0.0))) + np.sqrt(2.0 * loop)
    for _ in range(NEWTON_STEPS):
        a, b, c = x - first, x - second, x - third
        slope = a * b + a * c + b * c - loop
        excess = a * b * c - loop * (1.0 + x)
        x = x - np.where(slope > 0, excess, 0.0) / np.where(slope > 0, slope, 1.0)
    return x
