"""Helps with what was misspelt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_LISTED = 8


def did_you_mean(given: str, known: Iterable[str], listing: str) -> str:
    """Give the nearest known spelling or, when none is near, a list of what is known, with a space before."""
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    if not names:
        return f" {listing} none."
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f" {listing} {', '.join(names[:MAX_LISTED])}{more}."
