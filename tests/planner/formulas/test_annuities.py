"""Equal payments against the tests of numpy-financial, whose signs say who pays; here money is positive."""

from __future__ import annotations

import pytest

from planner.formulas import annuities


def test_known_payments() -> None:
    assert annuities.payment(15000, 0.08 / 12, 60) == pytest.approx(304.145914)
    assert annuities.payments_worth(12000, 0.07, 20) == pytest.approx(127128.1709461939, rel=1e-12)
    assert annuities.payments_result(2000, 0.075, 20) == pytest.approx(86609.362673042924, rel=1e-12)
    assert annuities.payments_result(2000, 0.075, 20, is_ahead=True) == pytest.approx(93105.064874)
    assert annuities.periods_to_reach(100000, 2000, 0.075) == pytest.approx(21.544944)
    assert annuities.growth_rate(3500, 10000, 10) == pytest.approx(
        0.1106908537142689, rel=1e-9
    )  # iterated there


def test_interest_and_principal_of_known_loans() -> None:
    parts = [annuities.interest_part(2000, 0.10 / 12, 24, number) for number in (1, 2, 3, 4)]
    assert parts == pytest.approx([16.66666667, 16.03647345, 15.40102862, 14.76028842])
    assert annuities.principal_part(55000, 0.10 / 12, 60, 1) == pytest.approx(710.254125786)


def test_the_principal_parts_pay_the_loan_back() -> None:
    paid = sum(annuities.principal_part(1000.0, 0.02, 36, number) for number in range(1, 37))
    assert paid == pytest.approx(1000.0)


def test_without_interest_the_loan_is_divided() -> None:
    assert annuities.payment(1200.0, 0.0, 12) == pytest.approx(100.0)
    assert annuities.interest_part(1200.0, 0.0, 12, 5) == 0
