"""The distributions with two ends: uniform, triangular, PERT and beta.

In `uniform(low, high)`, `triangular(low, mode, high)` and `pert(low, mode, high)` the numbers are the ends and the
most likely value, in `beta(alpha, beta)` the two shapes, since a 90 % interval of a share is logit-normal.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from planner.scenario.distributions import POINTS, Array, Continuous, Facts
from planner.scenario.incomplete_beta import incomplete_beta, inverse_incomplete_beta, pert_quantiles

PERT_WEIGHT = 4.0
"""How much more the mode counts than an end in the mean of a PERT distribution (Malcolm et al. 1959)."""
SMALLEST_SHAPE, LARGEST_SHAPE = 0.5, 1e4
"""Bounds on the shapes of a beta distribution: Jeffreys's prior, and more trials than a plan is based on."""


@dataclass(frozen=True)
class Uniform(Continuous):
    """Every value between two ends is as likely as any other."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError("low of a uniform distribution is below its high")

    def share_below(self, x: float) -> float:
        """Return the probability of a value below `x`."""
        return min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)

    def point(self, u: float) -> float:
        """Return one quantile."""
        return self.low + (self.high - self.low) * u

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, which lie in the support."""
        return low + (high - low) / 2

    def _describe(self) -> Facts:
        p5, middle, p95 = (self.point(u) for u in POINTS)
        return Facts(p5, middle, p95, middle, self.low, self.high)

    def _quantile(self, u: Array) -> Array:
        return np.minimum(self.low + (self.high - self.low) * u, self.high)


@dataclass(frozen=True)
class _ThreePoints(Continuous):
    """A bounded distribution by its ends and its most likely value."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        if not (self.low <= self.mode <= self.high and self.low < self.high):
            raise ValueError("the mode lies between low and high, and low is below high")

    @property
    def _mode_share(self) -> float:
        """Where the mode lies in the range, 0 at its low end and 1 at its high end."""
        return (self.mode - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Triangular(_ThreePoints):
    """A bounded quantity whose density rises in a line to the mode and falls in a line from it."""

    kind: ClassVar[str] = "triangular"

    def share_below(self, x: float) -> float:
        """Return the probability of a value below `x`."""
        place = min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)
        if place <= self._mode_share:
            return place * place / self._mode_share if place else 0.0
        return 1.0 - (1.0 - place) ** 2 / (1.0 - self._mode_share)

    def point(self, u: float) -> float:
        """Return one quantile."""
        return float(self._quantile(np.array(u)))

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, from the area under the share below."""
        # The share below is a parabola on either side of the mode, which Simpson's rule integrates exactly.
        ends = (low, min(max(self.mode, low), high), high)
        area = sum(
            (b - a) / 6 * (self.share_below(a) + 4 * self.share_below((a + b) / 2) + self.share_below(b))
            for a, b in pairwise(ends)
        )
        below, above = self.share_below(low), self.share_below(high)
        return (high * above - low * below - area) / (above - below)

    def _describe(self) -> Facts:
        p5, median, p95 = (self.point(u) for u in POINTS)
        return Facts(p5, median, p95, (self.low + self.mode + self.high) / 3, self.low, self.high)

    def _quantile(self, u: Array) -> Array:
        rising = np.sqrt(u * self._mode_share)
        falling = 1.0 - np.sqrt((1.0 - u) * (1.0 - self._mode_share))
        values = self.low + (self.high - self.low) * np.where(u < self._mode_share, rising, falling)
        return np.clip(values, self.low, self.high)


class _BetaOverRange(Continuous):
    """A beta distribution over a range; the classes below say what its shapes and ends are."""

    @property
    @abstractmethod
    def shapes(self) -> tuple[float, float]:
        """The two shapes."""

    @property
    def _range(self) -> tuple[float, float]:
        return 0.0, 1.0

    def share_below(self, x: float) -> float:
        """Return the probability of a value below `x`."""
        return incomplete_beta(*self.shapes, self._place(x))

    def point(self, u: float) -> float:
        """Return one quantile, without scipy."""
        low, high = self._range
        return low + (high - low) * inverse_incomplete_beta(*self.shapes, u)

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, which lie in the support."""
        alpha, beta = self.shapes
        start, end = self._range
        ends = self._place(low), self._place(high)
        below, above = (incomplete_beta(alpha, beta, x) for x in ends)
        more_below, more_above = (incomplete_beta(alpha + 1.0, beta, x) for x in ends)
        place = alpha / (alpha + beta) * (more_above - more_below) / (above - below)
        return start + (end - start) * place

    def _place(self, x: float) -> float:
        low, high = self._range
        return min(max((x - low) / (high - low), 0.0), 1.0)

    @abstractmethod
    def _unit_quantile(self, u: Array) -> Array:
        """Return quantiles of the beta distribution over 0..1."""

    def _quantile(self, u: Array) -> Array:
        low, high = self._range
        return np.clip(low + (high - low) * self._unit_quantile(u), low, high)


@dataclass(frozen=True)
class Pert(_ThreePoints, _BetaOverRange):
    """A bounded quantity, smooth about its mode: a beta distribution over the range (Malcolm et al. 1959)."""

    kind: ClassVar[str] = "pert"

    @property
    def shapes(self) -> tuple[float, float]:
        """The two shapes of the beta distribution."""
        return 1.0 + PERT_WEIGHT * self._mode_share, 1.0 + PERT_WEIGHT * (1.0 - self._mode_share)

    @property
    def _range(self) -> tuple[float, float]:
        return self.low, self.high

    def point(self, u: float) -> float:
        """Return one quantile."""
        return float(self._quantile(np.array([u]))[0])

    def _unit_quantile(self, u: Array) -> Array:
        return pert_quantiles(*self.shapes, u)

    def _describe(self) -> Facts:
        p5, median, p95 = (self.point(u) for u in POINTS)
        mean = (self.low + PERT_WEIGHT * self.mode + self.high) / (PERT_WEIGHT + 2.0)
        return Facts(p5, median, p95, mean, self.low, self.high)


@dataclass(frozen=True)
class Beta(_BetaOverRange):
    """A share learnt from counts: after k of n, `beta(k + 1, n - k + 1)`; the two numbers are its shapes."""

    kind: ClassVar[str] = "beta"
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if not all(SMALLEST_SHAPE <= shape <= LARGEST_SHAPE for shape in self.shapes):
            raise ValueError(
                f"the shapes of a beta distribution lie within {SMALLEST_SHAPE:g} and {LARGEST_SHAPE:g}"
            )

    @property
    def shapes(self) -> tuple[float, float]:
        """The two shapes."""
        return self.alpha, self.beta

    def _unit_quantile(self, u: Array) -> Array:
        from scipy.special import betaincinv

        return np.asarray(betaincinv(*self.shapes, u))

    def _describe(self) -> Facts:
        p5, median, p95 = (self.point(u) for u in POINTS)
        return Facts(p5, median, p95, self.alpha / (self.alpha + self.beta), 0.0, 1.0)
