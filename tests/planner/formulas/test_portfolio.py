"""Concentration, diversification, the largest customers and shared chance, against known answers and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import portfolio

parts = st.lists(st.floats(0, 1e9), min_size=1, max_size=8).map(np.array)


@given(parts=parts)
def test_concentration_lies_between_equal_parts_and_one(parts: np.ndarray) -> None:
    found = float(portfolio.concentration_share(parts))
    if not np.any(parts):
        assert np.isnan(found)
    else:
        assert 1 / len(parts) * (1 - 1e-9) <= found <= 1 + 1e-9
        assert np.sum(portfolio.shares(parts)) == pytest.approx(1)


def test_concentration_of_known_parts() -> None:
    assert portfolio.concentration_share(np.array([5.0, 5.0])) == 0.5
    assert portfolio.concentration_share(np.array([6.0, 3.0, 1.0])) == pytest.approx(0.36 + 0.09 + 0.01)
    assert portfolio.concentration_share(np.array([7.0, 0.0])) == 1.0
    assert np.isnan(portfolio.concentration_share(np.zeros((0, 1))))


@given(
    volatility=st.lists(st.floats(0.01, 2), min_size=1, max_size=6).map(np.array),
    loading=st.floats(0, 1),
    data=st.data(),
)
def test_spreading_never_adds_volatility(volatility: np.ndarray, loading: float, data: st.DataObject) -> None:
    size = len(volatility)
    weights = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=size, max_size=size)))
    ratio = float(portfolio.diversification_ratio(weights / weights.sum(), volatility, loading))
    assert 1 - 1e-9 <= ratio <= np.sqrt(size) * (1 + 1e-9)


def test_diversification_of_known_parts() -> None:
    equal = np.full(4, 0.25)
    assert portfolio.diversification_ratio(equal, 0.3, 0.0) == pytest.approx(2.0)  # independent: root of 4
    assert portfolio.diversification_ratio(equal, 0.3, 1.0) == pytest.approx(1.0)  # as one
    # two parts that correlate by 0.6 x 0.6 = 0.36: 1 / sqrt((1 + 0.36) / 2)
    half = np.full(2, 0.5)
    assert portfolio.diversification_ratio(half, 0.2, 0.6) == pytest.approx(1 / np.sqrt(0.68))
    assert np.isnan(portfolio.diversification_ratio(np.zeros(2), 0.2, 0.6))


def test_the_largest_of_one_part_pay_as_the_pareto_distribution_says() -> None:
    # five of 500 customers at 10 each, spread 0.5: (5 / 500)^0.5 = a tenth of 5000
    found = portfolio.largest_usd(np.array([10.0]), np.array([500.0]), 0.5, 5.0)
    assert found == pytest.approx(500.0)
    # hardly any spread: five times the average; fewer than five customers: everything
    assert portfolio.largest_usd(np.array([10.0]), np.array([500.0]), 0.01, 5.0) == pytest.approx(
        50, rel=0.05
    )
    assert portfolio.largest_usd(np.array([10.0]), np.array([3.0]), 0.3, 5.0) == pytest.approx(30.0)
    assert portfolio.largest_usd(np.array([10.0, 7.0]), np.zeros(2), 0.3, 5.0) == 0.0


def test_the_largest_of_several_parts_are_those_of_their_union() -> None:
    # Customer after customer of each part, from the largest: the first k of n pay (k / n)^(1 - spread) of all.
    spread, count, mean = 0.4, (4000, 1000), (2.0, 9.0)
    sizes = [
        m * n * np.diff((np.arange(n + 1) / n) ** (1 - spread)) for m, n in zip(mean, count, strict=True)
    ]
    largest = np.sort(np.concatenate(sizes))[-50:].sum()
    found = portfolio.largest_usd(np.array(mean), np.array(count, dtype=float), spread, 50.0)
    assert found == pytest.approx(largest, rel=0.002)


@given(spread=st.floats(0.01, 1), largest=st.floats(0.5, 60), data=st.data())
def test_the_largest_never_pay_more_than_all(spread: float, largest: float, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 4))
    numbers = st.lists(st.floats(0, 1e6), min_size=size, max_size=size).map(np.array)
    paid, customers = data.draw(numbers), data.draw(numbers)
    found = float(portfolio.largest_usd(paid, customers, spread, largest))
    assert 0 <= found <= np.sum(paid * customers) * (1 + 1e-12)


def test_surprises_have_unit_variance_and_demand_keeps_its_mean() -> None:
    uniform = (np.arange(200_000) + 0.5) / 200_000
    score = portfolio.score_ratio(uniform)
    assert portfolio.score_ratio(0.5) == 0.0
    assert np.mean(score) == pytest.approx(0, abs=1e-9)
    assert np.std(score) == pytest.approx(1, rel=1e-3)
    random = np.random.default_rng(1).permuted(np.tile(score, (24, 1)), axis=1)
    state, persistence, volatility = 0.0, 0.9, 0.3
    for month in range(1, 25):
        state = portfolio.persisted(state, random[month - 1], persistence)
        swayed = portfolio.swayed_ratio(float(month), state, volatility, persistence)
        assert np.mean(swayed) == pytest.approx(1, abs=0.01)
    assert np.std(state) == pytest.approx(np.sqrt(1 - 0.9**48), rel=0.02)


def test_a_value_today_is_discounted_by_months_for_any_number_of_parts() -> None:
    rows = np.zeros((13, 2, 1))
    rows[0, 0], rows[12, 1] = 5.0, 11.0  # a year later at ten per cent: 10
    found = portfolio.present_value_usd(rows, 0.1)
    np.testing.assert_allclose(found[:, 0], [5.0, 10.0])
    np.testing.assert_allclose(portfolio.present_value_usd(rows[:, 1], np.array([0.1])), [10.0])
