"""The distributions of single values: events, choices, counts and measured samples.

`chance(p)` is 1 with probability p and else 0, `choice(3:0.2, 6:0.8)` one of its values with the probability behind
it, `poisson(mean)` a count, `empirical(v1, v2, ...)` a sample whose gaps are filled in a line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from typing import ClassVar, Self

import numpy as np

from planner.scenario.distributions import POINTS, Array, Distribution, Facts, number_text

LARGEST_COUNT = 1e6
"""The largest mean of a Poisson distribution; above it `normal` or an interval says the same."""
ROUNDING = 1e-9
"""How far the probabilities of a choice may miss 1 together."""
MOST_SHOWN = 6
"""How many samples the echo of an empirical distribution spells out."""


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several values, each with its probability."""

    kind: ClassVar[str] = "choice"
    outcomes: tuple[tuple[float, float], ...]
    """Pairs of a value and its probability, by rising value."""

    def __post_init__(self) -> None:
        values, shares = zip(*self.outcomes, strict=True) if self.outcomes else ((), ())
        if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
            raise ValueError("a choice has at least two values, each once and in rising order")
        if not all(share > 0 for share in shares) or abs(math.fsum(shares) - 1) > ROUNDING:
            raise ValueError("the probabilities of a choice are above zero and add up to 1")

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        inside = ", ".join(f"{number_text(value)}:{number_text(share)}" for value, share in self.outcomes)
        return f"choice({inside})"

    def _describe(self) -> Facts:
        p5, median, p95 = self._quantile(np.array(POINTS)).tolist()
        mean = math.fsum(value * share for value, share in self.outcomes)
        return Facts(p5, median, p95, mean, self.outcomes[0][0], self.outcomes[-1][0])

    def _quantile(self, u: Array) -> Array:
        values = np.array([value for value, _ in self.outcomes])
        # A value is drawn up to and including the shares up to it: the smallest x with F(x) >= u.
        found: Array = values[np.searchsorted(self._shares_up_to[:-1], u)]
        return found

    @cached_property
    def _shares_up_to(self) -> Array:
        """The probabilities of at most each value, rounded once: added as floats, eight times 0.1 is less than 0.8."""
        return np.array([float(share) for share in accumulate(_written(share) for _, share in self.outcomes)])


@dataclass(frozen=True)
class Chance(Distribution):
    """An event that happens or not: 1 with the given probability, otherwise 0."""

    kind: ClassVar[str] = "chance"
    probability: float

    def __post_init__(self) -> None:
        if not 0.0 < self.probability < 1.0:
            raise ValueError("a chance lies inside 0 and 1; what is certain is written as 0 or 1")

    def _describe(self) -> Facts:
        p5, median, p95 = self._quantile(np.array(POINTS)).tolist()
        return Facts(p5, median, p95, self.probability, 0.0, 1.0)

    def _quantile(self, u: Array) -> Array:
        return (u > float(1 - _written(self.probability))).astype(np.float64)


@dataclass(frozen=True)
class Poisson(Distribution):
    """How many events happen that come singly at a steady rate, by their expected number."""

    kind: ClassVar[str] = "poisson"
    expected: float

    def __post_init__(self) -> None:
        if not 0.0 < self.expected <= LARGEST_COUNT:
            raise ValueError(
                f"the mean of a Poisson distribution lies above 0 and up to {LARGEST_COUNT:,.0f}"
            )

    def _describe(self) -> Facts:
        p5, median, p95 = self._quantile(np.array(POINTS)).tolist()
        return Facts(p5, median, p95, self.expected, 0.0, math.inf)

    def _quantile(self, u: Array) -> Array:
        first, below = self._shares_up_to
        return first + np.searchsorted(below, u).astype(np.float64)

    @cached_property
    def _shares_up_to(self) -> tuple[int, Array]:
        """The lowest count of any weight, and the probabilities of at most it and each count that follows."""
        spread = 12.0 * math.sqrt(self.expected) + 40.0  # beyond it the weight is less than a float beside 1
        first = max(0, int(self.expected - spread))
        counts = np.arange(first, int(self.expected + spread))
        log_factorials = np.array([math.lgamma(count + 1.0) for count in counts.tolist()])
        below = np.cumsum(np.exp(counts * math.log(self.expected) - self.expected - log_factorials))
        return first, below / below[-1]  # the logarithms of large factorials are rounded


@dataclass(frozen=True)
class Empirical(Distribution):
    """What was measured: its quantiles are those of the samples, in a line from one to the next.

    Source: Hyndman and Fan (1996), definition 7, which is numpy's default.
    """

    kind: ClassVar[str] = "empirical"
    samples: tuple[float, ...]
    """The samples in rising order."""

    def __post_init__(self) -> None:
        if len(self.samples) < 2 or list(self.samples) != sorted(self.samples):
            raise ValueError("an empirical distribution has at least two samples in rising order")
        if not (math.isfinite(self.samples[0]) and self.samples[0] < self.samples[-1] < math.inf):
            raise ValueError("the samples of an empirical distribution are finite and differ")

    @classmethod
    def of(cls, samples: Sequence[float]) -> Self:
        """Return the distribution of samples in any order, such as those of a bench record."""
        return cls(tuple(sorted(map(float, samples))))

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        return f"empirical({', '.join(map(number_text, self.samples))})"

    def __str__(self) -> str:
        """Echo the samples, or where they are many, how many and from where to where."""
        if len(self.samples) <= MOST_SHOWN:
            return self.text
        ends = f"{self.samples[0]:.6g}", f"{self.samples[-1]:.6g}"
        return f"empirical ({len(self.samples)} samples from {ends[0]} to {ends[1]})"

    def _describe(self) -> Facts:
        p5, median, p95 = self._quantile(np.array(POINTS)).tolist()
        inner = math.fsum(self.samples) - (self.samples[0] + self.samples[-1]) / 2
        return Facts(p5, median, p95, inner / (len(self.samples) - 1), self.samples[0], self.samples[-1])

    def _quantile(self, u: Array) -> Array:
        places = np.linspace(0.0, 1.0, len(self.samples))
        values: Array = np.interp(u, places, np.array(self.samples))
        return values


def _written(share: float) -> Fraction:
    """Return the decimal fraction that a probability was written as, which a float only comes near to."""
    return Fraction(repr(float(share)))
