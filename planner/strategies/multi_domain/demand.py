"""When each domain is sold, how its demand swings, who is won by whom, who renews."""

from __future__ import annotations

import numpy as np

from planner.formulas import contracts, market, portfolio
from planner.formulas.totals import quotient, total
from planner.units import Array


def domain_start_month(domain_entry_month: Array, service_month: Array) -> Array:
    """First month in which each domain is sold: its entry, or the launch if that comes later.

    Source: definition; a month between two whole ones, as an uncertain date gives, counts as the later.
    """
    return np.maximum(np.ceil(np.maximum(domain_entry_month, service_month)), 1.0)


def domain_preparing_share(
    month: Array, domain_start_month: Array, domain_preparation_months: Array
) -> Array:
    """Share of each domain's entry that is done in the month: evenly over the months before it is sold.

    Source: definition; what cannot be done before the first month is done in it.
    """
    last = np.maximum(domain_start_month - 1.0, 1.0)
    first = np.clip(np.ceil(domain_start_month - domain_preparation_months), 1.0, last)
    return np.where((month >= first) & (month <= last), 1.0 / (last - first + 1.0), 0.0)


def domain_open_share(
    month: Array,
    domain_start_month: Array,
    previous_domain_loss_months: Array,
    domain_patience_months: Array,
) -> Array:
    """One while a domain is open, zero before its start and from the month after too many months of losses.

    Source: definition of the stop rule.
    """
    is_stopped = previous_domain_loss_months >= domain_patience_months
    return np.where((month >= domain_start_month) & ~is_stopped, 1.0, 0.0)


def domain_selling_share(
    month: Array,
    domain_start_month: Array,
    domain_ramp_months: Array,
    domain_open_share: Array,
    domains_effort_share: Array,
) -> Array:
    """Strength at which each domain is sold in the month: it grows evenly over the ramp.

    Source: assumed form.
    """
    ramp = np.clip((month - domain_start_month + 1.0) / domain_ramp_months, 0.0, 1.0)
    return domain_open_share * domains_effort_share * ramp


def domain_surprise_ratio(
    shock_demand_share: Array,
    shock_domain_1_share: Array,
    shock_domain_2_share: Array,
    shock_domain_3_share: Array,
    shock_domain_4_share: Array,
    shock_domain_5_share: Array,
    shock_domain_6_share: Array,
    shock_domain_7_share: Array,
    shock_domain_8_share: Array,
    domain_loading_share: Array,
) -> Array:
    """News of the month about each domain's demand in standard deviations, common and own parts together.

    Source: one-factor model, loading x common + sqrt(1 - loading^2) x own, so two domains correlate by their product.
    """
    shocks = (
        shock_domain_1_share, shock_domain_2_share, shock_domain_3_share, shock_domain_4_share,
        shock_domain_5_share, shock_domain_6_share, shock_domain_7_share, shock_domain_8_share,
    )  # fmt: skip
    rows = np.stack(np.broadcast_arrays(*map(np.atleast_1d, shocks)))
    own = portfolio.score_ratio(rows[: len(np.atleast_1d(domain_loading_share))])
    common = portfolio.score_ratio(shock_demand_share)
    return domain_loading_share * common + np.sqrt(1.0 - domain_loading_share**2) * own


def opening_domain_mood_ratio() -> Array:
    """Demand in all domains when the company starts.

    Source: definition: as it normally is.
    """
    return 0.0


def domain_mood_ratio(
    previous_domain_mood_ratio: Array, domain_surprise_ratio: Array, demand_persistence_share: Array
) -> Array:
    """Where each domain's demand stands in the month, in standard deviations of the long run.

    Source: definition of a first-order autoregression.
    """
    return portfolio.persisted(previous_domain_mood_ratio, domain_surprise_ratio, demand_persistence_share)


def reached_domain_customers(
    month: Array,
    domain_mood_ratio: Array,
    domain_volatility_ratio: Array,
    demand_persistence_share: Array,
    addressable_domain_customers: Array,
    previous_partner_reach_share: Array,
) -> Array:
    """Organisations of each domain that could buy in the month, as its demand stands and with the reach of partners.

    Source: assumed form: lognormal around the normal number, whose mean it keeps.
    """
    swayed = portfolio.swayed_ratio(
        month, domain_mood_ratio, domain_volatility_ratio, demand_persistence_share
    )
    return addressable_domain_customers * swayed * (1.0 + previous_partner_reach_share)


def domain_penetration_share(previous_domain_customers: Array, reached_domain_customers: Array) -> Array:
    """Share of the organisations of each domain within reach that are customers already; at most all.

    Source: definition.
    """
    within = np.minimum(previous_domain_customers, reached_domain_customers)
    share = quotient(within, reached_domain_customers)
    return np.where(previous_domain_customers < reached_domain_customers, share, 1.0)


def interested_domain_customers(
    domain_selling_share: Array,
    reached_domain_customers: Array,
    domain_penetration_share: Array,
    domain_innovation_share_per_month: Array,
    domain_imitation_share_per_month: Array,
) -> Array:
    """Organisations of each domain that start to look for such a product in the month, on their own or by others.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard.
    """
    remaining = reached_domain_customers * (1.0 - domain_penetration_share)
    imitation = domain_imitation_share_per_month * domain_penetration_share
    return domain_selling_share * market.adopters(remaining, domain_innovation_share_per_month + imitation)


def domain_win_share(
    base_domain_win_share: Array,
    reference_gain_ratio: Array,
    previous_domain_customers: Array,
    previous_shared_reference_customers: Array,
    one_reference_customers: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the pursued organisations of each domain that sign: more with references and a better model.

    Source: assumed form, base x (1 + gain x ln(1 + references)); references of other strategies count in every domain.
    """
    references = (previous_domain_customers + previous_shared_reference_customers) / one_reference_customers
    gained = 1.0 + reference_gain_ratio * np.log1p(references)
    return np.minimum(base_domain_win_share * gained * previous_shared_quality_ratio, 1.0)


def opening_domain_sellers_people() -> Array:
    """People who sell domains when the company starts.

    Source: definition: none.
    """
    return 0.0


def domain_sellers_people(
    previous_domain_sellers_people: Array,
    domain_preparing_share: Array,
    domain_selling_share: Array,
    domains_effort_share: Array,
    interested_domain_customers: Array,
    pursued_customers_per_person_month: Array,
    first_sellers_people: Array,
    most_sellers_people: Array,
    seller_hiring_months: Array,
) -> Array:
    """People in the month who sell all domains: as many as demand asks for, within bounds and with the delay of hiring.

    Source: assumed policy.
    """
    asked = total(interested_domain_customers) / pursued_customers_per_person_month
    wanted = np.clip(asked, domains_effort_share * first_sellers_people, most_sellers_people)
    is_needed = total(domain_preparing_share + domain_selling_share) > 0
    missing = np.where(is_needed, wanted, 0.0) - previous_domain_sellers_people
    return previous_domain_sellers_people + missing / np.maximum(seller_hiring_months, 1.0)


def sold_domain_customers(
    interested_domain_customers: Array,
    domain_sellers_people: Array,
    pursued_customers_per_person_month: Array,
    domain_win_share: Array,
) -> Array:
    """Customers of each domain whom the team wins in the month; where demand exceeds it, every domain gets its part.

    Source: definition; who is not pursued may be interested again.
    """
    possible = domain_sellers_people * pursued_customers_per_person_month
    pursued = np.minimum(total(interested_domain_customers), possible)
    return portfolio.shares(interested_domain_customers) * pursued * domain_win_share


def cross_sold_domain_customers(
    domain_selling_share: Array,
    cross_sell_share_per_month: Array,
    previous_domain_customers: Array,
    reached_domain_customers: Array,
    domain_penetration_share: Array,
    sold_domain_customers: Array,
) -> Array:
    """Customers of other domains who sign for each domain as well in the month, without the team of sellers.

    Source: assumed form: a share of those others who have it not yet, taken to be as many of them as of all.
    """
    others = total(previous_domain_customers) - previous_domain_customers
    lacking = 1.0 - domain_penetration_share
    remaining = np.maximum(reached_domain_customers * lacking - sold_domain_customers, 0.0)
    return np.minimum(domain_selling_share * cross_sell_share_per_month * others * lacking, remaining)


def new_domain_customers(sold_domain_customers: Array, cross_sold_domain_customers: Array) -> Array:
    """Customers of each domain whose contract begins in the month.

    Source: definition; a customer of two domains counts in both.
    """
    return sold_domain_customers + cross_sold_domain_customers


def unrenewed_share(
    month: Array,
    domain_start_month: Array,
    domain_open_share: Array,
    domain_renewal_churn_share: Array,
    previous_shared_quality_ratio: Array,
) -> Array:
    """Share of the contracts coming up in the month that end: fewer for a better model, all once a domain is stopped.

    Source: assumed form, churn / quality.
    """
    churn = np.minimum(domain_renewal_churn_share / previous_shared_quality_ratio, 1.0)
    return np.where((month >= domain_start_month) & (domain_open_share == 0), 1.0, churn)


def lost_domain_customers(previous_contracted_customers: Array, unrenewed_share: Array) -> Array:
    """Customers of each domain whose contract ends in the month.

    Source: definition.
    """
    return contracts.due(previous_contracted_customers) * unrenewed_share


def opening_contracted_customers() -> Array:
    """Customers under contract when the company starts.

    Source: definition: none.
    """
    return 0.0


def contracted_customers(
    previous_contracted_customers: Array, unrenewed_share: Array, new_domain_customers: Array
) -> Array:
    """Customers at the end of the month by the months until their renewal, along the first axis, and by domain.

    Source: definition of yearly contracts, which can end only when they come up for renewal.
    """
    return contracts.renewed(previous_contracted_customers, unrenewed_share, new_domain_customers)


def opening_domain_customers() -> Array:
    """Customers of each domain when the company starts.

    Source: definition: none.
    """
    return 0.0


def domain_customers(contracted_customers: Array) -> Array:
    """Customers of each domain at the end of the month.

    Source: definition.
    """
    return total(contracted_customers)
