"""Timing of several variants side by side, and what may be said from the samples.

Variants run in rounds in a random order, so that a slow spell of the machine hits all of them alike; within a
round the fastest of a few blocks counts, because other work only ever adds time. Ratios are paired by round.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.errors import MeasurementError

BOOTSTRAP_RESAMPLES = 2000
CONFIDENCE_SHARE = 0.95
MAX_INNER_LOOPS = 1 << 20
BLOCKS_PER_WINDOW = 4
ROUNDS_OF_SLOW_ONES = 3
LONG_BLOCKS = 10
"""A call that takes so many times as long as a block should needs no second look at how many make one."""
STABLE_SHARE = 0.03

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
        """Widen an estimate of seconds that was taken beside other work; 1 leaves it as it is.

        Other work only ever adds time. So the time on a quiet machine is at most what was seen, and the high
        end stays; it may be as little as the fastest sample with all of the time lost to waiting (the
        slowdown of `QuietWatch`) taken off, as if none of the loss had fallen on the other samples.
        """
        if slowdown_ratio <= 1:
            return self
        return replace(self, low=min(self.low, *self.samples) / slowdown_ratio)

    def inverted(self, numerator: float) -> Estimate:
        """Turn seconds for so much work into work per second."""
        return Estimate(
            numerator / self.value, numerator / self.high, numerator / self.low,
            tuple(numerator / s for s in self.samples),
        )  # fmt: skip


@dataclass(frozen=True)
class Schedule:
    """How long to time: rounds over all variants, blocks within a round, and the least length of a block.

    Past `max_seconds` no round is begun, but there are `min_rounds` on any machine. Blocks are shorter than
    the time slice of a scheduler, and several, so that beside other work at least one of them is undisturbed.
    """

    rounds: int = 40
    blocks: int = 6
    block_seconds: float = 0.001
    max_seconds: float = 8.0
    min_rounds: int = 5
    seed: int = 0
    max_warm_up_seconds: float = 0.5
    """For each variant."""
    slow_call_seconds: float = math.inf
    """A variant whose single call takes longer sits out after three rounds: so slow a one needs no more to be told."""


@dataclass(frozen=True)
class Timing:
    """Seconds per call of one variant."""

    seconds: tuple[float, ...]
    """The fastest block of each round."""
    processor_seconds: tuple[float, ...]
    """Processor time per call of the same blocks, all threads of this process together."""
    blocks: tuple[float, ...]
    """Every block in the order of time."""
    loops: int
    """Calls in a block, in the first process where several timed it."""
    warm: bool
    """Whether the warm-up ended because the time had become stable."""

    def followed_by(self, other: Timing) -> Timing:
        """Return the rounds of both, for example from two processes."""
        return Timing(
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            self.blocks + other.blocks,
            self.loops,
            self.warm and other.warm,
        )


def time_interleaved(
    variants: Mapping[str, Callable[[], object]],
    schedule: Schedule,
    synchronize: Callable[[], None] = lambda: None,
) -> dict[str, Timing]:
    """Time the variants in rounds: each round goes through them in a random order, then back, and again.

    So blocks that are compared lie beside each other in time, and none is always first.
    `synchronize` waits until the device has finished; it is called around every block.
    """
    ready = {name: _prepare(call, schedule, synchronize) for name, call in variants.items()}
    blocks: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    order = list(variants)
    shuffle = random.Random(schedule.seed)
    started = time.perf_counter()
    for done in range(schedule.rounds):
        if done >= schedule.min_rounds and time.perf_counter() - started > schedule.max_seconds:
            break
        if done == ROUNDS_OF_SLOW_ONES:
            order = [name for name in order if not _is_slow(blocks[name], ready[name][0], schedule)]
        shuffle.shuffle(order)
        for number in range(schedule.blocks):
            for name in order if number % 2 == 0 else reversed(order):
                blocks[name].append(_block(variants[name], ready[name][0], synchronize))
    return {name: _timing(blocks[name], schedule.blocks, *ready[name]) for name in variants}


def time_single_calls(
    call: Callable[[], object],
    max_calls: int,
    max_seconds: float,
    synchronize: Callable[[], None] = lambda: None,
) -> tuple[float, ...]:
    """Time one call after the other, each for itself, as percentiles need it; the caller has warmed up."""
    until = time.perf_counter() + max_seconds
    samples: list[float] = []
    while len(samples) < max_calls and (not samples or time.perf_counter() < until):
        samples.append(_block(call, 1, synchronize)[0])
    return tuple(samples)


def warm_up(
    call: Callable[[], object], loops: int, max_seconds: float, synchronize: Callable[[], None]
) -> bool:
    """Call until the fastest blocks of two windows on end agree within 3 %; false when the time ran out."""
    until = time.perf_counter() + max_seconds
    before = math.inf
    while True:
        fastest = math.inf
        for _ in range(BLOCKS_PER_WINDOW):
            fastest = min(fastest, _block(call, loops, synchronize)[0])
            if time.perf_counter() > until + max_seconds:
                return False
        if abs(before - fastest) <= STABLE_SHARE * fastest:
            return True
        if time.perf_counter() > until:
            return False
        before = fastest


def calibrate(call: Callable[[], object], block_seconds: float, synchronize: Callable[[], None]) -> int:
    """Double the number of calls in a block until the block is long enough for the clock."""
    if (
        _block(call, 1, synchronize)[0] > LONG_BLOCKS * block_seconds
        and _block(call, 1, synchronize)[0] > block_seconds
    ):
        return 1
    loops = 1
    while _block(call, loops, synchronize)[0] < block_seconds and loops < MAX_INNER_LOOPS:
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


def _prepare(
    call: Callable[[], object], schedule: Schedule, synchronize: Callable[[], None]
) -> tuple[int, bool]:
    loops = calibrate(call, schedule.block_seconds, synchronize)
    warm = warm_up(call, loops, schedule.max_warm_up_seconds, synchronize)
    # Cold calls take longer, so that a block of too few of them looked long enough.
    return calibrate(call, schedule.block_seconds, synchronize), warm


def _is_slow(blocks: Sequence[tuple[float, float]], loops: int, schedule: Schedule) -> bool:
    return min(wall for wall, _ in blocks) / loops > schedule.slow_call_seconds


def _timing(blocks: Sequence[tuple[float, float]], per_round: int, loops: int, warm: bool) -> Timing:
    rounds = [blocks[first : first + per_round] for first in range(0, len(blocks), per_round)]
    fastest = [min(each) for each in rounds]
    return Timing(
        seconds=tuple(wall / loops for wall, _ in fastest),
        processor_seconds=tuple(processor / loops for _, processor in fastest),
        blocks=tuple(wall / loops for wall, _ in blocks),
        loops=loops,
        warm=warm,
    )


def _block(call: Callable[[], object], loops: int, synchronize: Callable[[], None]) -> tuple[float, float]:
    """Return wall and processor seconds of so many calls."""
    synchronize()
    processor = time.process_time()
    start = time.perf_counter()
    for _ in range(loops):
        call()
    synchronize()
    wall = time.perf_counter() - start
    return wall, time.process_time() - processor
