"""Conditions on figures as people write them: `runway_months >= 24`, `P(cash_usd < 0) < 0.1`, `x@p50 > 0.5`.

An event, inside `P(...)`, has happened when it holds in any month. A requirement, outside, is met when it holds in
every month in which the figure is defined. `figure[12]` is the figure in month 12 alone.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.errors import InputError
from planner.result import Result

OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
CONDITION = re.compile(
    rf"\s*(?P<figure>[a-z_][\w.]*)\s*(?:\[\s*(?P<month>\d+)\s*\])?\s*(?:@\s*p(?P<percent>\d+(?:\.\d+)?))?"
    rf"\s*(?P<operator>>=|<=|>|<)\s*(?P<bound>{NUMBER})\s*"
)
PROBABILITY = re.compile(rf"\s*P\s*\((?P<event>[^()]*)\)\s*(?P<operator>>=|<=|>|<)\s*(?P<bound>{NUMBER})\s*")
SPELLINGS = (
    "'runway_months >= 24', 'P(cash_usd < 0) < 0.1', 'cash_usd[12] > 0', 'gross_margin_share@p50 > 0.5'"
)


@dataclass(frozen=True)
class Condition:
    """A figure against a bound, in one month or all, at a quantile or in every draw."""

    text: str
    figure: str
    operator: str
    bound: float
    month: int | None = None
    quantile: float | None = None

    def happens(self, result: Result) -> NDArray[np.bool_]:
        """Tell for every draw whether the event happens: in any month."""
        holds = OPERATORS[self.operator](self._drawn(result), self.bound)
        return np.asarray(holds.any(axis=0))

    def is_met(self, result: Result) -> NDArray[np.bool_]:
        """Tell for every draw whether the requirement is met: in every month in which the figure is defined."""
        values = self._drawn(result)
        unknown = np.isnan(values)
        holds = OPERATORS[self.operator](values, self.bound) | unknown
        # What is never defined meets nothing.
        return np.asarray(holds.all(axis=0) & ~unknown.all(axis=0))

    def at_quantile(self, result: Result) -> NDArray[np.float64]:
        """Return the quantile that the condition names (the median if none), for each month looked at."""
        values = self._drawn(result)
        probability = 0.5 if self.quantile is None else self.quantile
        return np.asarray(np.quantile(values, probability, axis=-1, method="inverted_cdf"))

    def holds_at_quantile(self, result: Result) -> bool:
        """Tell whether the quantile meets the bound in every month in which it is defined."""
        values = self.at_quantile(result)
        known = values[~np.isnan(values)]
        return bool(known.size and np.all(OPERATORS[self.operator](known, self.bound)))

    def _drawn(self, result: Result) -> NDArray[np.float64]:
        """Return the figure as `(months, draws)`; one row for a single month and for what has no months."""
        figure = result[self.figure]
        drawn = np.asarray(figure.central)[..., None] if figure.draws is None else np.asarray(figure.draws)
        if not figure.is_monthly:
            if self.month is not None:
                raise InputError(f"{self.text}: {figure.name} has no months; leave out [{self.month}]")
            return drawn.reshape(1, -1)
        if self.month is None:
            return drawn
        if not 1 <= self.month <= result.months:
            raise InputError(f"{self.text}: the plan has months 1 to {result.months}, not {self.month}")
        return drawn[self.month - 1 : self.month]


@dataclass(frozen=True)
class Probability:
    """A bound on the probability of an event."""

    text: str
    event: Condition
    operator: str
    bound: float


def parse(text: str) -> Condition | Probability:
    """Read a condition or a bound on a probability.

    Raises:
        InputError: the text is neither; the message shows the spellings.
    """
    as_probability = PROBABILITY.fullmatch(text)
    if as_probability:
        event, bound = condition(as_probability["event"]), float(as_probability["bound"])
        if not 0 <= bound <= 1:
            raise InputError(f"'{text}': a probability lies between 0 and 1, not at {bound:g}")
        return Probability(text.strip(), event, as_probability["operator"], bound)
    return condition(text)


def condition(text: str) -> Condition:
    """Read a condition on one figure.

    Raises:
        InputError: the text is none; the message shows the spellings.
    """
    found = CONDITION.fullmatch(text)
    if found is None:
        raise InputError(f"'{text}' is no condition; write it like {SPELLINGS}")
    percent = found["percent"]
    if percent and not 0 < float(percent) < 100:
        raise InputError(f"'{text}': a quantile lies between p0 and p100, both excluded")
    return Condition(
        text.strip(),
        found["figure"],
        found["operator"],
        float(found["bound"]),
        int(found["month"]) if found["month"] else None,
        float(percent) / 100 if percent else None,
    )
