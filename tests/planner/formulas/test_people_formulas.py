"""Who works for the company, from when, what they cost, and what it takes to find and to keep them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import people
from planner.units import Array

ROLES = np.array([[2.0], [1.0]])
HIRED = np.array([[1.0], [3.0]])
NONE = np.zeros((2, 1))


def needed(month: float, per_customer: Array = NONE, per_gpu: Array = NONE, customers: Array = 0.0) -> Array:
    return people.role_needed_people(month, ROLES, HIRED, per_customer, per_gpu, (customers, 0.0), 16.0)


def test_nobody_is_there_before_the_month_of_hiring() -> None:
    assert people.listed_people(needed(2.0)) == 2
    assert people.listed_people(needed(3.0)) == 3


def test_raises_compound_to_the_yearly_rate() -> None:
    assert people.pay_ratio(1.0, 1.3, 0.04) == 1.3
    assert people.pay_ratio(13.0, 1.3, 0.04) == pytest.approx(1.3 * 1.04, rel=1e-14)


def test_staff_is_paid_from_the_month_of_hiring() -> None:
    salary = np.array([[120e3], [60e3]])
    pay = people.role_pay_usd_per_person_month(salary, NONE, 1.0, 1.0, 1.5)
    assert people.staff_usd(needed(2.0), NONE, pay) == pytest.approx(30e3)
    assert people.staff_usd(needed(3.0), NONE, pay) == pytest.approx(37.5e3)


def test_a_role_grows_with_the_customers_or_the_accelerators_but_never_below_its_number() -> None:
    per_customer, per_gpu = np.array([[0.0], [0.005]]), np.array([[0.25], [0.0]])
    # sixteen accelerators ask for 4 of the first role; 100 accounts for half a person of the second, 600 for three
    assert needed(3.0, per_customer, per_gpu, 100.0).ravel().tolist() == [4, 1]
    assert needed(3.0, per_customer, per_gpu, 600.0).ravel().tolist() == [4, 3]
    assert needed(2.0, per_customer, per_gpu, 600.0).ravel().tolist() == [4, 0]


def test_those_who_leave_are_replaced_after_a_gap() -> None:
    left = people.role_left_people(np.array([[12.0]]), 0.2)
    assert left == pytest.approx(12 * (1 - 0.8 ** (1 / 12)))
    assert people.role_hired_people(np.array([[12.0]]), np.array([[12.0]]), left) == pytest.approx(left)
    assert people.role_vacant_people(np.array([[12.0]]), left, 2.0) == pytest.approx(2 * left)
    assert people.role_vacant_people(np.array([[12.0]]), 12.0, 2.0) == 12  # no more posts wait than there are


def test_those_there_from_the_start_need_not_be_found_and_a_role_that_shrinks_finds_nobody() -> None:
    before = people.opening_role_needed_people(ROLES, HIRED)
    assert before.ravel().tolist() == [2, 0]
    assert people.role_hired_people(needed(1.0), before, NONE).ravel().tolist() == [0, 0]
    assert people.role_hired_people(needed(3.0), needed(2.0), NONE).ravel().tolist() == [0, 1]
    assert people.role_hired_people(NONE, ROLES, 0.1 * ROLES).ravel().tolist() == [0, 0]


def test_finding_somebody_costs_months_of_pay() -> None:
    assert people.recruiting_usd(np.array([[0.0], [2.0]]), np.array([[1e4], [8e3]]), 1.5) == 24e3


@given(
    leave=st.floats(0, 1), wait=st.floats(0, 24), month=st.floats(1, 60), hire=st.floats(0, 60),
    number=st.floats(0, 100), before=st.floats(0, 100),
)  # fmt: skip
def test_nobody_is_hired_or_paid_before_the_month_of_hiring(
    leave: float, wait: float, month: float, hire: float, number: float, before: float
) -> None:
    wanted = people.role_needed_people(month, number, hire, 0.01, 0.0, (1e6,), 0.0)
    left = people.role_left_people(before, leave)
    vacant = people.role_vacant_people(wanted, left, wait)
    if month < hire:
        assert wanted == 0
        assert people.role_hired_people(wanted, 0.0, 0.0) == 0
        assert vacant == 0
    assert 0 <= vacant <= wanted
    assert people.role_hired_people(wanted, before, left) >= 0


@given(salary=st.floats(0, 1e7), rate=st.floats(0.001, 10), pay=st.floats(1, 2), site=st.floats(0.5, 2))
def test_a_salary_in_another_currency_costs_what_it_is_worth(
    salary: float, rate: float, pay: float, site: float
) -> None:
    local = people.role_pay_usd_per_person_month(0.0, salary, rate, 1.0, pay)
    assert local == pytest.approx(people.role_pay_usd_per_person_month(salary * rate, 0.0, 1.0, 1.0, pay))
    dearer = people.role_pay_usd_per_person_month(0.0, salary, rate, site, pay)
    assert dearer == pytest.approx(local * site)


def test_office_tools_and_legal_advice_add_up_to_the_overhead() -> None:
    office = people.office_usd(7.0, 100.0, 0.4, 30.0)
    tools = people.tools_usd(7.0, 100.0, 0.4)
    assert (office, tools, people.legal_usd(50.0)) == (pytest.approx(310), pytest.approx(420), 50)
    assert people.overhead_usd(office, tools, 50.0, 5.0) == pytest.approx(785)


def test_a_company_without_listed_roles_has_nobody_to_pay() -> None:
    empty = np.zeros((0, 1))
    assert people.listed_people(empty) == 0
    assert people.staff_usd(empty, empty, empty) == 0
    assert people.recruiting_usd(empty, empty, 1.0) == 0
