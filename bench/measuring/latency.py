"""Timing of several variants side by side, and what may be said from the samples.

Variants run in rounds in a random order, so that a slow spell of the machine hits all of them alike; within a
round the fastest of a few blocks counts, because other work only ever adds time. Ratios are paired by round.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import MeasurementError

BOOTSTRAP_RESAMPLES = 2000
CONFIDENCE_SHARE = 0.95
MAX_INNER_LOOPS = 1 << 20

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

    def inverted(self, numerator: float) -> Estimate:
        """Turn seconds for so much work into work per second."""
        return Estimate(
            numerator / self.value, numerator / self.high, numerator / self.low,
            tuple(numerator / s for s in self.samples),
        )  # fmt: skip


@dataclass(frozen=True)
class Schedule:
    """How long to time: rounds over all variants, blocks within a round, and the least length of a block.

    Past `max_seconds` no round is begun, but there are `min_rounds` on any machine.
    """

    rounds: int = 20
    blocks: int = 3
    block_seconds: float = 0.004
    max_seconds: float = 8.0
    min_rounds: int = 5
    seed: int = 0


def time_interleaved(
    variants: Mapping[str, Callable[[], object]],
    schedule: Schedule,
    synchronize: Callable[[], None] = lambda: None,
) -> dict[str, tuple[float, ...]]:
    """Time the variants in rounds of random order; returns seconds per call, one minimum per round, each.

    `synchronize` waits until the device has finished; it is called around every block.
    """
    loops = {name: calibrate(call, schedule.block_seconds, synchronize) for name, call in variants.items()}
    samples: dict[str, list[float]] = {name: [] for name in variants}
    order = list(variants)
    shuffle = random.Random(schedule.seed)
    started = time.perf_counter()
    for done in range(schedule.rounds):
        if done >= schedule.min_rounds and time.perf_counter() - started > schedule.max_seconds:
            break
        shuffle.shuffle(order)
        for name in order:
            blocks = [_block(variants[name], loops[name], synchronize) for _ in range(schedule.blocks)]
            samples[name].append(min(blocks) / loops[name])
    return {name: tuple(seconds) for name, seconds in samples.items()}


def calibrate(call: Callable[[], object], block_seconds: float, synchronize: Callable[[], None]) -> int:
    """Warm up, and double the number of calls in a block until the block is long enough for the clock."""
    _block(call, 2, synchronize)
    loops = 1
    while _block(call, loops, synchronize) < block_seconds and loops < MAX_INNER_LOOPS:
        loops *= 2
    return loops


def speed_ratio(baseline: Sequence[float], variant: Sequence[float], seed: int = 0) -> Estimate:
    """How many times faster the variant is: the median over rounds of paired ratios of seconds.

    Raises MeasurementError when the two were not timed in the same rounds.
    """
    if len(baseline) != len(variant) or not baseline:
        raise MeasurementError(
            f"two variants were timed in {len(baseline)} and {len(variant)} rounds: they cannot be paired"
        )
    return estimate([b / v for b, v in zip(baseline, variant, strict=True)], np.median, seed)


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


def _block(call: Callable[[], object], loops: int, synchronize: Callable[[], None]) -> float:
    synchronize()
    start = time.perf_counter()
    for _ in range(loops):
        call()
    synchronize()
    return time.perf_counter() - start
