"""Privacy and security: calendar of compliance, breaches with their tail and insurance, requests, private training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import privacy

RECORDS = 1.8e4


def test_an_audit_is_paid_in_its_month_and_then_each_year() -> None:
    months = np.array([6.0]), np.array([10e3]), np.array([4e3])
    paid = [float(privacy.compliance_usd(month, *months)) for month in range(1, 37)]
    assert [month for month, usd in enumerate(paid, start=1) if usd] == [6, 18, 30]
    assert (paid[5], paid[17], paid[29]) == (10e3, 4e3, 4e3)


def test_regimes_add_up_and_an_uncertain_month_counts_as_the_next_whole_one() -> None:
    month, first, yearly = (
        np.array([[2.3, 2.9], [3.0, 7.0]]),
        np.array([[1.0], [10.0]]),
        np.array([[5.0], [50.0]]),
    )
    np.testing.assert_array_equal(privacy.compliance_usd(3.0, month, first, yearly), [11.0, 1.0])
    np.testing.assert_array_equal(privacy.compliance_usd(15.0, month, first, yearly), [55.0, 5.0])
    assert privacy.compliance_usd(1.0, np.zeros((0, 1)), np.zeros((0, 1)), np.zeros((0, 1))) == 0


def test_a_breach_at_the_reference_has_its_chance_and_its_cost() -> None:
    monthly = privacy.breach_rate_share_per_month(0.12, RECORDS, RECORDS, 1.0)
    assert monthly == pytest.approx(1 - np.exp(-0.01 / 2))
    assert privacy.breach_rate_share_per_month(0.12, 1e12, RECORDS, 2.0) == pytest.approx(
        1 - np.exp(-0.01 / 2)
    )
    assert privacy.breach_severity_usd(4.44e6, 1.0, RECORDS, RECORDS, 0.76) == 4.44e6
    # A tenth of the records: 0.1^0.76 = 0.1738 of the cost.
    small = privacy.breach_severity_usd(4.44e6, 1.0, RECORDS / 10, RECORDS, 0.76)
    assert small == pytest.approx(4.44e6 * 0.1**0.76)


def test_without_records_there_is_no_breach_no_premium_and_no_request() -> None:
    assert privacy.breach_rate_share_per_month(0.2, 0.0, RECORDS, 1.0) == 0
    assert privacy.breach_severity_usd(4.44e6, 1.0, 0.0, RECORDS, 0.76) == 0
    assert privacy.breach_happened_share(0.999999, 0.0) == 0
    assert privacy.insurance_usd(0.0, 1e6, 0.02) == 0
    assert privacy.erasure_requests(0.0, 1e-3) == 0


@given(st.floats(0, 1e9), st.floats(0, 1e7), st.floats(0, 1e8))
def test_the_insurer_pays_between_nothing_and_the_limit(
    severity: float, deductible: float, limit: float
) -> None:
    paid = float(privacy.breach_payout_usd(severity, deductible, limit))
    assert 0 <= paid <= limit
    assert paid <= max(severity - deductible, 0)
    assert privacy.breach_net_usd(severity, 0.0, paid) >= min(severity, deductible) - 1e-9 * severity


def test_as_many_breaches_happen_in_the_draws_as_are_to_be_expected() -> None:
    shocks = (np.arange(100_000) + 0.5) / 100_000
    assert privacy.breach_happened_share(shocks, 0.0123).mean() == pytest.approx(0.0123, rel=1e-3)
    assert privacy.breach_happened_share(0.5, 0.3) == 0, (
        "the central path has none while they are rarer than not"
    )


def test_private_training_costs_more_in_proportion() -> None:
    assert privacy.privacy_overhead_ratio(0.0, 2.5) == 1.0
    assert privacy.privacy_overhead_ratio(1.0, 2.5) == 2.5
    assert privacy.privacy_overhead_ratio(0.5, 2.0) == 1.5


def test_a_fine_is_so_many_months_of_revenue() -> None:
    assert privacy.breach_fine_usd(250e3, (), 0.48) == pytest.approx(0.04 * 12 * 250e3)
    # A principal books 250,000 of which partners keep 50,000, an agent 200,000: the fine is the same.
    assert privacy.breach_fine_usd(250e3, (50e3, 0.0), 0.48) == privacy.breach_fine_usd(200e3, (0.0,), 0.48)
