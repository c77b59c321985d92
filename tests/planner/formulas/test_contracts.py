"""Contracts that churn only at renewal, against the sum over all cohorts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.formulas import contracts

MONTHS = 40
signed = st.lists(st.floats(0, 1e6), min_size=MONTHS, max_size=MONTHS)
churned = st.lists(st.floats(0, 1), min_size=MONTHS, max_size=MONTHS)


def run(new: list[float], churn: list[float]) -> list[np.ndarray]:
    """The slots at the end of each month."""
    slots, found = 0.0, []
    for signing, leaving in zip(new, churn, strict=True):
        slots = contracts.renewed(slots, leaving, signing)
        found.append(slots)
    return found


def cohort_sum(new: list[float], churn: list[float], month: int) -> float:
    """Everybody who signed, times the renewals survived since: one every twelfth month, the last one this month."""
    total = 0.0
    for start in range(month + 1):
        survival = np.prod([1 - churn[renewal] for renewal in range(start + 12, month + 1, 12)])
        total += new[start] * float(survival)
    return total


@settings(max_examples=50)
@given(new=signed, churn=churned)
def test_the_slots_are_the_sum_over_all_cohorts(new: list[float], churn: list[float]) -> None:
    for month, slots in enumerate(run(new, churn)):
        assert slots.shape == (12,)
        assert np.sum(slots) == pytest.approx(cohort_sum(new, churn, month), rel=1e-12, abs=1e-9)


@settings(max_examples=50)
@given(new=signed, churn=churned)
def test_nobody_leaves_before_the_first_renewal(new: list[float], churn: list[float]) -> None:
    for month, slots in enumerate(run(new, churn)[:12]):
        assert np.sum(slots) == pytest.approx(sum(new[: month + 1]), rel=1e-12)


@settings(max_examples=50)
@given(new=signed, churn=churned, more=st.floats(0, 1))
def test_more_churn_never_leaves_more_customers(new: list[float], churn: list[float], more: float) -> None:
    higher = [share + more * (1 - share) for share in churn]
    for few, many in zip(run(new, higher), run(new, churn), strict=True):
        assert np.all(few <= many * (1 + 1e-12))


def test_a_hundred_customers_of_one_month() -> None:
    # signed in month 1; a tenth leaves in month 13, a tenth of the rest in month 25
    totals = [float(np.sum(slots)) for slots in run([100.0, *[0.0] * 39], [0.1] * MONTHS)]
    assert totals[:12] == [100.0] * 12
    assert totals[12:24] == pytest.approx([90.0] * 12)
    assert totals[24] == pytest.approx(81.0)


def test_those_due_are_the_ones_who_signed_a_year_ago() -> None:
    slots = run([float(month) for month in range(1, 14)], [0.0] * 13)
    assert contracts.due(slots[11]) == 1.0  # signed in month 1, due in month 13
    assert contracts.due(slots[12]) == 2.0
    assert slots[12][11] == 1.0 + 13.0  # renewed, and the new ones of month 13


def test_who_pays_for_the_year_is_owed_one_month_less_each_month() -> None:
    owed = [float(contracts.paid_ahead_months(s)) for s in run([1.0, *[0.0] * 12], [0.0] * 13)]
    assert owed == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11]


def test_steady_signing_ends_at_a_year_of_signing_over_the_churn() -> None:
    slots = 0.0
    for _ in range(1200):
        slots = contracts.renewed(slots, 0.2, 3.0)
    assert np.sum(slots) == pytest.approx(12 * 3 / 0.2)


def test_items_and_draws_are_the_same_as_one_by_one() -> None:
    random = np.random.default_rng(3)
    new, churn = random.uniform(0, 9, (30, 2, 5)), random.uniform(0, 1, (30, 2, 1))
    slots = 0.0
    for month in range(30):
        slots = contracts.renewed(slots, churn[month], new[month])
    assert slots.shape == (12, 2, 5)
    for item in range(2):
        for draw in range(5):
            alone = run(list(new[:, item, draw]), list(churn[:, item, 0]))[-1]
            np.testing.assert_array_equal(slots[:, item, draw], alone)
    assert contracts.paid_ahead_months(slots).shape == (2, 5)
