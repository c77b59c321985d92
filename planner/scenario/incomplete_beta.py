"""The inverse of the incomplete beta function with the standard library only, for medians without scipy."""

from __future__ import annotations

import math

TINY = 1e-300
PRECISION = 1e-16
MOST_TERMS = 500


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
    return math.exp(log_front) / alpha / _continued_fraction(alpha, beta, x)


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


def _continued_fraction(alpha: float, beta: float, x: float) -> float:
    """Return 1 + d1 / (1 + d2 / (1 + ...)) by Lentz's method (Thompson and Barnett 1986)."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        m = term // 2
        if term % 2:
            step = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2 * m) * (alpha + 2 * m + 1))
        else:
            step = m * (beta - m) * x / ((alpha + 2 * m - 1) * (alpha + 2 * m))
        d = 1.0 / ((1.0 + step * d) or TINY)
        c = (1.0 + step / c) or TINY
        value *= c * d
        if abs(c * d - 1.0) < PRECISION:
            break
    return value
