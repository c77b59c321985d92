"""What the ecosystem costs: suppliers who are paid in any case, shares of others, people, partners' marketing."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import events
from planner.units import Array


def opening_supplier_lost_share() -> Array:
    """One if the main supplier is lost before the plan begins.

    Source: definition: it is not.
    """
    return 0.0


def supplier_lost_share(
    month: Array, service_month: Array, supplier_chance_share: Array, supplier_loss_share_per_year: Array
) -> Array:
    """One once the main supplier is lost, zero before.

    Source: definition of a constant hazard from the launch on; chance is an input.
    """
    exposed_months = month - service_month + 1.0
    return events.happened_share(supplier_chance_share, supplier_loss_share_per_year, exposed_months)


def upstream_use_usd(
    launched_share: Array,
    paying_customers: Array,
    upstream_usd_per_customer_month: Array,
    second_supplier_price_ratio: Array,
    supplier_lost_share: Array,
) -> Array:
    """List price of what is really used of suppliers in the month, at the second one's prices once the first is lost.

    Source: definition.
    """
    dearer_ratio = 1.0 + supplier_lost_share * (second_supplier_price_ratio - 1.0)
    return launched_share * paying_customers * upstream_usd_per_customer_month * dearer_ratio


def upstream_usd(
    launched_share: Array,
    upstream_commitment_usd_per_month: Array,
    upstream_use_usd: Array,
    upstream_discount_share: Array,
) -> Array:
    """Bills of the suppliers for the month: what is used, at least what is committed, less the discount.

    Source: definition of take or pay.
    """
    committed_usd = launched_share * upstream_commitment_usd_per_month
    return np.maximum(committed_usd, upstream_use_usd) * (1.0 - upstream_discount_share)


def upstream_credits_usd(previous_upstream_credits_usd: Array, upstream_usd: Array) -> Array:
    """Credits of suppliers that are left at the end of the month.

    Source: definition; they pay the bills as long as there are any.
    """
    return np.maximum(previous_upstream_credits_usd - upstream_usd, 0.0)


def netted_usd(passed_on_usd: Array, principal_share: Array) -> Array:
    """Shares of the others along the chain as far as they are a cost: they keep them, or are paid at once.

    Source: definition; as agent their shares are no cost because they never were revenue.
    """
    return passed_on_usd * principal_share


def delivery_usd(
    netted_usd: Array,
    upstream_usd: Array,
    upstream_credits_usd: Array,
    previous_upstream_credits_usd: Array,
) -> Array:
    """Cost of revenue beside computing and people: shares of the others where recognised gross, and suppliers.

    Source: definition; what credits pay costs nothing.
    """
    by_credits_usd = previous_upstream_credits_usd - upstream_credits_usd
    return netted_usd + upstream_usd - by_credits_usd


def manager_people(active_partners: Array, partners_per_manager_person: Array) -> Array:
    """Partner managers in the month.

    Source: definition; the ratio is an input.
    """
    return active_partners / partners_per_manager_person


def support_people(
    direct_customers: Array,
    sourced_customers: Array,
    resold_share: Array,
    supported_customers_per_person: Array,
) -> Array:
    """People in customer support in the month; partners who resell support their customers themselves.

    Source: definition; the ratio is an input.
    """
    supported = direct_customers + sourced_customers * (1.0 - resold_share)
    return supported / supported_customers_per_person


def people(manager_people: Array, support_people: Array) -> Array:
    """People whom the ecosystem needs in the month: partner managers and support.

    Source: definition.
    """
    return manager_people + support_people


def staff_usd(support_people: Array, desk_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of customer support in the month.

    Source: definition.
    """
    return support_people * desk_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio


def manager_usd(manager_people: Array, manager_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of the partner managers in the month.

    Source: definition.
    """
    return manager_people * manager_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio


def partner_programme_usd(
    programme_share: Array,
    programme_usd_per_month: Array,
    recruited_partners: Array,
    recruitment_usd_per_partner: Array,
    sourced_sales_usd: Array,
    market_development_share: Array,
    manager_usd: Array,
) -> Array:
    """Cost of winning and keeping partners in the month: programme, signing, their marketing, their managers.

    Source: definition.
    """
    signing_usd = recruited_partners * recruitment_usd_per_partner
    funds_usd = sourced_sales_usd * market_development_share
    return programme_share * programme_usd_per_month + signing_usd + funds_usd + manager_usd


def marketing_usd(
    partner_programme_usd: Array, new_direct_customers: Array, direct_acquisition_usd_per_customer: Array
) -> Array:
    """Cost of winning customers in the month, by partners and by the company's own sales.

    Source: definition.
    """
    return partner_programme_usd + new_direct_customers * direct_acquisition_usd_per_customer


def development_usd(
    activated_partners: Array,
    security_review_usd_per_partner: Array,
    active_partners: Array,
    joint_development_usd_per_partner_month: Array,
    supplier_lost_share: Array,
    previous_supplier_lost_share: Array,
    supplier_switching_usd: Array,
) -> Array:
    """Development of the month with partners: checks of what goes live, joint features, another supplier if need be.

    Source: definition.
    """
    reviews_usd = activated_partners * security_review_usd_per_partner
    joint_usd = active_partners * joint_development_usd_per_partner_month
    switching_usd = (supplier_lost_share - previous_supplier_lost_share) * supplier_switching_usd
    return reviews_usd + joint_usd + switching_usd


def personal_records(paying_customers: Array, account_records_per_customer: Array) -> Array:
    """People at customers of whom personal data are held at the end of the month.

    Source: definition.
    """
    return paying_customers * account_records_per_customer
