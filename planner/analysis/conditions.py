"""Conditions on figures as people write them: `runway_months >= 24`, `P(cash_usd < 0) < 0.1`, `x@p50 > 0.5`.

An event, inside `P(...)`, happens when it holds in any month. A requirement, outside, is met when it holds in every
month in which the figure is defined. `figure[12]` is the figure in month 12 alone. What never comes within the horizon
is later than any month.
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
from planner.tally import EXACT_VALUES

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
        return self._met(self._drawn(result))

    def is_met_by(self, drawn: Any, *, is_monthly: bool) -> NDArray[np.bool_]:  # noqa: ANN401
        """Tell the same of the figure's value in each draw, `(months, draws)` or `(draws,)`, without a whole plan."""
        return self._met(self._rows(drawn, is_monthly))

    def _met(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        unknown = np.isnan(values)
        holds = OPERATORS[self.operator](values, self.bound) | unknown
        # What is never defined meets nothing.
        return np.asarray(holds.all(axis=0) & ~unknown.all(axis=0))

    def at_quantile(self, result: Result) -> NDArray[np.float64]:
        """Return the quantile that the condition names (the median if none), for each month looked at.

        It is not a number where the figure is undefined in some draws.
        """
        values = self._drawn(result)
        probability = 0.5 if self.quantile is None else self.quantile
        return np.asarray(np.quantile(values, probability, axis=-1, method="inverted_cdf"))

    def check(self, result: Result, draws: int) -> None:
        """Refuse what cannot be asked of a plan like this one, if it had so many draws.

        Raises:
            InputError: the figure is unknown, has no such month, or keeps no single draws when they are so many.
        """
        figure = result[self.figure]
        if self.month is not None and not figure.is_monthly:
            raise InputError(f"'{self.text}': {figure.name} has no months; leave out [{self.month}]")
        if self.month is not None and not 1 <= self.month <= result.months:
            raise InputError(f"'{self.text}': the plan has months 1 to {result.months}, not {self.month}")
        most = EXACT_VALUES // (result.months if figure.is_monthly else 1)
        if draws > most:
            raise InputError(
                f"'{self.text}': {figure.name} has room for {most:,} single draws, not {draws:,}; give --draws {most}"
            )

    def _drawn(self, result: Result) -> NDArray[np.float64]:
        """Return the figure as `(months, draws)`; one row for a single month and for what has no months."""
        self.check(result, result.num_draws)
        figure = result[self.figure]
        return self._rows(figure.each_draw(), figure.is_monthly)

    def _rows(self, drawn: Any, is_monthly: bool) -> NDArray[np.float64]:  # noqa: ANN401
        values = np.asarray(drawn, dtype=float)
        if not is_monthly:
            return values.reshape(1, -1)
        return values if self.month is None else values[self.month - 1 : self.month]


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
        if not as_probability["event"].strip():
            raise InputError(f"'{text}' names no event; write it like {SPELLINGS}")
        event, bound = condition(as_probability["event"]), float(as_probability["bound"])
        if event.quantile is not None:
            raise InputError(
                f"'{text}': a probability is about all draws; leave out @p{100 * event.quantile:g}"
            )
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
