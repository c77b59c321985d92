"""What a compression recipe changes between two plans: money saved, quality lost, customers, and when it has paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.result import Result

Array = NDArray[np.float64]

DRAWN_FOR_COMPRESSION = (
    "compression_saving_usd_per_month", "total_serving_compression_saving_usd", "total_compression_making_usd",
    "compression_payback_month", "compression_demand_ratio", "serving_usd", "paying_customers", "cash_usd",
    "total_revenue_usd", "net_present_value_usd",
)  # fmt: skip
"""The figures that must be drawn for what a recipe changes."""

ENDS = [0.05, 0.5, 0.95]

RESTS_ON = (
    "compression_speedup_ratio", "compression_weights_ratio", "compression_quality_ratio", "compression_usd",
)  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """A quantity over the paired draws; infinite stands for what never comes, not a number for what is unknown."""

    unit: str
    p5: float
    median: float
    p95: float
    known_share: float
    """Share of the draws in which it is known."""


@dataclass(frozen=True)
class Compression:
    """What a plan with a recipe differs in from one without, or with another, on the same draws."""

    with_index: int
    """Place of the plan with the recipe among those compared."""
    without_index: int
    recipe: str
    other_recipe: str | None
    """The recipe of the plan that it is held against, if that has one as well."""
    rests_on: Mapping[str, Mapping[str, str | float | None]]
    """The inputs of the recipe: value, kind, reference and note of each."""
    beside: tuple[str, ...]
    """What else is known of its speed, and why it is not used."""
    saved_usd_per_month: Spread
    """What the recipe saves on serving the same tokens, in a month in which the company serves itself."""
    saved_usd: Spread
    """The same over the whole horizon."""
    making_usd: Spread
    payback_month: Spread
    """Month by which serving has saved what the recipe cost."""
    demand_ratio: Spread
    """Factor on conversion, and under churn, in the last month."""
    customers: Spread
    """Customers in the last month, with the recipe less without."""
    revenue_usd: Spread
    """Revenue of the horizon, with the recipe less without."""
    serving_usd: Spread
    """Cost of serving over the horizon, with the recipe less without, its fewer or more customers included."""
    net_present_value_usd: Spread
    """With the recipe less without."""
    ahead_month: Spread
    """Month from which the cash stays at or above that of the plan without: with all that the recipe changes."""

    @property
    def spreads(self) -> dict[str, Spread]:
        """Everything that has a spread over the draws, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Spread)}


def compressions(results: Sequence[Result]) -> tuple[Compression, ...]:
    """Return what recipes change, for each plan whose recipe is another than the first plan's.

    A plan without a recipe is held against the first one's; nothing where the figures were not drawn.
    """
    first = results[0].scenario.serving.compression
    pairs = []
    for index, other in enumerate(results[1:], start=1):
        recipe = other.scenario.serving.compression
        if recipe != first:
            pairs.append((index, 0) if recipe is not None else (0, index))
    return tuple(_compression(results, *pair) for pair in pairs if all(map(_is_drawn, results)))


def _is_drawn(result: Result) -> bool:
    return result.num_draws == 1 or all(result[figure].draws is not None for figure in DRAWN_FOR_COMPRESSION)


def _compression(results: Sequence[Result], index: int, other_index: int) -> Compression:
    plan, other = results[index], results[other_index]
    apart = {
        "customers": _last(plan, "paying_customers") - _last(other, "paying_customers"),
        "revenue": _draws(plan, "total_revenue_usd") - _draws(other, "total_revenue_usd"),
        "serving": _months(plan, "serving_usd").sum(axis=0) - _months(other, "serving_usd").sum(axis=0),
        "value": _draws(plan, "net_present_value_usd") - _draws(other, "net_present_value_usd"),
    }
    return Compression(
        with_index=index,
        without_index=other_index,
        recipe=str(plan.scenario.serving.compression),
        other_recipe=other.scenario.serving.compression,
        rests_on={name: _about(plan, name) for name in RESTS_ON},
        beside=plan.leaves["compression_speedup_ratio"].beside,
        saved_usd_per_month=_spread("usd per month", _draws(plan, "compression_saving_usd_per_month")),
        saved_usd=_spread("usd", _draws(plan, "total_serving_compression_saving_usd")),
        making_usd=_spread("usd", _draws(plan, "total_compression_making_usd")),
        payback_month=_spread("month", _draws(plan, "compression_payback_month")),
        demand_ratio=_spread("ratio", _last(plan, "compression_demand_ratio")),
        customers=_spread("customers", apart["customers"]),
        revenue_usd=_spread("usd", apart["revenue"]),
        serving_usd=_spread("usd", apart["serving"]),
        net_present_value_usd=_spread("usd", apart["value"]),
        ahead_month=_spread("month", ahead_month(_months(plan, "cash_usd"), _months(other, "cash_usd"))),
    )


def ahead_month(cash_usd: Array, other_cash_usd: Array) -> Array:
    """Return the month from which one row of cash stays at or above another, `(months, draws)` each.

    Infinite where the last month is behind; not a number where they never differ.
    """
    delta = cash_usd - other_cash_usd
    is_behind = delta < 0
    months = np.arange(1.0, len(delta) + 1.0).reshape(-1, 1)
    last_behind = np.max(np.where(is_behind, months, 0.0), axis=0)
    first_apart = np.min(np.where(delta != 0, months, np.inf), axis=0)
    ahead = np.where(last_behind > 0, last_behind + 1.0, first_apart)
    ahead = np.where(ahead > len(delta), np.inf, ahead)
    return np.where(np.isinf(first_apart), np.nan, ahead)


def _spread(unit: str, draws: Array) -> Spread:
    known = draws[~np.isnan(draws)]
    share = float(len(known)) / max(len(draws), 1)
    if not len(known):
        return Spread(unit, np.nan, np.nan, np.nan, 0.0)
    if np.isfinite(known).all():
        p5, median, p95 = np.quantile(known, ENDS)
    else:  # nothing lies between a month and never
        p5, median, p95 = np.quantile(known, ENDS, method="inverted_cdf")
    return Spread(unit, float(p5), float(median), float(p95), share)


def _about(result: Result, name: str) -> dict[str, str | float | None]:
    leaf = result.leaves[name]
    value = float(leaf.central())
    return {
        "value": value if np.isfinite(value) else None,
        "kind": leaf.evidence.kind,
        "reference": leaf.evidence.reference,
        "note": leaf.evidence.note,
    }


def _draws(result: Result, figure: str) -> Array:
    found: Array = np.broadcast_to(
        np.ravel(np.asarray(result[figure].each_draw(), dtype=float)), (result.num_draws,)
    )
    return found


def _months(result: Result, figure: str) -> Array:
    rows = np.asarray(result[figure].each_draw(), dtype=float)
    found: Array = np.broadcast_to(rows, (result.months, result.num_draws))
    return found


def _last(result: Result, figure: str) -> Array:
    found: Array = _months(result, figure)[-1]
    return found
