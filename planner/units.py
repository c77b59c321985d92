"""The grammar by which a name carries its unit, and the only conversion constants of the planner.

A name reads `<what>_<unit>[_per_<unit>]...`: `price_usd_per_million_tokens`, `churn_share_per_month`.
The month is the step of the model: `customers` that come in one month and `customers per month` are one thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy import float64
from numpy.typing import NDArray

Array: TypeAlias = float | NDArray[float64]
"""What a figure takes and gives: a scalar, `(draws,)` or `(items, draws)`."""

Rows: TypeAlias = NDArray[float64]
"""What a figure gets for `series_X`: `(months, draws)`; `(months, 1)` when X is the same in all draws."""

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0
DAYS_PER_YEAR = 365.25
MONTHS_PER_YEAR = 12.0
DAYS_PER_COUNTED_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / MONTHS_PER_YEAR
HOURS_PER_MONTH = HOURS_PER_DAY * DAYS_PER_MONTH
SECONDS_PER_MONTH = SECONDS_PER_HOUR * HOURS_PER_MONTH
TOKENS_PER_MILLION_TOKENS = 1e6
PARAMS_PER_BILLION_PARAMS = 1e9
BYTES_PER_GB = 1e9
BYTES_PER_GIB = 2.0**30
BITS_PER_BYTE = 8.0
WATTS_HOURS_PER_KWH = 1000.0
CONSUMPTION_DAYS = 28.0
CONSUMPTION_PERIODS_PER_YEAR = 13.0
QUARTERS_PER_YEAR = 4.0
ONE_YEAR = 1.0
"""A calendar year has 365.25 days (definition of the Julian year); a month is a twelfth of it. A year that interest
is counted by has 365 (act/365 fixed). Consumption is told by the year as thirteen times that of 28 days, and a run
rate is the money of one year."""

ONE_DEAL = 1.0
"""By which a number of deals becomes a bare count, as chance needs it (definition)."""
LARGEST_CUSTOMERS = 5.0
"""How many customers the concentration of revenue looks at (definition)."""

FORWARD_FLOPS_PER_PARAM_TOKEN = 2.0
"""A weight takes one multiplication and one addition for each token that passes (Kaplan et al. 2020, table 1)."""
TRAINING_FLOPS_PER_FORWARD_FLOPS = 3.0
"""The backward pass costs twice the forward pass (Kaplan et al. 2020, section 2.1)."""

UNIT_WORDS = frozenset(
    {
        "apps", "bits", "bytes", "customers", "days", "deals", "developers", "experts", "flops", "gib", "gpu",
        "gpus", "heads", "hours", "items", "kg", "kwh", "layers", "machine", "machines", "million", "month",
        "months", "param", "params", "partners", "people", "person", "ratio", "records", "replicas", "requests",
        "seconds", "share", "steps", "tokens", "usd", "users", "watts", "year", "years",
    }
)  # fmt: skip

SINGULAR = {
    "app": "apps", "bit": "bits", "byte": "bytes", "customer": "customers", "day": "days", "deal": "deals",
    "developer": "developers", "expert": "experts", "gpu": "gpus", "head": "heads", "hour": "hours", "item": "items",
    "layer": "layers", "machine": "machines", "month": "months", "param": "params", "partner": "partners",
    "person": "people", "record": "records", "replica": "replicas", "request": "requests", "second": "seconds",
    "step": "steps", "token": "tokens", "user": "users", "year": "years", "billion": "billion", "million": "million",
}  # fmt: skip
"""After `per` (and inside a compound such as `gpu_hours`) a unit word stands in the singular."""

DIMENSIONLESS = frozenset({"share", "ratio"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as read from a name: words multiplied over words multiplied, all in the plural."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    text: str = field(default="", compare=False)
    """The unit for people, as the name spells it: `usd per gpu hour`, `share per month`."""

    def __str__(self) -> str:
        """Return the unit for people; nothing for a bare count."""
        return self.text


@cache
def unit_of(name: str) -> Unit:
    """Read the unit that a name carries; a name that ends in no unit word, or begins with `num_`, is a bare count.

    The wiring prefixes (`previous_`, `opening_`, `series_`, `each_`) and a strategy's name do not matter:
    the unit stands at the end.
    """
    bare = name.rpartition(".")[2]
    if bare.startswith("num_"):
        return Unit(())
    first, *rest = bare.split("_per_")
    words = first.split("_")
    start = len(words)
    while start > 0 and _is_unit(words[start - 1]):
        start -= 1
    top, bottom = words[start:], [word for part in rest for word in part.split("_") if _is_unit(word)]
    below = [" ".join(filter(_is_unit, part.split("_"))) for part in rest]
    # what is no unit, such as a run, is left out with its `per`
    text = " per ".join([" ".join(top), *filter(None, below)])
    return Unit(tuple(map(_plural, top)), tuple(map(_plural, bottom)), text.strip())


def unit_text(name: str) -> str:
    """Return the unit of a name as text for people and for JSON."""
    return str(unit_of(name))


def is_share(name: str) -> bool:
    """Tell whether a name is a share, which lies between 0 and 1 whatever it is per."""
    return unit_of(name).numerator == ("share",)


def monthly_ratio(share_per_year: Array) -> Array:
    """Return what one becomes after a month at a yearly rate that compounds: (1 + rate)^(1/12). Definition."""
    return (1.0 + share_per_year) ** (1.0 / MONTHS_PER_YEAR)


def share_per_year(share_per_month: Array) -> Array:
    """Return the yearly rate to a monthly one that compounds: (1 + rate)^12 - 1; the worst and the best stay infinite.

    Definition.
    """
    grown = (1.0 + np.maximum(share_per_month, -1.0)) ** MONTHS_PER_YEAR - 1.0
    return np.where(np.isneginf(share_per_month), share_per_month, grown)


def _is_unit(word: str) -> bool:
    return word in UNIT_WORDS or word in SINGULAR


def _plural(word: str) -> str:
    return SINGULAR.get(word, word)
