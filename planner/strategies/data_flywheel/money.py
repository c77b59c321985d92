"""What the flywheel earns and costs: fees and metered tokens, their movements, payment, marketing, support."""

from __future__ import annotations

from planner import units
from planner.formulas import market
from planner.units import Array


def fee_usd_per_customer_month(
    month: Array, flywheel_fee_usd_per_customer_month: Array, flywheel_fee_rise_share_per_year: Array
) -> Array:
    """Fee of a subscriber in the month.

    Source: definition; start and rise are inputs.
    """
    rise = units.monthly_ratio(flywheel_fee_rise_share_per_year)
    return flywheel_fee_usd_per_customer_month * rise ** (month - 1.0)


def recurring_revenue_usd(
    launched_share: Array, paying_customers: Array, fee_usd_per_customer_month: Array
) -> Array:
    """Subscription fees of the month; none before the service opens.

    Source: definition.
    """
    return launched_share * paying_customers * fee_usd_per_customer_month


def usage_revenue_usd(
    month: Array,
    metered_tokens: Array,
    price_usd_per_million_tokens: Array,
    price_decline_share_per_month: Array,
) -> Array:
    """Revenue from metered tokens in the month, at a list price that falls.

    Source: definition.
    """
    price = market.eroded(price_usd_per_million_tokens, price_decline_share_per_month, month)
    return metered_tokens / units.TOKENS_PER_MILLION_TOKENS * price


def revenue_usd(recurring_revenue_usd: Array, usage_revenue_usd: Array) -> Array:
    """Revenue of the flywheel in the month: fees and metered tokens.

    Source: definition.
    """
    return recurring_revenue_usd + usage_revenue_usd


def lost_recurring_usd(
    launched_share: Array,
    lost_customers: Array,
    fee_usd_per_customer_month: Array,
    flywheel_fee_rise_share_per_year: Array,
) -> Array:
    """Fees that went with the subscribers who left in the month, at last month's fee.

    Source: definition.
    """
    previous_fee = fee_usd_per_customer_month / units.monthly_ratio(flywheel_fee_rise_share_per_year)
    return launched_share * lost_customers * previous_fee


def expansion_recurring_usd(
    launched_share: Array,
    paying_customers: Array,
    new_customers: Array,
    fee_usd_per_customer_month: Array,
    flywheel_fee_rise_share_per_year: Array,
) -> Array:
    """What the subscribers who stayed pay more than in the month before, because the fee has risen.

    Source: definition.
    """
    rise_share = 1.0 - 1.0 / units.monthly_ratio(flywheel_fee_rise_share_per_year)
    return launched_share * (paying_customers - new_customers) * fee_usd_per_customer_month * rise_share


def receivables_usd(
    previous_receivables_usd: Array, revenue_usd: Array, flywheel_collection_days: Array
) -> Array:
    """What customers owe at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    return market.outstanding_usd(previous_receivables_usd, revenue_usd, flywheel_collection_days)


def delivery_usd(revenue_usd: Array, flywheel_payment_fee_share: Array) -> Array:
    """Fees of the payment providers in the month.

    Source: definition.
    """
    return revenue_usd * flywheel_payment_fee_share


def marketing_usd(new_customers: Array, flywheel_acquisition_usd_per_customer: Array) -> Array:
    """Marketing that wins the month's new subscribers.

    Source: definition of customer acquisition cost.
    """
    return new_customers * flywheel_acquisition_usd_per_customer


def people(paying_customers: Array, customers_per_flywheel_support_person: Array) -> Array:
    """People in customer support in the month.

    Source: definition; the ratio is an input.
    """
    return paying_customers / customers_per_flywheel_support_person


def staff_usd(people: Array, flywheel_support_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of customer support in the month.

    Source: definition.
    """
    return people * flywheel_support_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio
