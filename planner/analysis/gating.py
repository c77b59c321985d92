"""Checks requirements on a plan, for a build that is to fail when a bound is crossed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.analysis.conditions import OPERATORS, Condition, Probability, parse
from planner.errors import InputError
from planner.result import Result
from planner.sampling_error import share_error
from planner.statuses import status

OPPOSITES: Mapping[str, str] = {">=": "<", "<=": ">", ">": "<=", "<": ">="}


@dataclass(frozen=True)
class Verdict:
    """One requirement and what the plan gives for it."""

    requirement: str
    is_met: bool
    found: float
    """The probability, or the quantile that is furthest on the wrong side over the months."""
    error: float | None = None
    """Standard error of a probability over the draws; None for a quantile."""
    month: int | None = None
    """The month in which the quantile was found; None for what has no months."""
    unknown_months: int = 0
    """Months that were passed over because the figure is undefined in some draws."""

    def to_json(self) -> dict[str, Any]:
        """Return the verdict for JSON; what is not a number is null, and `status` says why."""
        why = status(self.found)
        return {
            "requirement": self.requirement,
            "is_met": self.is_met,
            "found": None if why else self.found,
            **({"status": why} if why else {}),
            "standard_error": self.error,
            "month": self.month,
            "num_unknown_months": self.unknown_months,
        }


def check(requirements: Sequence[str], result: Result, draws: int) -> list[str]:
    """Return the figures that requirements are about, when all can be asked of a plan like this with so many draws.

    Raises:
        InputError: a requirement cannot be read, does not say how sure it is to be, or asks for what is not there.
    """
    figures = []
    for text in requirements:
        one = parse(text)
        if isinstance(one, Condition) and one.quantile is None and draws > 1:
            raise InputError(f"'{text}': say how sure it is to be, as {_surer(one)}")
        asked = one.event if isinstance(one, Probability) else one
        asked.check(result, draws)
        figures.append(asked.figure)
    return list(dict.fromkeys(figures))


def gate(requirements: Sequence[str], result: Result) -> list[Verdict]:
    """Check each requirement against a plan, in the order given.

    Raises:
        InputError: a requirement cannot be read, does not say how sure it is to be, or asks for what is not there.
    """
    check(requirements, result, result.num_draws)
    return [_verdict(parse(text), result) for text in requirements]


def _verdict(wanted: Condition | Probability, result: Result) -> Verdict:
    if isinstance(wanted, Probability):
        happens = wanted.event.happens(result)
        found = float(happens.mean())
        met = bool(OPERATORS[wanted.operator](found, wanted.bound))
        return Verdict(wanted.text, met, found, share_error(happens, result.scrambles))
    values = wanted.at_quantile(result)
    unknown = np.isnan(values)
    if unknown.all():
        return Verdict(wanted.text, False, math.nan, unknown_months=len(values))
    worst = int(np.nanargmin(values) if ">" in wanted.operator else np.nanargmax(values))
    met = bool(OPERATORS[wanted.operator](values[worst], wanted.bound))
    month = (wanted.month or worst + 1) if result[wanted.figure].is_monthly else None
    return Verdict(wanted.text, met, float(values[worst]), None, month, int(unknown.sum()))


def _surer(one: Condition) -> str:
    """Return two spellings that say how sure a requirement is to be: nine times in ten."""
    month = f"[{one.month}]" if one.month else ""
    percent = 10 if ">" in one.operator else 90
    figure = f"{one.figure}{month}"
    return (
        f"'{figure}@p{percent} {one.operator} {one.bound:g}' "
        f"or 'P({figure} {OPPOSITES[one.operator]} {one.bound:g}) < 0.1'"
    )
