"""How fast the machine goes at the moment, by a small piece of work that is always the same.

On a shared host the same step takes a fifth longer in one minute than in the next, whatever runs in this system: what
else the host's cores do is not seen from here. A short call escapes that now and then, a long step never does. So every
step is timed between runs of a reference, and the pace of those, over the fastest that the reference ever was, tells
what the step would take undisturbed.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from bench.prediction.clock import fastest, now

MATRIX_SIZE = 512
VECTOR_LENGTH = 2**18
MIN_BLOCK_SECONDS = 0.02
MIN_BLOCKS = 5
CALLS = 6
"""Some 30 ms on one core: long enough to stand for a spell, short beside the steps that it is wrapped around."""


class Reference:
    """A matrix product and the sum of two vectors: arithmetic and memory in about the mix of a training step."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self._a, self._b = (torch.randn(MATRIX_SIZE, MATRIX_SIZE, generator=generator) for _ in "ab")
        self._x, self._y = (torch.randn(VECTOR_LENGTH, generator=generator) for _ in "xy")

    def __call__(self) -> None:
        """Run it once."""
        torch.mm(self._a, self._b)
        torch.add(self._x, self._y)

    def best_seconds(self) -> float:
        """Return the seconds of the fastest of many calls."""
        return fastest(self, 1.0, min_blocks=100)

    def mean_seconds(self) -> float:
        """Return the mean seconds of a few calls at this moment."""
        start = now()
        for _ in range(CALLS):
            self()
        return (now() - start) / CALLS


@dataclass(frozen=True)
class Paced:
    """What a step took, and what it would have taken at the fastest pace of the machine."""

    seconds: float
    undisturbed_seconds: float

    @property
    def pace_ratio(self) -> float:
        """How many times longer than undisturbed the step took."""
        return self.seconds / self.undisturbed_seconds


def paced(
    step: Callable[[], object], reference: Reference, best_seconds: float, budget_seconds: float
) -> Paced:
    """Time steps between runs of the reference, short steps in blocks, and return the medians over the blocks.

    A step shorter than a block escapes disturbance now and then: undisturbed it takes what its fastest call took.
    Two steps come before that warm up, and the garbage collector waits meanwhile.
    """
    step()
    loops = max(1, round(MIN_BLOCK_SECONDS / max(_seconds(step, 1), 1e-9)))
    quickest = fastest(step, budget_seconds / 2) if loops > 1 else math.inf
    seconds: list[float] = []
    undisturbed: list[float] = []
    gc.collect()
    gc.disable()
    try:
        until = time.perf_counter() + budget_seconds
        before = reference.mean_seconds()
        while len(seconds) < MIN_BLOCKS or time.perf_counter() < until:
            taken = _seconds(step, loops) / loops
            after = reference.mean_seconds()
            seconds.append(taken)
            undisturbed.append(taken * best_seconds / ((before + after) / 2))
            before = after
    finally:
        gc.enable()
    return Paced(statistics.median(seconds), min(quickest, statistics.median(undisturbed)))


def _seconds(step: Callable[[], object], loops: int) -> float:
    start = now()
    for _ in range(loops):
        step()
    return now() - start
