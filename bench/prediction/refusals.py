"""What is said when a calibration cannot be used."""

from __future__ import annotations

from bench.errors import RecordError


def unusable(why: str) -> RecordError:
    """Return the error that says why, and what to do about it."""
    return RecordError(f"{why}: make a new one with `benchplan bench machine`")
