"""Retention: the published sBG vectors, classes against the exact survival, calibration and lifetimes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from planner.formulas import retention

HIGH_END = (0.668088, 3.806096)
REGULAR = (0.704077, 1.182043)
# Fader and Hardie 2007, table 1: survival in per cent, years 0 to 12; the first seven years were fitted.
ACTUAL = {
    HIGH_END: (100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4),
    REGULAR: (100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3),
}
SURVIVAL = {
    HIGH_END: (1, 0.8507, 0.7469, 0.6698, 0.6099, 0.5618, 0.5222, 0.4889, 0.4604, 0.4358, 0.4142, 0.3951, 0.3780),
    REGULAR: (1, 0.6267, 0.4738, 0.3880, 0.3321, 0.2923, 0.2625, 0.2390, 0.2201, 0.2044, 0.1912, 0.1799, 0.1700),
}  # fmt: skip
OTHERS = (
    (0.3, 2.7), (0.5, 4.5), (1, 9), (2, 18), (5, 45), (0.2, 1.8), (0.1, 0.9), (0.5, 0.5), (0.3, 0.3), (0.1, 0.1),
    (1, 1), (3, 3), (0.05, 0.95), (0.05, 5), (0.3, 30), (20, 180), (0.5, 50), (0.01, 0.5), (1, 300),
)  # fmt: skip
MONTHS = range(61)


def classes(alpha: float, beta: float, number: int) -> tuple[np.ndarray, np.ndarray]:
    churn = retention.class_churn_share(alpha, beta, number)
    return np.asarray(churn), np.asarray(retention.class_weight_share(alpha, beta, churn))


def miss(alpha: float, beta: float, number: int) -> float:
    churn, weight = classes(alpha, beta, number)
    exact = [retention.survival_share(alpha, beta, age) for age in MONTHS]
    found = [retention.surviving_share(churn, weight, age).item() for age in MONTHS]
    return float(np.max(np.abs(np.subtract(found, exact))))


def log_likelihood(alpha: float, beta: float, survivors: np.ndarray) -> float:
    model = np.array([retention.survival_share(alpha, beta, age) for age in range(len(survivors))])
    left, leaving = survivors[:-1] - survivors[1:], model[:-1] - model[1:]
    return float(np.sum(left * np.log(leaving)) + survivors[-1] * np.log(model[-1]))


@pytest.mark.parametrize(("fit", "best"), [(HIGH_END, -1.611158), (REGULAR, -1.680265)])
def test_maximum_likelihood_finds_the_published_fit(fit: tuple[float, float], best: float) -> None:
    survivors = np.array(ACTUAL[fit][:8]) / 100
    found = minimize(
        lambda logs: -log_likelihood(*np.exp(logs), survivors), [0, 0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13},
    )  # fmt: skip
    np.testing.assert_allclose(np.exp(found.x), fit, rtol=2e-5)
    assert -found.fun == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("fit", SURVIVAL)
def test_survival_is_the_published_one(fit: tuple[float, float]) -> None:
    found = [retention.survival_share(*fit, age) for age in range(13)]
    np.testing.assert_allclose(found, SURVIVAL[fit], atol=5e-5)


def test_survival_after_twelve_years_and_mean_churn_are_the_published_ones() -> None:
    assert retention.survival_share(*HIGH_END, 12) == pytest.approx(0.377999, abs=1e-6)
    assert retention.survival_share(*REGULAR, 12) == pytest.approx(0.170037, abs=1e-6)
    for (alpha, beta), mean in ((HIGH_END, 0.1493), (REGULAR, 0.3733)):
        churn, weight = classes(alpha, beta, retention.CLASSES)
        assert np.sum(churn * weight) == pytest.approx(mean, abs=5e-5)


def test_retention_by_age_is_the_published_one() -> None:
    found = [retention.retention_share(*HIGH_END, age) for age in range(1, 9)]
    published = [0.8507, 0.8780, 0.8968, 0.9106, 0.9212, 0.9295, 0.9362, 0.9418]
    np.testing.assert_allclose(found, published, atol=5e-5)


@pytest.mark.parametrize(("fit", "expected"), [(HIGH_END, 5.922253), (REGULAR, 3.694908)])
def test_the_discounted_lifetime_is_the_known_sum(fit: tuple[float, float], expected: float) -> None:
    summed = sum(retention.survival_share(*fit, age) / 1.1**age for age in range(400))
    assert summed == pytest.approx(expected, rel=1e-6)
    churn, weight = classes(*fit, retention.CLASSES)
    assert retention.lifetime_periods(churn, weight, 0.1) == pytest.approx(expected, rel=1e-4)


def test_the_value_of_a_customer_with_one_churn_rate_is_the_textbook_one() -> None:
    # 35 a month, churn 3 %, discount 1 %: 35 x 1.01 / 0.04 = 883.75 at the start of each month, 35 less at its end
    churn, weight = np.array([[0.03]]), np.array([[1.0]])
    assert 35 * retention.lifetime_periods(churn, weight, 0.01) == pytest.approx(883.75, rel=1e-12)
    assert 35 * retention.lifetime_periods(churn, weight, 0.01) - 35 == pytest.approx(848.75, rel=1e-12)
    assert 35 * retention.lifetime_periods(churn, weight, 0.0) == pytest.approx(1166.6667, rel=1e-7)
    assert np.isinf(retention.lifetime_periods(np.array([[0.0]]), weight, 0.0))


def test_nine_classes_hold_survival_within_a_thousandth_and_eight_do_not() -> None:
    tried = (HIGH_END, REGULAR, *OTHERS)
    assert retention.CLASSES == 9
    assert max(miss(*fit, 9) for fit in tried) < 0.001
    assert max(miss(*fit, 8) for fit in tried) > 0.0015
    # as many equations as unknowns are exact: 2 x 9 moments, ages 0 to 17
    churn, weight = classes(*HIGH_END, 9)
    for age in range(18):
        exact = retention.survival_share(*HIGH_END, age)
        assert retention.surviving_share(churn, weight, age) == pytest.approx(exact, rel=1e-10)


@settings(max_examples=60)
@given(churn=st.floats(0, 1), survivors=st.floats(0, 1))
def test_calibration_gives_back_what_was_observed(churn: float, survivors: float) -> None:
    polarisation = retention.polarisation_share(churn, survivors, 12)
    alpha, beta = retention.alpha_ratio(churn, polarisation), retention.beta_ratio(churn, polarisation)
    stay = 1 - np.clip(churn, 1e-6, 1 - 1e-6)
    assert alpha / (alpha + beta) == pytest.approx(1 - stay, rel=1e-6)
    reachable = np.clip(survivors, stay**12, stay)
    assert retention.survival_share(alpha, beta, 12) == pytest.approx(reachable, abs=2e-5)


@settings(max_examples=60)
@given(churn=st.floats(0, 1), polarisation=st.floats(1e-6, 1 - 1e-6))
def test_classes_are_shares_that_sum_to_one_whatever_is_asked(churn: float, polarisation: float) -> None:
    alpha, beta = retention.alpha_ratio(churn, polarisation), retention.beta_ratio(churn, polarisation)
    rates, weights = classes(float(alpha), float(beta), retention.CLASSES)
    assert rates.shape == weights.shape == (retention.CLASSES, 1)
    assert np.all((rates >= 0) & (rates <= 1) & (weights >= 0))
    assert np.all(np.diff(rates, axis=0) >= 0)
    assert weights.sum() == pytest.approx(1, rel=1e-12)


def test_draws_lie_along_the_last_axis_and_do_not_disturb_each_other() -> None:
    alphas, betas = np.array([0.668, 0.704, 5.0]), np.array([3.806, 1.182, 45.0])
    churn = retention.class_churn_share(alphas, betas)
    weight = retention.class_weight_share(alphas, betas, churn)
    assert np.shape(churn) == np.shape(weight) == (retention.CLASSES, 3)
    for draw, (alpha, beta) in enumerate(zip(alphas, betas, strict=True)):
        alone = classes(float(alpha), float(beta), retention.CLASSES)
        np.testing.assert_allclose(np.asarray(churn)[:, [draw]], alone[0], rtol=1e-9)
        np.testing.assert_allclose(np.asarray(weight)[:, [draw]], alone[1], rtol=1e-7, atol=1e-15)
