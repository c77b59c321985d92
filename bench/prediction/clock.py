"""The clock of the calibration: the fastest of several calls, since other work only ever adds time."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

MIN_BLOCK_SECONDS = 2e-4
MAX_LOOPS = 1 << 12


def now() -> float:
    """Return seconds that only grow while this process works, if on one thread; else those of the wall clock.

    On one thread both are the same on a quiet machine, and on a busy one the first leaves out what others take.
    """
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def fastest(call: Callable[[], object], budget_seconds: float, min_blocks: int = 3) -> float:
    """Return the seconds of the fastest call; short calls are timed in blocks."""
    call()
    loops = 1
    while (block := _block(call, loops)) < MIN_BLOCK_SECONDS and loops < MAX_LOOPS:
        loops *= 2
    best = block
    until = time.perf_counter() + budget_seconds
    blocks = 1
    while blocks < min_blocks or time.perf_counter() < until:
        best = min(best, _block(call, loops))
        blocks += 1
    return best / loops


def _block(call: Callable[[], object], loops: int) -> float:
    start = now()
    for _ in range(loops):
        call()
    return now() - start
