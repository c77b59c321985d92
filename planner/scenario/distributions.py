"""What every distribution of a quantity can say, and those that are given by a 90 % interval.

`5 to 10` is a 90 % interval: lognormal with p5 = 5 and p95 = 10, or logit-normal where the unit is a share.
In `normal(low, high)` the two numbers are p5 and p95 as well.

To sample them, only a beta distribution and what depends on others without being normal inside need scipy.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from statistics import NormalDist
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.scenario.normal import normal_quantile

Array = NDArray[np.float64]

NORMAL_P95 = 1.6448536269514722
"""The 95 % quantile of the standard normal distribution: half a 90 % interval in standard deviations."""
WIDEST_RATIO = 1e9
"""How many times the upper end of an interval may be the lower one; beyond it the mean says nothing."""
SMALLEST_PRODUCT = 1e-300
"""Below it a product of two floats loses digits to underflow."""
POINTS = (0.05, 0.5, 0.95)
"""The shares at which every distribution is echoed."""

_NORMAL = NormalDist()
_FARTHEST_SCORE = 9.0
"""Scores beyond it carry less probability than one float can hold beside one."""


class Facts(NamedTuple):
    """What is known of a distribution without sampling it."""

    p5: float
    p50: float
    p95: float
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Distribution(ABC):
    """A distribution of one quantity, known by its quantile function."""

    kind: ClassVar[str]
    is_normal_inside: ClassVar[bool] = False
    """The quantity is a function of a normal one, so that `at_scores` needs no uniform values between."""

    @property
    def median(self) -> float:
        """The value that is exceeded in half of all draws."""
        return self._facts.p50

    @property
    def mean(self) -> float:
        """The expected value."""
        return self._facts.mean

    @property
    def lower(self) -> float:
        """The lower end of the support, minus infinity where there is none."""
        return self._facts.lower

    @property
    def upper(self) -> float:
        """The upper end of the support, infinity where there is none."""
        return self._facts.upper

    @property
    def text(self) -> str:
        """The spelling in a scenario file, which `parse` reads back to an equal distribution."""
        numbers = ", ".join(number_text(getattr(self, field.name)) for field in fields(self))
        return f"{self.kind}({numbers})"

    def __str__(self) -> str:
        """Echo the spelling, with the kind where the spelling does not name it."""
        return self.text if self.text.startswith(self.kind) else f"{self.text} ({self.kind})"

    def summary(self) -> dict[str, float]:
        """Return p5, p50, p95 and mean, by which every resolved distribution is echoed."""
        facts = self._facts
        return {"p5": facts.p5, "p50": facts.p50, "p95": facts.p95, "mean": facts.mean}

    def quantile(self, u: Array) -> Array:
        """Return the values below which the shares `u` of draws lie; `u` is inside (0, 1), of any shape."""
        return self._quantile(np.asarray(u, dtype=np.float64))

    def at_scores(self, z: Array) -> Array:
        """Return the values at standard normal scores, which is `quantile` of the shares below the scores."""
        from scipy.special import ndtr

        return self._quantile(ndtr(np.asarray(z, dtype=np.float64)))

    @cached_property
    def _facts(self) -> Facts:
        return self._describe()

    @abstractmethod
    def _describe(self) -> Facts: ...

    @abstractmethod
    def _quantile(self, u: Array) -> Array: ...


@dataclass(frozen=True)
class Continuous(Distribution):
    """A distribution with a density, which can be truncated."""

    @abstractmethod
    def share_below(self, x: float) -> float:
        """Return the probability of a value below `x`."""

    @abstractmethod
    def point(self, u: float) -> float:
        """Return one quantile, without scipy."""

    @abstractmethod
    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, which lie in the support."""


@dataclass(frozen=True)
class _NormalInside(Continuous):
    """A quantity that is a rising function of a normal one, by its p5 and p95."""

    is_normal_inside: ClassVar[bool] = True
    p5: float
    p95: float

    @property
    def mu(self) -> float:
        """The mean of the normal quantity inside."""
        return (self._inside(self.p5) + self._inside(self.p95)) / 2

    @property
    def sigma(self) -> float:
        """The standard deviation of the normal quantity inside."""
        return (self._inside(self.p95) - self._inside(self.p5)) / (2 * NORMAL_P95)

    def at_scores(self, z: Array) -> Array:
        """Return the values at standard normal scores."""
        inside = np.asarray(self._scale * np.asarray(z, dtype=np.float64))
        inside += self._shift
        return self._outside(inside)

    def share_below(self, x: float) -> float:
        """Return the probability of a value below `x`."""
        return _NORMAL.cdf(self._score(x))

    def point(self, u: float) -> float:
        """Return one quantile, without scipy."""
        return float(self.at_scores(np.array([_NORMAL.inv_cdf(u)]))[0])

    def _quantile(self, u: Array) -> Array:
        return self.at_scores(normal_quantile(u))

    @cached_property
    def _shift(self) -> float:
        return self.mu

    @cached_property
    def _scale(self) -> float:
        return self.sigma

    def _score(self, x: float) -> float:
        if x <= self.lower:
            return -math.inf
        return math.inf if x >= self.upper else (self._inside(x) - self.mu) / self.sigma

    def _inside(self, x: float) -> float:
        return x

    def _outside(self, inside: Array) -> Array:
        return inside


@dataclass(frozen=True)
class Lognormal(_NormalInside):
    """A positive quantity whose logarithm is normal, by its p5 and p95 (as Squiggle reads `5 to 10`)."""

    kind: ClassVar[str] = "lognormal"

    def __post_init__(self) -> None:
        if not 0.0 < self.p5 < self.p95 <= WIDEST_RATIO * self.p5:
            raise ValueError(
                f"an interval lies above zero; its ends differ by at most {WIDEST_RATIO:g} times"
            )

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        return f"{number_text(self.p5)} to {number_text(self.p95)}"

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, which lie in the support."""
        below, above = self._score(low), self._score(high)
        weight = _NORMAL.cdf(above - self.sigma) - _NORMAL.cdf(below - self.sigma)
        return self.mean * weight / (_NORMAL.cdf(above) - _NORMAL.cdf(below))

    def _describe(self) -> Facts:
        product = (
            self.p5 * self.p95
        )  # of one root, so that `1.5 to 6` has the median 3 and not 2.9999999999999996
        median = math.sqrt(product) if product > SMALLEST_PRODUCT else math.exp(self.mu)
        return Facts(self.p5, median, self.p95, median * math.exp(self.sigma**2 / 2), 0.0, math.inf)

    def _inside(self, x: float) -> float:
        return math.log(x)

    def _outside(self, inside: Array) -> Array:
        return np.exp(inside, out=inside)


@dataclass(frozen=True)
class LogitNormal(_NormalInside):
    """A share whose log odds are normal, by its p5 and p95; it never leaves 0..1."""

    kind: ClassVar[str] = "logit-normal"

    def __post_init__(self) -> None:
        if not 0.0 < self.p5 < self.p95 < 1.0:
            raise ValueError("the ends of an interval of a share lie inside 0 and 1")

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        return f"{number_text(self.p5)} to {number_text(self.p95)}"

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`, by Gauss-Legendre panels over the score."""
        ends = np.clip([self._score(low), self._score(high)], -_FARTHEST_SCORE, _FARTHEST_SCORE)
        z, weight = _panels(float(ends[0]), float(ends[1]))
        weight *= np.exp(-0.5 * z * z)
        return float(weight @ self.at_scores(z) / weight.sum())

    def _describe(self) -> Facts:
        # The mean has no closed form. The trapezoidal rule over +-9 standard deviations is exact to rounding
        # for a smooth integrand that vanishes at both ends (Trefethen and Weideman 2014, section 5).
        z = np.linspace(-_FARTHEST_SCORE, _FARTHEST_SCORE, 2001)
        weight = np.exp(-0.5 * z * z)
        mean = float(weight @ self.at_scores(z) / weight.sum())
        return Facts(self.p5, self.point(0.5), self.p95, mean, 0.0, 1.0)

    def _inside(self, x: float) -> float:
        return math.log(x) - math.log1p(-x)

    def _outside(self, inside: Array) -> Array:
        # 1 / (1 + exp(-x)), written so that no end overflows.
        inside *= 0.5
        np.tanh(inside, out=inside)
        inside += 1.0
        inside *= 0.5
        return inside


@dataclass(frozen=True)
class Normal(_NormalInside):
    """A quantity that may be negative, by its p5 and p95."""

    kind: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        if not self.p5 < self.p95:
            raise ValueError("p5 of a normal distribution is below its p95")

    @property
    def mu(self) -> float:
        """The mean."""
        return self.p5 + (self.p95 - self.p5) / 2

    def mean_between(self, low: float, high: float) -> float:
        """Return the mean of the values between `low` and `high`."""
        below, above = self._score(low), self._score(high)
        slope = _NORMAL.pdf(below) - _NORMAL.pdf(above)
        return self.mu + self.sigma * slope / (_NORMAL.cdf(above) - _NORMAL.cdf(below))

    def _describe(self) -> Facts:
        return Facts(self.p5, self.mu, self.p95, self.mu, -math.inf, math.inf)


def number_text(value: float) -> str:
    """Spell a number as briefly as reads back to the same number: `5`, `0.25`, `1e+21`."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _panels(low: float, high: float, count: int = 64) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Legendre quadrature with 16 nodes on each of `count` panels."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = (high - low) / (2 * count)
    middles = low + half * (2 * np.arange(count) + 1)
    return (middles[:, None] + half * nodes).ravel(), np.tile(half * weights, count)
