"""What may be said from samples of time: medians with their intervals, ratios of variants, and what they show.

Ratios are paired by round: see `bench/measuring/interleaving.py` for how variants are timed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.errors import MeasurementError
from bench.measuring.interleaving import Timing

BOOTSTRAP_RESAMPLES = 2000
CONFIDENCE_SHARE = 0.95

Statistic = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % bootstrap interval and the samples behind it."""

    value: float
    low: float
    high: float
    samples: tuple[float, ...]

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate in another unit; the factor is positive."""
        return Estimate(
            self.value * factor,
            self.low * factor,
            self.high * factor,
            tuple(s * factor for s in self.samples),
        )

    def widened(self, slowdown_ratio: float) -> Estimate:
        """Widen an estimate of seconds that was taken beside other work.

        Other work only ever adds time. So the time on a quiet machine is at most what was seen, and the high
        end stays; it may be as little as the fastest sample with all of the time lost to waiting (the
        slowdown of `QuietWatch`) taken off, as if none of the loss had fallen on the other samples.
        """
        return replace(self, low=min(self.low, *self.samples) / slowdown_ratio)

    def inverted(self, numerator: float) -> Estimate:
        """Turn seconds for so much work into work per second."""
        return Estimate(
            numerator / self.value, numerator / self.high, numerator / self.low,
            tuple(numerator / s for s in self.samples),
        )  # fmt: skip


def speed_ratio(baseline: Sequence[float], variant: Sequence[float], seed: int = 0) -> Estimate:
    """How many times faster the variant is: the median over rounds of paired ratios of seconds.

    Raises MeasurementError when the two were not timed in the same rounds.
    """
    if len(baseline) != len(variant) or not baseline:
        raise MeasurementError(
            f"two variants were timed in {len(baseline)} and {len(variant)} rounds: they cannot be paired"
        )
    return estimate([b / v for b, v in zip(baseline, variant, strict=True)], np.median, seed)


def paired_ratio(baseline: Timing, variant: Timing, *, contended: bool = False) -> Estimate:
    """Return `speed_ratio` of two timings; beside other work its interval also holds that of processor times.

    Waiting for a core falls on wall time alone. What the two clocks disagree about is therefore not known on
    a busy machine; caches that other work took slow both clocks and stay unseen. For one thread only: threads
    that wait for each other burn processor time.
    """
    ratio = speed_ratio(baseline.seconds, variant.seconds)
    if not contended or min(*baseline.processor_seconds, *variant.processor_seconds) <= 0:
        return ratio
    other = speed_ratio(baseline.processor_seconds, variant.processor_seconds)
    return replace(ratio, low=min(ratio.low, other.low), high=max(ratio.high, other.high))


def together(one: Timing, other: Timing) -> tuple[Timing, Timing]:
    """Return the rounds that two timings of one schedule have in common, of which a slow variant has fewer."""
    count = min(len(one.seconds), len(other.seconds))
    first, second = (
        replace(each, seconds=each.seconds[:count], processor_seconds=each.processor_seconds[:count])
        for each in (one, other)
    )
    return first, second


def median_speed(baseline: Timing, variant: Timing) -> float:
    """Return how many times faster a variant is, over the rounds that it has in common with the baseline."""
    before, after = together(baseline, variant)
    return float(np.median(np.divide(before.seconds, after.seconds)))


def noise_floor(control: Estimate) -> float:
    """The largest deviation from 1 of a model against itself: no smaller difference means anything."""
    return max(abs(control.low - 1), abs(control.high - 1), abs(control.value - 1))


def verdict(ratio: Estimate, floor: float) -> str:
    """Say in a word what a ratio of speeds shows, given the noise floor of the A/A control."""
    if ratio.low > 1 + floor:
        return "faster"
    if ratio.high < 1 - floor:
        return "slower"
    return "no difference that can be told from noise"


def estimate(samples: Sequence[float], statistic: Statistic = np.median, seed: int = 0) -> Estimate:
    """Return a statistic of samples and its 95 % percentile bootstrap interval.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    values = np.asarray(samples, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, values.size, size=(BOOTSTRAP_RESAMPLES, values.size))
    resampled = statistic(values[picks], axis=1)
    tail = (1 - CONFIDENCE_SHARE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Estimate(float(statistic(values)), float(low), float(high), tuple(float(v) for v in values))
