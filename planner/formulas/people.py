"""Staff: the roles that the scenario lists, and the people that the strategies need; and what comes with them."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.totals import total
from planner.units import Array


def pay_ratio(month: Array, loaded_cost_ratio: Array, raise_share_per_year: Array) -> Array:
    """What a person costs in the month over the salary written in the scenario: employer's cost and raises.

    Source: definition.
    """
    return loaded_cost_ratio * units.monthly_ratio(raise_share_per_year) ** (month - 1.0)


def role_pay_usd_per_person_month(
    role_salary_usd_per_person_year: Array,
    role_salary_local_per_person_year: Array,
    local_currency_usd: Array,
    local_site_cost_ratio: Array,
    pay_ratio: Array,
) -> Array:
    """What a person of each listed role costs in the month, at the site and in the currency where the role is paid.

    Source: definition; roles lie along the first axis.
    """
    local_usd = role_salary_local_per_person_year * local_currency_usd * local_site_cost_ratio
    return (role_salary_usd_per_person_year + local_usd) / units.MONTHS_PER_YEAR * pay_ratio


def opening_role_needed_people(role_people: Array, role_hire_month: Array) -> Array:
    """People in each listed role who are there from the start and need not be found.

    Source: definition; roles lie along the first axis.
    """
    return np.where(role_hire_month <= 1, role_people, 0.0)


def role_needed_people(
    month: Array,
    role_people: Array,
    role_hire_month: Array,
    role_people_per_customer: Array,
    role_people_per_gpu: Array,
    each_paying_customers: tuple[Array, ...],
    serving_gpus: Array,
) -> Array:
    """Posts in each listed role in the month: those listed, or more where customers or accelerators ask for more.

    Source: definition; roles lie along the first axis, the ratios are inputs.
    """
    for_customers = sum(each_paying_customers, 0.0) * role_people_per_customer
    grown = np.maximum(for_customers, serving_gpus * role_people_per_gpu)
    return np.where(month >= role_hire_month, np.maximum(role_people, grown), 0.0)


def role_left_people(previous_role_needed_people: Array, attrition_share_per_year: Array) -> Array:
    """People of each listed role who leave in the month.

    Source: definition; roles lie along the first axis, attrition is an input.
    """
    return previous_role_needed_people * (1.0 - units.monthly_ratio(-attrition_share_per_year))


def role_hired_people(
    role_needed_people: Array, previous_role_needed_people: Array, role_left_people: Array
) -> Array:
    """People of each listed role who are found in the month, for new posts and for those who left.

    Source: definition; roles lie along the first axis.
    """
    return np.maximum(role_needed_people - (previous_role_needed_people - role_left_people), 0.0)


def role_vacant_people(role_needed_people: Array, role_left_people: Array, vacancy_months: Array) -> Array:
    """Posts of each listed role that wait in the month for a successor.

    Source: Little 1961, Operations Research 9(3): those who leave in a month times the months of waiting.
    """
    return np.minimum(role_left_people * vacancy_months, role_needed_people)


def listed_people(role_needed_people: Array) -> Array:
    """Posts in the roles that the scenario lists, those that wait for a successor included.

    Source: definition; roles lie along the first axis.
    """
    return total(role_needed_people)


def vacant_people(role_vacant_people: Array) -> Array:
    """Posts in the listed roles that wait in the month for a successor.

    Source: definition; roles lie along the first axis.
    """
    return total(role_vacant_people)


def staff_usd(
    role_needed_people: Array, role_vacant_people: Array, role_pay_usd_per_person_month: Array
) -> Array:
    """Cost of the people in the listed roles in the month: those who build and run the company.

    Source: definition; roles lie along the first axis.
    """
    return total((role_needed_people - role_vacant_people) * role_pay_usd_per_person_month)


def recruiting_usd(
    role_hired_people: Array, role_pay_usd_per_person_month: Array, recruiting_pay_months: Array
) -> Array:
    """Cost of finding the people of the listed roles in the month: agencies, referrals, advertising.

    Source: definition; for how many months a person could be paid instead is an input.
    """
    return total(role_hired_people * role_pay_usd_per_person_month) * recruiting_pay_months


def people(listed_people: Array, each_people: tuple[Array, ...]) -> Array:
    """Everybody who works for the company in the month.

    Source: definition.
    """
    return listed_people + sum(each_people)


def delivery_staff_usd(each_staff_usd: tuple[Array, ...]) -> Array:
    """Cost of the people who serve the customers of the strategies in the month: consultants, support.

    Source: definition.
    """
    return sum(each_staff_usd, 0.0)


def office_usd(
    people: Array,
    overhead_usd_per_person_month: Array,
    office_part_share: Array,
    office_rent_usd_per_month: Array,
) -> Array:
    """Desks of the month, by the person, and the rent of an office.

    Source: definition.
    """
    return people * overhead_usd_per_person_month * office_part_share + office_rent_usd_per_month


def tools_usd(people: Array, overhead_usd_per_person_month: Array, office_part_share: Array) -> Array:
    """Tools, software and travel in the month.

    Source: definition.
    """
    return people * overhead_usd_per_person_month * (1.0 - office_part_share)


def legal_usd(fixed_overhead_usd_per_month: Array) -> Array:
    """Legal advice, accounting and insurance in the month.

    Source: definition.
    """
    return fixed_overhead_usd_per_month


def overhead_usd(office_usd: Array, tools_usd: Array, legal_usd: Array, recruiting_usd: Array) -> Array:
    """Office, tools, legal advice with accounting, and recruiting in the month.

    Source: definition.
    """
    return office_usd + tools_usd + legal_usd + recruiting_usd
