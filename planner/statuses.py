"""Why a number is not there, in words: every figure may say it beside its formula."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any


def status(value: float) -> str:
    """Say in words why a number is not there: `undefined`, or `not within the horizon`; empty when it is there."""
    if math.isnan(value):
        return "undefined"
    return "not within the horizon" if math.isinf(value) else ""


def reason(function: Callable[..., Any] | None, value: float) -> str:
    """Say in words why a figure has no value: as `STATUS` beside its formula says, otherwise as `status` does.

    `STATUS` of a module of formulas, or of a strategy, holds the words by the figure's name and by `nan`, `inf` or
    `-inf`, whichever stands for the missing value.
    """
    if not status(value) or function is None:
        return status(value)
    words = getattr(sys.modules[function.__module__], "STATUS", {})
    return str(words.get(function.__name__, {}).get(str(float(value)), status(value)))
