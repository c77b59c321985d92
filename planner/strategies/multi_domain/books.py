"""What the company's books read of all domains together."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import contracts, market, portfolio
from planner.formulas.totals import quotient, total
from planner.units import Array


def revenue_usd(domain_revenue_usd: Array) -> Array:
    """Revenue of all domains in the month.

    Source: definition.
    """
    return total(domain_revenue_usd)


def recurring_revenue_usd(domain_customers: Array, domain_fee_usd_per_customer_month: Array) -> Array:
    """Revenue of the month under yearly contracts.

    Source: definition.
    """
    return total(domain_customers * domain_fee_usd_per_customer_month)


def usage_revenue_usd(domain_usage_usd: Array) -> Array:
    """Revenue of the month for tokens that are billed on top of the contracts.

    Source: definition.
    """
    return total(domain_usage_usd)


def served_tokens(domain_tokens: Array) -> Array:
    """Tokens that the customers of all domains use in the month.

    Source: definition.
    """
    return total(domain_tokens)


def people(
    domain_customers: Array, domain_support_people_per_customer: Array, domain_sellers_people: Array
) -> Array:
    """People who support and who sell in the month.

    Source: definition.
    """
    return total(domain_customers * domain_support_people_per_customer) + domain_sellers_people


def staff_usd(domain_support_usd: Array) -> Array:
    """Cost of the people who support customers in the month.

    Source: definition.
    """
    return total(domain_support_usd)


def marketing_usd(
    sold_domain_customers: Array,
    domain_acquisition_usd_per_customer: Array,
    domain_sellers_people: Array,
    domain_seller_salary_usd_per_person_year: Array,
    pay_ratio: Array,
) -> Array:
    """Cost of winning customers in the month, all sellers included.

    Source: definition.
    """
    wage_usd = domain_seller_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio
    marketing = total(sold_domain_customers * domain_acquisition_usd_per_customer)
    return marketing + domain_sellers_people * wage_usd


def delivery_usd(revenue_usd: Array, domain_delivery_share: Array) -> Array:
    """Cost of revenue in the month besides computing and people.

    Source: definition.
    """
    return revenue_usd * domain_delivery_share


def development_usd(domain_development_usd: Array) -> Array:
    """Cost of entering domains and of keeping up their tests and certificates in the month, fine-tuning apart.

    Source: definition.
    """
    return total(domain_development_usd)


def extra_training_tokens(domain_finetuning_tokens: Array) -> Array:
    """Tokens on which the model is fine-tuned for domains in the month.

    Source: definition.
    """
    return total(domain_finetuning_tokens)


def deferred_revenue_usd(
    contracted_customers: Array, domain_fee_usd_per_customer_month: Array, domain_prepaid_share: Array
) -> Array:
    """Fees received at the end of the month for months of contracts that are still to come.

    Source: definition: who pays for the year is owed one month less in each month.
    """
    owed_usd = contracts.paid_ahead_months(contracted_customers) * domain_fee_usd_per_customer_month
    return domain_prepaid_share * total(owed_usd)


def receivables_usd(
    previous_receivables_usd: Array,
    revenue_usd: Array,
    deferred_revenue_usd: Array,
    previous_deferred_revenue_usd: Array,
    domain_collection_days: Array,
) -> Array:
    """What customers owe at the end of the month; what is billed is the revenue and what is paid ahead beyond it.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    billed_usd = revenue_usd + deferred_revenue_usd - previous_deferred_revenue_usd
    return market.outstanding_usd(previous_receivables_usd, billed_usd, domain_collection_days)


def paying_customers(domain_customers: Array) -> Array:
    """Paying customers of all domains at the end of the month; a customer of two domains counts in both.

    Source: definition.
    """
    return total(domain_customers)


def new_customers(new_domain_customers: Array) -> Array:
    """Customers of all domains whose contract begins in the month.

    Source: definition.
    """
    return total(new_domain_customers)


def lost_customers(lost_domain_customers: Array) -> Array:
    """Customers of all domains whose contract ends in the month.

    Source: definition.
    """
    return total(lost_domain_customers)


def lost_recurring_usd(lost_domain_customers: Array, domain_fee_usd_per_customer_month: Array) -> Array:
    """Monthly fees that end in the month.

    Source: definition.
    """
    return total(lost_domain_customers * domain_fee_usd_per_customer_month)


def expansion_recurring_usd(
    cross_sold_domain_customers: Array, domain_fee_usd_per_customer_month: Array
) -> Array:
    """Monthly fees that begin in the month with customers who had another domain before.

    Source: definition.
    """
    return total(cross_sold_domain_customers * domain_fee_usd_per_customer_month)


def personal_records(domain_customers: Array, domain_personal_records_per_customer: Array) -> Array:
    """People whose personal data customers of all domains have given to the company.

    Source: definition.
    """
    return total(domain_customers * domain_personal_records_per_customer)


def stored_bytes(domain_customers: Array, domain_stored_bytes_per_customer: Array) -> Array:
    """Data of customers of all domains that the company holds.

    Source: definition.
    """
    return total(domain_customers) * domain_stored_bytes_per_customer


def largest_customers_revenue_usd(
    domain_revenue_usd: Array,
    domain_customers: Array,
    customer_spread_share: Array,
    domain_largest_customers: Array,
) -> Array:
    """Revenue of the month from the largest customers of all domains together.

    Source: assumed form: sizes within a domain are Pareto distributed with tail index 1/spread.
    """
    paid = np.nan_to_num(quotient(domain_revenue_usd, domain_customers))
    return portfolio.largest_usd(paid, domain_customers, customer_spread_share, domain_largest_customers)
