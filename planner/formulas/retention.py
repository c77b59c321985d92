"""How long customers stay when they differ: classes that each leave at a rate of their own, month after month.

Churn rates are spread over customers as a beta distribution (alpha, beta): the shifted beta-geometric. In its place
stand a few classes with the rates and weights of Gauss-Jacobi quadrature, so that a model needs no ages: each class is
one stock, and its rate may move with the month.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.units import Array

CLASSES = 9
"""Fewest classes that keep survival within 0.001 over 60 periods for all (alpha, beta) tried; eight miss by 0.002."""
EDGE_SHARE = 1e-6
"""How close a churn rate may come to none or all, and customers to being all alike or of two kinds only."""
NEWTON_STEPS = 12
"""Two more than bring survival to within 1e-5 of what was asked wherever it lies (the tests try)."""


def retention_share(alpha: Array, beta: Array, age: Array) -> Array:
    """Return the share of the customers who stay of those who have stayed so far, at an age of 1, 2, ... periods.

    Source: Fader and Hardie 2007, Journal of Interactive Marketing 21(1).
    """
    return (beta + age - 1.0) / (alpha + beta + age - 1.0)


def survival_share(alpha: Array, beta: Array, age: int) -> Array:
    """Return the share of the customers who are there after so many periods, B(alpha, beta + age) / B(alpha, beta).

    Source: Fader and Hardie 2007, Journal of Interactive Marketing 21(1), as a product of retention shares.
    """
    survivors = 1.0 + 0.0 * (alpha + beta)
    for each in range(1, age + 1):
        survivors = survivors * retention_share(alpha, beta, each)
    return survivors


def polarisation_share(first_churn_share: Array, survivors_share: Array, age: int) -> Array:
    """Return 1 / (alpha + beta + 1), how much customers differ, from the first period's churn and later survival.

    Zero is customers who are all alike, who would survive as (1 - churn)^age; one is customers who leave at once or
    never, of whom 1 - churn survive. Survival outside this range is taken as the nearest end.

    Source: definition of the intraclass correlation of a beta distribution; solved by Newton's method, which comes
    from below without overshooting since the logarithm of survival rises with it and is concave.
    """
    stay = 1.0 - np.clip(first_churn_share, EDGE_SHARE, 1.0 - EDGE_SHARE)
    wanted = np.log(np.clip(survivors_share, stay**age, stay))
    share = 0.0 * wanted
    for _ in range(NEWTON_STEPS):
        level, slope = np.log(stay), 0.0 * wanted
        for j in range(1, age):
            level = level + np.log((stay + (j - stay) * share) / (1.0 + (j - 1.0) * share))
            slope = slope + (j - stay) / (stay + (j - stay) * share) - (j - 1.0) / (1.0 + (j - 1.0) * share)
        share = np.clip(share + (wanted - level) / slope, 0.0, 1.0)
    found: Array = np.clip(share, EDGE_SHARE, 1.0 - EDGE_SHARE)
    return found


def alpha_ratio(first_churn_share: Array, polarisation: Array) -> Array:
    """Return alpha from the first period's churn, alpha / (alpha + beta), and the polarisation 1 / (alpha + beta + 1).

    Source: definition.
    """
    return np.clip(first_churn_share, EDGE_SHARE, 1.0 - EDGE_SHARE) * (1.0 - polarisation) / polarisation


def beta_ratio(first_churn_share: Array, polarisation: Array) -> Array:
    """Return beta from the first period's churn, alpha / (alpha + beta), and the polarisation 1 / (alpha + beta + 1).

    Source: definition.
    """
    return alpha_ratio(1.0 - first_churn_share, polarisation)


def class_churn_share(alpha: Array, beta: Array, classes: int = CLASSES) -> Array:
    """Return the churn of each class, `(classes, draws)`, rising: the nodes of Gauss-Jacobi quadrature.

    Source: Golub and Welsch 1969, Mathematics of Computation 23: eigenvalues of the matrix of the recurrence.
    """
    centres, squares = _recurrence(alpha, beta, classes)
    matrix = np.zeros((centres.shape[1], classes, classes))
    at = np.arange(classes)
    matrix[:, at, at] = centres.T
    matrix[:, at[1:], at[:-1]] = np.sqrt(squares[1:]).T  # the lower triangle is all that is read
    return np.clip(np.linalg.eigvalsh(matrix).T, 0.0, 1.0)


def class_weight_share(alpha: Array, beta: Array, churn_share: Array) -> Array:
    """Return the share of the new customers who belong to each class, `(classes, draws)`.

    Source: Golub and Welsch 1969, Mathematics of Computation 23: one over the sum of squared orthonormal polynomials.
    """
    churn = np.asarray(churn_share, dtype=float)
    centres, squares = _recurrence(alpha, beta, len(churn) if churn.ndim else 1)
    before, here = np.zeros_like(churn + centres[0]), np.ones_like(churn + centres[0])
    total = here.copy()
    for n in range(len(centres) - 1):
        inside = (churn - centres[n]) * here - np.sqrt(squares[n]) * before
        before, here = here, inside / np.sqrt(squares[n + 1])
        total += here**2
    weight: Array = 1.0 / total / np.sum(1.0 / total, axis=0)
    return weight


def surviving_share(class_churn: Array, class_weight: Array, age: int) -> Array:
    """Return the share of the customers of all classes who are still there after so many periods.

    Source: definition of a mixture of geometric lifetimes.
    """
    survivors: Array = np.sum(class_weight * (1.0 - class_churn) ** age, axis=0)
    return survivors


def lifetime_periods(class_churn: Array, class_weight: Array, discount_share: Array) -> Array:
    """Return the periods that a new customer pays for, each at its start, later ones discounted; infinite without end.

    Source: definition: the sum over ages of survival / (1 + discount)^age, for each class a geometric series.
    """
    with np.errstate(divide="ignore"):  # nobody leaves and nothing is discounted: the sum has no end
        lasting = np.divide(1.0 + discount_share, class_churn + discount_share)
    periods: Array = np.sum(class_weight * lasting, axis=0)
    return periods


def _recurrence(alpha: Array, beta: Array, classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centres and squared steps, `(classes, draws)`, of the polynomials orthogonal under the beta density.

    Source: recurrence of the Jacobi polynomials (Abramowitz and Stegun 1964, chapter 22), moved to the interval 0 to 1.
    """
    a, b = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=float)) for x in (alpha, beta)))
    n = np.arange(1.0, classes)[:, None]
    s = 2.0 * n + a + b - 2.0
    centres = 0.5 + (a - b) * (a + b - 2.0) / (2.0 * s * (s + 2.0))
    m, t = n[1:], s[1:]
    squares = m * (m + a - 1.0) * (m + b - 1.0) * (m + a + b - 2.0) / (t**2 * (t + 1.0) * (t - 1.0))
    mean, spread = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1.0))
    return np.vstack([mean, centres]), np.vstack([0.0 * mean, spread, squares])[:classes]
