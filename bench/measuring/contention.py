"""Tells whether the machine was quiet while something was measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

MAX_PRESSURE_SHARE = 0.05
MAX_WALL_OVER_PROCESSOR_RATIO = 1.1
MICROSECONDS_PER_SECOND = 1e6
_PRESSURE_FILE = Path("/proc/pressure/cpu")


@dataclass
class QuietWatch:
    """Watches spans of work for signs that other work competed; use it as a context manager, spans add up.

    Two signs: the share of time in which some task waited for a processor (Linux pressure stall information),
    and wall time over processor time, which says something only where this process works on one thread and
    waits for nothing.
    """

    one_thread: bool = True
    wall_seconds: float = 0.0
    processor_seconds: float = 0.0
    stalled_seconds: float | None = None

    def __enter__(self) -> Self:
        self._stalled = pressure_seconds()
        self._processor = time.process_time()
        self._wall = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall_seconds += time.perf_counter() - self._wall
        self.processor_seconds += time.process_time() - self._processor
        stalled = pressure_seconds()
        if stalled is not None and self._stalled is not None:
            self.stalled_seconds = (self.stalled_seconds or 0.0) + stalled - self._stalled

    @property
    def contended(self) -> bool:
        """Tell whether either sign passed its limit; false before anything was watched."""
        if self.wall_seconds <= 0:
            return False
        if self.stalled_seconds is not None and self.stalled_seconds > MAX_PRESSURE_SHARE * self.wall_seconds:
            return True
        return self.one_thread and self.wall_seconds > MAX_WALL_OVER_PROCESSOR_RATIO * max(
            self.processor_seconds, 1e-9
        )

    def in_words(self) -> str:
        """Say the signs as numbers."""
        signs = []
        if self.stalled_seconds is not None:
            share = self.stalled_seconds / max(self.wall_seconds, 1e-9)
            signs.append(f"tasks waited for a core {share:.0%} of the time")
        if self.one_thread:
            ratio = self.wall_seconds / max(self.processor_seconds, 1e-9)
            signs.append(f"wall time was {ratio:.2f} x processor time")
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
