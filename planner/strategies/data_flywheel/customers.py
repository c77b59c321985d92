"""Who comes, who pays, who stays: adoption, conversion and subscribers in classes that differ in their will to stay."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market, quality, retention
from planner.formulas.totals import total
from planner.units import Array


def arriving_customers(
    launched_share: Array,
    flywheel_effort_share: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
    flywheel_addressable_customers: Array,
    flywheel_innovation_share_per_month: Array,
    flywheel_imitation_share_per_month: Array,
    previous_paying_customers: Array,
    previous_free_customers: Array,
) -> Array:
    """People who start to use the service in the month, paying or not.

    Source: Bass 1969, Management Science 15(5), as a discrete hazard.
    """
    here = previous_paying_customers + previous_free_customers
    remaining = np.maximum(flywheel_addressable_customers - here, 0.0)
    hazard = flywheel_effort_share * market.adoption_hazard(
        flywheel_innovation_share_per_month,
        flywheel_imitation_share_per_month,
        here / flywheel_addressable_customers,
    )
    swing = market.swing_ratio(shock_demand_share, demand_swing_ratio)
    return launched_share * np.minimum(swing * market.adopters(remaining, hazard), remaining)


def conversion_share(
    first_use_conversion_share: Array,
    flywheel_fee_usd_per_customer_month: Array,
    flywheel_reference_fee_usd_per_customer_month: Array,
    flywheel_fee_elasticity_ratio: Array,
    felt_quality_ratio: Array,
    conversion_elasticity_ratio: Array,
) -> Array:
    """Share of the month's new people who subscribe, at the fee that is asked and the quality that is served.

    Source: definition of constant price elasticity, and the logit shift of `quality.moved_share` (assumed form).
    """
    demand = market.demand_ratio(
        flywheel_fee_usd_per_customer_month,
        flywheel_reference_fee_usd_per_customer_month,
        flywheel_fee_elasticity_ratio,
    )
    at_rivals_quality = np.minimum(first_use_conversion_share * demand, 1.0)
    return quality.moved_share(at_rivals_quality, felt_quality_ratio, conversion_elasticity_ratio)


def late_customers(
    launched_share: Array,
    previous_free_customers: Array,
    free_churn_share_per_month: Array,
    base_late_conversion_share_per_month: Array,
    felt_quality_ratio: Array,
    conversion_elasticity_ratio: Array,
) -> Array:
    """Free customers who stay and subscribe in the month.

    Source: definition, with the logit shift of `quality.moved_share` (assumed form).
    """
    subscribing_share = quality.moved_share(
        base_late_conversion_share_per_month, felt_quality_ratio, conversion_elasticity_ratio
    )
    return launched_share * previous_free_customers * (1.0 - free_churn_share_per_month) * subscribing_share


def new_customers(arriving_customers: Array, conversion_share: Array, late_customers: Array) -> Array:
    """People who begin to pay in the month: at their first use, or after a time of free use.

    Source: definition.
    """
    return arriving_customers * conversion_share + late_customers


def free_churn_share_per_month(
    base_free_churn_share_per_month: Array, felt_quality_ratio: Array, churn_elasticity_ratio: Array
) -> Array:
    """Share of the free customers who leave in the month, fewer the better the model is against rivals.

    Source: assumed form: the logit shift of `quality.moved_share`.
    """
    return quality.moved_share(base_free_churn_share_per_month, felt_quality_ratio, -churn_elasticity_ratio)


def free_customers(
    previous_free_customers: Array,
    free_churn_share_per_month: Array,
    late_customers: Array,
    arriving_customers: Array,
    conversion_share: Array,
) -> Array:
    """People who use the service at the end of the month without paying.

    Source: definition.
    """
    staying = previous_free_customers * (1.0 - free_churn_share_per_month) - late_customers
    return staying + arriving_customers * (1.0 - conversion_share)


def churn_polarisation_share(first_month_churn_share: Array, first_year_survival_share: Array) -> Array:
    """How much subscribers differ in their will to stay: 0 all alike, 1 some never stay and the others never leave.

    Source: Fader and Hardie 2007, Journal of Interactive Marketing 21(1), solved for two observations.
    """
    return retention.polarisation_share(
        first_month_churn_share, first_year_survival_share, int(units.MONTHS_PER_YEAR)
    )


def class_base_churn_share_per_month(
    first_month_churn_share: Array, churn_polarisation_share: Array
) -> Array:
    """Share of each class of subscribers that leaves each month at the quality of rivals.

    Source: Golub and Welsch 1969, Mathematics of Computation 23, on the beta distribution of churn.
    """
    alpha = retention.alpha_ratio(first_month_churn_share, churn_polarisation_share)
    beta = retention.beta_ratio(first_month_churn_share, churn_polarisation_share)
    return retention.class_churn_share(alpha, beta)


def class_weight_share(
    first_month_churn_share: Array, churn_polarisation_share: Array, class_base_churn_share_per_month: Array
) -> Array:
    """Share of the new subscribers who belong to each class.

    Source: Golub and Welsch 1969, Mathematics of Computation 23, on the beta distribution of churn.
    """
    alpha = retention.alpha_ratio(first_month_churn_share, churn_polarisation_share)
    beta = retention.beta_ratio(first_month_churn_share, churn_polarisation_share)
    return retention.class_weight_share(alpha, beta, class_base_churn_share_per_month)


def leaving_customers(
    previous_class_customers: Array,
    class_base_churn_share_per_month: Array,
    felt_quality_ratio: Array,
    churn_elasticity_ratio: Array,
) -> Array:
    """Subscribers of each class who leave in the month, fewer the better the model is against rivals.

    Source: assumed form: the logit shift of `quality.moved_share`.
    """
    churn = quality.moved_share(class_base_churn_share_per_month, felt_quality_ratio, -churn_elasticity_ratio)
    return previous_class_customers * churn


def opening_class_customers(starting_paying_customers: Array, class_weight_share: Array) -> Array:
    """Subscribers of each class at the start, as if all were new.

    Source: definition.
    """
    return starting_paying_customers * class_weight_share


def class_customers(
    previous_class_customers: Array, leaving_customers: Array, new_customers: Array, class_weight_share: Array
) -> Array:
    """Subscribers of each class at the end of the month.

    Source: definition.
    """
    return previous_class_customers - leaving_customers + new_customers * class_weight_share


def lost_customers(leaving_customers: Array) -> Array:
    """Subscribers who leave in the month, of all classes.

    Source: definition.
    """
    return total(leaving_customers)


def opening_paying_customers(starting_paying_customers: Array) -> Array:
    """Subscribers at the start.

    Source: definition.
    """
    return starting_paying_customers


def paying_customers(class_customers: Array) -> Array:
    """Subscribers at the end of the month, of all classes.

    Source: definition.
    """
    return total(class_customers)


def customer_lifetime_months(
    class_base_churn_share_per_month: Array, class_weight_share: Array, discount_rate_share_per_year: Array
) -> Array:
    """Months for which a new subscriber pays at the quality of rivals, later ones discounted.

    Source: definition of discounted expected lifetime, over the classes.
    """
    discount = units.monthly_ratio(discount_rate_share_per_year) - 1.0
    return retention.lifetime_periods(class_base_churn_share_per_month, class_weight_share, discount)


def personal_records(
    paying_customers: Array, free_customers: Array, records_per_flywheel_customer: Array
) -> Array:
    """Records of customers, paying and free, that are held at the end of the month.

    Source: definition.
    """
    return (paying_customers + free_customers) * records_per_flywheel_customer
