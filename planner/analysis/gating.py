"""Checks requirements on a plan, for a build that is to fail when a bound is crossed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.analysis.conditions import OPERATORS, Probability, parse
from planner.errors import InputError
from planner.result import Result, status
from planner.sampling_error import share_error


@dataclass(frozen=True)
class Verdict:
    """One requirement and what the plan gives for it."""

    requirement: str
    is_met: bool
    found: float
    """The probability, or the quantile that is furthest on the wrong side over the months."""
    error: float | None
    """Standard error of a probability over the draws; None for a quantile."""

    def to_json(self) -> dict[str, Any]:
        """Return the verdict for JSON; what is not a number is null."""
        found = None if status(self.found) else self.found
        return {
            "requirement": self.requirement,
            "is_met": self.is_met,
            "found": found,
            "standard_error": self.error,
        }

    def __str__(self) -> str:
        """Say in a line whether the requirement is met and what was found."""
        found = status(self.found) or f"{self.found:,.4g}"
        error = f" (standard error {self.error:.2g})" if self.error else ""
        return f"{'met    ' if self.is_met else 'crossed'}  {self.requirement}: {found}{error}"


def figures_in(requirements: Sequence[str]) -> list[str]:
    """Return the figures that requirements are about.

    Raises:
        InputError: a requirement cannot be read.
    """
    read = [parse(text) for text in requirements]
    return list(dict.fromkeys((one.event if isinstance(one, Probability) else one).figure for one in read))


def gate(requirements: Sequence[str], result: Result) -> list[Verdict]:
    """Check each requirement against a plan, in the order given.

    Raises:
        InputError: a requirement cannot be read, or does not say how sure it is to be.
    """
    return [_verdict(text, result) for text in requirements]


def _verdict(text: str, result: Result) -> Verdict:
    wanted = parse(text)
    if isinstance(wanted, Probability):
        happens = wanted.event.happens(result)
        found = float(happens.mean())
        met = bool(OPERATORS[wanted.operator](found, wanted.bound))
        return Verdict(wanted.text, met, found, share_error(happens, result.scrambles))
    if wanted.quantile is None and result.num_draws > 1:
        asked = f"{wanted.figure}@p90 {wanted.operator} {wanted.bound:g}"
        raise InputError(f"'{text}': say how sure it is to be, as '{asked}' or 'P({text.strip()}) > 0.9'")
    values = wanted.at_quantile(result)
    known = values[~np.isnan(values)]
    worst = math.nan if not known.size else float(known.min() if ">" in wanted.operator else known.max())
    return Verdict(wanted.text, wanted.holds_at_quantile(result), worst, None)
