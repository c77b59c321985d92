"""How deals come to technology services: leads, negotiations, wins by chance, clients."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import chance, market
from planner.units import Array


def leads_deals(
    month: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
    services_start_month: Array,
    services_effort_share: Array,
    base_leads_deals_per_month: Array,
    referral_deals_per_customer_month: Array,
    previous_client_customers: Array,
    previous_cannibalised_share: Array,
) -> Array:
    """Deals that enter the pipeline in the month, by selling and by reference of earlier clients.

    Less what goes to self-service instead where the company offers that as well.

    Source: definition; both rates are inputs.
    """
    sought = services_effort_share * base_leads_deals_per_month
    expected = sought + referral_deals_per_customer_month * previous_client_customers
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    leads = swing * expected * (1.0 - previous_cannibalised_share)
    return np.where(month >= services_start_month, leads, 0.0 * leads)


def opening_pipeline_deals() -> Array:
    """Deals under negotiation when the company starts.

    Source: definition: none.
    """
    return 0.0


def decided_deals(previous_pipeline_deals: Array, sales_cycle_months: Array) -> Array:
    """Deals that are decided in the month, won or lost.

    Source: definition of a first-order delay with the sales cycle as its mean.
    """
    return previous_pipeline_deals / np.maximum(sales_cycle_months, 1.0)


def pipeline_deals(previous_pipeline_deals: Array, decided_deals: Array, leads_deals: Array) -> Array:
    """Deals under negotiation at the end of the month.

    Source: definition.
    """
    return previous_pipeline_deals - decided_deals + leads_deals


def opening_expected_deals() -> Array:
    """Deals that could be expected to be won before the company starts.

    Source: definition: none.
    """
    return 0.0


def overloaded_share(
    previous_backlog_usd: Array,
    previous_people: Array,
    billing_usd_per_person_month: Array,
    delivery_months: Array,
    overload_ratio: Array,
) -> Array:
    """One while the backlog is so much more than the consultants can do in time that clients go elsewhere.

    Source: assumed form: a threshold.
    """
    in_time_usd = previous_people * billing_usd_per_person_month * np.maximum(delivery_months, 1.0)
    return np.where(previous_backlog_usd > overload_ratio * in_time_usd, 1.0, 0.0)


def likely_deals(
    decided_deals: Array,
    win_rate_share: Array,
    compression_demand_ratio: Array,
    overloaded_share: Array,
    overload_loss_share: Array,
) -> Array:
    """Deals that can be expected to be won in the month, fractions included.

    Source: definition; win rate and loss by overload are inputs, a compressed model wins fewer (assumed form).
    """
    won_share = np.minimum(win_rate_share * compression_demand_ratio, 1.0)
    return decided_deals * won_share * (1.0 - overload_loss_share * overloaded_share)


def expected_deals(previous_expected_deals: Array, likely_deals: Array) -> Array:
    """Deals that could be expected to be won since the start, fractions included.

    Source: definition.
    """
    return previous_expected_deals + likely_deals


def won_deals(
    likely_deals: Array, expected_deals: Array, previous_expected_deals: Array, shock_wins_share: Array
) -> Array:
    """Deals won in the month: whole ones, by chance in draws; on the central path as the expectation completes them.

    Leads that come by chance, wait for different times and are won independently are won as a Poisson process, whose
    numbers in different months are independent; so chance enters here alone, and the pipeline stays an expectation.

    Source: Kingman 1993, Poisson Processes, chapter 5 (displacement) and section 2.1 (thinning).
    """
    one = units.ONE_DEAL
    since_start, before = expected_deals / one, previous_expected_deals / one
    return one * chance.completed_or_drawn(likely_deals / one, since_start, before, shock_wins_share)


def new_customers(won_deals: Array, new_customers_per_deal: Array) -> Array:
    """Clients who were not served before and begin to pay in the month.

    Source: definition.
    """
    return won_deals * new_customers_per_deal


def opening_client_customers() -> Array:
    """Clients served before the company starts.

    Source: definition: none.
    """
    return 0.0


def client_customers(previous_client_customers: Array, new_customers: Array) -> Array:
    """Clients ever won, who can be named as a reference.

    Source: definition.
    """
    return previous_client_customers + new_customers


def rate_ratio(month: Array, rate_raise_share_per_year: Array) -> Array:
    """Billing rates of the month over those of the first.

    Source: definition.
    """
    return units.monthly_ratio(rate_raise_share_per_year) ** (month - 1.0)


def won_usd(
    won_deals: Array,
    value_usd_per_deal: Array,
    rate_ratio: Array,
    deal_spread_ratio: Array,
    shock_deal_value_share: Array,
) -> Array:
    """Value of the deals won in the month, each of which has a value of its own in draws.

    Source: definition; deal values are lognormal (assumed), and so is their sum, with the same mean and variance.
    """
    by_chance = chance.sum_ratio(won_deals / units.ONE_DEAL, deal_spread_ratio, shock_deal_value_share)
    return won_deals * value_usd_per_deal * rate_ratio * by_chance
