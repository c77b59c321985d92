"""Staff: the roles that the scenario lists, and the people that the strategies need."""

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


def listed_people(month: Array, role_people: Array, role_hire_month: Array) -> Array:
    """People in the roles that the scenario lists and that are filled in the month.

    Source: definition; roles lie along the first axis.
    """
    return total(np.where(month >= role_hire_month, role_people, 0.0))


def staff_usd(
    month: Array,
    role_people: Array,
    role_hire_month: Array,
    role_salary_usd_per_person_year: Array,
    pay_ratio: Array,
) -> Array:
    """Cost of the people in the listed roles in the month: those who build and run the company.

    Source: definition; roles lie along the first axis.
    """
    salary_usd_per_person_month = role_salary_usd_per_person_year / units.MONTHS_PER_YEAR
    hired = np.where(month >= role_hire_month, role_people, 0.0)
    return total(hired * salary_usd_per_person_month) * pay_ratio


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


def overhead_usd(
    people: Array, overhead_usd_per_person_month: Array, fixed_overhead_usd_per_month: Array
) -> Array:
    """Office, tools, legal and accounting in the month: a fixed part and a part for each person.

    Source: definition.
    """
    return fixed_overhead_usd_per_month + people * overhead_usd_per_person_month
