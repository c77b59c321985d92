"""What the user writes about the people: roles, pay at one or two sites, and what comes with staff."""

from __future__ import annotations

from pydantic import field_validator, model_validator

from planner.scenario.base import Section, assumed, raise_at
from planner.scenario.quantities import Quantity

SALARIES = ("role_salary_usd_per_person_year", "role_salary_local_per_person_year")
"""The keys of which each role has one."""


class Role(Section):
    """People of one kind whom the plan hires."""

    role: str
    """What they are called."""
    role_people: Quantity
    """How many."""
    role_hire_month: Quantity = assumed(1, "there from the start")
    """Month in which they start."""
    role_salary_usd_per_person_year: Quantity = assumed(0, "paid in another currency")
    """Yearly salary of one of them, before the employer's costs."""
    role_salary_local_per_person_year: Quantity = assumed(0, "paid in US dollars")
    """Yearly salary where it is paid in another currency, in that currency; `local_currency_usd` is its rate."""
    role_people_per_customer: Quantity = assumed(0, "as many as listed, however many customers there are")
    """People for each paying account, once that is more than the number listed: 0.005 for one in 200 accounts."""
    role_people_per_gpu: Quantity = assumed(0, "as many as listed, however many accelerators serve")
    """People for each accelerator that serves, once that is more than the number listed."""


class People(Section):
    """Staff and what comes with it."""

    roles: tuple[Role, ...] = ()
    """The people who are hired whatever the demand; strategies add those whom the demand asks for."""
    loaded_cost_ratio: Quantity = assumed(
        "1.25 to 1.45", "payroll tax, insurance and benefits on top of a salary"
    )
    """Employer's cost of a person over the salary."""
    raise_share_per_year: Quantity = assumed("0.02 to 0.06", "salaries of engineers")
    """Yearly raise of all salaries."""
    local_currency_usd: Quantity = assumed(1, "no salary is paid in another currency")
    """US dollars for one unit of the other currency, best with source and date."""
    local_site_cost_ratio: Quantity = assumed(1, "an employer's costs are alike at both sites")
    """Cost of a person who is paid in the other currency over what the same salary costs at the first site."""
    attrition_share_per_year: Quantity = assumed(
        "0.08 to 0.2", "one in twelve to one in five leaves in a year"
    )
    """Share of the people in listed roles who leave within a year and are replaced."""
    vacancy_months: Quantity = assumed("1 to 3", "from the last day of the one to the first of the other")
    """Months that a post waits for a successor; nobody is paid for it meanwhile."""
    recruiting_pay_months: Quantity = assumed(
        "0.5 to 2.5", "agencies ask for two or three months' pay, referrals cost little"
    )
    """Cost of finding a person, in months of what the person costs; nothing for those there from the start."""
    overhead_usd_per_person_month: Quantity = assumed("500 to 1500", "desk, tools and travel")
    """Overhead for each person."""
    office_part_share: Quantity = assumed("0.3 to 0.6", "a desk costs about as much as tools and travel")
    """Part of the overhead for each person that is for the desk; the rest is for tools, software and travel."""
    office_rent_usd_per_month: Quantity = assumed(0, "desks are rented by the person")
    """Rent of an office beside the desks that are rented by the person."""
    fixed_overhead_usd_per_month: Quantity = assumed("5e3 to 15e3", "accounting, legal advice, insurance")
    """Overhead that does not depend on the number of people."""

    @field_validator("roles")
    @classmethod
    def _each_salary_is_written_once(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        problems: dict[tuple[str | int, ...], str] = {}
        for number, role in enumerate(roles):
            written = [name for name in SALARIES if name in role.model_fields_set]
            if not written:
                problems[number,] = (
                    f"a salary is missing; write {SALARIES[0]} (0 for nothing), or {SALARIES[1]} where it is "
                    "paid in another currency"
                )
            if len(written) > 1:
                problems[number, SALARIES[1]] = (
                    f"the salary stands here and as {SALARIES[0]}; keep one of the two"
                )
        raise_at(problems)
        return roles

    @model_validator(mode="after")
    def _another_currency_has_a_rate(self) -> People:
        paid = [role.role for role in self.roles if SALARIES[1] in role.model_fields_set]
        if paid and "local_currency_usd" not in self.model_fields_set:
            raise ValueError(
                f"{paid[0]} are paid in another currency, so its rate is needed; write local_currency_usd, such as "
                "{value: 0.14, source: ..., as_of: ...}"
            )
        return self
