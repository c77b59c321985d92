"""Adoption, erosion, elasticity and collection, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import units
from planner.formulas import market

positive = st.floats(1e-6, 1e12)


def bass_closed(p: float, q: float, market_size: float, time: float) -> float:
    return float(market_size * market.bass_share(time, p, q))


def bass_discrete(p: float, q: float, market_size: float, periods: int) -> list[float]:
    adopted = [0.0]
    for _ in range(periods):
        hazard = market.adoption_hazard(p, q, adopted[-1] / market_size)
        adopted.append(adopted[-1] + float(market.adopters(market_size - adopted[-1], hazard)))
    return adopted


def test_the_closed_form_of_bass_is_the_known_one() -> None:
    assert bass_closed(0.03, 0.38, 1e5, 1) == pytest.approx(3575.8164, rel=1e-7)
    assert bass_closed(0.03, 0.38, 1e5, 10) == pytest.approx(81280.3221, rel=1e-7)


def test_the_peak_of_bass_lies_where_it_is_known_to_lie() -> None:
    p, q, size, peak = 0.03, 0.38, 1e5, 6.192619197703112
    assert np.log(q / p) / (p + q) == pytest.approx(peak, rel=1e-12)
    assert market.bass_share(peak, p, q) == pytest.approx(0.4605263158, rel=1e-9)  # 1/2 - p / 2q
    assert bass_closed(p, q, size, 5) == pytest.approx(33119.8642, rel=1e-8)
    rate = market.adoption_hazard(p, q, market.bass_share(peak, p, q)) * (
        size - bass_closed(p, q, size, peak)
    )
    assert rate == pytest.approx(11059.210526, rel=1e-9)


def test_the_recursion_of_the_textbook_is_another_curve() -> None:
    # It takes the hazard itself as the share that adopts; the planner uses 1 - exp(-hazard), never more than all.
    known = [
        3000, 7015.8, 12284.2885, 19010.3552, 27290.6839, 37012.2538, 47760.8963, 58809.0178, 69249.8718, 78264.2569,
    ]  # fmt: skip
    adopted, recursion = 0.0, []
    for _ in known:
        adopted += float(market.adoption_hazard(0.03, 0.38, adopted / 1e5)) * (1e5 - adopted)
        recursion.append(adopted)
    np.testing.assert_allclose(recursion, known, rtol=1e-8)
    closed = np.array([bass_closed(0.03, 0.38, 1e5, year) for year in range(1, 11)])
    assert np.max(np.abs(recursion / closed - 1)) == pytest.approx(0.18, abs=0.005)


def test_without_innovation_the_curve_is_logistic() -> None:
    # steps of a hundredth: from 1 % of the market, 1 / (1 + 99 exp(-0.5 t))
    share = 0.01
    for _ in range(1000):
        share += float(market.adopters(1 - share, market.adoption_hazard(0.0, 0.005, share)))
    assert share == pytest.approx(1 / (1 + 99 * np.exp(-5)), rel=0.01)


def test_nonlinear_least_squares_finds_the_published_fit_of_recorder_sales() -> None:
    # VCR sales 1980 to 1989 in thousands (Cowpertwait and Metcalfe 2009): M 67,981, P 0.00659, Q 0.638
    from scipy.optimize import curve_fit

    sales = [840, 1470, 2110, 4000, 7590, 10950, 10530, 9470, 7790, 5890]
    years = np.arange(1.0, 11.0)

    def density(time: np.ndarray, size: float, p: float, q: float) -> np.ndarray:
        share = market.bass_share(time, p, q)
        return np.asarray(size * market.adoption_hazard(p, q, share) * (1 - share))

    found, _ = curve_fit(density, years, sales, p0=[6e4, 0.01, 0.5], xtol=1e-12, ftol=1e-12)
    np.testing.assert_allclose(found, [67980.9087, 0.00659396, 0.63809125], rtol=1e-5)
    error = np.sqrt(np.sum((sales - density(years, *found)) ** 2) / (len(sales) - 3))
    assert error == pytest.approx(727.1931, rel=1e-6)
    size, p, q = found
    assert np.log(q / p) / (p + q) == pytest.approx(7.09234, rel=1e-5)
    assert size * (p + q) ** 2 / (4 * q) == pytest.approx(11069.80, rel=1e-5)


def test_adoption_by_months_follows_the_closed_form_of_bass() -> None:
    # Yearly p = 0.03 and q = 0.38 taken by months: within 3 % of the curve in continuous time over ten years.
    found = bass_discrete(0.03 / 12, 0.38 / 12, 1e5, 120)
    closed = [bass_closed(0.03, 0.38, 1e5, month / 12) for month in range(121)]
    np.testing.assert_allclose(found[1:], closed[1:], rtol=0.03)
    # Yearly steps would be off by far more, which is why the model steps by months.
    assert abs(bass_discrete(0.03, 0.38, 1e5, 6)[6] / bass_closed(0.03, 0.38, 1e5, 6) - 1) > 0.05


def test_shorter_steps_come_to_the_closed_form() -> None:
    errors = [
        abs(bass_discrete(0.03 / n, 0.38 / n, 1e5, 5 * n)[-1] / bass_closed(0.03, 0.38, 1e5, 5) - 1)
        for n in (12, 48, 192)
    ]
    assert errors[0] > 3.5 * errors[1] > 3.5**2 * errors[2]
    assert errors[2] < 0.002


@given(remaining=positive, hazard=st.floats(0, 1e3))
def test_never_more_adopt_than_remain(remaining: float, hazard: float) -> None:
    assert 0 <= market.adopters(remaining, hazard) <= remaining


def test_a_price_erodes_from_the_second_month_on() -> None:
    assert market.eroded(10.0, 0.05, 1.0) == 10.0
    assert market.eroded(10.0, 0.05, 13.0) == pytest.approx(10 * 0.95**12, rel=1e-14)
    assert market.eroded(10.0, 0.0, 200.0) == 10.0


@given(amount=st.floats(0, 1e12), half=positive)
def test_saturation_lies_between_none_and_all(amount: float, half: float) -> None:
    assert 0 <= market.saturation_share(amount, half) <= 1
    assert market.saturation_share(half, half) == 0.5


@given(price=st.floats(0.01, 100), elasticity=st.floats(0, 3))
def test_demand_has_the_elasticity_that_was_given(price: float, elasticity: float) -> None:
    assert market.demand_ratio(2.0, 2.0, elasticity) == 1.0
    one_per_cent = market.demand_ratio(price * 1.01, 2.0, elasticity) / market.demand_ratio(
        price, 2.0, elasticity
    )
    assert np.log(one_per_cent) / np.log(1.01) == pytest.approx(-elasticity, abs=1e-9)


@given(billed=positive, days=st.floats(0, 400))
def test_in_a_steady_state_customers_owe_the_days_worth_of_bills(billed: float, days: float) -> None:
    steady = billed * days / units.DAYS_PER_MONTH
    assert market.outstanding_usd(steady, billed, days) == pytest.approx(steady, rel=1e-9)


@given(days=st.floats(0, 200))
def test_every_bill_is_paid_once(days: float) -> None:
    owed, paid = 0.0, 0.0
    for month in range(600):
        billed = 100.0 if month < 12 else 0.0
        after = float(market.outstanding_usd(owed, billed, days))
        assert 0 <= after <= owed + billed
        paid, owed = paid + owed + billed - after, after
    assert paid + owed == pytest.approx(1200, rel=1e-9)
    assert owed < 1e-6


def test_bills_that_are_paid_at_once_leave_nothing_owed() -> None:
    assert market.outstanding_usd(0.0, 100.0, 0.0) == 0
