"""Goal seek: the value of one input at which a requirement on a figure is met with a given probability."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from planner.analysis.conditions import condition
from planner.analysis.varying import Varied
from planner.errors import InputError
from planner.planning import plan_prepared
from planner.preparing import Source
from planner.result import Result
from planner.sampling_error import share_error
from planner.scenario.keys import ANY, keys, quantities
from planner.units import is_share

GRID_POINTS = 17
GRID_FACTOR = 32.0
"""An input is sought between its value divided by this and multiplied by it."""
SHARE_ENDS = (0.001, 0.999)
RELATIVE_PRECISION = 1e-3
PEAK_PRECISION = 2e-2
GOLDEN = (math.sqrt(5) - 1) / 2
DIGITS = 4
"""Significant digits of the value that is told: no more than the precision bears out."""
NORMAL_95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution: the half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Attempt:
    """The probability with which the requirement is met at one value of the input, and its standard error."""

    value: float
    probability: float
    error: float | None
    """None on the central path alone, which has no sampling error."""


@dataclass(frozen=True)
class Solution:
    """The value that was sought, or that there is none and which is the best."""

    is_found: bool
    value: float
    probability: float
    low: float | None
    """Lower end of the 95 % interval of the value; None where the sampling error leaves it open."""
    high: float | None
    is_monotone: bool
    """The probability rises or falls throughout the range that was searched."""
    crossings: int
    attempts: tuple[Attempt, ...]
    """The grid that was searched, in order."""


def solve(
    name: str, start: float, wanted: float, evaluate: Callable[[float], tuple[float, float | None]]
) -> Solution:
    """Find the value nearest to `start` at which `evaluate`, a probability with its error, reaches `wanted`.

    The range is searched on a grid first, which shows whether the probability is monotone; the crossing nearest to
    the start is then halved down. The answer has four significant digits and lies on the side that meets the target.
    `evaluate` must use the same draws each time, so that it is a function.

    Raises:
        InputError: the wanted probability is not between 0 and 1, or the input starts at zero or below.
    """
    check_probability(wanted)

    @cache
    def attempt(position: float) -> Attempt:
        value = _value(name, position)
        return Attempt(value, *evaluate(value))

    positions, here = _grid(name, start), _position(name, start)
    if attempt(_best(attempt, positions, wanted, here)).probability < wanted:
        positions = sorted({*positions, _peak(attempt, positions, here)})
    attempts = tuple(attempt(position) for position in positions)
    rises = np.diff([a.probability for a in attempts])
    is_monotone = bool(np.all(rises >= 0) or np.all(rises <= 0))
    reached = _reach(attempt, positions, wanted, here)
    if reached is None:
        best = attempt(_best(attempt, positions, wanted, here))
        value, probability = _rounded(best, min(best.probability, wanted), evaluate)
        return Solution(probability >= wanted, value, probability, None, None, is_monotone, 0, attempts)
    low, high = _interval(attempt, positions, wanted, reached, name)
    value, probability = _rounded(attempt(reached), wanted, evaluate)
    # The rounding may step over a very narrow interval.
    low, high = low and min(low, value), high and max(high, value)
    crossings = len(_crossings([a.probability for a in attempts], wanted))
    return Solution(True, value, probability, low, high, is_monotone, crossings, attempts)


def check_probability(wanted: float) -> None:
    """Refuse a probability that no goal can have.

    Raises:
        InputError: it is not between 0 and 1.
    """
    if not 0 < wanted < 1:
        raise InputError(f"--probability {wanted:g}: give a number between 0 and 1, both excluded")


def _interval(
    attempt: Callable[[float], Attempt], positions: list[float], wanted: float, found: float, name: str
) -> tuple[float | None, float | None]:
    """Return where the probability is a sampling error of 1.96 standard errors below and above what is wanted."""
    error = attempt(found).error
    if error is None:
        return None, None
    levels = (wanted - NORMAL_95 * error, wanted + NORMAL_95 * error)
    ends = [end for end in (_reach(attempt, positions, level, found) for level in levels) if end is not None]
    low, high = min(ends, default=math.inf), max(ends, default=-math.inf)
    return (_value(name, low) if low <= found else None, _value(name, high) if high >= found else None)


def _rounded(
    found: Attempt, wanted: float, evaluate: Callable[[float], tuple[float, float | None]]
) -> tuple[float, float]:
    """Return the nearest value of few digits that meets what is wanted, with its probability; else the one found."""
    step = 10.0 ** (math.floor(math.log10(found.value)) - DIGITS + 1)
    near = float(f"{found.value:.{DIGITS - 1}e}")
    for value in (near, near + math.copysign(step, found.value - near)):
        shown = float(f"{value:.{DIGITS - 1}e}")
        probability = evaluate(shown)[0] if shown < 1 or found.value >= 1 else -1.0
        if probability >= wanted:
            return shown, probability
    return found.value, found.probability


def _grid(name: str, start: float) -> list[float]:
    if is_share(name):
        ends = [_position(name, end) for end in SHARE_ENDS]
    elif start > 0:
        ends = [_position(name, start / GRID_FACTOR), _position(name, start * GRID_FACTOR)]
    else:
        raise InputError(
            f"{name} is {start:g}, which gives no range to search; set it to a positive number first"
        )
    # An odd number of points, so that the scenario's own value is one of them (where it is no share).
    return [float(position) for position in np.linspace(ends[0], ends[1], GRID_POINTS)]


def _position(name: str, value: float) -> float:
    """Return where a value stands on the scale on which it is sought: log-odds for shares, logarithm otherwise."""
    if is_share(name):
        inside = min(max(value, SHARE_ENDS[0]), SHARE_ENDS[1])
        return math.log(inside / (1 - inside))
    return math.log(value)


def _value(name: str, position: float) -> float:
    return 1 / (1 + math.exp(-position)) if is_share(name) else math.exp(position)


def _crossings(probabilities: list[float], wanted: float) -> list[int]:
    above = [probability >= wanted for probability in probabilities]
    return [i for i in range(len(above) - 1) if above[i] != above[i + 1]]


def _best(attempt: Callable[[float], Attempt], positions: list[float], wanted: float, here: float) -> float:
    """Return the position of the highest probability, of those that meet what is wanted the nearest to `here`."""
    return min(positions, key=lambda at: (-min(attempt(at).probability, wanted), abs(at - here)))


def _peak(attempt: Callable[[float], Attempt], positions: list[float], here: float) -> float:
    """Return where the probability is highest between the best point of the grid and its neighbours.

    Source: Kiefer 1953, Proceedings of the American Mathematical Society 4(3), golden-section search.
    """
    index = positions.index(_best(attempt, positions, 1.0, here))
    left, right = positions[max(index - 1, 0)], positions[min(index + 1, len(positions) - 1)]
    tried = [positions[index]]
    while right - left > PEAK_PRECISION:
        low, high = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
        tried += [low, high]
        if attempt(low).probability >= attempt(high).probability:
            right = high
        else:
            left = low
    return _best(attempt, tried, 1.0, here)


def _halve(attempt: Callable[[float], Attempt], left: float, right: float, wanted: float) -> float:
    """Return the position on the side that meets the requirement, when the bracket is narrow enough."""
    left_meets = attempt(left).probability >= wanted
    while abs(right - left) > RELATIVE_PRECISION:
        middle = (left + right) / 2
        if (attempt(middle).probability >= wanted) == left_meets:
            left = middle
        else:
            right = middle
    return left if left_meets else right


def _reach(
    attempt: Callable[[float], Attempt], positions: list[float], level: float, here: float
) -> float | None:
    """Return the position nearest to `here` at which a level of probability is just reached; None where none is."""
    crossed = _crossings([attempt(position).probability for position in positions], level)
    if not crossed:
        return None
    index = min(crossed, key=lambda i: abs((positions[i] + positions[i + 1]) / 2 - here))
    return _halve(attempt, positions[index], positions[index + 1], level)


def solve_plan(
    path: str | Path,
    key: str,
    target: str,
    wanted: float,
    *,
    sets: Sequence[str] = (),
    measurements: str = "auto",
    draws: int = 2048,
    seed: int = 0,
    workers: int | None = 1,
) -> Solution:
    """Find the value of a key at which a requirement on a figure is met in a share of the draws.

    Every attempt sets the key anew, as `--set` does, on the same draws, and works out that figure alone.

    Raises:
        InputError: the key is no single quantity or figure, or the target is no requirement.
    """
    check_probability(wanted)
    requirement = condition(target)
    if requirement.quantile is not None:
        raise InputError(f"--target '{target}': leave out the quantile and say --probability instead")
    source = Source(path, measurements)
    (central,) = plan_prepared([source.prepare(sets)])
    requirement.check(central, draws)
    is_monthly = central[requirement.figure].is_monthly
    figure = Varied(source, key, requirement.figure, sets=sets, draws=draws, seed=seed, workers=workers)

    def evaluate(value: float) -> tuple[float, float | None]:
        drawn, scrambles = figure.at(value)
        met = requirement.is_met_by(drawn, is_monthly=is_monthly)
        return float(met.mean()), share_error(met, scrambles) if draws > 1 else None

    return solve(key.rpartition(".")[2], _start(central, key), wanted, evaluate)


def _start(result: Result, key: str) -> float:
    """Return the value that the key, or the figure, has in the scenario; for a figure of each month its last."""
    name = key.rpartition(".")[2]
    given = quantities(result.scenario)
    if key in given:
        return given[key].value
    schema = keys(type(result.scenario))
    known = schema.get(re.sub(r"\.\d+(?=\.|$)", f".{ANY}", key)) or next(
        (one for one in schema.values() if one.name == key), None
    )
    if known and ANY in known.path:
        raise InputError(f"--vary {key}: {_items(known.path, list(given))}")
    if known and not known.is_quantity:
        raise InputError(f"--vary {key}: is no number that can be sought; set it with --set")
    leaf = result.leaves.get(name)
    value = (
        float(leaf.central()) if leaf else float(np.ravel(result[key.removeprefix("figures.")].central)[-1])
    )
    if not math.isfinite(value):
        raise InputError(f"--vary {key}: has no value to start from; give it one with --set {key}=VALUE")
    return value


def _items(path: str, given: Sequence[str]) -> str:
    """Say which items of a list there are."""
    items = [one for one in given if re.sub(r"\.\d+(?=\.|$)", f".{ANY}", one) == path]
    if not items:
        return "the scenario lists none"
    return f"is one of a list; name an item, {items[0]}" + (f" to {items[-1]}" if items[1:] else "")
