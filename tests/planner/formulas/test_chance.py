"""Numbers by chance, against the exact distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from planner.formulas import chance

EVEN = (np.arange(20_000) + 0.5) / 20_000
ENDS = np.array([2.0**-54, 1e-12, 1e-6, 0.075, 0.5, 0.925, 1 - 1e-12, 1 - 2.0**-53])


def test_the_normal_score_is_the_inverse_of_the_normal_share() -> None:
    for shares in (EVEN, ENDS):
        np.testing.assert_allclose(chance.normal_score(shares), ndtri(shares), rtol=2e-7, atol=2e-7)
    scores = np.linspace(-9, 9, 721)
    np.testing.assert_allclose(chance.normal_share(scores), ndtr(scores), atol=1e-7)
    assert float(chance.normal_score(0.5)) == 0


@pytest.mark.parametrize("expected", [0.0, 1e-9, 0.1, 1.0, 4.5, 10.0])
def test_few_events_are_counted_exactly(expected: float) -> None:
    np.testing.assert_array_equal(chance.poisson_count(expected, EVEN), poisson.ppf(EVEN, expected))
    assert np.all(np.isfinite(chance.poisson_count(expected, ENDS)))


@pytest.mark.parametrize("expected", [10.001, 12.3, 40.0, 1e3, 1e6])
def test_many_events_have_the_mean_and_the_variance_of_their_number(expected: float) -> None:
    found = chance.poisson_count(expected, EVEN)
    assert np.max(np.abs(found - poisson.ppf(EVEN, expected))) <= 1
    assert found.mean() == pytest.approx(expected, rel=2e-3)
    assert found.var() == pytest.approx(expected, rel=0.02)
    assert np.all(chance.poisson_count(expected, ENDS) >= 0)


def test_few_and_many_stand_side_by_side() -> None:
    expected = np.array([0.3, 30.0])
    at = np.array([0.9, 0.9])
    np.testing.assert_array_equal(chance.poisson_count(expected, at), poisson.ppf(at, expected))


def test_on_the_central_path_expectations_are_completed() -> None:
    # 0.4 a month: the fifth month completes the second event
    assert float(chance.completed_or_drawn(0.4, 2.1, 1.7, 0.5)) == 1
    assert float(chance.completed_or_drawn(0.4, 1.7, 1.3, 0.5)) == 0
    assert float(chance.completed_or_drawn(0.4, 1.7, 1.3, 0.95)) == poisson.ppf(0.95, 0.4)


@pytest.mark.parametrize("count", [1.0, 2.0, 25.0])
def test_a_sum_has_its_mean_and_its_variance(count: float) -> None:
    found = count * chance.sum_ratio(count, 0.8, EVEN)
    assert found.mean() == pytest.approx(count, rel=2e-3)
    assert found.var() == pytest.approx(count * np.expm1(0.64), rel=0.03)
    assert float(chance.sum_ratio(count, 0.8, 0.5)) == 1


def test_the_largest_have_their_share() -> None:
    # without any difference their number, and all of it where there are no more
    np.testing.assert_allclose(chance.largest_share(np.array([0.1, 0.5]), 0.0), [0.1, 0.5], atol=2e-7)
    np.testing.assert_array_equal(chance.largest_share(np.array([1.0, 7.0, np.inf]), 0.9), 1.0)
    values = np.sort(np.exp(0.9 * ndtri(EVEN)))
    top_tenth = values[-2_000:].sum() / values.sum()
    assert float(chance.largest_share(0.1, 0.9)) == pytest.approx(top_tenth, rel=5e-3)


def test_no_number_is_too_ugly() -> None:
    ugly = np.array([0.0, 1e-300, 1e3, 60.0])
    for spread in (0.0, 60.0, 1e6):
        assert np.all(np.isfinite(chance.sum_ratio(ugly, spread, 0.999)))
        assert np.all(np.isfinite(chance.largest_share(ugly, spread)))
