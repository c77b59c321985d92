"""Tells whether the machine was quiet while something was measured, and how far that can have slowed it."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

MAX_PRESSURE_SHARE = 0.05
MAX_WALL_OVER_PROCESSOR_RATIO = 1.1
MAX_OTHERS_BUSY_SHARE = 0.1
MIN_SECONDS_TO_COUNT_OTHERS = 0.2
"""The system counts busy time in ticks of about 10 ms for each core."""
MAX_SHARE_LOST = 0.9
MAX_PACE_RATIO = 1.15
MAX_SPELLS, MIN_SPELL_SAMPLES = 12, 8
MICROSECONDS_PER_SECOND = 1e6
_PRESSURE_FILE = Path("/proc/pressure/cpu")


@dataclass
class QuietWatch:
    """Watches spans of work for signs that other work competed; use it as a context manager, spans add up.

    Four signs: the share of time in which some task waited for a processor (Linux pressure stall information);
    wall time over processor time, which says something only where this process works on one thread and waits
    for nothing; and the share of all cores that others kept busy, this process and its ended children aside.
    The third is needed because other work on another core makes nobody wait, and yet takes caches and clock. The fourth
    is what this system cannot see, other work on the host of a virtual machine: the same call takes longer in one spell
    than in another.
    """

    one_thread: bool = True
    wall_seconds: float = 0.0
    processor_seconds: float = 0.0
    stalled_seconds: float | None = None
    others_busy_seconds: float | None = None
    """Summed over cores."""
    num_cores: int = 1
    pace_ratio: float = 1.0
    """How many times as long a call took in its slowest spell as in its fastest."""

    def __enter__(self) -> Self:
        self._stalled = pressure_seconds()
        self._busy, self._own = system_busy_seconds(), _own_seconds()
        self._processor = time.process_time()
        self._wall = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall_seconds += time.perf_counter() - self._wall
        self.processor_seconds += time.process_time() - self._processor
        stalled, busy, own = pressure_seconds(), system_busy_seconds(), _own_seconds()
        if stalled is not None and self._stalled is not None:
            self.stalled_seconds = (self.stalled_seconds or 0.0) + stalled - self._stalled
        if busy is not None and self._busy is not None:
            self.num_cores = psutil.cpu_count() or 1
            others = busy - self._busy - (own - self._own)
            self.others_busy_seconds = (self.others_busy_seconds or 0.0) + others

    def add(self, other: QuietWatch) -> None:
        """Add the spans of another watch, for example of one in another process."""
        self.wall_seconds += other.wall_seconds
        self.processor_seconds += other.processor_seconds
        if other.stalled_seconds is not None:
            self.stalled_seconds = (self.stalled_seconds or 0.0) + other.stalled_seconds
        if other.others_busy_seconds is not None:
            self.others_busy_seconds = (self.others_busy_seconds or 0.0) + other.others_busy_seconds
            self.num_cores = max(self.num_cores, other.num_cores)
        self.pace_ratio = max(self.pace_ratio, other.pace_ratio)

    def compare_spells(self, seconds: Sequence[float]) -> None:
        """Look for spells in which the same call was slower; its seconds come in the order of time."""
        count = min(MAX_SPELLS, len(seconds) // MIN_SPELL_SAMPLES)
        edges = [len(seconds) * number // max(count, 1) for number in range(count + 1)]
        medians = [statistics.median(seconds[first:end]) for first, end in pairwise(edges)]
        if medians and min(medians) > 0:
            self.pace_ratio = max(self.pace_ratio, max(medians) / min(medians))

    @property
    def contended(self) -> bool:
        """Tell whether one of the signs passed its limit; false before anything was watched."""
        if self.wall_seconds <= 0:
            return False
        return (
            (self.stalled_share or 0.0) > MAX_PRESSURE_SHARE
            or (self.others_busy_share or 0.0) > MAX_OTHERS_BUSY_SHARE
            or self.pace_ratio > MAX_PACE_RATIO
            or (self.one_thread and self._wall_over_processor > MAX_WALL_OVER_PROCESSOR_RATIO)
        )

    @property
    def stalled_share(self) -> float | None:
        """Share of the time in which some task waited for a core, or None where the system does not tell."""
        if self.stalled_seconds is None or self.wall_seconds <= 0:
            return None
        return min(self.stalled_seconds / self.wall_seconds, 1.0)

    @property
    def others_busy_share(self) -> float | None:
        """Share of all cores that other processes kept busy; None where unknown or watched too shortly."""
        if self.others_busy_seconds is None or self.wall_seconds < MIN_SECONDS_TO_COUNT_OTHERS:
            return None
        return max(0.0, self.others_busy_seconds) / (self.wall_seconds * self.num_cores)

    @property
    def slowdown_ratio(self) -> float:
        """How many times longer the watched work may have taken than on a quiet machine; 1 when it was quiet.

        On one thread it is wall over processor time: that much was spent waiting for a core. On several
        threads, which wait for each other as well, the share s of time with waiting tasks gives 1 / (1 - s),
        an upper bound: as if each wait of any task had stopped all of this work.
        """
        if not self.contended:
            return 1.0
        if self.one_thread:
            return max(1.0, self._wall_over_processor)
        return 1.0 / (1.0 - min(self.stalled_share or 0.0, MAX_SHARE_LOST))

    @property
    def _wall_over_processor(self) -> float:
        return self.wall_seconds / max(self.processor_seconds, 1e-9)

    def in_words(self) -> str:
        """Say the signs as numbers."""
        signs = []
        if self.stalled_share is not None:
            signs.append(f"tasks waited for a core {self.stalled_share:.0%} of the time")
        if self.others_busy_share is not None:
            signs.append(f"others kept {self.others_busy_share:.0%} of the cores busy")
        if self.one_thread:
            signs.append(f"wall time was {self._wall_over_processor:.2f} x processor time")
        if self.pace_ratio > MAX_PACE_RATIO:
            signs.append(f"the same call took {self.pace_ratio:.2f} x as long in one spell as in another")
        return ", ".join(signs) or "this system tells no pressure"


def pressure_seconds(file: Path = _PRESSURE_FILE) -> float | None:
    """Return the time since start-up in which some task waited for a processor, or None where it is not told.

    Source: Linux kernel documentation, "PSI - Pressure Stall Information", line `some`, field `total`.
    """
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        kind, *fields = line.split()
        for field in fields:
            key, _, value = field.partition("=")
            if kind == "some" and key == "total" and value.isdigit():
                return int(value) / MICROSECONDS_PER_SECOND
    return None


def system_busy_seconds() -> float | None:
    """Return the time that all cores together were busy since start-up, or None where it is not told.

    Time that a hypervisor gave to others counts as busy; waiting for a disk does not.
    """
    try:
        times = psutil.cpu_times()._asdict()
    except (OSError, psutil.Error):
        return None
    # Linux counts guests within user time already.
    idle = ("idle", "iowait", "guest", "guest_nice")
    return float(sum(seconds for name, seconds in times.items() if name not in idle))


def _own_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
