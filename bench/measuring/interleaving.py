"""Timing of several variants side by side.

Variants run in rounds in a random order, so that a slow spell of the machine hits all of them alike. Within a round
the fastest of a few short blocks counts, because other work only ever adds time. Long blocks cannot escape it, and
while a round of several goes on the machine's pace changes: of them each is a round of its own.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

MAX_INNER_LOOPS = 1 << 20
BLOCKS_PER_WINDOW = 4
ROUNDS_OF_SLOW_ONES = 3
LONG_BLOCKS = 10
"""A call that takes so many times as long as a block should is calibrated once, before the warm-up."""
STABLE_SHARE = 0.03
ENOUGH_ROUNDS = 6
"""With so many rounds under the best condition of the machine, those under another one do not count."""
WAITING_SHARE = 0.5
"""At most this share of the time of a schedule is spent on waiting for a better condition, beside that time."""
ROUND_SECONDS = 0.006
"""So long may the blocks of a variant in one round take together, unless a single one takes longer.

Two slices of time of Linux's scheduler: within them one block or another escapes other work. Beyond that the fastest
of several varies more than each does: of the ratio of two transformers whose calls take 8 and 10 ms, timed for 3 s on
a shared host, the standard deviation was 2.4 % with six blocks in a round and 1.3 % with one.
"""


@dataclass(frozen=True)
class Schedule:
    """How long to time: rounds over all variants, blocks within a round, and the least length of a block.

    Past `max_seconds` no round is begun, but there are `min_rounds` on any machine. Blocks are shorter than
    the time slice of a scheduler, and several, so that beside other work at least one of them is undisturbed.
    Where calls are too long for that there are fewer blocks in a round, down to one, and as many more rounds.
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
    left_out: int = 0
    """Further rounds that do not count, since the machine was not in its best condition."""
    unfit: int = 0
    """Rounds that count although it was not, as there were too few others."""

    def followed_by(self, other: Timing) -> Timing:
        """Return the rounds of both, for example from two processes; of fit and unfit ones only the former."""
        if bool(self.unfit) != bool(other.unfit):
            fit, unfit = (other, self) if self.unfit else (self, other)
            return replace(fit, left_out=fit.left_out + unfit.left_out + len(unfit.seconds))
        return Timing(
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            self.blocks + other.blocks,
            self.loops,
            self.warm and other.warm,
            self.left_out + other.left_out,
            self.unfit + other.unfit,
        )


class Calibrated(NamedTuple):
    """How many calls make a block, and what it takes."""

    loops: int
    block_seconds: float


class Condition(Protocol):
    """A state of the machine that changes while something is timed and that can be measured in between."""

    @property
    def limit_seconds(self) -> float:
        """The longest look that still belongs to the best state seen."""

    def look(self) -> float:
        """Measure the state; the fewer seconds the better."""

    def wait(self, max_seconds: float) -> float:
        """Wait until the state is as good as the best; returns the last look."""


class Interleaved:
    """Variants that are timed in rounds, which may be spread over several spans of time.

    Each round goes through them in a random order, then back, and again: so blocks that are compared lie beside each
    other in time, and none is always first. `synchronize` waits until the device has finished; it is called around
    every block. With a `condition`, rounds count that began and ended in its best state, where there are enough; a
    schedule under which slow variants sit out takes none (ValueError), since rounds are left out for all alike.
    """

    def __init__(
        self,
        variants: Mapping[str, Callable[[], object]],
        schedule: Schedule,
        synchronize: Callable[[], None] = lambda: None,
        condition: Condition | None = None,
    ) -> None:
        self._variants, self._schedule, self._synchronize = variants, schedule, synchronize
        if condition and schedule.slow_call_seconds < math.inf:
            raise ValueError("under a condition every variant takes part in every round")
        self._condition = condition
        self._looks: list[float] = []
        self._blocks: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
        self._order = list(variants)
        self._shuffle = random.Random(schedule.seed)
        self._ready: dict[str, tuple[Calibrated, bool]] = {}
        self._blocks_per_round = schedule.blocks

    def run(self) -> None:
        """Time as many rounds as the schedule says, or as its time allows; the first time warms up before."""
        schedule = self._schedule
        if not self._ready:
            self._prepare()
        per_block = schedule.blocks / self._blocks_per_round
        patience, until = WAITING_SHARE * schedule.max_seconds, time.perf_counter() + schedule.max_seconds
        for done in range(math.ceil(schedule.rounds * per_block)):
            if done >= schedule.min_rounds and time.perf_counter() > until:
                break
            if len(self._looks) == math.ceil(ROUNDS_OF_SLOW_ONES * per_block):
                self._order = [name for name in self._order if not self._is_slow(name)]
            before, waited = self._wait(patience)
            patience, until = patience - waited, until + waited
            self._round()
            self._looks.append(max(before, self._look()))

    def timings(self) -> dict[str, Timing]:
        """Return what was timed in all runs so far, of which there is at least one."""
        return {name: self._timing(name) for name in self._variants}

    def _wait(self, patience: float) -> tuple[float, float]:
        """Wait for the best state as long as there is patience; returns a look and the seconds that it took."""
        started = time.perf_counter()
        look = self._condition.wait(patience) if self._condition and patience > 0 else self._look()
        return look, time.perf_counter() - started

    def _look(self) -> float:
        return self._condition.look() if self._condition else 0.0

    def _prepare(self) -> None:
        for name, call in self._variants.items():
            self._ready[name] = _ready(call, self._schedule, self._synchronize)
        longest = max((found.block_seconds for found, _ in self._ready.values()), default=0.0)
        most = self._schedule.blocks
        self._blocks_per_round = max(1, min(most, int(ROUND_SECONDS / longest))) if longest > 0 else most

    def _round(self) -> None:
        self._shuffle.shuffle(self._order)
        for number in range(self._blocks_per_round):
            for name in self._order if number % 2 == 0 else reversed(self._order):
                loops = self._ready[name][0].loops
                self._blocks[name].append(_block(self._variants[name], loops, self._synchronize))

    def _is_slow(self, name: str) -> bool:
        fastest = min(wall for wall, _ in self._blocks[name]) / self._ready[name][0].loops
        return fastest > self._schedule.slow_call_seconds

    def _timing(self, name: str) -> Timing:
        count = self._blocks_per_round
        loops, warm = self._ready[name][0].loops, self._ready[name][1]
        every = self._blocks[name]
        rounds = [every[first : first + count] for first in range(0, len(every), count)]
        limit = self._condition.limit_seconds if self._condition else 0.0
        fit = [each for each, look in zip(rounds, self._looks, strict=False) if look <= limit]
        counted = fit if len(fit) >= min(ENOUGH_ROUNDS, len(rounds)) else rounds
        fastest = [min(each) for each in counted]
        blocks = [block for each in counted for block in each]
        return Timing(
            seconds=tuple(wall / loops for wall, _ in fastest),
            processor_seconds=tuple(processor / loops for _, processor in fastest),
            blocks=tuple(wall / loops for wall, _ in blocks),
            loops=loops,
            warm=warm,
            left_out=len(rounds) - len(counted),
            unfit=len(counted) - len(fit),
        )


def time_interleaved(
    variants: Mapping[str, Callable[[], object]],
    schedule: Schedule,
    synchronize: Callable[[], None] = lambda: None,
) -> dict[str, Timing]:
    """Time the variants in one span of time."""
    interleaved = Interleaved(variants, schedule, synchronize)
    interleaved.run()
    return interleaved.timings()


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


def calibrate(
    call: Callable[[], object], block_seconds: float, synchronize: Callable[[], None]
) -> Calibrated:
    """Double the number of calls in a block until the block is long enough for the clock.

    What looks long enough is looked at twice: a process that was set aside meanwhile makes a short block long.
    """
    loops = 1
    while True:
        seconds = _block(call, loops, synchronize)[0]
        if seconds >= block_seconds:
            seconds = min(seconds, _block(call, loops, synchronize)[0])
        if seconds >= block_seconds or loops >= MAX_INNER_LOOPS:
            return Calibrated(loops, seconds)
        loops *= 2


def _ready(
    call: Callable[[], object], schedule: Schedule, synchronize: Callable[[], None]
) -> tuple[Calibrated, bool]:
    """Return the calls in a block of a variant that has warmed up, and whether its time had become stable."""
    cold = calibrate(call, schedule.block_seconds, synchronize)
    warm = warm_up(call, cold.loops, schedule.max_warm_up_seconds, synchronize)
    if cold.block_seconds > LONG_BLOCKS * schedule.block_seconds:
        return cold, warm
    # Cold calls take longer, so that a block of too few of them looked long enough.
    return calibrate(call, schedule.block_seconds, synchronize), warm


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
