"""What happens by chance, read off uniform numbers: counts of events, values that differ, the part of the largest.

A uniform number of exactly one half is the central path, which stands for no chance at all: there an expectation comes
true. Of random numbers in double precision one in 2^53 is exactly that.
"""

from __future__ import annotations

import numpy as np

from planner.units import Array

CENTRAL = 0.5
FEW = 10.0
"""Expected events up to which their number is drawn exactly."""
MOST = 80
"""More events than a double precision number can ask for where `FEW` are expected: the odds are below 1e-40."""
LARGEST_EXPONENT = 700.0
"""About where an exponential leaves the range of double precision."""

CENTRE = (
    (3.3871327179, 50.434271938, 159.29113202, 59.109374720),
    (1.0, 17.895169469, 78.757757664, 67.187563600),
)
NEAR = ((1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103), (1.0, 0.73700164250, 0.12021132975))
FAR = ((6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997), (1.0, 0.24197894225, 0.012258202635))
"""Numerators and denominators of algorithm AS 241, routine PPND7, from the constant upwards."""

AREA = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
"""Coefficients of formula 26.2.17 of Abramowitz and Stegun, from the first power upwards."""


def normal_score(share: Array) -> Array:
    """Return the value below which a share of the standard normal distribution lies, to 7 digits.

    Source: Wichura 1988, Applied Statistics 37(3), algorithm AS 241, routine PPND7.
    """
    centred = share - 0.5
    central = 0.425**2 - centred * centred
    tail = np.sqrt(-np.log(np.minimum(share, 1.0 - share)))
    outside = np.where(tail <= 5.0, _ratio(NEAR, tail - 1.6), _ratio(FAR, tail - 5.0))
    return np.where(np.abs(centred) <= 0.425, centred * _ratio(CENTRE, central), np.sign(centred) * outside)


def normal_share(score: Array) -> Array:
    """Return the share of the standard normal distribution that lies below a value, to 7 decimals.

    Source: Abramowitz and Stegun 1964, Handbook of Mathematical Functions, formula 26.2.17.
    """
    near = 1.0 / (1.0 + 0.2316419 * np.abs(score))
    area = near * _polynomial(AREA, near) * np.exp(-0.5 * score * score) / np.sqrt(2.0 * np.pi)
    below: Array = np.where(score > 0, 1.0 - area, area)
    return below


def poisson_count(expected: Array, shock_share: Array) -> Array:
    """Return how many independent events happen that are expected so often, at a place among all that could be.

    Exact up to `FEW`; above, the normal approximation with its first correction for skewness.

    Source: inverse of the Poisson distribution; Cornish and Fisher 1938 for many events.
    """
    few = np.minimum(expected, FEW)
    chance = np.exp(-few)
    below, count = chance, 0.0 * few
    for number in range(1, MOST):
        more = shock_share > below
        if not np.any(more):
            break
        count = count + more
        chance = chance * few / number
        below = below + chance
    if not np.any(expected > FEW):
        return count
    score = normal_score(shock_share)
    many = expected + np.sqrt(expected) * score + (score * score - 1.0) / 6.0
    return np.where(expected > FEW, np.maximum(np.floor(many + 0.5), 0.0), count)


def completed_or_drawn(expected: Array, since_start: Array, before: Array, shock_share: Array) -> Array:
    """Return the number of events in a month: on the central path as expectation completes them, else by chance.

    `since_start` and `before` are what could be expected up to the end and up to the start of the month.

    Source: definition; over draws the mean is what is expected and the variance that of a Poisson process.
    """
    completed = np.floor(since_start) - np.floor(before)
    return np.where(shock_share == CENTRAL, completed, poisson_count(expected, shock_share))


def sum_ratio(count: Array, spread_ratio: Array, shock_share: Array) -> Array:
    """Return the sum of so many lognormal values over what it is expected to be, at a place among all it could be.

    The mean over all places is one, the variance that of the sum; on the central path it is one.

    Source: Fenton 1960, IRE Transactions on Communications Systems 8(1): a lognormal with the sum's two moments.
    """
    single_variance = np.minimum(spread_ratio * spread_ratio, LARGEST_EXPONENT)
    variance = np.log1p(np.expm1(single_variance) / np.maximum(count, 1.0))
    drawn = np.exp(np.sqrt(variance) * normal_score(shock_share) - variance / 2.0)
    return np.where(shock_share == CENTRAL, 1.0, drawn)


def largest_share(number_ratio: Array, spread_ratio: Array) -> Array:
    """Return what share of a lognormal population's total its largest members have, of whom there are so many.

    `number_ratio` is their number over that of all; all of it from one upwards.

    Source: Lorenz curve of the lognormal distribution (Aitchison and Brown 1957): Phi(s + Phi^-1(share of members)).
    """
    inside = np.minimum(np.maximum(number_ratio, 1e-9), 1.0 - 1e-9)
    return np.where(number_ratio >= 1.0, 1.0, normal_share(spread_ratio + normal_score(inside)))


def _ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], at: Array) -> Array:
    above, below = polynomials
    return _polynomial(above, at) / _polynomial(below, at)


def _polynomial(coefficients: tuple[float, ...], at: Array) -> Array:
    """Return a polynomial whose coefficients go from the constant upwards."""
    value = 0.0 * at
    for coefficient in reversed(coefficients):
        value = value * at + coefficient
    return value
