"""Compares plans on the same draws: paired differences, dominance, regret, and what leads from one to the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner import strategies
from planner.analysis.compressing import DRAWN_FOR_COMPRESSION, Compression, compressions
from planner.errors import InputError
from planner.result import Result
from planner.scenario.base import Section
from planner.scenario.schema import Company
from planner.tails import guarded_mean
from planner.tally import EXACT_VALUES

Array = NDArray[np.float64]

COMPARED = (
    "funding_need_usd", "startup_cost_usd", "net_present_value_usd", "internal_rate_share_per_year",
    "total_revenue_usd", "average_gross_margin_share", "lifetime_value_ratio", "top_five_revenue_share",
    "runway_months", "break_even_month",
)  # fmt: skip
"""The figures whose differences are shown; all are known at the end of the plan."""
DRAWN_FOR_PAGE = (*COMPARED, "cash_usd")
"""What the page shows in its draws: the paths of the cash as well."""
OBJECTIVE = "net_present_value_usd"
"""What dominance and regret are about: more is better."""
SCHEMA = "benchplan.comparison/1"
NOT_THERE = "-"
"""What stands for a key that a plan has not, or that belongs to a strategy which it does not follow."""
STEPS = {
    "revenue_usd": 1.0, "cost_of_revenue_usd": -1.0, "research_usd": -1.0, "staff_usd": -1.0, "marketing_usd": -1.0,
    "overhead_usd": -1.0, "privacy_usd": -1.0, "setup_usd": -1.0, "tax_usd": -1.0, "investing_cash_flow_usd": 1.0,
    "new_debt_usd": 1.0,
    "loan_repayments_usd": -1.0, "interest_usd": -1.0,
}  # fmt: skip
"""Flows that lead to the cash of the horizon, and their sign; the rest is working capital."""


@dataclass(frozen=True)
class Difference:
    """A figure of one plan less that of the first, draw by draw."""

    figure: str
    unit: str
    median: float
    p5: float
    p95: float
    larger_share: float
    """Share of the draws in which the figure is larger than in the first plan."""
    unknown_share: float
    """Share of the draws in which one of the two never happens or is undefined, so that there is no difference."""
    median_error: float | None
    """Standard error of the median over the draws; None where there are too few to tell."""


@dataclass(frozen=True)
class Regret:
    """What choosing a plan costs against the best of the compared ones, draw by draw."""

    mean: float
    """Not a number where its tail is too heavy for a mean."""
    p90: float
    best_share: float
    """Share of the draws in which this plan is the best one."""


@dataclass(frozen=True)
class Step:
    """One step of the way from the cash of one plan to that of another, on the central path."""

    name: str
    usd: float


@dataclass(frozen=True)
class Comparison:
    """What is the same and what differs between plans."""

    names: tuple[str, ...]
    results: tuple[Result, ...]
    inputs: tuple[tuple[str, tuple[str, ...]], ...]
    """Keys that differ, with what each scenario has there; `-` where it has nothing."""
    differences: tuple[tuple[Difference, ...], ...]
    """For each plan after the first, its differences to the first."""
    dominance: Mapping[tuple[int, int], str]
    """For pairs of plans: `every draw`, `distribution`, or nothing when neither is better throughout."""
    regrets: tuple[Regret, ...]
    waterfalls: tuple[tuple[Step, ...], ...]
    """For each plan after the first, the steps from the first plan's cash at the horizon to its own."""
    compressions: tuple[Compression, ...] = ()
    """What recipes change, where the plans differ in them and what it takes was drawn."""

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as one JSON document; what is not a number is null."""
        return {
            "schema": SCHEMA,
            "draws": self.results[0].num_draws,
            "seed": self.results[0].seed,
            "plans": [
                {
                    "scenario": name,
                    "name": result.scenario.name,
                    "ruin_share": ruin_share(result),
                    "figures": {f: result.to_json()["figures"][f] for f in COMPARED},
                    "regret": finite(asdict(regret)),
                }
                for name, result, regret in zip(self.names, self.results, self.regrets, strict=True)
            ],
            "different_inputs": {key: list(values) for key, values in self.inputs},
            "differences": [
                {"scenario": name, "to": self.names[0], "figures": [finite(asdict(one)) for one in found]}
                for name, found in zip(self.names[1:], self.differences, strict=True)
            ],
            "dominance": [
                {"better": self.names[a], "worse": self.names[b], "in": kind}
                for (a, b), kind in self.dominance.items()
            ],
            "waterfalls": [
                {"scenario": name, "from": self.names[0], "steps": {step.name: step.usd for step in steps}}
                for name, steps in zip(self.names[1:], self.waterfalls, strict=True)
            ],
            "compression": [self._compression_json(one) for one in self.compressions],
        }

    def _compression_json(self, one: Compression) -> dict[str, Any]:
        return {
            "scenario": self.names[one.with_index],
            "to": self.names[one.without_index],
            "recipe": one.recipe,
            "other_recipe": one.other_recipe,
            "rests_on": {name: dict(about) for name, about in one.rests_on.items()},
            "beside": list(one.beside),
            "figures": {name: finite(asdict(spread)) for name, spread in one.spreads.items()},
        }


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with None for every number that is not finite."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
    }


def figures_to_draw(scenarios: Iterable[Company], *, is_page: bool) -> tuple[str, ...]:
    """Return the figures that a comparison needs in each draw: more for a page, and where a scenario has a recipe."""
    figures = DRAWN_FOR_PAGE if is_page else COMPARED
    is_compressed = any(scenario.serving.compression is not None for scenario in scenarios)
    return tuple(dict.fromkeys((*figures, *DRAWN_FOR_COMPRESSION))) if is_compressed else figures


def compare(names: Sequence[str], results: Sequence[Result]) -> Comparison:
    """Compare plans that were drawn alike; the first is the one that the others are measured against.

    Raises:
        InputError: fewer than two plans, different horizons, draws or seeds, or more draws than are kept one by one.
    """
    check_count(len(results), max(result.num_draws for result in results))
    _check_alike(names, results)
    objectives = [_draws(result, OBJECTIVE) for result in results]
    return Comparison(
        tuple(names),
        tuple(results),
        tuple(_different_inputs(results)),
        tuple(tuple(_differences(results[0], other)) for other in results[1:]),
        dict(_dominance(objectives)),
        tuple(_regrets(objectives, results[0].scrambles)),
        tuple(_waterfall(results[0], other) for other in results[1:]),
        compressions(results),
    )


def ruin_share(result: Result) -> float:
    """Return the share of the draws in which the cash falls below zero in some month."""
    return float(np.mean(np.isfinite(_draws(result, "runway_months"))))


def check_count(plans: int, draws: int) -> None:
    """Refuse what cannot be compared, before it is planned.

    Raises:
        InputError: fewer than two plans, or more draws than a figure has room for one by one.
    """
    if plans < 2:
        raise InputError("give at least two scenarios to compare")
    if draws > EXACT_VALUES:
        raise InputError(
            f"--draws {draws}: plans are compared draw by draw, for which there is room for {EXACT_VALUES:,}"
        )


def _check_alike(names: Sequence[str], results: Sequence[Result]) -> None:
    if len({(result.num_draws, result.seed) for result in results}) > 1:
        raise InputError(
            "the plans differ in their draws; plan all of them with one number of draws and one seed"
        )
    for what, values in (
        ("horizon_months", [result.months for result in results]),
        ("start_month", [result.scenario.start_month for result in results]),
        ("uncertainty.sampling_method", [result.scenario.uncertainty.sampling_method for result in results]),
    ):
        if len(set(values)) > 1:
            told = ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
            raise InputError(
                f"the scenarios differ in {what} ({told}); give one for all: --set {what}={values[0]}"
            )


def _draws(result: Result, figure: str) -> Array:
    return np.ravel(np.asarray(result[figure].each_draw(), dtype=float))


def _different_inputs(results: Sequence[Result]) -> Iterator[tuple[str, tuple[str, ...]]]:
    flat = [_flat(result) for result in results]
    for key in dict.fromkeys(key for each in flat for key in each):
        values = [each.get(key, NOT_THERE) for each in flat]
        told = tuple(
            value if _is_followed(key, result) else NOT_THERE
            for value, result in zip(values, results, strict=True)
        )
        if len(set(values)) > 1 and set(told) != {NOT_THERE}:
            yield key, told


def _is_followed(key: str, result: Result) -> bool:
    """Tell whether a key is none of a strategy that the plan does not follow, whose defaults are nothing to it."""
    section = key.partition(".")[0]
    return section not in strategies.names() or section in result.scenario.strategies


def _flat(result: Result) -> dict[str, str]:
    """Return every key of a scenario with its value as text, and the figures that were set from outside."""
    figures = {f"figures.{name}": str(quantity) for name, quantity in result.loaded.overrides.items()}
    return {**dict(_texts(result.scenario, ())), **figures}


def _texts(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what stands under each key, as text; a list of words is one."""
    if isinstance(value, Section):
        for key in type(value).model_fields:
            yield from _texts(getattr(value, key), (*path, key))
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _texts(below, (*path, str(key)))
    elif isinstance(value, tuple) and any(isinstance(item, Section) for item in value):
        for number, below in enumerate(value):
            yield from _texts(below, (*path, str(number)))
    elif isinstance(value, tuple) and value:
        yield ".".join(path), ", ".join(map(str, value))
    elif value is not None and value != ():
        yield ".".join(path), str(value)


def _differences(first: Result, other: Result) -> Iterator[Difference]:
    for figure in COMPARED:
        a, b = np.broadcast_arrays(_draws(first, figure), _draws(other, figure))
        known = np.isfinite(a) & np.isfinite(b)
        delta = b[known] - a[known] if known.any() else np.array([np.nan])
        p5, median, p95 = np.quantile(delta, [0.05, 0.5, 0.95])
        # A month that never comes is later than any other; only what is undefined cannot be ordered.
        larger = float(np.mean(b > a))
        unknown = float(1 - known.mean())
        error = _median_error(b - a, first.scrambles) if known.all() else None
        yield Difference(
            figure, first[figure].unit, float(median), float(p5), float(p95), larger, unknown, error
        )


def _median_error(values: Array, scrambles: Sequence[slice]) -> float | None:
    """Return the standard error of the median over draws, from its spread over the scrambles."""
    if len(scrambles) < 2:
        return None
    return float(np.std([np.median(values[part]) for part in scrambles], ddof=1)) / math.sqrt(len(scrambles))


def _dominance(objectives: Sequence[Array]) -> Iterator[tuple[tuple[int, int], str]]:
    for i, j in combinations(range(len(objectives)), 2):
        for better, worse in ((i, j), (j, i)):
            a, b = objectives[better], objectives[worse]
            if np.all(a >= b) and np.any(a > b):
                yield (better, worse), "every draw"
            elif np.all(np.sort(a) >= np.sort(b)) and np.any(np.sort(a) > np.sort(b)):
                yield (better, worse), "distribution"


def _regrets(objectives: Sequence[Array], scrambles: Sequence[slice]) -> Iterator[Regret]:
    table = np.stack(np.broadcast_arrays(*objectives))
    best = table.max(axis=0)
    for row in table:
        lost = best - row
        mean = guarded_mean(lost, scrambles).value
        yield Regret(
            math.nan if mean is None else mean, float(np.quantile(lost, 0.9)), float(np.mean(row == best))
        )


def _waterfall(first: Result, other: Result) -> tuple[Step, ...]:
    """Return the steps from the first plan's cash to the other's, which add up to the difference.

    What is left after the flows, the funding and what suppliers are owed is what customers owe and have paid ahead.
    """

    def months(result: Result, name: str) -> Array:
        return np.broadcast_to(result[name].central, result.months)

    def total(result: Result, name: str) -> float:
        return float(np.sum(months(result, name)))

    def closing(result: Result, name: str) -> float:
        return float(months(result, name)[-1])

    steps = [Step(name, sign * (total(other, name) - total(first, name))) for name, sign in STEPS.items()]
    steps.append(Step("new_funding_usd", total(other, "new_funding_usd") - total(first, "new_funding_usd")))
    opening = [float(result.central_leaves["opening_cash_usd"]) for result in (first, other)]
    steps.append(Step("opening_cash_usd", opening[1] - opening[0]))
    steps.append(Step("payables_usd", closing(other, "payables_usd") - closing(first, "payables_usd")))
    rest = closing(other, "cash_usd") - closing(first, "cash_usd") - sum(step.usd for step in steps)
    return (*steps, Step("working_capital_usd", rest))
