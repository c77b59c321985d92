"""Tells whether the cores that threads run on lie close together, and waits until they do.

The host of a virtual machine moves its cores about. While two of them share a cache, what one has written reaches the
other three times as fast as when they do not, and a layer of a few microseconds on two threads takes half as long. A
host stays with one placement for seconds or minutes, so that no number of rounds in a row averages over both: on two
cores of a shared AMD EPYC int8 was 0.97 times as fast as fp32 while they lay together and 0.84 times while they lay
apart (a perceptron; 1.95 and 1.68 times for a transformer), each within 0.03.
"""

from __future__ import annotations

import time

import torch

from bench.measuring.num_threads import threads

NUMBERS_PER_THREAD = 1 << 16
"""Large enough that each thread gets one row, small enough for a cache."""
EXCHANGES, LOOKS = 4, 3
APART_RATIO = 1.6
"""Times as long as the fastest: cores that lay together took up to 1.2 times, others 3 times."""
REST_SECONDS = 0.02
"""A core that has been idle may be woken beside the one that wakes it."""


class CorePlacement:
    """How long the threads in use take to hand each other data, which follows where their cores lie."""

    def __init__(self, num_threads: int) -> None:
        """Prepare looking at so many threads, two at least."""
        self._rows = torch.ones(num_threads, NUMBERS_PER_THREAD)
        self._others = torch.empty_like(self._rows)
        with threads(1):
            alone = self._exchange_seconds()
        # Reading what another core wrote takes about twice as long as what lies in one's own cache.
        self._hoped_seconds = self._awaited_seconds = 2 * alone / num_threads
        self.fastest_seconds = float("inf")

    @property
    def limit_seconds(self) -> float:
        """Beyond this an exchange says that the cores lie apart, or that on this processor they share no cache."""
        return APART_RATIO * min(self._hoped_seconds, self.fastest_seconds)

    def look(self) -> float:
        """Return the seconds of an exchange now, with as many threads as torch uses."""
        seconds = self._exchange_seconds()
        self.fastest_seconds = min(self.fastest_seconds, seconds)
        return seconds

    def wait(self, max_seconds: float) -> float:
        """Rest and look until the cores lie together, or the time is up; returns the last look.

        What was once awaited in vain is awaited again only after it was seen.
        """
        until = time.perf_counter() + max_seconds
        while (seconds := self.look()) > APART_RATIO * min(self._awaited_seconds, self.fastest_seconds):
            if time.perf_counter() > until:
                self._awaited_seconds = max(self._awaited_seconds, self.fastest_seconds)
                break
            time.sleep(REST_SECONDS)
        return seconds

    def _exchange_seconds(self) -> float:
        return min(self._exchanges() for _ in range(LOOKS)) / EXCHANGES

    def _exchanges(self) -> float:
        start = time.perf_counter()
        for _ in range(EXCHANGES):
            torch.mul(self._rows, 0.5, out=self._others)
            # Each thread now reads the row that another one wrote.
            torch.mul(self._others.flip(0), 2.0, out=self._rows)
        return time.perf_counter() - start
