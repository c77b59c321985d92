"""Plain words for values in messages."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 60


def show(value: object) -> str:
    """Return a value as a scenario file would spell it, cut where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
