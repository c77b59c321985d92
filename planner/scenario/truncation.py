"""A distribution that is cut off: `5 to 10 within 4..20`, `normal(-5, 10) within 0..`, `1 to 9 within ..12`.

The interval before `within` is that of the whole distribution; what lies outside the ends is left out and the rest
made to count for all of it. The echo shows the p5, p50, p95 and mean that this gives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from planner.scenario.distributions import POINTS, Array, Continuous, Distribution, Facts, number_text

SMALLEST_REST = 0.01
"""The least share of a distribution that a truncation may leave; less of it is another distribution."""


@dataclass(frozen=True)
class Truncated(Distribution):
    """A continuous distribution between two ends, one of which may be infinite."""

    kind: ClassVar[str] = "truncated"
    base: Continuous
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError("the low end of a truncation is below its high end")
        if self.low <= self.base.lower and self.high >= self.base.upper:
            raise ValueError("the truncation takes nothing away")
        share = self._rest[1]
        if share < SMALLEST_REST:
            raise ValueError(
                f"the truncation leaves {100 * share:.2g} % of the distribution; it must leave at least "
                f"{100 * SMALLEST_REST:g} %"
            )

    @property
    def text(self) -> str:
        """The spelling in a scenario file."""
        low = number_text(self.low) if self.low > -math.inf else ""
        high = number_text(self.high) if self.high < math.inf else ""
        return f"{self.base.text} within {low}..{high}"

    def __str__(self) -> str:
        """Echo the spelling with the kind of the whole distribution."""
        return f"{self.text} (truncated {self.base.kind})"

    @cached_property
    def _rest(self) -> tuple[float, float]:
        """The share below the low end, and the share between the ends."""
        below = self.base.share_below(self.low)
        return below, self.base.share_below(self.high) - below

    def _describe(self) -> Facts:
        low, high = max(self.low, self.base.lower), min(self.high, self.base.upper)
        below, share = self._rest
        p5, median, p95 = (min(max(self.base.point(below + share * u), low), high) for u in POINTS)
        return Facts(p5, median, p95, self.base.mean_between(low, high), low, high)

    def _quantile(self, u: Array) -> Array:
        below, share = self._rest
        return np.clip(self.base.quantile(below + share * u), self.lower, self.upper)
