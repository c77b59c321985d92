"""The incomplete beta function and its inverse, for one share or many, without the time that scipy takes to import."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TINY = 1e-300
PRECISION = 1e-16
MOST_TERMS = 500
STEPS = 4
"""Halley's steps to the quantiles of a PERT distribution; after three the logarithm is within 1e-15 of its place."""


def incomplete_beta(alpha: float, beta: float, x: float) -> float:
    """Return the share of a beta distribution that lies below `x` (both shapes at least 1, `x` in 0..1).

    Source: continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions.
    """
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (alpha + 1.0) / (alpha + beta + 2.0):  # there the mirrored fraction converges faster
        return 1.0 - incomplete_beta(beta, alpha, 1.0 - x)
    log_front = (
        math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
        + alpha * math.log(x) + beta * math.log1p(-x)
    )  # fmt: skip
    return math.exp(log_front) / alpha / _continued_fraction(alpha, beta, x)[0]


def inverse_incomplete_beta(alpha: float, beta: float, share: float) -> float:
    """Return the quantile of a beta distribution, by bisection down to the spacing of floats."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if incomplete_beta(alpha, beta, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def pert_quantiles(alpha: float, beta: float, shares: Array) -> Array:
    """Return the quantiles of a beta distribution whose shapes are at least 1 and sum to 6, at shares inside (0, 1).

    All are worked out alike, so that none depends on which others there are.
    """
    # On either side of the border, where the continued fraction converges fast, the end that is nearer is exact.
    border = _border(alpha, beta)
    is_low = shares <= incomplete_beta(alpha, beta, border)
    found = np.empty_like(shares)
    found[is_low] = _low_quantiles(alpha, beta, shares[is_low])
    found[~is_low] = 1.0 - _low_quantiles(beta, alpha, 1.0 - shares[~is_low])
    return found


def _border(alpha: float, beta: float) -> float:
    return (alpha + 1.0) / (alpha + beta + 2.0)


def _low_quantiles(alpha: float, beta: float, shares: Array) -> Array:
    """Return quantiles below the border, by Halley's method on the logarithms of the value and of the share below it.

    There the curve is nearly a line, and bends down, so that no step from its start overshoots.
    """
    log_border = math.log(_border(alpha, beta))
    log_front = math.lgamma(alpha + beta) - math.lgamma(alpha + 1.0) - math.lgamma(beta)
    fractions = _partial_numerators(alpha, beta)
    wanted = np.log(shares) - log_front
    log_x = np.minimum(wanted / alpha, log_border)
    for _ in range(STEPS):
        x = np.exp(log_x)
        fraction = np.ones_like(x)
        for numerator in reversed(fractions):
            fraction = 1.0 + numerator * x / fraction
        slope = alpha * fraction / (1.0 - x)
        bend = alpha - (beta - 1.0) * x / (1.0 - x) - slope
        step = (wanted - alpha * log_x - beta * np.log1p(-x) + np.log(fraction)) / slope
        log_x = np.minimum(log_x + step / (1.0 + step * bend / 2.0), 0.5 * log_border)
    return np.exp(log_x)


def _partial_numerators(alpha: float, beta: float) -> list[float]:
    """Return d1 / x, d2 / x, ... of the continued fraction, as many as it takes at the border."""
    count = _continued_fraction(alpha, beta, _border(alpha, beta))[1]
    return [_partial_numerator(alpha, beta, term) for term in range(1, count + 1)]


def _partial_numerator(alpha: float, beta: float, term: int) -> float:
    m = term // 2
    if term % 2:
        return -(alpha + m) * (alpha + beta + m) / ((alpha + 2 * m) * (alpha + 2 * m + 1))
    return m * (beta - m) / ((alpha + 2 * m - 1) * (alpha + 2 * m))


def _continued_fraction(alpha: float, beta: float, x: float) -> tuple[float, int]:
    """Return 1 + d1 / (1 + d2 / (1 + ...)) by Lentz's method (Thompson and Barnett 1986), and the terms it takes."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        step = _partial_numerator(alpha, beta, term) * x
        d = 1.0 / ((1.0 + step * d) or TINY)
        c = (1.0 + step / c) or TINY
        value *= c * d
        if abs(c * d - 1.0) < PRECISION:
            break
    return value, term
