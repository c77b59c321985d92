"""Every figure, run once on quantities with units: what comes out must be what the figure's name says.

The units of the parameters are read from their names, and so are those of the constants in `planner.units`. Two things
must hold: the unit that comes out can be converted to the one in the name, and after that the number is the one that
the formula gives on plain numbers. So a factor that is missing, or written as a bare number, is found either way.

The month is the step of the model and has no dimension; a year is twelve of them. Hours, days and seconds are time, and
only a constant such as HOURS_PER_MONTH leads from one to the other. Parameters, layers, heads and experts are counts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pint
import pytest

from planner import strategies, units
from planner.engine import figures_of
from planner.formulas import common, separate
from planner.preparing import COMPANY
from planner.scenario.keys import ANY, keys
from planner.units import SINGULAR, UNIT_WORDS, unit_of

COUNTS = {"months", "month", "steps", "params", "param", "layers", "heads", "experts", "share", "ratio"}
"""Words of no dimension, of size one."""
COMPOSED = {
    "years": "12 * months", "year": "12 * months", "million": "1e6 * months", "billion": "1e9 * months",
    "hours": "3600 * seconds", "days": "86400 * seconds", "gib": "1073741824 * bytes", "kwh": "3.6e6 * joules",
    "watts": "joules / seconds", "gpu": "gpus", "machine": "machines", "person": "people",
}  # fmt: skip
ITEMS, MONTHS, DRAWS = 3, 5, 2
ROW_MONTHS = 26
"""A row is long enough for what compares a year with the one before."""
RECURRING_MOVES = {"lost_recurring_usd", "contraction_recurring_usd", "expansion_recurring_usd"}

Figure = Callable[..., object]
Number = float | np.ndarray


def registry() -> pint.UnitRegistry:
    """A registry of the words of the grammar: each has a dimension of its own unless it is listed above."""
    known = pint.UnitRegistry(None, cache_folder=None)
    words = sorted(UNIT_WORDS | set(SINGULAR.values()) | {"joules"})
    for word in words:
        if word not in COMPOSED:
            known.define(f"{word} = []" if word in COUNTS else f"{word} = [{word}]")
    for word in sorted(set(words) & set(COMPOSED)):
        known.define(f"{word} = {COMPOSED[word]}")
    return known


REGISTRY = registry()
LISTS = {
    key.name
    for path, key in keys(strategies.scenario_model()).items()
    if ANY in path.split(".") and key.is_quantity
}
PARTS = {"previous_domain_customers"}
"""Figures of which each part is compared with the others, so that a single one would come out as nothing."""


def dimension(name: str) -> pint.Unit:
    unit = unit_of(name)
    found = REGISTRY.Unit("")
    for word in unit.numerator:
        found *= REGISTRY.Unit(word)
    for word in unit.denominator:
        found /= REGISTRY.Unit(word)
    return found


def figures() -> Iterator[tuple[str, Figure]]:
    for module in COMPANY:
        yield from ((f"{module.__name__}.{name}", figure) for name, figure in figures_of(module).items())
    for shared in (common, separate):
        yield from ((f"{shared.__name__}.{name}", figure) for name, figure in figures_of(shared).items())
    for strategy in strategies.names():
        module = strategies.module(strategy)
        yield from ((f"{strategy}.{name}", figure) for name, figure in figures_of(module).items())


FIGURES = dict(figures())


def plain_arguments(figure: Figure, seed: int) -> dict[str, object]:
    """Positive numbers of a plausible size for every parameter, in the shape in which the engine gives them."""
    random = np.random.default_rng(seed)
    return {spelling: _argument(spelling, random) for spelling in inspect.signature(figure).parameters}


def _argument(spelling: str, random: np.random.Generator) -> object:
    unit = unit_of(spelling)
    shape = (ROW_MONTHS if spelling.startswith("series_") else MONTHS, DRAWS)
    values = 10 ** random.uniform(0, 3, shape)
    if unit.numerator == ("share",):
        values = random.uniform(0.05, 0.95, shape)
    if unit.numerator == ("people",):
        values = random.uniform(0.5, 2.0, shape)
    if unit.numerator == ("ratio",):
        values = random.uniform(0.2, 3.0, shape)
    if unit == unit_of("month"):
        values = random.integers(1, 6, shape).astype(float)
    if spelling == "series_revenue_usd":
        values[:2] = 0.0  # so that there is something before the first revenue
    if spelling == "series_net_cash_flow_usd":
        values[:3] *= -1.0  # so that something is put in before it comes back
    if spelling.removeprefix("series_") in RECURRING_MOVES:
        values /= 1e4  # so that something is left after a year
    if spelling.startswith("series_"):
        return values
    if spelling.startswith("each_"):
        return tuple(map(float, values[:2, 0]))
    return values[:ITEMS, :1] if spelling in LISTS | PARTS else float(values[0, 0])


def with_units(arguments: Mapping[str, object]) -> dict[str, object]:
    def lifted(value: object, unit: pint.Unit) -> object:
        if isinstance(value, tuple):
            return tuple(lifted(each, unit) for each in value)
        return REGISTRY.Quantity(value, unit)

    return {spelling: lifted(value, dimension(spelling)) for spelling, value in arguments.items()}


@pytest.fixture
def constants_with_units(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_ratio, plain_share = units.monthly_ratio, units.share_per_year
    for name, value in vars(units).copy().items():
        if name.isupper() and isinstance(value, float):
            monkeypatch.setattr(units, name, REGISTRY.Quantity(value, dimension(name.lower())))

    def monthly_ratio(share_per_year: pint.Quantity) -> object:
        # A rate that compounds is raised to a power, which has no unit: one plus the number that is per year.
        with pytest.MonkeyPatch.context() as bare:
            bare.setattr(units, "MONTHS_PER_YEAR", units.MONTHS_PER_YEAR.magnitude)
            return plain_ratio(share_per_year.m_as("share / year"))

    def share_per_year(share_per_month: Number | pint.Quantity) -> object:
        with pytest.MonkeyPatch.context() as bare:
            bare.setattr(units, "MONTHS_PER_YEAR", units.MONTHS_PER_YEAR.magnitude)
            bare_share = REGISTRY.Quantity(share_per_month, "").m_as("")
            return REGISTRY.Quantity(plain_share(bare_share), "share / year")

    monkeypatch.setattr(units, "monthly_ratio", monthly_ratio)
    monkeypatch.setattr(units, "share_per_year", share_per_year)


def difference(figure: Figure, name: str, plain: object, found: object) -> str:
    """Say what is wrong with a result; nothing when unit and number are right."""
    expected = dimension(name)
    quantity = found if isinstance(found, pint.Quantity) else REGISTRY.Quantity(found, "")
    if not np.any(np.nan_to_num(np.asarray(quantity.magnitude, dtype=float))):
        return ""  # zero, or undefined, is so in every unit
    try:
        number = quantity.m_as(expected)
    except pint.DimensionalityError:
        return f"{figure.__name__} gives {quantity.units or 'a bare number'}, its name says {expected}"
    if not np.allclose(number, plain, rtol=1e-12, atol=0, equal_nan=True):
        return f"{figure.__name__} gives {number} with units and {plain} without"
    return ""


def check(figure: Figure, name: str, arguments: Mapping[str, object], plain: object) -> str:
    with np.errstate(all="ignore"):
        try:
            found = figure(**with_units(arguments))
        except pint.DimensionalityError as error:
            return f"{figure.__name__}: {error}"
    return difference(figure, name, plain, found)


SEEDS = range(10)


@pytest.fixture(scope="module")
def plain_results() -> dict[tuple[str, int], object]:
    """What every figure gives on plain numbers, worked out before the constants carry units."""
    with np.errstate(all="ignore"):
        return {
            (path, seed): figure(**plain_arguments(figure, seed))
            for path, figure in FIGURES.items()
            for seed in SEEDS
        }


@pytest.mark.parametrize("path", FIGURES)
def test_the_unit_and_the_number_are_those_of_the_name(
    path: str, plain_results: dict[tuple[str, int], object], constants_with_units: None
) -> None:
    figure = FIGURES[path]
    problems = [
        check(figure, figure.__name__, plain_arguments(figure, seed), plain_results[path, seed])
        for seed in SEEDS
    ]
    assert not any(problems), problems[0]


def test_hardly_a_figure_is_zero_in_every_trial(plain_results: dict[tuple[str, int], object]) -> None:
    # A zero has every unit, so a figure that always comes out as zero would not be tested above.
    untested = [
        path
        for path, figure in FIGURES.items()
        if inspect.signature(figure).parameters
        and not any(np.any(np.nan_to_num(np.asarray(plain_results[path, s], dtype=float))) for s in SEEDS)
    ]
    assert untested == []


# The test bites


def hours_of(training_gpu_seconds: Number) -> Number:
    return training_gpu_seconds / units.SECONDS_PER_HOUR


def gpu_hours_by_a_bare_number(training_gpu_seconds: Number) -> Number:
    return training_gpu_seconds / 3600


def gpu_hours_without_the_factor(training_gpu_seconds: Number) -> Number:
    return training_gpu_seconds


def gpu_hours_by_the_wrong_constant(training_gpu_seconds: Number) -> Number:
    return training_gpu_seconds / units.HOURS_PER_DAY


def fee_usd_by_a_bare_number(served_tokens: Number, price_usd_per_million_tokens: Number) -> Number:
    return served_tokens / 1e6 * price_usd_per_million_tokens


def salary_usd_without_the_twelve(people: Number, salary_usd_per_person_year: Number) -> Number:
    return people * salary_usd_per_person_year


def rent_usd_without_the_hours(gpus: Number, price_usd_per_gpu_hour: Number) -> Number:
    return gpus * price_usd_per_gpu_hour


def cost_usd_of_apples_and_pears(wages_usd: Number, num_people: Number) -> Number:
    return wages_usd + num_people


def late_months_compared_with_days(delay_months: Number, collection_days: Number) -> Number:
    return np.maximum(delay_months, collection_days)


def problem_of(figure: Figure, name: str, request: pytest.FixtureRequest) -> str:
    arguments = plain_arguments(figure, 1)
    plain = figure(**arguments)
    request.getfixturevalue("constants_with_units")
    return check(figure, name, arguments, plain)


def test_a_right_formula_passes(request: pytest.FixtureRequest) -> None:
    assert problem_of(hours_of, "training_gpu_hours", request) == ""


@pytest.mark.parametrize(
    ("figure", "name"),
    [
        (gpu_hours_by_a_bare_number, "training_gpu_hours"),
        (gpu_hours_without_the_factor, "training_gpu_hours"),
        (gpu_hours_by_the_wrong_constant, "training_gpu_hours"),
        (hours_of, "training_hours"),
        (fee_usd_by_a_bare_number, "fee_usd"),
        (salary_usd_without_the_twelve, "salary_usd"),
        (rent_usd_without_the_hours, "rent_usd"),
        (cost_usd_of_apples_and_pears, "cost_usd"),
        (late_months_compared_with_days, "late_months"),
    ],
)
def test_a_wrong_formula_is_found(figure: Figure, name: str, request: pytest.FixtureRequest) -> None:
    assert problem_of(figure, name, request) != ""
