"""The distributions that a scenario may write for a quantity.

`5 to 10` is a 90 % interval: lognormal with p5 = 5 and p95 = 10, or logit-normal where the unit is a share.
In `normal(low, high)` the two numbers are p5 and p95 as well. In `uniform(low, high)`,
`triangular(low, mode, high)` and `pert(low, mode, high)` they are the ends and the most likely value.

Medians, means, p5 and p95 need no scipy; only `quantile`, which sampling calls, imports it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.scenario.incomplete_beta import inverse_incomplete_beta

Array = NDArray[np.float64]

NORMAL_P95 = 1.6448536269514722
"""The 95 % quantile of the standard normal distribution: half a 90 % interval in standard deviations."""
WIDEST_RATIO = 1e9
"""How many times the upper end of an interval may be the lower one; beyond it the mean says nothing."""
SMALLEST_PRODUCT = 1e-300
"""Below it a product of two floats loses digits to underflow."""
PERT_WEIGHT = 4.0
"""How much more the mode counts than an end in the mean of a PERT distribution (Malcolm et al. 1959)."""


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
    """A continuous distribution of one quantity, known by its quantile function."""

    kind: ClassVar[str]

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
        return np.clip(self._quantile(np.asarray(u, dtype=np.float64)), self.lower, self.upper)

    @cached_property
    def _facts(self) -> Facts:
        return self._describe()

    @abstractmethod
    def _describe(self) -> Facts: ...

    @abstractmethod
    def _quantile(self, u: Array) -> Array: ...


@dataclass(frozen=True)
class Lognormal(Distribution):
    """A positive quantity whose logarithm is normal, by its p5 and p95 (as Squiggle reads `5 to 10`)."""

    kind: ClassVar[str] = "lognormal"
    p5: float
    p95: float

    def __post_init__(self) -> None:
        if not 0.0 < self.p5 < self.p95 <= WIDEST_RATIO * self.p5:
            raise ValueError(
                f"an interval lies above zero; its ends differ by at most {WIDEST_RATIO:g} times"
            )

    @property
    def mu(self) -> float:
        """The mean of the logarithm."""
        return (math.log(self.p5) + math.log(self.p95)) / 2

    @property
    def sigma(self) -> float:
        """The standard deviation of the logarithm."""
        return (math.log(self.p95) - math.log(self.p5)) / (2 * NORMAL_P95)

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        return f"{number_text(self.p5)} to {number_text(self.p95)}"

    def _describe(self) -> Facts:
        product = (
            self.p5 * self.p95
        )  # of one root, so that `1.5 to 6` has the median 3 and not 2.9999999999999996
        median = math.sqrt(product) if product > SMALLEST_PRODUCT else math.exp(self.mu)
        return Facts(self.p5, median, self.p95, median * math.exp(self.sigma**2 / 2), 0.0, math.inf)

    def _quantile(self, u: Array) -> Array:
        return np.exp(self.mu + self.sigma * _standard_normal(u))


@dataclass(frozen=True)
class LogitNormal(Distribution):
    """A share whose log odds are normal, by its p5 and p95; it never leaves 0..1."""

    kind: ClassVar[str] = "logit-normal"
    p5: float
    p95: float

    def __post_init__(self) -> None:
        if not 0.0 < self.p5 < self.p95 < 1.0:
            raise ValueError("the ends of an interval of a share lie inside 0 and 1")

    @property
    def mu(self) -> float:
        """The mean of the log odds."""
        return (_logit(self.p5) + _logit(self.p95)) / 2

    @property
    def sigma(self) -> float:
        """The standard deviation of the log odds."""
        return (_logit(self.p95) - _logit(self.p5)) / (2 * NORMAL_P95)

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        return f"{number_text(self.p5)} to {number_text(self.p95)}"

    def _describe(self) -> Facts:
        # The mean has no closed form. The trapezoidal rule over +-9 standard deviations is exact to rounding
        # for a smooth integrand that vanishes at both ends (Trefethen and Weideman 2014, section 5).
        z = np.linspace(-9.0, 9.0, 2001)
        weight = np.exp(-0.5 * z * z)
        mean = float(weight @ _share_of_log_odds(self.mu + self.sigma * z) / weight.sum())
        median = float(_share_of_log_odds(np.float64(self.mu)))
        return Facts(self.p5, median, self.p95, mean, 0.0, 1.0)

    def _quantile(self, u: Array) -> Array:
        return _share_of_log_odds(self.mu + self.sigma * _standard_normal(u))


@dataclass(frozen=True)
class Normal(Distribution):
    """A quantity that may be negative, by its p5 and p95."""

    kind: ClassVar[str] = "normal"
    p5: float
    p95: float

    def __post_init__(self) -> None:
        if not self.p5 < self.p95:
            raise ValueError("p5 of a normal distribution is below its p95")

    def _describe(self) -> Facts:
        middle = self.p5 + (self.p95 - self.p5) / 2
        return Facts(self.p5, middle, self.p95, middle, -math.inf, math.inf)

    def _quantile(self, u: Array) -> Array:
        return self.median + (self.p95 - self.p5) / (2 * NORMAL_P95) * _standard_normal(u)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between two ends is as likely as any other."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError("low of a uniform distribution is below its high")

    def _describe(self) -> Facts:
        p5, middle, p95 = (self.low + (self.high - self.low) * u for u in (0.05, 0.5, 0.95))
        return Facts(p5, middle, p95, middle, self.low, self.high)

    def _quantile(self, u: Array) -> Array:
        return self.low + (self.high - self.low) * u


@dataclass(frozen=True)
class _ThreePoints(Distribution):
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

    def _describe(self) -> Facts:
        p5, median, p95 = (float(self._quantile(np.array(u))) for u in (0.05, 0.5, 0.95))
        return Facts(p5, median, p95, (self.low + self.mode + self.high) / 3, self.low, self.high)

    def _quantile(self, u: Array) -> Array:
        rising = np.sqrt(u * self._mode_share)
        falling = 1.0 - np.sqrt((1.0 - u) * (1.0 - self._mode_share))
        return self.low + (self.high - self.low) * np.where(u < self._mode_share, rising, falling)


@dataclass(frozen=True)
class Pert(_ThreePoints):
    """A bounded quantity, smooth about its mode: a beta distribution over the range (Malcolm et al. 1959)."""

    kind: ClassVar[str] = "pert"

    @property
    def alpha(self) -> float:
        """The first shape of the beta distribution."""
        return 1.0 + PERT_WEIGHT * self._mode_share

    @property
    def beta(self) -> float:
        """The second shape of the beta distribution."""
        return 1.0 + PERT_WEIGHT * (1.0 - self._mode_share)

    def _describe(self) -> Facts:
        p5, median, p95 = (
            self.low + (self.high - self.low) * inverse_incomplete_beta(self.alpha, self.beta, u)
            for u in (0.05, 0.5, 0.95)
        )
        mean = (self.low + PERT_WEIGHT * self.mode + self.high) / (PERT_WEIGHT + 2.0)
        return Facts(p5, median, p95, mean, self.low, self.high)

    def _quantile(self, u: Array) -> Array:
        from scipy.special import betaincinv

        unit: Array = betaincinv(self.alpha, self.beta, u)
        return self.low + (self.high - self.low) * unit


def number_text(value: float) -> str:
    """Spell a number as briefly as reads back to the same number: `5`, `0.25`, `1e+21`."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _standard_normal(u: Array) -> Array:
    from scipy.special import ndtri

    z: Array = ndtri(u)
    return z


def _logit(share: float) -> float:
    return math.log(share) - math.log1p(-share)


def _share_of_log_odds(log_odds: Array | np.float64) -> Array:
    """Return 1 / (1 + exp(-x)), written so that no end overflows."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))
