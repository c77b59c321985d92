"""New money: rounds with their chance and delay, SAFEs, loans with interest and repayment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import funding


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 1)


def money(
    month: float, months: np.ndarray, usd: np.ndarray, delay: float = 0.0, success: float = 1.0
) -> float:
    ones = np.ones_like(months)
    come = funding.round_come_month(months, delay * ones)
    given = usd, success * ones, 0.5 * ones
    safe = funding.new_safe_usd(month, come, funding.safe_round_usd(*given))
    priced = funding.new_priced_usd(month, come, funding.priced_round_usd(*given))
    return float(np.sum(funding.new_funding_usd(safe, priced)))


@pytest.mark.parametrize(
    ("months", "amounts", "expected"),
    [
        ((3.0,), (5.0,), [0, 0, 5, 0, 0]),
        ((3.0, 3.0), (5.0, 2.0), [0, 0, 7, 0, 0]),
        ((2.4,), (5.0,), [0, 0, 5, 0, 0]),  # in the middle of month three
        ((0.0,), (5.0,), [5, 0, 0, 0, 0]),
        ((9.0,), (5.0,), [0, 0, 0, 0, 0]),
        ((), (), [0, 0, 0, 0, 0]),
    ],
)
def test_a_round_arrives_once(
    months: tuple[float, ...], amounts: tuple[float, ...], expected: list[float]
) -> None:
    assert [money(float(m), column(*months), column(*amounts)) for m in range(1, 6)] == expected


def test_a_round_may_come_late_and_may_fail() -> None:
    late = [money(float(m), column(2), column(8), delay=1.5) for m in range(1, 6)]
    assert late == [0, 0, 0, 8, 0]
    assert money(2.0, column(2), column(8), success=0.0) == 0
    assert money(2.0, column(2), column(8), success=0.25) == 2


def loan(
    months: int, at: float, usd: float, term: float, rate: float
) -> tuple[list[float], list[float], list[float]]:
    owed, interest, repaid, before = [], [], [], 0.0
    arguments = (column(at), column(usd), column(term))
    for month in map(float, range(1, months + 1)):
        owed.append(float(np.sum(funding.debt_usd(month, *arguments))))
        new = float(np.sum(funding.new_debt_usd(month, column(at), column(usd))))
        repaid.append(float(funding.loan_repayments_usd(before, new, owed[-1])))
        interest.append(float(np.sum(funding.interest_usd(month, *arguments, column(rate)))))
        before = owed[-1]
    return owed, interest, repaid


def test_a_loan_of_1200_over_four_months_at_twelve_per_cent() -> None:
    owed, interest, repaid = loan(7, 2, 1200, 4, 0.12)
    assert owed == pytest.approx([0, 1200, 900, 600, 300, 0, 0])
    assert repaid == pytest.approx([0, 0, 300, 300, 300, 300, 0])
    assert interest == pytest.approx([0, 0, 12, 9, 6, 3, 0])


@given(
    at=st.floats(0, 20), usd=st.floats(0, 1e7), term=st.floats(0.1, 30), rate=st.floats(0, 1)
)  # fmt: skip
def test_a_loan_is_repaid_to_the_last_and_costs_as_much_as_was_owed(
    at: float, usd: float, term: float, rate: float
) -> None:
    owed, interest, repaid = loan(60, at, usd, term, rate)
    assert min(owed) >= 0
    assert min(repaid) >= -1e-9 * usd
    assert sum(repaid) == pytest.approx(usd, rel=1e-9, abs=1e-9)
    assert sum(interest) == pytest.approx(sum(owed) * rate / 12, rel=1e-9, abs=1e-9)
