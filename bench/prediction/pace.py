"""How long a step takes as the machine is, and how long undisturbed.

On a shared host the same step takes a fifth longer in one minute than in the next, whatever runs in this system: what
else the host's cores do is not seen from here. Short disturbances and long ones are told apart. A short call escapes
the short ones now and then, a long step never does: so steps are run by turns as they are and with a clock around each
of their operations, each of which is short enough to be undisturbed in one of several steps. What they then take
together, over what they took in the step beside, tells what the step as it is would take. The long ones change the
speed of the processor for minutes. A small piece of work that is always the same and runs in between tells of them, but
not of them alone, as it is itself disturbed: without it steps seem too slow in bad minutes, with all of it too fast.
So a good half of it is believed. The calibration's own steps are timed in the same way.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from bench.measuring.memory import nothing_collected
from bench.prediction.clock import now
from bench.prediction.tracing import Op, Trace, traced

MIN_BLOCK_SECONDS = 0.02
MIN_BLOCKS, MIN_REFERENCES = 5, 1
REFERENCE_TIME_SHARE = 0.05
"""So much of a step's time the reference runs after it, so often at least: beside long steps it tells more that way."""
UNDISTURBED_QUANTILE = 1 / (MIN_BLOCKS + 1)
"""Of several times: where the fastest of the fewest lies in the mean, so that many promise no more than few."""
REFERENCE_SHARE = 0.6
"""How much of what the reference tells of the pace is believed, of its logarithm.

Twenty calibrations of one day predicted the same 80 steps of large models best with something between a half and three
quarters: with less the error goes up and down from one calibration to the next by 3.5 %, with that by 2 %; with more
the steps of one calibration differ by what the reference was disturbed by, and they were not.
"""

MATRIX_SIZE = 512
VECTOR_LENGTH = 2**18


class Reference:
    """A matrix product and the sum of two vectors: arithmetic and memory in about the mix of a training step."""

    def __init__(self) -> None:
        self._a, self._b = (torch.full((MATRIX_SIZE, MATRIX_SIZE), 0.5) for _ in "ab")
        self._x, self._y = (torch.full((VECTOR_LENGTH,), 0.5) for _ in "xy")
        self._seconds: list[float] = []

    def run(self) -> None:
        """Run it once and remember how long it took, with its numbers in the cache whatever ran before."""
        self._call()
        self._seconds.append(_seconds(self._call, 1))

    def run_beside(self, step_seconds: float) -> None:
        """Run it some times after a step that took so long."""
        until = time.perf_counter() + REFERENCE_TIME_SHARE * step_seconds
        done = 0
        while done < MIN_REFERENCES or time.perf_counter() < until:
            self.run()
            done += 1

    def level_seconds(self) -> float:
        """Return what it took without short disturbances."""
        return float(undisturbed(self._seconds))

    def _call(self) -> None:
        torch.mm(self._a, self._b)
        torch.add(self._x, self._y)


def pace_between(level_seconds: float, other_seconds: float) -> float:
    """Return how many times slower the machine is when the reference takes the first than when it takes the second."""
    return math.pow(level_seconds / other_seconds, REFERENCE_SHARE)


def undisturbed(seconds: Sequence[Any]) -> Any:  # noqa: ANN401, numbers, or rows of them
    """Return which of several times, or rows of them, stands for the time without short disturbances."""
    return np.quantile(seconds, UNDISTURBED_QUANTILE, axis=0, method="lower")


@dataclass(frozen=True)
class Paced:
    """What a step took, and what it would have taken at the fastest pace of the machine."""

    seconds: float
    undisturbed_seconds: float

    @property
    def pace_ratio(self) -> float:
        """How many times longer than undisturbed the step took."""
        return self.seconds / self.undisturbed_seconds


@dataclass(frozen=True)
class Timed:
    """A step that was timed: as a whole, and its operations without short disturbances."""

    seconds: float
    steady_seconds: float
    """Without short disturbances."""
    reference_seconds: float
    """What the reference took meanwhile, without short disturbances."""
    trace: Trace
    op_seconds: dict[Op, float]
    """Of one call of each operation, the mean over its places in the step."""

    def paced(self, reference_seconds: float) -> Paced:
        """Tell what the step takes undisturbed, when the reference then takes so long."""
        return Paced(
            self.seconds, self.steady_seconds / pace_between(self.reference_seconds, reference_seconds)
        )

    def beside(self, other: Timed) -> Timed:
        """Return the one of two timings of a step that was less disturbed; as it was, it took the mean of both."""
        better = min(self, other, key=lambda one: one.paced(self.reference_seconds).undisturbed_seconds)
        return replace(better, seconds=(self.seconds + other.seconds) / 2)


def timed(step: Callable[[], object], budget_seconds: float, min_blocks: int = MIN_BLOCKS) -> Timed:
    """Time a step by turns as it is, short ones in blocks, and operation by operation, so many times at least.

    Two steps come before that warm up, and the garbage collector waits meanwhile.
    """
    step()
    loops = max(1, round(MIN_BLOCK_SECONDS / max(_seconds(step, 1), 1e-9)))
    trace, times = traced(step, now)
    ops = [op for op, _ in times]
    wholes: list[float] = []
    rounds: list[list[float]] = []
    reference = Reference()
    with nothing_collected():
        until = time.perf_counter() + budget_seconds
        while len(wholes) < min_blocks or time.perf_counter() < until:
            wholes.append(_seconds(step, loops) / loops)
            rounds.append([seconds for _, seconds in traced(step, now)[1]])
            reference.run_beside(wholes[-1])
    parts = undisturbed(rounds)
    shares = [whole / sum(each) for whole, each in zip(wholes, rounds, strict=True)]
    steady = statistics.median(shares) * float(parts.sum())
    seconds = statistics.median(wholes)
    return Timed(seconds, steady, reference.level_seconds(), trace, _mean_by_op(ops, parts.tolist()))


def _mean_by_op(ops: Sequence[Op], seconds: Sequence[float]) -> dict[Op, float]:
    places: dict[Op, list[float]] = defaultdict(list)
    for op, each in zip(ops, seconds, strict=True):
        places[op].append(each)
    return {op: statistics.fmean(each) for op, each in places.items()}


def _seconds(step: Callable[[], object], loops: int) -> float:
    start = now()
    for _ in range(loops):
        step()
    return now() - start
